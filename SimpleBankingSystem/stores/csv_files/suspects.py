"""Which cell of a changed row was changed: found by redundancy, proved by the row's own hash.

What the row said before follows from its neighbours for several columns. If the row with that
value in one cell has the hash that is printed in it, then that cell, and only that, was changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from SimpleBankingSystem.stores.csv_files.format import (
    AMOUNT,
    COLUMNS,
    COMMIT_FIRST,
    COMMIT_LAST,
    HASH,
    SEQ,
    SOURCE,
    SOURCE_BALANCE,
    STATUS,
    TARGET,
    TARGET_BALANCE,
    chained,
)

_cell = re.compile(r'("(?:[^"]|"")*"|[^,]*)(?:,|$)')
_MONEY = (AMOUNT, SOURCE_BALANCE, TARGET_BALANCE)
_TEXT = tuple(COLUMNS.index(name) for name in ("key", "group", "reference", "description", "error"))


@dataclass(slots=True, frozen=True)
class Known:
    """What the rows before tell: the row's seq, and every account's balance."""

    seq: int
    balances: Mapping[str, Decimal]
    currencies: Mapping[str, str]


def explain(line: bytes, before: bytes, known: Known) -> str:
    """Return what was changed in a row, behind ``file, line, seq``, as the end of a sentence."""
    text = line.decode(errors="replace").rstrip("\n").rstrip("\r")
    cells = _cell.findall(text)
    if not text.endswith(","):
        # Behind the last cell the pattern finds one more, an empty one.
        cells = cells[:-1]
    if len(cells) != len(COLUMNS):
        return f": the row has {len(cells)} cells, not {len(COLUMNS)}."
    previous = before.decode(errors="replace")
    if _fits(cells, previous):
        return ": only the end of the line was changed."
    for column, value in _candidates(cells, known):
        if _fits([*cells[:column], value, *cells[column + 1 :]], previous):
            name, reads = COLUMNS[column], cells[column]
            return f", column {name}: reads {reads}, was {value} (the row's hash proves it)."
    if _fits(_as_written(cells), previous):
        return ": only the look of its cells was changed, no value (the row's hash proves it)."
    suspects = [
        f"{COLUMNS[column]} should be {value} by the rows before"
        for column, value in _balances_by_neighbours(cells, known)
        if value != cells[column]
    ]
    return ": the row was changed. " + ("; ".join(suspects) or "Which cell cannot be told") + "."


def _fits(cells: list[str], previous: str) -> bool:
    return chained(previous, (",".join(cells[:HASH]) + ",").encode()) == cells[HASH]


def _candidates(cells: list[str], known: Known) -> Iterator[tuple[int, str]]:
    """Yield a column and what it may have been, one at a time."""
    yield from _balances_by_neighbours(cells, known)
    for column in (SEQ, COMMIT_FIRST, COMMIT_LAST):
        yield column, str(known.seq)
    for distance in range(1, 1001):
        yield COMMIT_FIRST, str(known.seq - distance)
        yield COMMIT_LAST, str(known.seq + distance)
    for status in ("COMPLETED", "FAILED", "PENDING"):
        yield STATUS, status
    for column, value in enumerate(_as_written(cells)):
        yield column, value
    for column in (SOURCE, TARGET):
        for account in known.balances:
            yield column, account


def _balances_by_neighbours(cells: list[str], known: Known) -> Iterator[tuple[int, str]]:
    """Yield amount and balances as they follow from each other and from the rows before."""
    money = {column: _money(cells[column]) for column in _MONEY}
    source = known.balances.get(cells[SOURCE], Decimal(0))
    target = known.balances.get(cells[TARGET], Decimal(0))
    amount = money[AMOUNT]
    after_source, after_target = money[SOURCE_BALANCE], money[TARGET_BALANCE]
    if after_source is not None:
        yield AMOUNT, str(source - after_source)
    if after_target is not None:
        yield AMOUNT, str(after_target - target)
    if amount is not None:
        yield SOURCE_BALANCE, str(source - amount)
        yield TARGET_BALANCE, str(target + amount)


def _money(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _as_written(cells: list[str]) -> list[str]:
    """Return the cells as the bank writes them, where a sheet saved the same values otherwise."""
    written = list(cells)
    for column in _MONEY:
        money = _money(cells[column].replace(",", ".").strip('"'))
        if money is not None:
            written[column] = f"{money:.2f}"
    for column in _TEXT:
        if cells[column] and not cells[column].startswith('"'):
            written[column] = f'"{cells[column]}"'
    for column in range(len(cells)):
        if column not in _TEXT and cells[column].startswith('"') and COLUMNS[column] != "details":
            written[column] = cells[column].strip('"')
    return written
