"""Opening books on a disk that is full or fails."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import DiskFull, OutcomeUnknown
from SimpleBankingSystem.stores.base import Query
from SimpleBankingSystem.stores.csv_files.files import START
from SimpleBankingSystem.stores.csv_files.store import CsvStore
from tests.banks import TickingClock, asked, done
from tests.proofs.simulated_disk import Fault, SimulatedDisk
from tests.stores.csv_books import (
    ARCHIVE,
    EXPECTED,
    JOURNAL,
    TORN,
    crash,
    image,
    kept,
    made,
    report,
)


@pytest.fixture
def books(tmp_path: Path) -> Path:
    return made(tmp_path)


@pytest.mark.parametrize("call", ["create", "append", "make_folder", "write_at"])
@pytest.mark.parametrize("left", ["torn commit", "archived rows", "changed snapshot", "nothing"])
def test_without_room_at_the_start_the_bank_is_read_only(books: Path, call: str, left: str) -> None:
    """Guarantee 8: questions are answered from the right places, commands are refused."""
    journal, archive = (books / name for name in (JOURNAL, ARCHIVE))
    crash(books)
    found = image(books)
    if left == "torn commit":
        found[journal] = journal.read_bytes() + TORN
    elif left == "archived rows":
        rows = archive.read_bytes()[START:]
        found[journal] = archive.read_bytes() + journal.read_bytes()[START:]
        assert len(rows) > 100
    elif left == "changed snapshot":
        found[books / "accounts.csv"] = b"id\n"
    disk, clock = SimulatedDisk(found), TickingClock()
    disk.fault = Fault(errno.ENOSPC, 1, {call}, for_good=True)
    (books / "index.db").unlink(missing_ok=True)
    with Bank(CsvStore(books, clock=clock, disk=disk, upkeep=False), clock=clock) as bank:
        assert kept(bank) == EXPECTED
        page = bank.transactions(Query(account="ADA")).items
        assert [each.seq for each in page] == [3, 1]
        assert bank.by_key("k2").seq == 3
        if disk.fault.raised:
            assert "read only" in report(bank)[-1]
            with pytest.raises(DiskFull):
                bank.execute(asked("deposit", account="ADA", amount="1"))
    if disk.fault.raised and call != "write_at":
        assert disk.visible()[journal] == found[journal]
    disk.fault = None
    with Bank(CsvStore(books, clock=clock, disk=disk, upkeep=False), clock=clock) as bank:
        assert kept(bank) == EXPECTED
        done(bank, "deposit", account="ADA", amount="1")


@pytest.mark.parametrize("call", ["sync", "sync_data", "read", "open", "append"])
def test_a_disk_that_fails_at_the_start_is_no_lack_of_room(books: Path, call: str) -> None:
    """Guarantee 7: the bank does not serve what may not be durable."""
    crash(books)
    disk = SimulatedDisk(image(books))
    disk.fault = Fault(errno.EIO, 1, {call})
    with pytest.raises(OutcomeUnknown, match="The disk failed"):
        CsvStore(books, clock=TickingClock(), disk=disk, upkeep=False)
