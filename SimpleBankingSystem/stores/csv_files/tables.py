"""The SQLite tables behind the index: what a row leaves in them, and where their file is."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import astuple
from decimal import Decimal
from pathlib import Path
from typing import Any

from SimpleBankingSystem.commands.base import spends
from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.ledger.transaction import COMPLETED, FAILED
from SimpleBankingSystem.stores.base import Query
from SimpleBankingSystem.stores.csv_files.format import (
    AMOUNT,
    ATTEMPT,
    COMMAND,
    COMMIT_FIRST,
    COMPLETED_AT,
    CREATED_AT,
    CURRENCY,
    DETAILS,
    ERROR,
    KEY,
    REFERENCE,
    SEQ,
    SOURCE,
    SOURCE_BALANCE,
    STARTED_AT,
    STATUS,
    TARGET,
    TARGET_BALANCE,
    TRANSACTION,
    VALUE_DATE,
    parse_details,
    puts_of,
    records,
    unguard,
)
from SimpleBankingSystem.stores.csv_files.rows import MARK
from SimpleBankingSystem.stores.tallies import Outcome, tallied

VERSION = 4
"""The version of the tables; an index of another one is made anew."""

TABLES = """
BEGIN;
PRAGMA user_version = 4;
CREATE TABLE reach (position INTEGER, last_position INTEGER, seq INTEGER, mark TEXT);
INSERT INTO reach VALUES (0, 0, 0, '');
CREATE TABLE rows (seq INTEGER PRIMARY KEY, position INTEGER, number INTEGER, status TEXT,
                   command TEXT, moved INTEGER);
CREATE INDEX failures ON rows (seq) WHERE status = 'FAILED';
CREATE TABLE transactions (number INTEGER PRIMARY KEY, seq INTEGER);
CREATE TABLE entries (account TEXT, seq INTEGER, last INTEGER, day TEXT, high INTEGER,
                      low INTEGER, PRIMARY KEY (account, seq)) WITHOUT ROWID;
CREATE INDEX movements ON entries (account, day, seq, high, low) WHERE high IS NOT NULL;
CREATE TABLE days (account TEXT, day TEXT, high INTEGER, low INTEGER,
                   PRIMARY KEY (account, day)) WITHOUT ROWID;
CREATE TABLE spenders (account TEXT PRIMARY KEY, currency TEXT, high INTEGER, low INTEGER)
    WITHOUT ROWID;
CREATE INDEX most ON spenders (currency, high DESC, low DESC, account);
CREATE TABLE tallies (day TEXT, command TEXT, status TEXT, code TEXT, count INTEGER,
                      timed INTEGER, queued INTEGER, durable INTEGER, queued_longest INTEGER,
                      durable_longest INTEGER, PRIMARY KEY (day, command, status, code))
    WITHOUT ROWID;
CREATE TABLE refs (reference TEXT, seq INTEGER, PRIMARY KEY (reference, seq)) WITHOUT ROWID;
CREATE TABLE names (name TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID;
CREATE TABLE times (time TEXT PRIMARY KEY, seq INTEGER) WITHOUT ROWID;
COMMIT;
"""
"""``rows`` has every row, with the amount that it moved as ``comparable`` has it; ``entries`` an
account's transactions by the seq of their first row, with the last row that has the account's
balance, if any, the value day, and the units of its currency that it brought or took; ``refs`` the
transactions with a reference; ``times`` the first seq of each moment. ``days``, ``spenders`` and
``tallies`` are sums over all rows. Units are in two columns, as ``halves`` says."""

MERGE = "merge_accounts"

HALF = 10**9
"""How many units one of the column ``high`` is worth."""

# What is spent is put in order by its halves, so the lower one must not overflow.
AND_SPENT = f"""
ON CONFLICT DO UPDATE SET high = high + excluded.high + (low + excluded.low) / {HALF},
                          low = (low + excluded.low) % {HALF}
"""
SPENT = "INSERT INTO spenders VALUES (?, ?, ?, ?)"
INHERITED = "INSERT INTO spenders SELECT ?, currency, high, low FROM spenders WHERE account = ?"
MOVEMENTS = """
SELECT entries.seq, position, high, low FROM entries CROSS JOIN rows USING (seq)
WHERE account = ? AND high IS NOT NULL AND (day, entries.seq) >= (?, ?) AND day < ?
ORDER BY day, entries.seq LIMIT ?
"""
DAY_OF_MOVEMENT = "SELECT day FROM entries WHERE account = ? AND seq = ? AND high IS NOT NULL"
EARLIER_DAYS = "SELECT sum(high), sum(low) FROM days WHERE account = ? AND day < ?"
EARLIER_THAT_DAY = """
SELECT sum(high), sum(low) FROM entries
WHERE account = ? AND high IS NOT NULL AND day = ? AND seq < ?
"""
MOST_SPENT = """
SELECT account, high, low FROM spenders WHERE currency = ?
ORDER BY high DESC, low DESC, account LIMIT ?
"""
"""What the index asks; each finds what it needs by an index of its own table."""

BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
"""The errors of a file that is no index, or no sound one; any other is no fault of the file."""


def is_broken(error: sqlite3.Error) -> bool:
    """Tell whether an error says that the file is to be thrown away."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in BROKEN


def names_of(row: Sequence[str]) -> list[str]:
    """Return the names that a row takes: its key, and what it claims."""
    names = [unguard(row[KEY])] if row[KEY] else []
    if "claims" in row[DETAILS]:
        claims = parse_details(row).get("claims", ())
        assert isinstance(claims, list | tuple)
        names += claims
    return names


def merged_by(row: Sequence[str]) -> list[tuple[str, str]]:
    """Return which account a merge closed, and the one that took it over."""
    accounts = (each for each in puts_of(parse_details(row)) if isinstance(each, Account))
    return [(each.id, each.merged_into) for each in accounts if each.merged_into]


def halves(units: int) -> tuple[int, int]:
    """Return units as two numbers whose sums SQLite can keep: its own have only 64 bits."""
    return divmod(units, HALF)


def comparable(amount: Decimal) -> int:
    """Return an amount of any currency as a whole number: none has more than four decimals."""
    return int(amount.scaleb(4))


def whole(high: int | None, low: int | None) -> int:
    """Return the units that two columns, or their sums over no or many rows, are worth."""
    return (high or 0) * HALF + (low or 0)


def conditions(query: Query) -> list[tuple[str, object]]:
    """Return what a query asks of a row, but for whose it is and when, each with its value.

    What moved nothing has no amount in its row's entry, and may be any: the row itself tells.
    """
    # It must be said in so many words that the index of failures will do.
    only_failures = " AND rows.status = 'FAILED'" if query.status == FAILED else ""
    least, most = query.amount_min, query.amount_max
    asked = [
        (f"rows.status = ?{only_failures}", query.status),
        ("rows.command = ?", query.command),
        ("coalesce(rows.moved >= ?, TRUE)", "" if least is None else comparable(least)),
        ("coalesce(rows.moved <= ?, TRUE)", "" if most is None else comparable(most)),
        (
            "EXISTS (SELECT 1 FROM refs WHERE reference = ? AND refs.seq = rows.seq)",
            query.reference,
        ),
    ]
    return [(condition, value) for condition, value in asked if value != ""]


class Batch:
    """What rows of whole commits leave in each table."""

    def __init__(self, found: Sequence[tuple[int, bytes]]) -> None:
        self.rows: list[tuple[object, ...]] = []
        self.entries: dict[tuple[str, int], list[Any]] = {}
        self.spent: Counter[tuple[str, str]] = Counter()
        self.tallies: Counter[Outcome] = Counter()
        self.latest: list[tuple[int, int]] = []
        self.names: list[tuple[str, int]] = []
        self.references: list[tuple[str, int]] = []
        self.merged: list[tuple[str, str]] = []
        self.times: list[tuple[str, int]] = []
        record, first, time = None, 0, ""
        cells = records(line.decode() for _, line in found)
        for (position, _), row in zip(found, cells, strict=True):
            seq, number = int(row[SEQ]), int(row[TRANSACTION][1:])
            moved = comparable(Decimal(row[AMOUNT])) if row[SOURCE_BALANCE] else None
            self.rows.append((seq, position, number, row[STATUS], row[COMMAND], moved))
            if record != (number, row[COMMIT_FIRST]):
                record, first = (number, row[COMMIT_FIRST]), seq
                self.latest.append((number, seq))
                if row[COMPLETED_AT]:
                    self._tally(row)
                if row[COMMAND] == MERGE and row[STATUS] == COMPLETED:
                    self.merged += merged_by(row)
                if row[REFERENCE]:
                    self.references.append((unguard(row[REFERENCE]), seq))
            self._enter(row, first, seq)
            if row[KEY] or row[DETAILS]:
                self.names += [(name, number) for name in names_of(row)]
            if row[COMPLETED_AT] and row[COMPLETED_AT] != time:
                time = row[COMPLETED_AT]
                self.times.append((time, seq))
        last_position, line = found[-1]
        mark = line[-MARK - 1 : -1].decode()
        self.reach = (last_position + len(line), last_position, seq, mark)

    def _enter(self, row: Sequence[str], first: int, seq: int) -> None:
        """Note what a row leaves on the accounts that it names."""
        source, target, day = row[SOURCE], row[TARGET], row[VALUE_DATE]
        entries = self.entries
        if not row[SOURCE_BALANCE]:
            # Nothing was moved; a row that sets an account shows its balance.
            if source:
                entries.setdefault((source, first), [None, day, None])
            if target:
                entry = entries.setdefault((target, first), [None, day, None])
                if row[TARGET_BALANCE]:
                    entry[0] = seq
            return
        units = int(row[AMOUNT].replace(".", ""))
        for name, change in ((source, -units), (target, units)):
            before = entries.get((name, first))
            sum_so_far = before[2] or 0 if before else 0
            entries[name, first] = [seq, day, change + sum_so_far]
        if "." not in source and spends(row[COMMAND]):
            self.spent[source, row[CURRENCY]] += units

    def _tally(self, row: Sequence[str]) -> None:
        """Count a transaction's outcome; times are told apart later, since most are alike."""
        code = row[ERROR].partition(":")[0]
        times = row[CREATED_AT], row[STARTED_AT], row[COMPLETED_AT]
        is_first = row[ATTEMPT] == "1"
        self.tallies[row[COMMAND], row[STATUS], code, is_first, *times] += 1

    def days(self) -> Counter[tuple[str, str]]:
        """Return the units that accounts got or gave on value days."""
        found: Counter[tuple[str, str]] = Counter()
        for (account, _), (_, day, units) in self.entries.items():
            if units is not None:
                found[account, day] += units
        return found


class Tables:
    """The open file, or a temporary one where the disk has no place for it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_temporary = False
        self._database: sqlite3.Connection | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether it can be asked."""
        return self._database is not None

    def open(self) -> None:
        """Open the file, with empty tables if it is new."""
        # SQLite makes a temporary database of the empty name, and removes it in the end.
        name = "" if self._is_temporary else self._path
        self._database = database = sqlite3.connect(
            name, check_same_thread=False, isolation_level=None, cached_statements=256
        )
        # With a log that is synced now and then a crash costs the last rows, never the order.
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("PRAGMA cache_size = -65536")
        if self.all("PRAGMA user_version") == [(0,)]:
            database.executescript(TABLES)

    def all(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        """Return all rows of an answer."""
        assert self._database is not None
        return self._database.execute(statement, values).fetchall()

    def add(self, batch: Batch) -> None:
        """Add rows, all or none."""
        database = self._database
        assert database is not None
        database.execute("BEGIN")
        with database:
            database.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?)", batch.rows)
            database.executemany("INSERT OR REPLACE INTO transactions VALUES (?, ?)", batch.latest)
            database.executemany(
                "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?)",
                (
                    (*names, last, day, *((None, None) if units is None else halves(units)))
                    for names, (last, day, units) in batch.entries.items()
                ),
            )
            database.executemany(
                "INSERT INTO days VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "high = high + excluded.high, low = low + excluded.low",
                ((*names, *halves(units)) for names, units in batch.days().items()),
            )
            database.executemany(
                SPENT + AND_SPENT,
                ((*names, *halves(units)) for names, units in batch.spent.items()),
            )
            for merged, heir in batch.merged:
                database.execute(INHERITED + AND_SPENT, (heir, merged))
                database.execute("DELETE FROM spenders WHERE account = ?", (merged,))
            database.executemany(
                "INSERT INTO tallies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET count = count + excluded.count, "
                "timed = timed + excluded.timed, "
                "queued = queued + excluded.queued, durable = durable + excluded.durable, "
                "queued_longest = max(queued_longest, excluded.queued_longest), "
                "durable_longest = max(durable_longest, excluded.durable_longest)",
                (astuple(each) for each in tallied(batch.tallies)),
            )
            database.executemany("INSERT INTO refs VALUES (?, ?)", batch.references)
            database.executemany("INSERT OR REPLACE INTO names VALUES (?, ?)", batch.names)
            database.executemany("INSERT OR IGNORE INTO times VALUES (?, ?)", batch.times)
            database.execute(
                "UPDATE reach SET position = ?, last_position = ?, seq = ?, mark = ?", batch.reach
            )

    def close(self) -> None:
        """Let go of the file."""
        if self._database is not None:
            with suppress(sqlite3.Error):
                self._database.close()
            self._database = None

    def remove(self) -> bool:
        """Throw the file away; where that cannot be, leave it alone and be temporary."""
        self.close()
        try:
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        except OSError:
            return self.retreat()
        return True

    def retreat(self) -> bool:
        """Be temporary from now on; False if that is so already."""
        self.close()
        was_temporary, self._is_temporary = self._is_temporary, True
        return not was_temporary
