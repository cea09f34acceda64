"""A loss of power may leave an older head.csv than rows in the journal."""

from __future__ import annotations

import shutil
from pathlib import Path

from SimpleBankingSystem.stores.csv_files.store import CsvStore
from tests.banks import done
from tests.stores.csv_books import JOURNAL, TORN, made, opened


def test_a_torn_commit_behind_rows_that_the_head_missed_costs_no_number(tmp_path: Path) -> None:
    """Guarantee 1: a loss of power may leave an older head; no transaction's id comes again."""
    books = made(tmp_path)
    with opened(books) as bank:
        old = (books / "head.csv").read_bytes()
        last = [done(bank, "deposit", account="ADA", amount="1.00") for _ in range(2)][-1]
        shutil.copytree(books, books / "lost power")
    books /= "lost power"
    (books / "head.csv").write_bytes(old)
    journal = (books / JOURNAL).read_bytes()
    (books / JOURNAL).write_bytes(journal + TORN.replace(b"4,4,5,", b"6,6,7,"))
    with opened(books) as bank:
        assert (books / JOURNAL).read_bytes() == journal
        assert isinstance(bank.store, CsvStore)
        assert bank.store.start_report.facts["rows_replayed"] == 4
        # Killed before its first commit, the next start knows as much.
        shutil.copytree(books, books / "killed")
        following = done(bank, "deposit", account="ADA", amount="1.00")
        assert (following.seq, following.id) == (last.seq + 1, "T00000000006")
    with opened(books / "killed") as bank:
        following = done(bank, "deposit", account="ADA", amount="1.00")
        assert (following.seq, following.id) == (last.seq + 1, "T00000000006")
