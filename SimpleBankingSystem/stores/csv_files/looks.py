"""How another program may have written a file: other bytes, the same values.

A spreadsheet that saves a CSV file drops quotes and trailing zeros, or uses its country's
separators. Written again as the bank writes it, a row that has only changed its look has the hash
that is printed in it, and that proves that no value was changed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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

LOST_AT_MOST = 5
"""Columns that a header may lack and still be taken for ours."""

_SEPARATORS = ",;\t|"
_grouping = re.compile(r"[ \u00a0\u202f'](?=[0-9]{3})")
_iso_day = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_digits = re.compile(r"[0-9]{1,4}", re.ASCII)
_plain = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,4})?", re.ASCII)


class Style:
    """The way in which a file is written, as its header shows it.

    ``notes`` say in what it differs from the bank's way, ``said`` is the sentence with them;
    ``is_known`` is False where the header is none of ours. Rows are read in whatever order the
    header has the columns; a column that was added is left out, one that is lost is empty.
    """

    def __init__(self, header: bytes) -> None:
        text = _decoded(header.removeprefix(BOM)).rstrip("\r\n")
        self._separator = max(_SEPARATORS, key=text.count)
        names = _split(text, self._separator) or []
        lost = [name for name in COLUMNS if name not in names]
        added = [name for name in names if name not in COLUMNS]
        renamed = dict(zip(added, lost, strict=True)) if len(added) == len(lost) else {}
        # Without the hashes nothing could be proved.
        has_hashes = bool(renamed) or COLUMNS[HASH] not in lost
        self.is_known = has_hashes and len(lost) <= LOST_AT_MOST
        columns = [renamed.get(name, name) for name in names] if self.is_known else COLUMNS
        self._width = len(columns)
        self._places = [columns.index(name) if name in columns else -1 for name in COLUMNS]
        notes = {
            "the byte order mark is lost": not header.startswith(BOM),
            "lines end with CR LF": header.endswith(b"\r"),
            f"cells are separated by {self._separator!r}": self._separator != ",",
            "the header is in quotes": b'"' in header,
            f"columns were renamed: {_listed(renamed)}": renamed,
            f"columns were added: {_listed(added)}": added and not renamed,
            f"columns are lost: {_listed(lost)}": lost and not renamed,
            "the columns are in another order": _falls([at for at in self._places if at >= 0]),
        }
        self.notes = [note for note, applies in notes.items() if applies]
        # A column that is lost had perhaps something in it.
        claim = [] if lost and not renamed else ["only the look was changed, no value"]
        self.said = f": {': '.join([*claim, *filter(None, ['; '.join(self.notes)])])}."

    def cells(self, line: bytes) -> list[str] | None:
        """Return a row's cells in the bank's order, without quotes; None if it is no row."""
        row = _split(_decoded(line).rstrip("\r"), self._separator)
        if row is None or len(row) < self._width or any(row[self._width :]):
            return None
        return [row[place] if place >= 0 else "" for place in self._places]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))


def _falls(places: Sequence[int]) -> bool:
    return sorted(places) != places


def written(cells: Sequence[str], currencies: Mapping[str, str]) -> Iterator[list[str]]:
    """Yield the ways in which the bank may have written a row's values, the likeliest first.

    Every way says the same: an amount is only given other decimals if it stays equal.
    """
    row = [cell.strip() for cell in cells]
    for column in TEXTS:
        row[column] = '"' + cells[column].replace('"', '""') + '"' if cells[column] else ""
    yield [*row]
    if not _is_iso_day(row[VALUE_DATE]):
        row[VALUE_DATE] = _same_day(row)
    currency = row[CURRENCY] or currencies.get(row[SOURCE], "")
    for column in MONEY:
        row[column] = _with_decimals(row[column], DECIMALS.get(currency, 2))
    yield [*row]
    # An amount that was refused stands as it was given, with any number of decimals.
    for decimals in range(5):
        amount = _with_decimals(row[AMOUNT], decimals)
        if amount != row[AMOUNT]:
            yield [*row[:AMOUNT], amount, *row[AMOUNT + 1 :]]
    yield [*row[:KEY], *(quoted(cells[column]) for column in TEXTS), row[HASH]]


def _with_decimals(text: str, decimals: int) -> str:
    """Return an equal amount with so many decimals, the text itself if there is none."""
    amount = money_of(text)
    if amount is None:
        return text
    settled = f"{amount:.{decimals}f}"
    return settled if Decimal(settled) == amount else text


def _is_iso_day(text: str) -> bool:
    return _iso_day.fullmatch(text) is not None


def _same_day(row: Sequence[str]) -> str:
    """Return the value date if it is the booking day, in another country's way of writing it."""
    parts = sorted(int(part) for part in _digits.findall(row[VALUE_DATE]))
    for column in (COMPLETED_AT, CREATED_AT):
        day = row[column][:10]
        if _is_iso_day(day) and parts == sorted(int(part) for part in day.split("-")):
            return day
    return row[VALUE_DATE]


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
