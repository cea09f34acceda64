"""Style as law: what a reader may rely on in every file."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

import dev

PLACES = ("SimpleBankingSystem", "tests", "examples", "benchmarks")
FILES = sorted(
    [
        dev.ROOT / "dev.py",
        *(file for place in PLACES for file in (dev.ROOT / place).rglob("*.py")),
    ]
)
LINES_AT_MOST = 400

FORBIDDEN = re.compile("Manager|Helper|Util|Impl(?!ementation)")

ABBREVIATIONS = frozenset(
    [
        *("acc", "acct", "addr", "amt", "bal", "buf", "cfg", "cmd", "cnt", "col", "conf", "conn"),
        *("curr", "dest", "evt", "exc", "fn", "func", "idx", "impl", "lst", "mgr", "msg"),
        *("num", "obj", "prev", "proc", "qty", "req", "ret", "sess", "src", "stmt", "tbl", "temp"),
        *("tx", "txn", "util", "utils", "val", "vals", "var"),
    ]
)
"""Words that stand for longer ones; no name has one of them as a part."""

NOT_OURS = frozenset({"cmd_name"})
"""Names of a library's parameters, which a method that overrides another must keep."""

Names = Iterator[tuple[ast.AST, str]]


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Yield every file's path and what it says."""
    for file in FILES:
        yield file.relative_to(dev.ROOT).as_posix(), ast.parse(file.read_text("utf-8"))


def names_in(tree: ast.AST) -> Names:
    """Yield the names that a file gives to things."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, node.name
        elif isinstance(node, ast.arg):
            yield node, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node, node.id


def test_a_file_is_short_or_says_why() -> None:
    decisions = (dev.ROOT / "docs" / "DECISIONS.md").read_text("utf-8")
    for file in FILES:
        lines = len(file.read_text("utf-8").splitlines())
        name = file.relative_to(dev.ROOT).as_posix()
        assert lines <= LINES_AT_MOST or name in decisions, f"{name} has {lines} lines"


def test_no_module_shadows_a_standard_one() -> None:
    for file in FILES:
        # The layers of a package are named by their whole path, so a nested name is its own.
        if file.parent in {dev.ROOT, dev.ROOT / "SimpleBankingSystem"}:
            assert file.stem not in sys.stdlib_module_names, file


def test_names_are_whole_words() -> None:
    problems = [
        f"{path}:{getattr(node, 'lineno', 0)} {name}"
        for path, tree in trees()
        for node, name in names_in(tree)
        if (name not in NOT_OURS and not ABBREVIATIONS.isdisjoint(name.lower().split("_")))
        or (isinstance(node, ast.ClassDef) and FORBIDDEN.search(name))
    ]
    assert problems == []


def test_a_test_waits_for_events_and_never_sleeps() -> None:
    for path, tree in trees():
        if path.startswith("tests/"):
            called = {
                ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)
            }
            assert not called & {"sleep", "time.sleep"}, path


def test_no_error_is_swallowed() -> None:
    problems = [
        f"{path}:{node.lineno}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
        and all(isinstance(each, ast.Pass) for each in node.body)
    ]
    assert problems == []
