"""index.db: where the rows are that a question asks for.

It is a cache: nothing is believed that the row's own bytes do not confirm, it may be deleted at
any time, and it is brought up to date by questions and in idle time, never on a command's way.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar

from SimpleBankingSystem.ledger.transaction import COMPLETED, FAILED, Transaction
from SimpleBankingSystem.stores.base import Page, Progress, Query, silent
from SimpleBankingSystem.stores.csv_files.format import (
    COMMAND,
    COMMIT_FIRST,
    COMPLETED_AT,
    DETAILS,
    GROUP,
    KEY,
    SEQ,
    SOURCE,
    SOURCE_BALANCE,
    STATUS,
    TARGET,
    TARGET_BALANCE,
    TRANSACTION,
    parse_details,
    records,
    transaction_of,
    unguard,
)
from SimpleBankingSystem.stores.csv_files.rows import MARK
from SimpleBankingSystem.stores.csv_files.shelf import Shelf

log = logging.getLogger(__name__)

VERSION = 1
"""The version of the tables; an index of another one is made anew."""
ROWS_AT_ONCE = 10_000
"""Rows that are indexed in one go; a question waits for no more than that."""

CANDIDATES_AT_ONCE = 200

TABLES = """
PRAGMA user_version = 1;
CREATE TABLE reach (position INTEGER, last_position INTEGER, seq INTEGER, mark TEXT);
INSERT INTO reach VALUES (0, 0, 0, '');
CREATE TABLE rows (seq INTEGER PRIMARY KEY, position INTEGER, number INTEGER, status TEXT,
                   command TEXT);
CREATE INDEX failures ON rows (seq) WHERE status = 'FAILED';
CREATE TABLE transactions (number INTEGER PRIMARY KEY, seq INTEGER);
CREATE TABLE entries (account TEXT, seq INTEGER, last INTEGER, PRIMARY KEY (account, seq))
    WITHOUT ROWID;
CREATE TABLE names (name TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID;
CREATE TABLE times (time TEXT PRIMARY KEY, seq INTEGER) WITHOUT ROWID;
"""
"""``rows`` has every row; ``entries`` an account's transactions by the seq of their first row,
with the last row that has the account's balance; ``times`` the first seq of each moment."""

_Answer = TypeVar("_Answer")


class StaleIndex(Exception):
    """A row is not where the index says."""


class Index:
    """Answers where rows are; it is opened by the first question, since most commands ask none."""

    def __init__(self, path: Path, shelf: Shelf) -> None:
        self._path = path
        self._shelf = shelf
        self._lock = RLock()
        self._is_open = False
        self._position = self._last_seq = 0

    @property
    def last_seq(self) -> int:
        """The last row that it knows."""
        self._ready()
        return self._last_seq

    def _ready(self) -> None:
        with self._lock:
            if not self._is_open:
                self._is_open = True
                try:
                    self._open()
                    self._check_owner()
                except (sqlite3.DatabaseError, StaleIndex):
                    self._start_over()

    def _open(self) -> None:
        self._database = sqlite3.connect(
            self._path, check_same_thread=False, isolation_level=None, cached_statements=256
        )
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("PRAGMA cache_size = -65536")
        if self._one("PRAGMA user_version") == 0:
            self._database.executescript(TABLES)

    def _check_owner(self) -> None:
        """Insist that the last indexed row is where it was, or this is some other books' index."""
        if self._one("PRAGMA user_version") != VERSION:
            raise StaleIndex
        reach = self._database.execute("SELECT * FROM reach").fetchone()
        self._position, last_position, self._last_seq, mark = reach
        if self._last_seq:
            line = self._shelf.line(last_position)
            seq = line.split(b",", 1)[0]
            if seq != b"%d" % self._last_seq or line[-MARK - 1 : -1] != mark.encode():
                raise StaleIndex

    def _start_over(self) -> None:
        """Throw the index away; it is made again when the next question comes."""
        log.info("%s is made anew", self._path.name)
        with contextlib.suppress(AttributeError, sqlite3.Error):
            self._database.close()
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        self._open()
        self._position = self._last_seq = 0

    def _one(self, statement: str, *values: object) -> Any:
        row = self._database.execute(statement, values).fetchone()
        return None if row is None else row[0]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._is_open:
                self._database.close()

    # Bringing it up to date

    def catch_up(self, progress: Progress = silent) -> None:
        """Add the rows that have come since, some thousands at a time."""
        self._ready()
        total = self._shelf.end
        while self._position < total:
            with self._lock:
                if not self._add_some(total):
                    return
            progress(self._position, total)

    def _add_some(self, end: int) -> bool:
        """Add the next rows; False if there are none."""
        found = list(islice(self._shelf.lines(self._position, end), ROWS_AT_ONCE))
        if not found:
            return False
        rows: list[tuple[object, ...]] = []
        entries: list[tuple[str, int, int]] = []
        latest: list[tuple[int, int]] = []
        names: list[tuple[str, int]] = []
        times: list[tuple[str, int]] = []
        cells = records(line.decode() for _, line in found)
        before = self._last_head
        time = ""
        for (position, _), row in zip(found, cells, strict=True):
            seq, number, status = int(row[SEQ]), int(row[TRANSACTION][1:]), row[STATUS]
            rows.append((seq, position, number, status, row[COMMAND]))
            record = (number, row[COMMIT_FIRST])
            if record != before[0]:
                before = (record, seq)
                latest.append((number, seq))
            head = before[1]
            if row[SOURCE]:
                entries.append((row[SOURCE], head, seq))
            if row[TARGET]:
                entries.append((row[TARGET], head, seq))
            if row[KEY]:
                names.append((unguard(row[KEY]), number))
            if "claims" in row[DETAILS]:
                claims = parse_details(row).get("claims", ())
                assert isinstance(claims, list | tuple)
                names += [(name, number) for name in claims]
            if row[COMPLETED_AT] and row[COMPLETED_AT] != time:
                time = row[COMPLETED_AT]
                times.append((time, seq))
        last_position, last_line = found[-1]
        reach = (last_position + len(last_line), last_position, seq, last_line[-MARK - 1 : -1])
        database = self._database
        database.execute("BEGIN")
        try:
            database.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?)", rows)
            database.executemany("INSERT OR REPLACE INTO transactions VALUES (?, ?)", latest)
            database.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", entries)
            database.executemany("INSERT OR REPLACE INTO names VALUES (?, ?)", names)
            database.executemany("INSERT OR IGNORE INTO times VALUES (?, ?)", times)
            database.execute(
                "UPDATE reach SET position = ?, last_position = ?, seq = ?, mark = ?",
                (*reach[:3], reach[3].decode()),
            )
        except BaseException:
            database.execute("ROLLBACK")
            raise
        database.execute("COMMIT")
        self._position, self._last_seq, self._last_head = reach[0], seq, before
        return True

    _last_head: tuple[tuple[int, str] | None, int] = (None, 0)
    """The transaction and commit of the last indexed row, and the seq of its first row."""

    # Questions

    def _asked(self, question: Callable[[], _Answer]) -> _Answer:
        """Answer a question; where the index proves stale, make it again and ask again."""
        self._ready()
        with self._lock:
            try:
                return question()
            except (sqlite3.DatabaseError, StaleIndex):
                self._start_over()
                self.catch_up()
                return question()

    def named(self, name: str) -> str | None:
        """Return the id of the transaction that has a key or claimed a name."""
        number = self._asked(
            lambda: self._one("SELECT number FROM names WHERE name = ?", name),
        )
        return None if number is None else f"T{number:011d}"

    def transaction(self, transaction_id: str) -> Transaction | None:
        """Return a transaction as last recorded."""
        number = int(transaction_id[1:])
        if number >= 1 << 63:
            return None
        return self._asked(lambda: self._latest(number))

    def _latest(self, number: int) -> Transaction | None:
        found = self._database.execute(
            "SELECT rows.seq, position FROM transactions JOIN rows USING (seq) "
            "WHERE transactions.number = ?",
            (number,),
        ).fetchone()
        return None if found is None else self._read(*found)

    def _read(self, seq: int, position: int) -> Transaction:
        """Return the transaction whose first row is at a position, if it is there."""
        rows = list(self._record(position))
        if not rows or rows[0][SEQ] != str(seq):
            raise StaleIndex
        return transaction_of(rows)

    def _record(self, position: int) -> Iterator[list[str]]:
        """Yield the rows of one record of a transaction; they follow each other in its commit."""
        first: list[str] | None = None
        for row in self._rows(position):
            if first is None:
                first = row
            elif (row[TRANSACTION], row[COMMIT_FIRST]) != (first[TRANSACTION], first[COMMIT_FIRST]):
                return
            yield row

    def _rows(self, position: int) -> Iterator[list[str]]:
        line = self._shelf.line(position)
        while line:
            yield next(records((line.decode(),)))
            position += len(line)
            line = self._shelf.line(position) if position < self._shelf.end else b""

    def page(self, query: Query) -> Page:
        """Return one page; every transaction once, as last recorded."""
        found = list(islice(self._matching(query), query.limit + 1))
        page = found[: query.limit]
        return Page(page, page[-1].seq if len(found) > len(page) else 0)

    def _matching(self, query: Query) -> Iterator[Transaction]:
        """Yield what matches, in order; candidates are looked up some at a time."""
        newest = query.order == "newest"
        cursor = query.cursor
        while True:
            places = self._asked(lambda: self._places(query, cursor))  # noqa: B023
            for seq, position in places:
                transaction = self._asked(lambda: self._read(seq, position))  # noqa: B023
                if query.matches(transaction):
                    yield transaction
            if len(places) < CANDIDATES_AT_ONCE:
                return
            cursor = places[-1][0]
            assert newest or cursor > query.cursor

    def _places(self, query: Query, cursor: int) -> Sequence[tuple[int, int]]:
        """Return seq and position of the next candidates behind the cursor."""
        newest = query.order == "newest"
        table = "entries JOIN rows USING (seq)" if query.account else "rows"
        wanted = ["transactions.seq = rows.seq"]
        values: list[object] = []

        def want(condition: str, value: object) -> None:
            wanted.append(condition)
            values.append(value)

        if query.account:
            want("entries.account = ?", query.account)
        if query.status == FAILED:
            wanted.append("rows.status = 'FAILED'")
        elif query.status:
            want("rows.status = ?", query.status)
        if query.command:
            want("rows.command = ?", query.command)
        seq = "entries.seq" if query.account else "rows.seq"
        if cursor:
            want(f"{seq} < ?" if newest else f"{seq} > ?", cursor)
        if query.since:
            want(f"{seq} >= ?", self._first_at("time >= ?", query.since))
        if query.until:
            want(f"{seq} < ?", self._first_at("time >= ?", query.until))
        order = "DESC" if newest else "ASC"
        return self._database.execute(
            f"SELECT rows.seq, rows.position FROM {table} "  # noqa: S608 - no text of a user's
            f"CROSS JOIN transactions ON transactions.number = rows.number "
            f"WHERE {' AND '.join(wanted)} ORDER BY {seq} {order} LIMIT {CANDIDATES_AT_ONCE}",
            values,
        ).fetchall()

    def _first_at(self, condition: str, time: str) -> int:
        """Return the first seq whose time meets a condition, or one behind the last."""
        found = self._one(
            f"SELECT seq FROM times WHERE {condition} ORDER BY time LIMIT 1",  # noqa: S608
            time,
        )
        return self._last_seq + 1 if found is None else int(found)

    def balance_at(self, account_id: str, moment: str) -> Decimal | None:
        """Return an account's balance after the last commit at or before a time."""
        return self._asked(lambda: self._balance_at(account_id, moment))

    def _balance_at(self, account_id: str, moment: str) -> Decimal | None:
        end = self._first_at("time > ?", moment)
        found = self._database.execute(
            "SELECT last FROM entries JOIN rows USING (seq) WHERE account = ? AND seq < ? "
            "AND status = ? ORDER BY seq DESC LIMIT 1",
            (account_id, end, COMPLETED),
        ).fetchone()
        if found is None:
            return None
        position = self._one("SELECT position FROM rows WHERE seq = ?", found[0])
        row = next(self._rows(position))
        if row[SEQ] != str(found[0]):
            raise StaleIndex
        text = row[SOURCE_BALANCE] if row[SOURCE] == account_id else row[TARGET_BALANCE]
        return Decimal(text)

    def failed(self) -> Iterator[Transaction]:
        """Yield the FAILED transactions in order of seq."""
        return self._matching(Query(status=FAILED, order="oldest"))

    def group_of(self, transaction: Transaction) -> list[Transaction]:
        """Return the members of a transaction's group: submitted together, and in one commit."""
        return self._asked(lambda: self._group_of(transaction))

    def _group_of(self, transaction: Transaction) -> list[Transaction]:
        position = self._one("SELECT position FROM rows WHERE seq = ?", transaction.seq)
        commit = next(self._rows(position))[COMMIT_FIRST]
        start = self._one("SELECT position FROM rows WHERE seq = ?", int(commit))
        members: dict[str, list[list[str]]] = {}
        for row in self._rows(start):
            if row[COMMIT_FIRST] != commit:
                break
            if unguard(row[GROUP]) == transaction.group:
                members.setdefault(row[TRANSACTION], []).append(row)
        found = [transaction_of(rows) for rows in members.values()]
        submitted = transaction.run, transaction.created_at
        return [each for each in found if (each.run, each.created_at) == submitted]
