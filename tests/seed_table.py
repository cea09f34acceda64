"""The table of what the replaced systems could do, and how the bank does it.

``python3 dev.py python -m tests.seed_table`` makes it from the declarations, from ``seeds.toml``
and from the tests, and writes it into docs/SEEDS.md.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import SimpleBankingSystem.questions  # noqa: F401 - importing them registers the verbs
from SimpleBankingSystem.cli.verbs import command_name
from SimpleBankingSystem.commands.base import REGISTRY, Request
from SimpleBankingSystem.questions.base import QUESTIONS

TESTS = Path(__file__).parent
PLACE = TESTS.parent / "docs" / "SEEDS.md"
BETWEEN = re.compile(r"(?<=<!-- seeds -->\n).*?(?=<!-- end of seeds -->)", re.DOTALL)

SEEDS = tomllib.loads((TESTS / "seeds.toml").read_text("utf-8"))
VERBS: dict[str, str] = SEEDS.pop("verbs")
ROWS: dict[str, str] = SEEDS

BESIDE = {
    "run": "`run_file` · `bank run` · `POST /runs`",
    "menu": "`bank menu`",
    "health": "`GET /health`",
    "serve": "`create_app` · `bank serve` · `GET /swagger/`",
}
"""What is no declared verb."""


def main() -> None:
    """Write the table where it belongs."""
    PLACE.write_text(BETWEEN.sub(lambda _: table(), PLACE.read_text("utf-8")), "utf-8")


def table() -> str:
    """Return a row for each row of the seeds: what it says, how it is done, what shows it."""
    borne = bearers()
    lines = [
        "| row | what it says | command or question · verb · route | shown by |",
        "|---|---|---|---|",
    ]
    for row in sorted(ROWS, key=lambda row: (row[0], int(row[1:]))):
        ways = [way(verb) for verb in VERBS.get(row, "").split()]
        tests = [f"`{test}`" for test in borne[row]]
        lines.append(f"| {row} | {ROWS[row]} | {'<br>'.join(ways)} | {'<br>'.join(tests)} |")
    return "".join(f"{line}\n" for line in lines)


def way(verb: str) -> str:
    """Return under which names something is on every surface."""
    if verb in BESIDE:
        return BESIDE[verb]
    kind: type[Request] = {**REGISTRY, **QUESTIONS}[verb]
    method = "GET" if verb in QUESTIONS else "POST"
    # Retrying all is an option of retrying one.
    one = verb.removesuffix("_all")
    typed = command_name(one) + (" --all" if one != verb else "")
    return f"`{kind.__name__}` · `bank {typed}` · `{method} {kind.route}`"


def bearers() -> dict[str, list[str]]:
    """Return the tests that bear each row's number, in their name or as a mark."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in sorted(TESTS.rglob("test_*.py")):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                for row in dict.fromkeys(rows_of(node)):
                    found[row].append(f"{file.relative_to(TESTS)}::{node.name}")
    return found


def rows_of(test: ast.FunctionDef) -> Iterator[str]:
    """Yield the rows whose number a test bears."""
    if named := re.match(r"test_([a-e]\d+)_", test.name):
        yield named[1].upper()
    for mark in test.decorator_list:
        if marked := re.fullmatch(r"pytest\.mark\.seed\('([A-E]\d+)'\)", ast.unparse(mark)):
            yield marked[1]


if __name__ == "__main__":
    main()
