"""Rows that somebody made up, with right hashes: verify names what cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from SimpleBankingSystem.ledger.errors import DataDamaged
from SimpleBankingSystem.stores.csv_files.verify import verify_folder
from tests.banks import TickingClock
from tests.stores.verify.damages import (
    JOURNAL,
    change,
    opened,
    problems,
    rehashed,
)

FORGED = [
    (b'"cake",,,', b'"cake",,,"{}",', "the row has a right hash and cannot be read (it has 26"),
    (b"10.00,EUR", b"11.00,EUR", "column amount: 11.00 is not what the balances changed by."),
    (b"EUR,90.00", b"EUR,95.00", "column source_balance: 95.00, but ADA had 100.00."),
    (b",10.00,EUR", b",-10.00,EUR", "column amount: -10.00 is no amount."),
    (b",10.00,EUR", b",NaN,EUR", "the row has a right hash and cannot be read"),
    (b",BOB,10.00", b",EVE,10.00", ": there is no account EVE."),
    (b",ADA,BOB,", b",ADA,ADA,", "column target: ADA is the source too."),
    (b"10.00,EUR", b"10.00,USD", "column currency: USD, but BOB carries EUR."),
    (b"COMPLETED", b"PENDING", "column status: money moved, but it reads PENDING."),
    (b"T00000000003", b"T00000000002", ": T00000000002 is COMPLETED and cannot become COMPLETED"),
    (b"COMPLETED,1", b"COMPLETED,2", ": T00000000003 is unknown and cannot become COMPLETED (2)."),
    (b"T00000000003", b"T99999999999", "T99999999999 was never given out"),
    (b".000008Z", b".000001Z", "column completed_at: 2026-01-01T00:00:00.000001Z is before"),
    (b"3,3,3,", b"3,3,4,", ": the commit before it is not whole; it goes on to row 4."),
    (b"3,3,3,", b"3,2,3,", ": no commit from row 2 to 3 can begin here."),
    (b"3,3,3,", b"4,3,3,", ": the row follows row 2."),
]


SET = [
    (b'""balance"":""0.00""', b'""balance"":""9.00""', "details: BOB is set to 9.00, but had 0."),
    (b'""currency"":""EUR""', b'""currency"":""USD""', "currency: EUR, but BOB carries USD."),
    (b"EUR,,0.00", b"EUR,,9.00", "target_balance: 9.00, but BOB has 0."),
]


@pytest.mark.parametrize(
    ("line", "old", "new", "said"),
    [
        *((4, *each) for each in FORGED),
        *((3, *each) for each in SET),
        (2, b'""0.00"",""currency', b'""-100.00"",""currency', "ADA is set to -100.00, but had 0."),
    ],
)
def test_rows_that_make_no_sense_are_named_though_their_hashes_are_right(
    books: Path, line: int, old: bytes, new: bytes, said: str
) -> None:
    change(books / JOURNAL, rehashed(line, old, new))
    found = problems(books)
    assert any(said in problem for problem in found), found
    assert any("the row is not the one that head.csv knows" in problem for problem in found)


@pytest.mark.parametrize(
    ("new", "said"),
    [(b"4,3,3,", "the row is out of order"), (b"3,2,3,", "the commit does not begin here")],
)
def test_the_bank_does_not_open_books_with_them(books: Path, new: bytes, said: str) -> None:
    change(books / JOURNAL, rehashed(4, b"3,3,3,", new))
    with pytest.raises(DataDamaged, match=f"line 4, seq 3: {said}"):
        opened(books, TickingClock())


def test_rows_behind_each_other_in_a_commit_may_be_one_transaction(books: Path) -> None:
    """Several postings are one transaction; the head alone knows that these were two."""
    change(books / JOURNAL, rehashed(7, b"6,6,6,T00000000006,", b"6,5,6,T00000000005,"))
    change(books / JOURNAL, rehashed(6, b"5,5,5,", b"5,5,6,"))
    (problem,) = problems(books)
    assert "line 7, seq 6: the row is not the one that head.csv knows" in problem


def test_the_chain_alone_looks_at_the_numbers_of_rows_too(books: Path) -> None:
    change(books / JOURNAL, rehashed(7, b"6,6,6,", b"7,6,6,"))
    found = verify_folder(books, chain_only=True).problems
    assert "line 2: the rows are not numbered in order." in found[0]


def test_what_cannot_be_compared_is_said(books: Path) -> None:
    change(books / JOURNAL, rehashed(3, b'""held"":""0.00""', b'""held"":""sNaN""'))
    assert any("accounts.csv: the file cannot be compared" in each for each in problems(books))
