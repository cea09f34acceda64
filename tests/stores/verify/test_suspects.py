"""Of a row in which one cell was changed, its hash tells what stood there."""

from __future__ import annotations

from decimal import Decimal

import pytest

from SimpleBankingSystem.stores.csv_files.format import COLUMNS, FIRST_HASH, chained
from SimpleBankingSystem.stores.csv_files.suspects import (
    NEARBY,
    Cells,
    Known,
    contradictions,
    is_one_character_away,
    joined,
    likely_cell,
    money_by_later_rows,
    other_character,
    possible_cell,
    slip,
)

MARK = FIRST_HASH.encode()
TIME = "2026-06-30T10:00:00.000000Z"


def row(**cells: str) -> Cells:
    """Return a transfer of 3.00 from ADA, who had 10.00, to BOB, who had 1.00, with its hash."""
    usual = {
        "seq": "5000",
        "commit_first": "5000",
        "commit_last": "5000",
        "attempt": "1",
        "transaction": "T00000005000",
        "command": "transfer",
        "status": "COMPLETED",
        "source": "ADA",
        "target": "BOB",
        "amount": "3.00",
        "currency": "EUR",
        "source_balance": "7.00",
        "target_balance": "4.00",
        "value_date": "2026-06-30",
        "created_at": TIME,
        "started_at": TIME,
        "completed_at": TIME,
        "actor": "local",
    }
    found = [{**usual, **cells}.get(name, "") for name in COLUMNS[:-1]]
    return [*found, chained(MARK, joined([*found, ""])).decode()]


def changed(cells: Cells, column: str, value: str) -> Cells:
    at = COLUMNS.index(column)
    assert cells[at] != value
    return [*cells[:at], value, *cells[at + 1 :]]


NEIGHBOUR = row(transaction="T00000004990", details='"{""line"":70,""run"":""R000001""}"')
KNOWN = Known(
    5000,
    {"ADA": Decimal("10.00"), "BOB": Decimal("1.00"), "IDA": Decimal("20.00")},
    {"ADA": "EUR", "BOB": "EUR", "IDA": "EUR"},
    [NEIGHBOUR],
)
LINE = '"{{""line"":{},""run"":""R000001""}}"'

LIKELY = [
    ("seq", "5000", "1"),
    ("amount", "3.00", "30.00"),
    ("source_balance", "7.00", "9.99"),
    ("target_balance", "4.00", "9.99"),
    ("command", "transfer", "deposit"),
    ("command", "reverse", "transfer"),
    ("status", "COMPLETED", "FAILED"),
    ("status", "PENDING", "FAILED"),
    ("attempt", "4", "1"),
    ("currency", "JPY", "EUR"),
    ("actor", "local", "eve"),
    ("completed_at", TIME, "yesterday"),
    ("description", "", '"a gift"'),
]
POSSIBLE = [
    ("value_date", "2025-12-24", "2026-06-30"),
    ("value_date", "2026-09-01", "2026-06-30"),
    ("commit_first", str(5000 - NEARBY + 1), "5000"),
    ("commit_last", str(5000 + NEARBY - 1), "5000"),
    ("transaction", f"T{4990 + NEARBY - 1:011d}", "T00000000007"),
    ("transaction", f"T{4990 - NEARBY:011d}", "T00000000007"),
    ("details", LINE.format(71), LINE.format(999_999)),
    ("details", LINE.format(69), LINE.format(999_999)),
]


@pytest.mark.parametrize(("column", "was", "reads"), LIKELY)
def test_what_others_say_of_a_cell_is_proved(column: str, was: str, reads: str) -> None:
    before = row(**{column: was})
    assert likely_cell(MARK, changed(before, column, reads), KNOWN) == before


@pytest.mark.parametrize(("column", "was", "reads"), POSSIBLE)
def test_what_nobody_says_is_found_by_trying(column: str, was: str, reads: str) -> None:
    before = row(**{column: was})
    assert likely_cell(MARK, changed(before, column, reads), KNOWN) is None
    assert possible_cell(MARK, changed(before, column, reads), KNOWN) == before


@pytest.mark.parametrize("column", ["source", "target"])
def test_an_account_is_known_by_its_balance(column: str) -> None:
    money = {"source": {"source_balance": "17.00"}, "target": {"target_balance": "23.00"}}
    before = row(**{column: "IDA", **money[column]})
    assert likely_cell(MARK, changed(before, column, "EVE"), KNOWN) is None
    assert possible_cell(MARK, changed(before, column, "EVE"), KNOWN) == before


def test_where_no_balance_stands_any_account_is_tried() -> None:
    before = row(amount="", source_balance="", target_balance="", status="FAILED", target="IDA")
    assert likely_cell(MARK, changed(before, "target", "EVE"), KNOWN) is None
    assert possible_cell(MARK, changed(before, "target", "EVE"), KNOWN) == before


def test_a_row_of_a_time_that_is_none_has_no_days_to_try() -> None:
    before = row(created_at="never", value_date="2026-06-29")
    assert possible_cell(MARK, changed(before, "value_date", "x"), KNOWN) is None


def test_two_changed_cells_are_not_guessed() -> None:
    cells = changed(changed(row(), "actor", "eve"), "description", '"a gift"')
    assert likely_cell(MARK, cells, KNOWN) is None
    assert possible_cell(MARK, cells, KNOWN) is None


@pytest.mark.parametrize(
    ("reads", "was"),
    [
        (b"ccke", b"cake"),
        (b"caike", b"cake"),
        (b"ckae", b"cake"),
        (b"cake,", b"cake"),
        (b"\xe3ake", b"cake"),
    ],
)
def test_a_slip_is_undone(reads: bytes, was: bytes) -> None:
    mark = chained(MARK, was + b",")
    assert slip(MARK, reads + b"," + mark) == was + b"," + mark


@pytest.mark.parametrize("reads", [b"cage", b"cke", b"ake", b"cak", b"ca~e"])
def test_another_character_is_undone(reads: bytes) -> None:
    mark = chained(MARK, b"cake")
    assert other_character(MARK, reads + mark) == b"cake" + mark
    assert other_character(MARK, b"bread" + mark) is None


@pytest.mark.parametrize(
    ("text", "other", "is_one"),
    [
        (b"h123", b"h129", True),
        (b"h123", b"h23", True),
        (b"h123", b"h1123", True),
        (b"h123", b"h1234", True),
        (b"h123", b"h12", True),
        (b"h123", b"h123", False),
        (b"h123", b"h12345", False),
        (b"h123", b"h321", False),
        (b"h123", b"h13x", False),
    ],
)
def test_a_hash_is_one_character_away(text: bytes, other: bytes, is_one: bool) -> None:
    assert is_one_character_away(text, other) == is_one


def test_money_that_does_not_follow_is_named() -> None:
    assert contradictions(row(), KNOWN) == []
    assert contradictions(row(amount="4.00"), KNOWN) == [
        "amount (4.00, by the rows before 3.00)",
        "source_balance (7.00, by the rows before 6.00)",
        "amount (4.00, by the rows before 3.00)",
        "target_balance (4.00, by the rows before 5.00)",
    ]
    assert contradictions(row(amount="4.00", status="FAILED"), KNOWN) == []


@pytest.mark.parametrize(
    "later",
    [
        {"source": "ADA", "target": "EVE", "source_balance": "4.00"},
        {"source": "EVE", "target": "ADA", "target_balance": "10.00"},
        {"source": "BOB", "target": "EVE", "source_balance": "1.00"},
        {"source": "EVE", "target": "BOB", "target_balance": "7.00"},
    ],
)
def test_later_rows_tell_what_was_paid(later: dict[str, str]) -> None:
    """A later posting of 3.00 shows what one of the two had before it."""
    lies = row(amount="9.00", source_balance="1.00", target_balance="10.00")
    nothing = row(source="EVE", target="EVA")
    told = money_by_later_rows(lies, [nothing, row(**later)], KNOWN)
    assert told is not None
    assert told[:-1] == row()[:-1]
    assert money_by_later_rows(lies, [nothing], KNOWN) is None
    assert money_by_later_rows(row(source="EVE"), [row(**later)], KNOWN) is None
