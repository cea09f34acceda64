"""The proofs are proved: a bug that is put into a copy of the bank is noticed by the right test."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dev
from tests.guarantees import Proved
from tests.proof_level import proof_level
from tests.proofs.seeded_bugs.bugs import BUGS, Bug

PACKAGE = "SimpleBankingSystem"
COPIED = (PACKAGE, "tests")
FILES = ("dev.py", "pyproject.toml")
OF_A_RUN = re.compile("BANK_|COV_|COVERAGE|PYTEST|PYTHON")
"""Variables that would let a test run in the copy mix with this one."""

WANTED = [bug for bug in BUGS if bug.quick or proof_level() != "test"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the bank and its tests."""
    unwanted = shutil.ignore_patterns("__pycache__")
    for name in COPIED:
        shutil.copytree(dev.ROOT / name, tmp_path / name, ignore=unwanted)
    for name in FILES:
        shutil.copy(dev.ROOT / name, tmp_path)
    return tmp_path


def ran(copy: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """Run tests in a copy, as hard as on every run, with nothing of the original in sight."""
    own = {name: text for name, text in os.environ.items() if not OF_A_RUN.match(name)}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rf", "-p", "no:cacheprovider", *tests],
        cwd=copy,
        env={**own, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def put_in(bug: Bug, copy: Path) -> None:
    """Put a bug into its file, in which its place must be found once."""
    file = copy / PACKAGE / bug.file
    text = file.read_text("utf-8")
    assert text.count(bug.before) == 1, f"{bug.name}: {bug.file} has changed"
    file.write_text(text.replace(bug.before, bug.after), "utf-8")


def failures(output: str) -> str:
    """Return the names of the tests that failed."""
    return "\n".join(re.findall(r"^FAILED (\S+)", output, re.MULTILINE))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("bug", WANTED, ids=lambda bug: bug.name.replace(" ", "_"))
def test_a_bug_is_noticed(bug: Bug, copy: Path) -> None:
    put_in(bug, copy)
    ended = ran(copy, *bug.killed_by)
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED, ended.stdout + ended.stderr
    for test in bug.killed_by:
        assert test in failures(ended.stdout), f"{test} has not noticed that {bug.name}"


@pytest.mark.timeout(600)
def test_without_a_bug_the_same_tests_pass(copy: Path, proved: Proved) -> None:
    ended = ran(copy, *{test: None for bug in WANTED for test in bug.killed_by})
    assert ended.returncode == pytest.ExitCode.OK, ended.stdout + ended.stderr
    proved(beside=f"Seeded bugs, each noticed by the test that should notice it: {len(WANTED)}.")


def test_every_bug_still_has_its_place(copy: Path) -> None:
    for bug in BUGS:
        original = (copy / PACKAGE / bug.file).read_text("utf-8")
        put_in(bug, copy)
        (copy / PACKAGE / bug.file).write_text(original, "utf-8")
