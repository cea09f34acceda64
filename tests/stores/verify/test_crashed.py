"""verify on books that a crash left, and on books that are served."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from SimpleBankingSystem.ledger.errors import InUse
from SimpleBankingSystem.stores.csv_files import head
from SimpleBankingSystem.stores.csv_files.disk import Disk
from SimpleBankingSystem.stores.csv_files.files import START, Files
from SimpleBankingSystem.stores.csv_files.format import chained
from SimpleBankingSystem.stores.csv_files.rows import MARK
from SimpleBankingSystem.stores.csv_files.verify import verify, verify_folder
from tests.banks import TickingClock, done
from tests.stores.verify.damages import (
    JOURNAL,
    Lines,
    a_day,
    change,
    opened,
    problems,
)


def test_what_kill_leaves_is_no_problem(tmp_path: Path) -> None:
    with opened(tmp_path / "served", TickingClock()) as bank:
        a_day(bank)
        shutil.copytree(tmp_path / "served", tmp_path / "killed")
    assert problems(tmp_path / "killed") == []
    journal = tmp_path / "killed" / JOURNAL
    whole = journal.read_bytes()
    for torn in (b"7", b"7,7,7,T00000000007,transfer", b"\0" * 700):
        journal.write_bytes(whole + torn)
        report = verify_folder(tmp_path / "killed")
        assert report.problems == []
        assert f"{len(torn)} bytes from line 8" in str(report.facts["unfinished"])
    assert "cut off" in problems_of(journal, whole[:-40])[0]


def problems_of(journal: Path, data: bytes) -> list[str]:
    journal.write_bytes(data)
    return problems(journal.parent)


def test_rows_behind_the_last_one_of_closed_books_are_a_problem(books: Path) -> None:
    def forged(lines: Lines) -> Lines:
        body = lines[-1][: -MARK - 1].replace(b"6,6,6,T00000000006", b"7,7,7,T00000000007")
        return [*lines, body + chained(lines[-1][-MARK - 1 : -1], body) + b"\n"]

    change(books / JOURNAL, forged)
    assert problems(books) == [
        f"{JOURNAL}, line 8: there is more behind row 6, the last that the bank wrote here."
    ]


def test_rows_that_an_interrupted_archiving_left_twice_are_no_problem(tmp_path: Path) -> None:
    folder = tmp_path / "books"
    with opened(folder, TickingClock()) as bank:
        a_day(bank)
        before = (folder / JOURNAL).read_bytes()
        bank.archive()
        done(bank, "deposit", account="ADA", amount="1.00")
        shutil.copytree(folder, tmp_path / "killed")
    journal = tmp_path / "killed" / JOURNAL
    journal.write_bytes(before + journal.read_bytes()[START:])
    assert problems(journal.parent) == []
    other = before.replace(b"10.00", b"11.00", 1) + journal.read_bytes()[len(before) :]
    assert (
        "lines 2 to 7, seq 1 to 6: the row stands here a second time."
        in problems_of(journal, other)[0]
    )


def test_served_books_are_checked_as_far_as_the_anchor_reaches(tmp_path: Path) -> None:
    files = Files(tmp_path)
    with opened(tmp_path, TickingClock()) as bank:
        a_day(bank)
        with pytest.raises(InUse):
            verify_folder(tmp_path)
        assert bank.verify().problems == []
        anchor = head.Head(Disk(), files.head).anchor
        done(bank, "deposit", account="ADA", amount="1.00")
        report = verify(Disk(), files, anchor)
        assert (report.problems, report.facts["last_seq"]) == ([], anchor.last_seq)
        cut = anchor._replace(journal_bytes=anchor.journal_bytes - 1)
        assert "the line end is missing" in verify(Disk(), files, cut).problems[0]
