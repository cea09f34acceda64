"""Naming the cells in which a snapshot differs from what the journal says."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from SimpleBankingSystem.stores.csv_files.format import BOM, unguard
from SimpleBankingSystem.stores.csv_files.looks import money_of

_MONEY = {"balance", "held", "available", "overdraft_limit"}

Difference = tuple[int, str]
"""A line of the changed file, 0 for one that is not there, and the rest of the sentence."""


def differences(rebuilt: bytes, found: bytes) -> Iterator[Difference]:
    """Yield in which cells a file differs from the one that the journal gives.

    A file that was only written otherwise (other line ends, separators, quotes) does not differ.
    """
    if sorted(rebuilt.splitlines()) == sorted(found.splitlines()):
        return
    columns, *rows = _rows(found)
    if "id" not in columns:
        yield 1, ": the file cannot be read."
        return
    names, *right = _rows(rebuilt)
    said = {row[0]: dict(zip(names, row, strict=True)) for row in right}
    seen: set[str] = set()
    for line, cells in enumerate(rows, start=2):
        row = dict(zip(columns, cells, strict=False))
        name = row.get("id", "")
        if name in seen or name not in said:
            yield line, f": {name!r} stands here and does not in the journal."
            continue
        seen.add(name)
        for column, value in said[name].items():
            reads = row.get(column, "")
            if not _same(column, reads, value):
                yield line, f", {name}, {column}: {reads}, the journal says {value}."
    for name in said:
        if name not in seen:
            yield 0, f": {name} is missing."


def _rows(data: bytes) -> list[list[str]]:
    """Return the header's and every row's cells, with whatever separator; always a header."""
    text = data.removeprefix(BOM).decode(errors="replace")
    header = text.partition("\n")[0]
    separator = max(",;\t", key=header.count)
    try:
        rows = list(csv.reader(StringIO(text, newline=""), delimiter=separator))
    except csv.Error:
        return [[]]
    return rows or [[]]


def _same(column: str, reads: str, value: str) -> bool:
    if reads in (value, unguard(value)):
        return True
    amount = money_of(reads) if column in _MONEY else None
    return amount is not None and amount == money_of(value)
