"""The table of guarantees: every number is borne by a test, and a program wrote what it says."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import dev
from tests import proof_report
from tests.guarantees import NOTES, numbers_in

TESTS = Path(__file__).parent


def test_every_guarantee_has_a_test_that_bears_its_number() -> None:
    borne = Counter[int]()
    for file in TESTS.rglob("test_*.py"):
        module = ast.parse(file.read_text("utf-8"))
        for node in module.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                borne.update(numbers_in(ast.get_docstring(node), ast.get_docstring(module)))
    assert sorted(borne) == sorted(proof_report.PROMISES) == list(range(1, 17))


@pytest.mark.parametrize("place", proof_report.PLACES, ids=str)
def test_the_tables_are_what_the_program_writes(place: Path) -> None:
    run = json.loads((dev.ROOT / proof_report.RUN).read_text("utf-8"))
    text = (dev.ROOT / place).read_text("utf-8")
    assert proof_report.table(run) in text
    assert proof_report.document(text, run) == text


def test_a_proof_run_is_written_into_the_documents(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        '"""Guarantees 1 and 16."""\n'
        "import pytest\n"
        "pytest_plugins = ['tests.guarantees']\n"
        "def test_one(proved): proved('9 cases', beside='And more.')\n"
        "@pytest.mark.parametrize('each', [1, 2])\n"
        "def test_two(each): pass\n"
        "def test_three(): '''Guarantee 2: fails.'''; assert False\n"
        "def test_four(): '''Guarantees 1, 3, 4.'''\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = guarantee\n")
    notes = tmp_path / "notes"
    options = ("-p", "no:cacheprovider", "-m", "guarantee", str(tmp_path))
    subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=tmp_path,
        env={**dev.variables(), NOTES: str(notes), "PYTEST_ADDOPTS": ""},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    (tmp_path / "docs").mkdir()
    for place in proof_report.PLACES:
        (tmp_path / place).write_text("<!-- proofs -->\nold text\n<!-- end of proofs -->\n")
    proof_report.write(proof_report.run_of(notes.read_text("utf-8"), "short"), tmp_path)
    for place in proof_report.PLACES:
        text = (tmp_path / place).read_text("utf-8")
        assert "old text" not in text
        rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")][1:]
        proofs = [row[2].removesuffix(" |") for row in rows]
        assert proofs[0] == "`test_it.py`: 9 cases; 2 more tests"
        assert proofs[1] == "not in this run"
        assert proofs[2:4] == ["`test_it.py`: 1 test"] * 2
        assert proofs[15] == "`test_it.py`: 9 cases; 1 more test"
        assert "`dev.py prove --short`" in text
        assert "* And more.\n<!--" in text
