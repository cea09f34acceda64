"""Sound books, made once, and copies of them to be damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.banks import TickingClock, done
from tests.stores.verify.damages import (
    a_day,
    opened,
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six rows in the journal; line and seq are one apart."""
    folder = tmp_path_factory.mktemp("sound")
    with opened(folder, TickingClock()) as bank:
        a_day(bank)
    return folder


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six rows in the archive and the same day's retry and reversal in the journal."""
    folder = tmp_path_factory.mktemp("archived")
    with opened(folder, TickingClock()) as bank:
        a_day(bank)
        bank.archive()
        done(bank, "deposit", account="BOB", amount="900")
        bank.retry("T00000000004")
        done(bank, "reverse", transaction="T00000000003")
        done(bank, "set_overdraft_limit", account="ADA", overdraft_limit="5")
    return folder


@pytest.fixture
def books(sound: Path, tmp_path: Path) -> Path:
    return shutil.copytree(sound, tmp_path / "books")


@pytest.fixture
def old_books(archived: Path, tmp_path: Path) -> Path:
    return shutil.copytree(archived, tmp_path / "books")
