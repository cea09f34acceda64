"""Guarantee 5: what was changed in acknowledged rows is reported, with its place and reason."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import DataDamaged
from SimpleBankingSystem.stores.base import Report
from SimpleBankingSystem.stores.csv_files.format import FIRST_HASH, chained
from SimpleBankingSystem.stores.csv_files.store import CsvStore
from SimpleBankingSystem.stores.csv_files.verify import PROBLEMS_AT_MOST, verify_folder
from tests.banks import TickingClock, asked, done
from tests.proof_level import figure

JOURNAL, ARCHIVE = "transactions.csv", "archived_transactions.csv"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make books of four archived rows and six in the journal."""
    folder = tmp_path_factory.mktemp("books")
    clock = TickingClock()
    with Bank(CsvStore(folder, clock=clock, upkeep=False), clock=clock) as bank:
        done(bank, "open_account", name="Ada", account="ADA", initial_deposit="100.00")
        done(bank, "open_account", name="Bob", account="BOB")
        done(bank, "deposit", account="BOB", amount="20.00")
        failed = bank.execute(asked("withdraw", account="BOB", amount="70.00"))
        bank.archive()
        done(bank, "transfer", source="ADA", target="BOB", amount="10.00", description="cake")
        done(bank, "transfer", source="BOB", target="ADA", amount="1.50", reference="17b")
        done(bank, "set_overdraft_limit", account="ADA", overdraft_limit="5.00")
        done(bank, "deposit", account="BOB", amount="60.00")
        bank.retry(failed.id)
        done(bank, "transfer", source="ADA", target="BOB", amount="2.00")
    return folder


@pytest.fixture
def books(sound: Path, tmp_path: Path) -> Path:
    return shutil.copytree(sound, tmp_path / "books")


def change(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))


def line_change(at: int, changed: Callable[[list[bytes]], list[bytes]]) -> Callable[[Path], None]:
    def change_lines(path: Path) -> None:
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join([*lines[:at], *changed(lines[at:])]))

    return change_lines


def cell(row: int, column: str, new: str) -> Callable[[Path], None]:
    """Change one cell of a row, counted from 1 below the header."""

    def change_cell(path: Path) -> None:
        lines = path.read_text("utf-8").split("\n")
        cells = lines[row].split(",")
        cells[lines[0].lstrip("\ufeff").split(",").index(column)] = new
        lines[row] = ",".join(cells)
        path.write_text("\n".join(lines), "utf-8")

    return change_cell


def test_sound_books_have_no_problems(books: Path) -> None:
    report = verify_folder(books)
    assert report.problems == []
    assert (report.facts["rows"], report.facts["accounts"]) == (10, 2)
    assert report.facts["sum_EUR"] == "0.00"
    assert verify_folder(books, chain_only=True).problems == []


PROVED = "(the row's hash proves it)"
DAMAGES: list[tuple[str, Callable[[Path], object], str]] = [
    (
        JOURNAL,
        cell(1, "amount", "1000.00"),
        f"line 2, seq 5, column amount: reads 1000.00, was 10.00 {PROVED}",
    ),
    (JOURNAL, cell(1, "source_balance", "9.00"), "column source_balance: reads 9.00, was 90.00"),
    (JOURNAL, cell(1, "target_balance", "9.00"), "column target_balance: reads 9.00, was 30.00"),
    (JOURNAL, cell(1, "status", "FAILED"), "column status: reads FAILED, was COMPLETED"),
    (JOURNAL, cell(1, "commit_last", "9"), "column commit_last: reads 9, was 5"),
    (JOURNAL, cell(1, "target", "EVE"), "column target: reads EVE, was BOB"),
    (JOURNAL, cell(1, "description", '"pie"'), "line 2, seq 5: the row was changed."),
    (JOURNAL, cell(1, "amount", "10"), "column amount: reads 10, was 10.00"),
    (JOURNAL, cell(1, "amount", "x"), "column amount: reads x, was 10.00"),
    (JOURNAL, cell(1, "seq", "7"), "rows 5 to 6 are missing here"),
    (JOURNAL, cell(2, "seq", "5"), "row 5 stands here, doubled or out of order"),
    (JOURNAL, cell(1, "actor", "eve,adam"), "the row has 26 cells, not 25"),
    (JOURNAL, cell(1, "description", '"'), "line 2, seq 5: the row"),
    (JOURNAL, line_change(1, lambda rows: rows[1:]), "rows 5 to 5 are missing here"),
    (JOURNAL, line_change(1, lambda rows: [rows[0], *rows]), "row 5 stands here, doubled"),
    (JOURNAL, line_change(1, lambda rows: [rows[1], rows[0], *rows[2:]]), "are missing here"),
    (JOURNAL, line_change(5, lambda rows: []), "Rows 9 to 10 are missing at the end"),
    (JOURNAL, lambda path: change(path, b"\xef\xbb\xbf", b""), "the byte order mark is gone"),
    (JOURNAL, lambda path: change(path, b"seq", b"row"), "the header is not the one"),
    (
        JOURNAL,
        lambda path: path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n")),
        "CR and LF",
    ),
    (JOURNAL, lambda path: path.write_bytes(path.read_bytes().replace(b",", b";")), "semicolons"),
    (JOURNAL, lambda path: path.unlink(), "transactions.csv is missing"),
    (ARCHIVE, cell(1, "amount", "1.00"), f"{ARCHIVE}, line 2, seq 1, column amount: reads 1.00"),
    (ARCHIVE, lambda path: path.write_bytes(path.read_bytes()[:-1]), "bytes long, not"),
    (
        "accounts.csv",
        cell(1, "balance", "7.00"),
        "accounts.csv, line 2, ADA, balance: 7.00 was 89.50",
    ),
    ("accounts.csv", line_change(1, lambda rows: rows[1:]), "line 2: ADA was missing"),
    ("accounts.csv", lambda path: path.write_bytes(b"\xff"), "accounts.csv cannot be read"),
    ("accounts.csv", lambda path: change(path, b'"Ada"', b"Ada"), "saved by another program"),
    ("accounts.csv", lambda path: change(path, b"ADA,", b"EVE,"), "EVE was not in the books"),
]


@pytest.mark.parametrize(("name", "damage", "said"), DAMAGES)
def test_a_damage_is_named(
    books: Path, name: str, damage: Callable[[Path], object], said: str
) -> None:
    damage(books / name)
    report = verify_folder(books)
    assert any(said in problem for problem in report.problems), report.problems


def test_one_changed_cell_is_one_problem(books: Path) -> None:
    cell(1, "amount", "99.00")(books / JOURNAL)
    (problem,) = verify_folder(books).problems
    assert "column amount" in problem
    (problem,) = verify_folder(books, chain_only=True).problems
    assert "line 2: the chain breaks here" in problem


def test_many_problems_are_cut_short(books: Path) -> None:
    path = books / JOURNAL
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, *([b"rubbish\n"] * 2 * PROBLEMS_AT_MOST)]))
    report = verify_folder(books)
    assert len(report.problems) == PROBLEMS_AT_MOST + 1
    assert "more problems" in report.problems[-1]


def test_a_hash_that_was_kept_elsewhere_is_looked_for(books: Path) -> None:
    known = str(verify_folder(books).facts["last_hash"])
    assert verify_folder(books, expect=known).facts["expected_hash_at_seq"] == 10
    report = verify_folder(books, expect="h" + "1" * 32)
    assert report.problems == [f"The hash h{'1' * 32} is not in the chain."]


@pytest.mark.parametrize(
    ("row", "column", "value", "said"),
    [
        (1, "amount", "11.00", "source_balance: 90.00 does not follow from 100.00"),
        (1, "amount", "-10.00", "amount: -10.00 is not more than zero"),
        (2, "completed_at", "2001-01-01T00:00:00.000000Z", "runs backwards"),
        (2, "transaction", "T00000000005", "T00000000005 may not become COMPLETED now"),
        (2, "commit_first", "5", "begins a commit before the last one is whole"),
        (2, "seq", "8", "follows seq 5"),
    ],
)
def test_a_forged_chain_contradicts_itself(
    books: Path, row: int, column: str, value: str, said: str
) -> None:
    """Somebody who computes the hashes anew still has to get all the rest right."""
    path = books / JOURNAL
    cell(row, column, value)(path)
    archived = (books / ARCHIVE).read_text("utf-8").splitlines()[-1]
    mark = archived.rpartition(",")[2] or FIRST_HASH
    header, *lines = path.read_text("utf-8").splitlines()
    forged = []
    for line in lines:
        body = line.rpartition(",")[0] + ","
        mark = chained(mark, body.encode())
        forged.append(body + mark)
    path.write_text("\n".join([header, *forged, ""]), "utf-8")
    report = verify_folder(books)
    assert any(said in problem for problem in report.problems), report.problems


def test_where_there_are_no_books(tmp_path: Path) -> None:
    with pytest.raises(DataDamaged, match=r"head\.csv is missing"):
        verify_folder(tmp_path)


def test_what_was_set_aside_is_mentioned(books: Path) -> None:
    (books / "quarantine").mkdir()
    assert verify_folder(books).facts["quarantine"] == 0


@pytest.mark.parametrize("name", [JOURNAL, "accounts.csv", ARCHIVE])
def test_every_byte_counts(books: Path, name: str) -> None:
    """Guarantee 5: each byte changed in each of some ways is reported; every second one for now."""
    path = books / name
    data = path.read_bytes()
    thorough = figure("damaged rows") > 6
    ways = (1, 2, 4, 8, 16, 32, 64, 128, 255)[: 9 if thorough else 1]
    for at in range(0, len(data), 1 if thorough else 2):
        for way in ways:
            damaged = bytearray(data)
            damaged[at] ^= way
            path.write_bytes(damaged)
            report: Report = verify_folder(books)
            assert report.problems, (at, way, damaged[max(0, at - 20) : at + 20])
