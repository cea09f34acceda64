"""What another program makes of a row, and the ways in which the bank may have written it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from SimpleBankingSystem.stores.csv_files.format import BOM, COLUMNS, JOURNAL_HEADER
from SimpleBankingSystem.stores.csv_files.looks import Style, money_of, written

HEADER = JOURNAL_HEADER[:-1]
NAMES = HEADER.removeprefix(BOM)
CELLS = [name.upper() for name in COLUMNS]
LOOK = "only the look was changed, no value"

STYLES = [
    (HEADER, []),
    (NAMES, ["the byte order mark is lost"]),
    (HEADER + b"\r", ["lines end with CR LF"]),
    (HEADER.replace(b",", b";"), ["cells are separated by ';'"]),
    (HEADER.replace(b",", b"\t"), ["cells are separated by '\\t'"]),
    (BOM + b'"' + NAMES.replace(b",", b'","') + b'"', ["the header is in quotes"]),
    (HEADER.replace(b"amount", b"betrag"), ["columns were renamed: 'betrag'"]),
    (HEADER + b",note,more", ["columns were added: 'note', 'more'"]),
    (
        HEADER.replace(b"seq,commit_first", b"commit_first,seq") + b"\r",
        ["lines end with CR LF", "the columns are in another order"],
    ),
]


@pytest.mark.parametrize(("header", "notes"), STYLES)
def test_a_header_shows_in_what_a_file_differs(header: bytes, notes: list[str]) -> None:
    style = Style(header)
    assert style.is_known
    assert style.notes == notes
    assert style.said == (f": {LOOK}: {'; '.join(notes)}." if notes else f": {LOOK}.")


def test_of_a_lost_column_nobody_knows_what_was_in_it() -> None:
    style = Style(HEADER.replace(b",actor,key", b""))
    assert style.is_known
    assert style.said == ": columns are lost: 'actor', 'key'."
    row = [cell for cell in CELLS if cell not in {"ACTOR", "KEY"}]
    assert style.cells(",".join(row).encode()) == [
        "" if cell in {"ACTOR", "KEY"} else cell for cell in CELLS
    ]


@pytest.mark.parametrize(
    ("header", "is_known"),
    [
        (BOM + b",".join(NAMES.split(b",")[5:]), True),
        (BOM + b",".join(NAMES.split(b",")[6:]), False),
        (HEADER.removesuffix(b",hash_v1"), False),
        (HEADER.replace(b"hash_v1", b"hash"), True),
        (b"", False),
    ],
)
def test_a_header_is_ours_while_enough_of_it_is_there(header: bytes, is_known: bool) -> None:
    assert Style(header).is_known == is_known


def test_cells_are_read_in_the_order_of_the_header() -> None:
    style = Style(BOM + b",".join([b"note", *reversed(NAMES.split(b","))]))
    line = ",".join(["x", *reversed(CELLS)]).encode()
    assert style.cells(line) == style.cells(line + b",,\r") == CELLS
    assert style.cells(line + b",more") is None
    assert style.cells(line.rpartition(b",")[0]) is None
    assert style.cells(b'"' + line) is None
    foreign = Style(b"this,is,none,of,ours")
    assert foreign.cells(",".join(CELLS).encode()) == CELLS


def test_a_row_in_an_old_character_set_is_read() -> None:
    cells = ["Gr\u00fc\u00dfe", *CELLS[1:]]
    assert Style(HEADER).cells(",".join(cells).encode("cp1252")) == cells


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("10", "10"),
        ("10.5", "10.5"),
        ("10,5", "10.5"),
        ("-1.234,56", "-1234.56"),
        ("1,234.56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1\u00a0234\u202f567", "1234567"),
        ("1'234.5", "1234.5"),
    ],
)
def test_an_amount_is_read_in_any_country_s_way(text: str, amount: str) -> None:
    assert money_of(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["", "ten", "1e3", "1 2", "+1", "1.23456", "NaN", "\uff11"])
def test_what_is_no_amount_is_none(text: str) -> None:
    assert money_of(text) is None


def row(**cells: str) -> list[str]:
    return [cells.get(name, "") for name in COLUMNS]


def ways(cells: list[str], column: str) -> list[str]:
    return [each[COLUMNS.index(column)] for each in written(cells, {"ADA": "JPY", "BOB": "TND"})]


DAYS = {"completed_at": "2026-02-01T10:00:00Z", "created_at": "2026-01-31T10:00:00Z"}


@pytest.mark.parametrize(
    ("reads", "was"),
    [
        ("01.02.2026", "2026-02-01"),
        ("2/1/2026", "2026-02-01"),
        ("31/01/2026", "2026-01-31"),
        ("2026-02-02", "2026-02-02"),
        ("03.02.2026", "03.02.2026"),
    ],
)
def test_a_day_is_written_as_the_booking_day_if_it_is_that(reads: str, was: str) -> None:
    before, *after = ways(row(value_date=reads, **DAYS), "value_date")
    assert before == reads
    assert set(after) == {was}


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        ({"amount": "5", "currency": "EUR"}, "5.00"),
        ({"amount": "5.5", "currency": "EUR"}, "5.50"),
        ({"amount": "1.234,5", "currency": "EUR"}, "1234.50"),
        ({"amount": "5.00", "currency": "JPY"}, "5"),
        ({"amount": "5", "source": "ADA"}, "5"),
        ({"amount": "5", "source": "BOB"}, "5.000"),
        ({"amount": "5"}, "5.00"),
        ({"amount": "5.005", "currency": "EUR"}, "5.005"),
        ({"amount": "five", "currency": "EUR"}, "five"),
    ],
)
def test_an_amount_gets_the_decimals_of_its_currency(cells: dict[str, str], wanted: str) -> None:
    assert ways(row(**cells), "amount")[1] == wanted


def test_an_amount_that_was_refused_may_have_had_any_decimals() -> None:
    found = ways(row(amount="5", currency="EUR"), "amount")
    assert found == ["5", "5.00", "5", "5.0", "5.000", "5.0000", "5.00"]


def test_texts_get_their_quotes_again() -> None:
    first, *_, last = ways(row(description='say "=1"'), "description")
    assert first == '"say ""=1"""'
    assert last == '"say ""=1"""'
    first, *_, last = ways(row(description="=1+1", key=""), "description")
    assert (first, last) == ('"=1+1"', '"\'=1+1"')
    assert set(ways(row(description="x"), "key")) == {""}
