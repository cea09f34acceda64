"""Snapshots: the accounts and the runs at one journal position, as files for a spreadsheet.

A snapshot is a cache without hashes of its own: head.csv keeps its digest, and it can be made
again from the archive and the journal at any time.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from hashlib import sha256
from io import StringIO

from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.ledger.run import LINES_AT_ONCE, LinesDone, Run
from SimpleBankingSystem.stores.csv_files.format import BOM, entity_of, quoted, unguard
from SimpleBankingSystem.stores.state import State

ACCOUNT_COLUMNS = [
    "id",
    "name",
    "type",
    "currency",
    "status",
    "balance",
    "held",
    "available",
    "overdraft_limit",
    "opened_at",
    "as_of",
]
RUN_COLUMNS = [*(field.name for field in fields(Run)), "lines_done", "as_of"]
_TEXTS = {"name", "digest", "first_line", "lines_done"}


def encode_accounts(accounts: Iterable[Account], as_of: int) -> bytes:
    """Return accounts.csv; ``as_of`` is the seq after which the accounts stood so."""
    lines = [",".join(ACCOUNT_COLUMNS)]
    lines += [
        f"{each.id},{quoted(each.name)},{each.type},{each.currency},{each.status},{each.balance},"
        f"{each.held},{each.available},{each.overdraft_limit},{each.opened_at},{as_of}"
        for each in accounts
    ]
    return BOM + "\n".join([*lines, ""]).encode()


def encode_runs(runs: Sequence[Run], lines: Mapping[str, LinesDone], as_of: int) -> bytes:
    """Return runs.csv, with the lines that are done of each."""
    rows = [",".join(RUN_COLUMNS)]
    for run in runs:
        cells = {**asdict(run), "lines_done": _ranges(lines.get(run.id)), "as_of": as_of}
        rows.append(
            ",".join(
                quoted(str(value)) if name in _TEXTS else str(value)
                for name, value in cells.items()
            )
        )
    return BOM + "\n".join([*rows, ""]).encode()


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


def digest(data: bytes) -> str:
    """Return what head.csv keeps of a snapshot."""
    return "h" + sha256(data).hexdigest()[:32]


def table(data: bytes) -> list[dict[str, str]]:
    """Return a file's rows by column, with their texts as they were given."""
    text = data.decode("utf-8-sig")
    reader = csv.DictReader(StringIO(text), strict=True)
    return [
        {name: unguard(cell) if name in _TEXTS else cell for name, cell in row.items()}
        for row in reader
    ]


def load(state: State, accounts: bytes, runs: bytes) -> None:
    """Put what the snapshots hold into an empty state."""
    for cells in table(accounts):
        account = entity_of("account", cells)
        assert isinstance(account, Account)
        state.accounts[account.id] = account
        state.put(account)
    for cells in table(runs):
        state.put(entity_of("run", cells))
        if cells["lines_done"]:
            state.lines[cells["id"]] = _lines_done(cells["lines_done"])
