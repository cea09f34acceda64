"""How another program may have written a file: other bytes, the same values.

A spreadsheet that saves a CSV file drops quotes and trailing zeros, or uses its country's
separators. Written again as the bank writes it, a row that has only changed its look has the hash
that is printed in it, and that proves that no value was changed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from SimpleBankingSystem.ledger.money import DECIMALS
from SimpleBankingSystem.stores.csv_files.format import (
    AMOUNT,
    BOM,
    COLUMNS,
    COMPLETED_AT,
    CREATED_AT,
    CURRENCY,
    DESCRIPTION,
    DETAILS,
    ERROR,
    GROUP,
    HASH,
    KEY,
    REFERENCE,
    SOURCE,
    SOURCE_BALANCE,
    TARGET_BALANCE,
    VALUE_DATE,
    quoted,
)

MONEY = (AMOUNT, SOURCE_BALANCE, TARGET_BALANCE)
TEXTS = (KEY, GROUP, REFERENCE, DESCRIPTION, ERROR, DETAILS)

_SEPARATORS = ",;\t|"
_grouping = re.compile(r"[ \u00a0\u202f'](?=[0-9]{3})")
_plain = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,4})?", re.ASCII)


class Look:
    """The way in which a file is written, as its header shows it.

    ``notes`` say in what it differs from the bank's way, ``said`` is the sentence with them. Rows
    are read in whatever order the header has the columns; columns that were added are left out.
    """

    def __init__(self, header: bytes) -> None:
        text = _decoded(header.removeprefix(BOM)).rstrip("\r\n")
        self._separator = max(_SEPARATORS, key=text.count)
        names = _split(text, self._separator) or []
        whole = set(names) >= set(COLUMNS)
        self._order = [names.index(name) for name in COLUMNS] if whole else [*range(len(COLUMNS))]
        self._width = len(names) if whole else len(COLUMNS)
        self.notes = list(self._differences(header, names)) if whole else []
        self.said = f": only the look was changed, no value{': ' if self.notes else ''}"
        self.said += "; ".join(self.notes) + "."

    def _differences(self, header: bytes, names: list[str]) -> Iterator[str]:
        if not header.startswith(BOM):
            yield "the byte order mark is lost"
        if header.endswith(b"\r"):
            yield "lines end with CR LF"
        if self._separator != ",":
            yield f"cells are separated by {self._separator!r}"
        added = [name for name in names if name not in COLUMNS]
        if added:
            yield f"columns were added: {', '.join(repr(name) for name in added)}"
        if sorted(self._order) != self._order:
            yield "the columns are in another order"
        if b'"' in header:
            yield "names are in quotes"

    def cells(self, line: bytes) -> list[str] | None:
        """Return a row's cells in the bank's order, without quotes; None if it is no row."""
        row = _split(_decoded(line).rstrip("\r"), self._separator)
        if row is None or len(row) < self._width or any(row[self._width :]):
            return None
        return [row[i] for i in self._order]


def written(cells: Sequence[str], currencies: Mapping[str, str]) -> Iterator[list[str]]:
    """Yield the ways in which the bank may have written a row's values, the likeliest first."""
    row = [cell.strip() for cell in cells]
    for column in TEXTS:
        row[column] = '"' + cells[column].replace('"', '""') + '"' if cells[column] else ""
    money = {column: money_of(row[column]) for column in MONEY}
    currency = row[CURRENCY] or currencies.get(row[SOURCE], "")
    for column, amount in money.items():
        if amount is not None:
            row[column] = f"{amount:.{DECIMALS.get(currency, 2)}f}"
    yield [*row]
    yield [*row[:AMOUNT], row[AMOUNT].partition(".")[0], *row[AMOUNT + 1 :]]
    if amount := money.get(AMOUNT):
        # An amount that was refused stands as it was given, with any number of decimals.
        for decimals in range(5):
            yield [*row[:AMOUNT], f"{amount:.{decimals}f}", *row[AMOUNT + 1 :]]
    yield [*row[:KEY], *(quoted(cells[column]) for column in TEXTS), row[HASH]]
    for column in (COMPLETED_AT, CREATED_AT):
        yield [*row[:VALUE_DATE], row[column][:10], *row[VALUE_DATE + 1 :]]


def money_of(text: str) -> Decimal | None:
    """Read an amount in any country's way of writing it."""
    text = _grouping.sub("", text)
    if "," in text:
        decimal_comma = text.rfind(",") > text.rfind(".")
        text = text.replace(".", "").replace(",", ".") if decimal_comma else text.replace(",", "")
    return Decimal(text) if _plain.fullmatch(text) else None


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def _split(text: str, separator: str) -> list[str] | None:
    try:
        return next(csv.reader((text,), delimiter=separator, strict=True), None)
    except csv.Error:
        return None
