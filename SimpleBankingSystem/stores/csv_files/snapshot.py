"""Snapshots: the entities at one journal position, as files that people open.

There is one file for each kind of entity: CSV for a spreadsheet, and products.toml, which is short
and read by eye. A snapshot is a cache without hashes of its own: head.csv keeps its digest, and it
can be made again from the archive and the journal at any time.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass, fields
from hashlib import sha256
from io import StringIO
from operator import attrgetter

from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.ledger.customer import Customer
from SimpleBankingSystem.ledger.entity import Entity
from SimpleBankingSystem.ledger.hold import Hold
from SimpleBankingSystem.ledger.product import Product
from SimpleBankingSystem.ledger.run import LINES_AT_ONCE, LinesDone, Run
from SimpleBankingSystem.ledger.spent import Spent
from SimpleBankingSystem.stores.csv_files import products
from SimpleBankingSystem.stores.csv_files.format import BOM, cell, entity_of, quoted, unguard
from SimpleBankingSystem.stores.state import State

_TEXTS = {"name", "address", "description", "digest", "first_line", "lines_done"}
"""The columns with texts, which are quoted and guarded."""


UNKNOWN = "-"
"""What stands for the digest of a snapshot of which nobody knows how far it reaches."""


@dataclass(slots=True, frozen=True)
class Snapshot:
    """One file: its name, how it is written from a state after a seq, and how it is read."""

    name: str
    encode: Callable[[State, int], bytes]
    load: Callable[[State, bytes], None]


def digest(data: bytes) -> str:
    """Return what head.csv keeps of a snapshot: 64 bits, against accidents."""
    return sha256(data).hexdigest()[:16]


# Files for a spreadsheet


def columns_of(record: type[Entity]) -> list[str]:
    """Return the columns of a kind's file: its fields, and the seq after which all stood so."""
    names = [field.name for field in fields(record)]  # type: ignore[arg-type]
    if record is Account:
        names.insert(names.index("held") + 1, "available")
    if record is Run:
        names.append("lines_done")
    return [*names, "as_of"]


def _sheet(record: type[Entity]) -> Snapshot:
    """Return the snapshot of a kind as a CSV file with a row for each."""
    kind, columns = record.kind, columns_of(record)
    own = [name for name in columns if name not in {"lines_done", "as_of"}]
    texts = [i for i, name in enumerate(own) if name in _TEXTS]
    values_of = attrgetter(*own)

    def row(entity: Entity) -> str:
        cells = list(map(cell, values_of(entity)))
        for i in texts:
            cells[i] = quoted(cells[i])
        return ",".join(cells)

    def encode(state: State, as_of: int) -> bytes:
        lines = [",".join(columns)]
        for entity in state.tables[kind].values():
            done = f",{quoted(_ranges(state.lines.get(entity.id)))}" if record is Run else ""
            lines.append(f"{row(entity)}{done},{as_of}")
        return BOM + "\n".join([*lines, ""]).encode()

    def load(state: State, data: bytes) -> None:
        for cells in table(data):
            entity = entity_of(kind, cells)
            state.put(entity)
            if isinstance(entity, Account):
                state.accounts[entity.id] = entity
            if cells.get("lines_done"):
                state.lines[entity.id] = _lines_done(cells["lines_done"])

    return Snapshot(f"{FILES[record]}.csv", encode, load)


def table(data: bytes) -> list[dict[str, str]]:
    """Return a file's rows by column, with their texts as they were given."""
    text = data.decode("utf-8-sig")
    reader = csv.DictReader(StringIO(text), strict=True)
    return [
        {name: unguard(cell) if name in _TEXTS else cell for name, cell in row.items()}
        for row in reader
    ]


def _ranges(done: LinesDone | None) -> str:
    """Return the recent lines of a run as ranges, such as ``4001-5000 5003-5003``."""
    if done is None or not done.recent:
        return ""
    lines = sorted(line for line in done.recent if line > done.highest - LINES_AT_ONCE)
    starts = [line for line in lines if line - 1 not in done.recent or line == lines[0]]
    ends = [line for line in lines if line + 1 not in done.recent]
    return " ".join(f"{start}-{end}" for start, end in zip(starts, ends, strict=True))


def _lines_done(text: str) -> LinesDone:
    recent: set[int] = set()
    for part in text.split():
        start, _, end = part.partition("-")
        recent.update(range(int(start), int(end) + 1))
    return LinesDone(max(recent), recent)


# All files


FILES: dict[type[Entity], str] = {
    Account: "accounts",
    Run: "runs",
    Customer: "customers",
    Hold: "holds",
    Spent: "spent",
}
"""The files with a row for each entity, by kind."""

PRODUCTS = Snapshot(
    "products.toml",
    lambda state, as_of: products.encode(state.tables[Product.kind].values(), as_of),
    products.load,
)

SNAPSHOTS = (*(_sheet(record) for record in FILES), PRODUCTS)
"""Every snapshot, in the order in which they are written and head.csv has their digests."""
