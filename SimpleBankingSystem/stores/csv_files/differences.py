"""Holding the snapshots against the rows: naming the cells in which they differ."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from SimpleBankingSystem.commands.define_product import DefineProduct
from SimpleBankingSystem.stores.csv_files import products
from SimpleBankingSystem.stores.csv_files.audit import UNREADABLE
from SimpleBankingSystem.stores.csv_files.disk import Disk
from SimpleBankingSystem.stores.csv_files.files import Files
from SimpleBankingSystem.stores.csv_files.format import BOM, unguard
from SimpleBankingSystem.stores.csv_files.head import Anchor
from SimpleBankingSystem.stores.csv_files.looks import money_of
from SimpleBankingSystem.stores.csv_files.snapshot import (
    PRODUCTS,
    SNAPSHOTS,
    UNKNOWN,
    Snapshot,
    digest,
)
from SimpleBankingSystem.stores.state import State

_MONEY = {
    *("balance", "held", "available", "overdraft_limit", "minimum_balance"),
    *("amount", "captured"),
}

Difference = tuple[int, str]
"""A line of the changed file, 0 for one that is not there, and the rest of the sentence."""


@dataclass(slots=True, frozen=True)
class Expected:
    """A snapshot that must be what the rows up to ``as_of`` come to.

    ``digest`` is empty where no head.csv tells it.
    """

    path: Path
    snapshot: Snapshot
    digest: str
    as_of: int

    def troubles(self, disk: Disk, state: State | None) -> Iterator[Difference]:
        """Yield what is wrong with the file; ``state`` is that after its rows, None if unknown."""
        if not disk.exists(self.path):
            yield 0, ": the file is missing."
            return
        data = disk.read(self.path)
        is_kept = digest(data) == self.digest
        if state is None:
            if not is_kept:
                yield 0, ": the file is not known to be the one that was written."
            return
        try:
            if self.snapshot is PRODUCTS:
                said = [*map(_redefined, products.changes(data, state))]
                found = [(0, each) for each in said + products.missing(data, state)]
            else:
                found = list(differences(self.snapshot.encode(state, self.as_of), data))
        except UNREADABLE as error:
            yield 0, f": the file cannot be compared with the rows ({error})."
            return
        yield from found
        if not found and not is_kept and self.digest:
            yield 0, ": only the look was changed, no value."


def expected_snapshots(disk: Disk, files: Files, anchor: Anchor | None) -> list[Expected]:
    """Return the snapshots in the order of the rows up to which they reach."""
    known = anchor or Anchor()
    kept_digests = known.digests.split() or [""] * len(SNAPSHOTS)
    following_digests = known.next_digests.split() or [""] * len(SNAPSHOTS)
    found = []
    for snapshot, kept_digest, following in zip(
        SNAPSHOTS, kept_digests, following_digests, strict=True
    ):
        path = files.folder / snapshot.name
        data = disk.read(path) if disk.exists(path) else b""
        kept, as_of = kept_digest, known.snapshots_as_of
        if following and digest(data) == following:
            # A crash came while it was being replaced: this is the new one already.
            kept, as_of = following, known.next_as_of
        elif anchor is None:
            as_of = _as_of(data)
        elif data and kept in {"", UNKNOWN}:
            # An attempt to replace all ended between them: it is rebuilt, whatever it says.
            continue
        found.append(Expected(path, snapshot, kept, as_of))
    return sorted(found, key=lambda expected: expected.as_of)


def _as_of(data: bytes) -> int:
    """Return the row up to which a snapshot itself says that it reaches."""
    found = re.search(rb"^as_of = ([0-9]{1,15})$|,([0-9]{1,15})\s*\Z", data, re.MULTILINE)
    return int(found[1] or found[2]) if found else 0


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
    for name in names:
        if name not in columns:
            yield 1, f": the column {name} is lost."
    said = {row[0]: dict(zip(names, row, strict=True)) for row in right}
    seen: set[str] = set()
    for line, cells in enumerate(rows, start=2):
        row = dict(zip(columns, cells, strict=False))
        name = row.get("id", "")
        if name in seen or name not in said:
            times = "stands here a second time" if name in seen else "is not in the journal"
            yield line, f": {name or 'this row'} {times}."
            continue
        seen.add(name)
        for column, value in said[name].items():
            reads = row.get(column, "")
            if column in columns and not _same(column, reads, value):
                yield line, f", {name}, {column}: {reads}, the journal says {value}."
    for name in said:
        if name not in seen:
            yield 0, f": {name} is missing."


def _redefined(change: DefineProduct) -> str:
    """Say that a product has other terms than the journal gives it."""
    return f": {change.product} is not what the journal says; the next start records the change."


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
