"""A journal that is no longer short is archived at a clean stop, so that a start is quick."""

from __future__ import annotations

from pathlib import Path

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import DiskFull
from SimpleBankingSystem.stores.base import Report
from SimpleBankingSystem.stores.csv_files.store import SHORT, CsvStore
from tests.banks import TickingClock, done

ARCHIVE_AFTER = 20


def rows_of(folder: Path, name: str) -> int:
    return len((folder / name).read_text().splitlines()) - 1


def kept(folder: Path, deposits: int, kind: type[CsvStore] = CsvStore) -> tuple[int, int]:
    """Open an account and pay in; return how many rows the journal and the archive have then."""
    clock = TickingClock()
    with Bank(kind(folder, clock=clock, archive_after=ARCHIVE_AFTER), clock=clock) as bank:
        done(bank, "open_account", name="Ada", account="ADA")
        for _ in range(deposits):
            done(bank, "deposit", account="ADA", amount="1")
    return rows_of(folder, "transactions.csv"), rows_of(folder, "archived_transactions.csv")


def test_a_short_journal_stays_and_a_longer_one_is_archived_at_the_end(tmp_path: Path) -> None:
    short = ARCHIVE_AFTER // SHORT
    assert kept(tmp_path / "short", short - 1) == (short, 0)
    assert kept(tmp_path / "longer", short) == (0, short + 1)
    with Bank(CsvStore(tmp_path / "longer", clock=TickingClock()), clock=TickingClock()) as bank:
        assert bank.account("ADA").balance == short
        assert bank.verify().problems == []


def test_without_room_for_the_archive_the_end_is_clean_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Cramped(CsvStore):
        """Finds no room to archive."""

        def archive(self) -> Report:
            raise DiskFull("No room.")

    assert kept(tmp_path, 5, Cramped) == (6, 0)
    assert "stays as long as it is: No room." in caplog.text
    assert (tmp_path / "head.csv").exists()
    assert CsvStore(tmp_path, clock=TickingClock()).start_report.problems == []
