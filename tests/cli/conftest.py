"""The command line as a person types it, with books of its own."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from SimpleBankingSystem import cli

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-m", "SimpleBankingSystem")


class Answer(NamedTuple):
    status: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    def problem(self) -> Any:
        return json.loads(self.err)


Say = Callable[..., Answer]


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of our own, in which nothing is set."""
    for name in [each for each in os.environ if each.startswith("BANK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def bank(alone: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Say]:
    """Type words after ``bank``, with the books in ``data`` of the working directory."""
    root = logging.getLogger()
    before = root.handlers[:], root.level

    def say(*words: str) -> Answer:
        status = cli.answer(words)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Answer(status, out, err)

    yield say
    root.handlers[:], root.level = before


@pytest.fixture
def club(bank: Say) -> Say:
    """Two accounts: ADA with 100.00, BOB with nothing."""
    bank("open-account", "Ada Lovelace", "--account", "ADA", "--initial-deposit", "100.00")
    bank("open-account", "Bob", "--account", "BOB")
    return bank
