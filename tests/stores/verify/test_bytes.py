"""Guarantee 5, byte by byte: no change of a single byte is missed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from SimpleBankingSystem.stores.csv_files.disk import Disk
from SimpleBankingSystem.stores.csv_files.files import START, Files
from SimpleBankingSystem.stores.csv_files.snapshot import PRODUCTS, SNAPSHOTS
from SimpleBankingSystem.stores.csv_files.verify import verify
from tests.banks import TickingClock, done
from tests.guarantees import Proved
from tests.proof_level import figure, proof_level
from tests.stores.verify.damages import ARCHIVE, HEAD, JOURNAL, a_day, opened

ROWS = figure("damaged rows")
BITS = tuple(1 << bit for bit in range(8))
WAYS = 1 if proof_level() == "test" else len(BITS) + 1
"""In how many ways each byte is changed; where it is one, they take turns."""

# It tries the same lines thousands of times: to count them takes longer than to run them.
pytestmark = pytest.mark.no_cover


@pytest.fixture(scope="module")
def more(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day, and as many rows as this proof tries."""
    folder = tmp_path_factory.mktemp("more")
    with opened(folder, TickingClock()) as bank:
        a_day(bank)
        done(bank, "start_run", run_id="R000001", name="a.csv", digest="d", first_line="f")
        for number in range(7, ROWS + 1):
            done(bank, "transfer", source="ADA", target="BOB", amount="0.01", key=f"k{number}")
    return folder


@pytest.fixture
def books(more: Path, tmp_path: Path) -> Path:
    return shutil.copytree(more, tmp_path / "books")


@pytest.fixture
def full_books(tmp_path: Path) -> Path:
    """Something of every kind."""
    with opened(tmp_path / "full", TickingClock()) as bank:
        a_day(bank)
        done(bank, "start_run", run_id="R000001", name="a.csv", digest="d", first_line="f")
        done(bank, "register_customer", name="Ada", address="=1")
        done(bank, "define_product", product="club", daily_limit="9")
        done(bank, "change_product", account="ADA", product="club")
        done(bank, "withdraw", account="ADA", amount="1.25")
        done(bank, "place_hold", account="ADA", amount="2", description="tea")
    return tmp_path / "full"


def each_damage(path: Path, start: int = 0, end: int | None = None) -> list[str]:
    """Change every byte in some ways; return the changes that were not reported."""
    silent = []
    files = Files(path.parent)
    data = path.read_bytes()[:end]
    descriptor = os.open(path, os.O_WRONLY)
    for at, code in enumerate(data[start:], start):
        ways = [*(code ^ bit for bit in BITS), ord("\n")]
        for new in {ways[(at + turn) % len(ways)] for turn in range(WAYS)} - {code}:
            os.pwrite(descriptor, bytes([new]), at)
            found = verify(Disk(), files).problems
            if not any(problem.startswith(path.name) for problem in found):
                silent.append(f"byte {at}: {new}")
        os.pwrite(descriptor, bytes([code]), at)
    os.close(descriptor)
    return silent


@pytest.mark.parametrize("name", [JOURNAL, HEAD])
def test_every_changed_byte_is_reported(books: Path, name: str, proved: Proved) -> None:
    assert each_damage(books / name) == []
    ways = f"{WAYS} of {len(BITS) + 1} ways"
    proved(f"every byte of {ROWS} rows, snapshots and head damaged in {ways}")


@pytest.mark.parametrize("name", [each.name for each in SNAPSHOTS])
def test_every_changed_byte_of_a_snapshot_is_reported(full_books: Path, name: str) -> None:
    # What stands before is a comment for people, the same in all books.
    start = (full_books / name).read_bytes().index(b"as_of") if name == PRODUCTS.name else 0
    assert each_damage(full_books / name, start) == []


def test_every_changed_byte_of_the_archive_is_reported(old_books: Path) -> None:
    assert each_damage(old_books / ARCHIVE, START, START + 700) == []
