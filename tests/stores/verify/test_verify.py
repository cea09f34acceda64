"""Guarantee 5: what was changed in acknowledged rows is reported, with its place and reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from SimpleBankingSystem.ledger.errors import DataDamaged
from SimpleBankingSystem.stores.base import Report
from SimpleBankingSystem.stores.csv_files import verify as verifying
from SimpleBankingSystem.stores.csv_files.format import COLUMNS, FIRST_HASH, VALUE_DATE
from SimpleBankingSystem.stores.csv_files.head import Anchor
from SimpleBankingSystem.stores.csv_files.looks import MONEY
from SimpleBankingSystem.stores.csv_files.problems import AT_MOST
from SimpleBankingSystem.stores.csv_files.rows import MARK
from SimpleBankingSystem.stores.csv_files.verify import verify_folder
from tests.banks import TickingClock, done
from tests.proof_level import figure
from tests.stores.verify.damages import (
    ACCOUNTS,
    ARCHIVE,
    HEAD,
    JOURNAL,
    PROVED,
    Change,
    a_day,
    cell,
    change,
    opened,
    problems,
    rehashed,
    resaved,
)


def test_sound_books_have_no_problems_and_tell_their_facts(sound: Path, archived: Path) -> None:
    report = verify_folder(sound)
    assert report.problems == []
    facts = report.facts
    assert (facts["rows"], facts["transactions"], facts["accounts"]) == (6, 6, 2)
    assert (facts["last_seq"], facts["sum_EUR"]) == (6, "0.00")
    assert str(facts["last_hash"]).encode() in (sound / JOURNAL).read_bytes()
    assert {"seconds", "rows_per_second"} <= facts.keys()
    older = verify_folder(archived)
    assert older.problems == []
    assert (older.facts["rows"], older.facts["transactions"]) == (10, 9)
    assert verify_folder(archived, chain_only=True).problems == []


LOOK = ": only the look was changed, no value"
UNKNOWN = ": the row, or the hash of the row before it, was changed; the column is unknown"

CELLS = [
    (4, "amount", "1000.00", f", seq 3, column amount: reads 1000.00, was 10.00 {PROVED}"),
    (4, "amount", "x", f", seq 3, column amount: reads x, was 10.00 {PROVED}"),
    (4, "source_balance", "91.00", ", seq 3, column source_balance: reads 91.00, was 90.00"),
    (4, "target_balance", "", ", seq 3, column target_balance: reads '', was 10.00"),
    (4, "seq", "7", ", seq 3, column seq: reads 7, was 3"),
    (6, "seq", "2", ", seq 5, column seq: reads 2, was 5"),
    (4, "commit_first", "2", ", seq 3, column commit_first: reads 2, was 3"),
    (4, "commit_last", "9", ", seq 3, column commit_last: reads 9, was 3"),
    (
        4,
        "transaction",
        "T00000000099",
        ", column transaction: reads T00000000099, was T00000000003",
    ),
    (4, "command", "deposit", ", column command: reads deposit, was transfer"),
    (5, "status", "COMPLETED", ", seq 4, column status: reads COMPLETED, was FAILED"),
    (5, "attempt", "3", ", column attempt: reads 3, was 1"),
    (4, "source", "EVE", ", column source: reads EVE, was ADA"),
    (4, "target", "EVE", ", column target: reads EVE, was BOB"),
    (4, "currency", "USD", ", column currency: reads USD, was EUR"),
    (4, "value_date", "2026-06-30", ", column value_date: reads 2026-06-30, was 2026-01-01"),
    (4, "created_at", "", ", seq 3: the row, or the hash of the row before it, was changed"),
    (4, "actor", "eve", ", column actor: reads eve, was local"),
    (7, "description", '"gift"', ", column description: reads \"gift\", was ''"),
    (4, "description", '"cakes"', ', column description: reads "cakes", was "cake"'),
    (4, "description", '"ckae"', ', column description: reads "ckae", was "cake"'),
    (6, "details", "", ", seq 5"),
    (4, "description", '"a bottle of gin"', f", seq 3{UNKNOWN}"),
    (4, "actor", "eve,adam", ", seq 3: the row has 26 columns instead of 25."),
    (7, "actor", "eve,adam", ", seq 6: the row has 26 columns instead of 25."),
]


@pytest.mark.parametrize(("line", "column", "value", "said"), CELLS)
def test_a_changed_cell_is_one_problem_that_names_it(
    books: Path, line: int, column: str, value: str, said: str
) -> None:
    change(books / JOURNAL, cell(line, column, value))
    (problem,) = problems(books)
    assert problem.startswith(f"{JOURNAL}, line {line}")
    assert said in problem


def test_amount_and_balances_changed_together_are_told_by_a_later_row(books: Path) -> None:
    old, new = b"10.00,EUR,90.00,10.00", b"20.00,EUR,80.00,20.00"
    change(books / JOURNAL, lambda lines: [line.replace(old, new) for line in lines])
    (problem,) = problems(books)
    columns = "amount, source_balance, target_balance"
    assert f"column {columns}: reads 20.00, 80.00, 20.00, was 10.00, 90.00, 10.00" in problem


def test_where_nothing_is_proved_the_money_that_does_not_follow_is_suspected(books: Path) -> None:
    change(books / JOURNAL, cell(7, "description", '"a bottle of gin"'))
    change(books / JOURNAL, cell(7, "amount", "31.00"))
    (problem,) = problems(books)
    assert problem.endswith(
        f"{UNKNOWN}; suspect: amount (31.00, by the rows before 30.00), source_balance (60.00, by "
        "the rows before 59.00), amount (31.00, by the rows before 30.00), target_balance (45.50, "
        "by the rows before 46.50)."
    )


def test_a_changed_hash_is_proved_by_what_follows_it(books: Path) -> None:
    change(books / JOURNAL, cell(4, "hash_v1", "h" + "1" * 32 + "\n"))
    (problem,) = problems(books)
    assert "line 4, seq 3, column hash_v1" in problem
    assert "(proved by the row after it)" in problem
    change(books / JOURNAL, cell(7, "hash_v1", "h" + "2" * 32 + "\n"))
    assert "line 7, seq 6, column hash_v1" in problems(books)[1]
    assert "(proved by head.csv)" in problems(books)[1]


@pytest.mark.parametrize(("reads", "was"), [("10.55", "10"), ("10.004", "10.00"), ("11", "10")])
def test_another_value_is_never_called_another_look(books: Path, reads: str, was: str) -> None:
    """The row may round, or drop decimals, to what its hash says: that is a change."""
    change(books / JOURNAL, rehashed(4, b",10.00,EUR", f",{was},EUR".encode()))
    change(books / JOURNAL, cell(4, "amount", reads))
    assert not any(LOOK in problem for problem in problems(books))


def test_behind_what_cannot_be_read_the_next_row_is_a_new_beginning(books: Path) -> None:
    change(books / JOURNAL, lambda lines: [*lines[:3], b"oh\n", b"no\n", *lines[6:]])
    change(books / ACCOUNTS, cell(2, "balance", "12.00"))
    assert problems(books) == [
        f"{JOURNAL}, lines 4 to 5, seq 3 to 4: this is no row that the bank wrote.",
        f"{JOURNAL}, line 6, seq 6: row 5 is missing before this one.",
        f"{ACCOUNTS}: the file is not known to be the one that was written.",
    ]


@pytest.mark.parametrize("changed", [lambda mark: mark[:-1], lambda mark: mark + b"0"])
def test_a_hash_that_is_one_character_away_proves_itself(
    books: Path, changed: Callable[[bytes], bytes]
) -> None:
    def damage(lines: list[bytes]) -> list[bytes]:
        body, mark = lines[3][: -MARK - 1], lines[3][-MARK - 1 : -1]
        # Without the row after it nothing but the row itself can tell.
        return [*lines[:3], body + changed(mark) + b"\n", *lines[5:]]

    change(books / JOURNAL, damage)
    first, second = problems(books)
    assert "line 4, seq 3, column hash_v1" in first
    assert "(proved by the row itself)" in first
    assert "row 4 is missing before this one" in second


def test_two_changed_rows_are_two_problems(books: Path) -> None:
    change(books / JOURNAL, cell(4, "amount", "11.00"))
    change(books / JOURNAL, cell(7, "amount", "33.00"))
    first, second = problems(books)
    assert "line 4, seq 3, column amount: reads 11.00, was 10.00" in first
    assert "line 7, seq 6, column amount: reads 33.00, was 30.00" in second


def each(rows: list[list[str]], other: Callable[[list[str]], list[str]]) -> None:
    rows[:] = [other(row) for row in rows]


def as_in_germany(row: list[str]) -> list[str]:
    """Write 1.1.2026 for the day, and a comma for the point of amounts."""
    row = [cell.replace(".", ",") if at in MONEY else cell for at, cell in enumerate(row)]
    day = row[VALUE_DATE].replace("2026-01-01", "1.1.2026")
    return [*row[:VALUE_DATE], day, *row[VALUE_DATE + 1 :]]


def with_line(at: int, line: bytes) -> Change:
    return lambda lines: [*lines[: at - 1], line, *lines[at - 1 :]]


DAMAGES: list[tuple[Change, str]] = [
    (lambda x: x[:3] + x[4:], "line 4, seq 4: row 3 is missing before this one."),
    (lambda x: x[:3] + x[5:], "line 4, seq 5: rows 3 to 4 are missing before this one."),
    (lambda x: x[:-1], ": row 6 is missing at the end."),
    (lambda x: x[:1], ": rows 1 to 6 are missing at the end."),
    (lambda x: [*x[:-1], x[-1][:-50]], "line 7, seq 6: the file is cut off in this row."),
    (lambda x: [*x[:-1], x[-1][:-1]], "line 7, seq 6: the line end is missing."),
    (lambda x: [*x[:4], *x[3:]], "line 5, seq 3: the row stands here a second time."),
    (lambda x: x[:6] + x[2:], "lines 7 to 10, seq 2 to 5: the row stands here a second time."),
    (lambda x: [*x, x[3]], "line 8: there is more behind row 6"),
    (lambda x: [*x[:3], x[4], x[3], *x[5:]], "line 4, seq 4: rows 3 to 4 stand in the order 4, 3."),
    (lambda x: x[:1] + x[:0:-1], "line 2, seq 6: rows 1 to 6 stand in the order 6, 5, 4, 3, 2, 1."),
    (lambda x: [*x[:3], *x[4:], x[3]], "rows 3 to 6 stand in the order 4, 5, 6, 3."),
    (with_line(4, b"hello, world\n"), "line 4: this is no row that the bank wrote."),
    (with_line(4, b"\n"), "line 4: this is no row that the bank wrote."),
    (lambda x: [*x[:3], b"oh\n", *x[4:]], "line 4, seq 3: this is no row that the bank wrote."),
    (lambda x: [*x[:3], x[3][:20] + b"\n" + x[3][20:], *x[4:]], "a line end cuts the row in two."),
    (
        lambda x: [*x[:3], x[3][:-1] + x[4], *x[5:]],
        "line 4, seq 3: the line end between rows 3 and 4 is lost.",
    ),
    (lambda x: [x[0][3:], *x[1:]], f"line 1{LOOK}: the byte order mark is lost."),
    (lambda x: x[1:], "line 1: the header is missing."),
    (lambda x: [x[0][:-1] + x[1], *x[2:]], "line 1: the line end behind the header is lost."),
    (lambda x: [b"nonsense\n", *x[1:]], "line 1: the header is not the one that the bank wrote."),
    (
        lambda x: [x[0].replace(b"amount", b"Betrag"), *x[1:]],
        "line 1: only the look was changed, no value: columns were renamed: 'Betrag'.",
    ),
    (
        lambda x: [line.replace(b"\n", b"\r\n") for line in x],
        f"lines 1 to 7, seq 1 to 6{LOOK}: lines end with CR LF.",
    ),
    (resaved(end="\n"), f"{LOOK}."),
    (
        resaved(";", bom=b""),
        f"{LOOK}: the byte order mark is lost; lines end with CR LF; cells are separated by ';'.",
    ),
    (resaved(";", edit=lambda rows: each(rows, as_in_germany)), f"{LOOK}: lines end with CR LF;"),
    (resaved(edit=lambda rows: each(rows, lambda row: [*row, "x"])), "columns were added: 'x'"),
    (resaved(edit=lambda rows: each(rows, lambda row: ["x", *row])), "columns were added: 'x'"),
    (
        resaved(edit=lambda rows: each(rows, lambda row: [*row[:19], *row[20:]])),
        "columns are lost: 'group'",
    ),
    (resaved(edit=lambda rows: each(rows, lambda row: row[::-1])), "in another order"),
    (lambda x: [b"".join(x).decode("utf-8-sig").encode("utf-16")], "line 1: the file is in UTF-16"),
    (lambda _: [], "line 1: the file is empty."),
    (
        lambda x: [b"\0" * len(b"".join(x))],
        "line 1: the header is not the one that the bank wrote.",
    ),
]


@pytest.mark.parametrize(("damage", "said"), DAMAGES)
def test_a_damage_is_one_clear_message(books: Path, damage: Change, said: str) -> None:
    change(books / JOURNAL, damage)
    found = problems(books)
    assert said in found[0]
    assert found[0].startswith(JOURNAL)
    assert len(found) == 1


def test_a_value_that_was_changed_in_a_sheet_is_told_from_its_new_look(books: Path) -> None:
    def edit(rows: list[list[str]]) -> None:
        rows[3][COLUMNS.index("amount")] = "1000"

    change(books / JOURNAL, resaved(edit=edit))
    look, value = problems(books)
    assert LOOK in look
    assert value == f"{JOURNAL}, line 4, seq 3, column amount: reads 1000.00, was 10.00 {PROVED}"


@pytest.mark.parametrize("separator", [",", ";"])
def test_rows_that_were_sorted_in_a_sheet_are_told_from_their_new_look(
    books: Path, separator: str
) -> None:
    def edit(rows: list[list[str]]) -> None:
        rows[1:] = rows[:0:-1]

    change(books / JOURNAL, resaved(separator, edit=edit))
    look, order = problems(books)
    assert LOOK in look
    assert order == f"{JOURNAL}, line 2, seq 6: rows 1 to 6 stand in the order 6, 5, 4, 3, 2, 1."


@pytest.mark.parametrize("column", ["amount", "hash_v1"])
def test_a_lost_column_is_never_called_another_look(books: Path, column: str) -> None:
    at = COLUMNS.index(column)
    lost = resaved(edit=lambda rows: each(rows, lambda row: [*row[:at], *row[at + 1 :]]))
    change(books / JOURNAL, lost)
    assert not any("no value" in problem for problem in problems(books))


def test_a_hash_that_was_kept_elsewhere_is_looked_for(books: Path) -> None:
    line = (books / JOURNAL).read_bytes().splitlines()[3]
    kept = line[-MARK:].decode()
    for chain_only in (False, True):
        found = verify_folder(books, expect=kept, chain_only=chain_only)
        assert (found.problems, found.facts["expected_at_seq"]) == ([], 3)
        lost = verify_folder(books, expect="h" + "0" * 31 + "1", chain_only=chain_only)
        assert "is not in the chain" in lost.problems[0]
    assert verify_folder(books, expect=FIRST_HASH).problems == []


def test_the_chain_alone_finds_breaks_and_names_them(books: Path) -> None:
    change(books / JOURNAL, lambda lines: lines[:3] + lines[4:])
    (missing,) = verify_folder(books, chain_only=True).problems
    assert "row 3 is missing before this one." in missing


def test_no_more_than_a_hundred_problems_are_listed(books: Path) -> None:
    change(
        books / JOURNAL,
        lambda lines: [
            *lines[:3],
            *(line for at in range(2 * AT_MOST) for line in (b"%d" % (at % 2) + b"x" * at, b"\n")),
            *lines[3:],
        ],
    )
    found = problems(books)
    assert len(found) <= AT_MOST + 1


ACCOUNT_CHANGES = [
    (cell(2, "balance", "12.00"), "line 2, ADA, balance: 12.00, the journal says 60.00."),
    (cell(2, "name", '"Eve"'), "line 2, ADA, name: Eve, the journal says Ada."),
    (cell(4, "as_of", "5\n"), "line 4, BOB, as_of: 5, the journal says 6."),
    (lambda x: x[:1] + x[2:], ": ADA is missing."),
    (lambda x: [*x, x[1]], "line 5: ADA stands here a second time."),
    (lambda x: [*x, x[1].replace(b"ADA", b"EVE")], "line 5: EVE is not in the journal."),
    (resaved(edit=lambda rows: each(rows, lambda row: row[1:])), "line 1: the file cannot be read"),
    (
        resaved(edit=lambda rows: each(rows, lambda row: [*row[:6], *row[7:]])),
        "line 1: the column held is lost.",
    ),
    (lambda x: [x[0][3:], *x[1:]], LOOK),
    (lambda x: [line.replace(b"\n", b"\r\n") for line in x], LOOK),
    (resaved(";"), LOOK),
    (lambda _: [], "line 1: the file cannot be read."),
    (lambda x: [*x, b"y" * 200_000], "line 1: the file cannot be read."),
]


@pytest.mark.parametrize(("changed", "said"), ACCOUNT_CHANGES)
def test_cells_of_a_snapshot_that_differ_are_named(books: Path, changed: Change, said: str) -> None:
    change(books / ACCOUNTS, changed)
    (problem,) = problems(books)
    assert problem.startswith(ACCOUNTS)
    assert said in problem


def test_bytes_behind_the_slots_of_the_head_are_named(books: Path) -> None:
    change(books / HEAD, lambda lines: [*lines, b"more"])
    assert problems(books) == ["head.csv: 4 bytes stand behind the slots."]


def test_rows_that_stand_far_from_their_place_are_known_again(
    books: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "WINDOW", 3)
    change(books / JOURNAL, lambda lines: lines[:6] + lines[2:])
    said = "lines 7 to 10, seq 2 to 5: the row stands here a second time."
    assert problems(books) == [f"{JOURNAL}, {said}"]


def test_lost_files_are_named(old_books: Path) -> None:
    for name in (ACCOUNTS, "runs.csv", HEAD, ARCHIVE, JOURNAL):
        kept = (old_books / name).read_bytes()
        (old_books / name).unlink()
        first, *unknown = problems(old_books)
        assert first == f"{name}: the file is missing."
        # Without the archive's rows nobody can say what the snapshots should be.
        assert all("is not known to be the one" in problem for problem in unknown), unknown
        (old_books / name).write_bytes(kept)
    assert problems(old_books) == []


def test_without_head_the_files_are_held_against_each_other(old_books: Path) -> None:
    (old_books / HEAD).write_bytes(b"rubbish")
    change(old_books / ACCOUNTS, cell(2, "balance", "12.00"))
    found = problems(old_books)
    assert found[0] == "head.csv: the file is not what the bank wrote."
    assert "ADA, balance: 12.00, the journal says" in found[1]


def test_damage_in_the_archive_does_not_blame_the_journal(old_books: Path) -> None:
    change(old_books / ARCHIVE, cell(4, "amount", "11.00"))
    (changed,) = problems(old_books)
    assert changed.startswith(f"{ARCHIVE}, line 4, seq 3, column amount: reads 11.00, was 10.00")
    change(old_books / ARCHIVE, lambda lines: lines[:5])
    assert problems(old_books)[-1] == f"{ARCHIVE}: rows 5 to 6 are missing at the end."


def test_there_must_be_books(tmp_path: Path) -> None:
    with pytest.raises(DataDamaged):
        verify_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_long_books_that_were_saved_by_a_sheet_are_one_problem(tmp_path: Path) -> None:
    with opened(tmp_path, TickingClock()) as bank:
        a_day(bank)
        for _ in range(20 * figure("damaged rows")):
            done(bank, "transfer", source="ADA", target="BOB", amount="0.10", reference="r")
    change(tmp_path / JOURNAL, resaved(";"))
    (problem,) = problems(tmp_path)
    assert problem.startswith(f"{JOURNAL}, lines 1 to ")


def test_a_report_is_plain(sound: Path) -> None:
    report = verify_folder(sound)
    assert isinstance(report, Report)
    assert all(isinstance(value, int | float | str) for value in report.facts.values())
    assert Anchor().last_hash == FIRST_HASH
