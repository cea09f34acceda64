"""index.db: where the rows are that a question asks for.

It is a cache: it may be deleted at any time, and is brought up to date by questions and in idle
time, never on a command's way. Of a row nothing is believed but what its own bytes say, proved by
the hash of the row before; which rows there are is the word of SQLite, whose log outlives a crash.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path
from threading import RLock
from time import sleep
from typing import Any, TypeVar

from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.ledger.errors import DataDamaged, DiskFull
from SimpleBankingSystem.ledger.money import UNITS
from SimpleBankingSystem.ledger.transaction import FAILED, Transaction
from SimpleBankingSystem.stores.base import (
    AFTER_ALL_DAYS,
    Extract,
    Page,
    Progress,
    Query,
    Tally,
    silent,
)
from SimpleBankingSystem.stores.csv_files import tables
from SimpleBankingSystem.stores.csv_files.format import (
    COMMIT_FIRST,
    GROUP,
    SEQ,
    SOURCE,
    SOURCE_BALANCE,
    TARGET_BALANCE,
    TRANSACTION,
    records,
    transaction_of,
    unguard,
)
from SimpleBankingSystem.stores.csv_files.rows import MARK, ends_commit, unbroken
from SimpleBankingSystem.stores.csv_files.shelf import Shelf
from SimpleBankingSystem.stores.csv_files.tables import Batch, Tables, is_broken, names_of, whole

log = logging.getLogger(__name__)

ROWS_AT_ONCE = 10_000
"""Rows that are indexed in one go; a question waits for no more than that."""

BETWEEN_ROWS = 0.0005
"""Seconds between two goes, for questions that wait."""

CANDIDATES_AT_ONCE = 200

_Answer = TypeVar("_Answer")


class StaleIndex(Exception):
    """A row is not where the index says, or is not what was written."""


class Index:
    """Answers where rows are; it is opened by the first question, since most commands ask none.

    ``least`` is the last row that it must know before it answers at all: nobody else knows the
    keys up to there. It rises with every row that the index has ever known.
    """

    def __init__(self, path: Path, shelf: Shelf, least: int) -> None:
        self._path = path
        self._shelf = shelf
        self._least = least
        self._lock = RLock()
        self._tables = Tables(path)
        self._position = self.last_seq = 0
        self._is_new = False

    def _ready(self) -> None:
        """Open the file, and insist that it is of these books and knows enough of them."""
        if not self._tables.is_open:
            self._tables.open()
            self._check_owner()
        while self.last_seq < self._least:
            self._add_some(self._shelf.end)

    def _check_owner(self) -> None:
        """Insist that the last indexed row is where it was, or this is some other books' index."""
        if self._one("PRAGMA user_version") != tables.VERSION:
            raise StaleIndex("It has another version")
        (reach,) = self._tables.all("SELECT * FROM reach")
        self._position, last_position, self.last_seq, mark = reach
        if self.last_seq:
            line = self._shelf.line(last_position)
            seq = line.split(b",", 1)[0]
            if seq != b"%d" % self.last_seq or line[-MARK - 1 : -1] != mark.encode():
                raise StaleIndex("It is not of these books")

    def _begin_again(self, error: sqlite3.Error | StaleIndex) -> None:
        """Put another index in place of this one; it is filled when it is asked.

        What is wrong is thrown away. Where an index cannot be written there is one that lasts as
        long as this process.

        Raises:
            DataDamaged: it is not the index that is wrong.
            DiskFull: there is no room for any.
        """
        if isinstance(error, StaleIndex) and self._is_new:
            raise DataDamaged(f"{error}. bank verify names the place.") from error
        log.warning("%s is made anew. %s.", self._path.name, error)
        is_wrong = isinstance(error, StaleIndex) or is_broken(error)
        if not (self._tables.remove() if is_wrong and not self._is_new else self._tables.retreat()):
            raise DiskFull(f"There is no room for an index ({error}).") from error
        self._is_new = True
        self._position = self.last_seq = 0

    def _one(self, statement: str, *values: object) -> Any:
        row = next(iter(self._tables.all(statement, values)), None)
        return None if row is None else row[0]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._tables.close()

    # Bringing it up to date

    def catch_up(self, progress: Progress = silent) -> None:
        """Add the rows that have come since, some thousands at a time.

        Raises:
            DataDamaged: a row is not what was written.
            DiskFull: there is no room for an index.
        """
        total = self._shelf.end
        while self._asked(lambda: self._position < total and self._add_some(total)):
            progress(self._position, total)
            # A lock that is taken again at once is not handed on to whoever waits for it.
            sleep(BETWEEN_ROWS)
        self._least = max(self._least, self.last_seq)

    def _add_some(self, end: int) -> bool:
        """Add the next rows, whole commits."""
        lines = self._shelf.lines(self._position, end)
        found = list(islice(lines, ROWS_AT_ONCE))
        while found and not ends_commit(found[-1][1]) and (following := next(lines, None)):
            found.append(following)
        mark = self._shelf.mark(self._position)
        whole = unbroken([line[:-1] for _, line in found], mark)
        if not found or whole < len(found):
            raise StaleIndex(f"Row {self.last_seq + whole + 1} is not what was written")
        batch = Batch(found)
        self._tables.add(batch)
        self._position, self.last_seq = batch.reach[0], batch.reach[2]
        return True

    # Questions

    def _asked(self, question: Callable[[], _Answer]) -> _Answer:
        """Answer a question; where the index proves wrong, make it again and ask again."""
        with self._lock:
            while True:
                try:
                    self._ready()
                    return question()
                except (sqlite3.Error, StaleIndex) as error:
                    self._begin_again(error)

    def named(self, name: str) -> str | None:
        """Return the id of the transaction that has a key or claimed a name."""
        return self._asked(lambda: self._named(name))

    def _named(self, name: str) -> str | None:
        number = self._one("SELECT number FROM names WHERE name = ?", name)
        if number is None:
            return None
        rows = self._latest(number)
        if not rows or name not in names_of(rows[0]):
            raise StaleIndex(f"T{number:011d} has not the name {name}")
        return rows[0][TRANSACTION]

    def transaction(self, transaction_id: str) -> Transaction | None:
        """Return a transaction as last recorded."""
        number = int(transaction_id[1:])
        if number >= 1 << 63:
            return None
        rows = self._asked(lambda: self._latest(number))
        return transaction_of(rows) if rows else None

    def _latest(self, number: int) -> list[list[str]]:
        """Return the rows of a transaction's last record, none if there is no such transaction."""
        found = self._tables.all(
            "SELECT rows.seq, position FROM transactions JOIN rows USING (seq) "
            "WHERE transactions.number = ?",
            (number,),
        )
        return self._read(*found[0]) if found else []

    def _read(self, seq: int, position: int) -> list[list[str]]:
        """Return the rows of the record whose first row is at a position, if it is there."""
        rows = list(self._record(position))
        if not rows or rows[0][SEQ] != str(seq):
            raise StaleIndex(f"Row {seq} is not where it was")
        return rows

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
        """Yield rows from a position on, each proved by the hash of the row before it."""
        mark = self._shelf.mark(position)
        while position < self._shelf.end:
            line = self._shelf.line(position)
            if not unbroken([line[:-1]], mark):
                number = line.partition(b",")[0].decode(errors="replace")
                raise StaleIndex(f"Row {number} is not what was written")
            yield next(records((line.decode(),)))
            position, mark = position + len(line), line[-MARK - 1 : -1]

    def page(self, query: Query, pending: Sequence[Transaction]) -> Page:
        """Return one page; every transaction once, as last recorded.

        ``pending`` are those without an outcome, which have no place in the order of outcomes.
        """
        found = list(islice(self._matching(query, pending), query.limit + 1))
        page = found[: query.limit]
        return Page(page, page[-1].seq if len(found) > len(page) else 0)

    def _matching(self, query: Query, pending: Sequence[Transaction] = ()) -> Iterator[Transaction]:
        """Yield what matches, in order; candidates are looked up some at a time."""
        newest = query.order == "newest"
        cursor = query.cursor
        while True:
            places = self._asked(lambda: self._places(query, cursor, pending))  # noqa: B023
            for seq, position in places:
                rows = self._asked(lambda: self._read(seq, position))  # noqa: B023
                transaction = transaction_of(rows)
                if query.matches(transaction):
                    yield transaction
            if len(places) < CANDIDATES_AT_ONCE:
                return
            cursor = places[-1][0]
            assert newest or cursor > query.cursor

    def _places(
        self, query: Query, cursor: int, pending: Sequence[Transaction]
    ) -> Sequence[tuple[int, int]]:
        """Return seq and position of the next candidates behind the cursor."""
        newest = query.order == "newest"
        wanted = ["transactions.seq = rows.seq"]
        values: list[object] = []

        def want(condition: str, value: object) -> None:
            wanted.append(condition)
            values.append(value)

        for condition, value in tables.conditions(query):
            want(condition, value)
        names = query.names or (query.reference,)
        table, column = ("entries", "account") if query.names else ("refs", "reference")
        # Not rows.seq: SQLite would walk through all rows instead of one account's.
        seq = f"{table}.seq" if any(names) else "rows.seq"
        if cursor:
            want(f"{seq} < ?" if newest else f"{seq} > ?", cursor)
        if query.since:
            waiting = [each.seq for each in pending if each.created_at >= query.since]
            want(f"{seq} >= ?", min([self._first_at("time >= ?", query.since), *waiting]))
        if query.until:
            waiting = [each.seq + 1 for each in pending if each.created_at < query.until]
            want(f"{seq} < ?", max([self._first_at("time >= ?", query.until), *waiting]))
        order = f"ORDER BY {seq} {'DESC' if newest else 'ASC'} LIMIT {CANDIDATES_AT_ONCE}"
        conditions = " AND ".join(wanted)

        def places(walked: str, *name: str) -> set[tuple[int, int]]:
            named = f"{table}.{column} = ? AND " if name else ""
            return set(
                self._tables.all(
                    f"SELECT rows.seq, rows.position FROM {walked} "  # noqa: S608 - no user's text
                    f"CROSS JOIN transactions ON transactions.number = rows.number "
                    f"WHERE {named}{conditions} {order}",
                    (*name, *values),
                )
            )

        if any(names):
            # Each name's places are found at once; of all together some hundred are needed.
            joined = f"{table} JOIN rows USING (seq)"
            found = set().union(*(places(joined, name) for name in names))
        else:
            found = places("rows")
        return sorted(found, reverse=newest)[:CANDIDATES_AT_ONCE]

    def _first_at(self, condition: str, time: str) -> int:
        """Return the first seq whose time meets a condition, or one behind the last."""
        found = self._one(
            f"SELECT seq FROM times WHERE {condition} ORDER BY time LIMIT 1",  # noqa: S608
            time,
        )
        return self.last_seq + 1 if found is None else int(found)

    def balance_at(self, account_id: str, moment: str) -> Decimal | None:
        """Return an account's balance after the last commit at or before a time."""
        return self._asked(lambda: self._balance_at(account_id, moment))

    def _balance_at(self, account_id: str, moment: str) -> Decimal | None:
        end = self._first_at("time > ?", moment)
        last = self._one(
            "SELECT last FROM entries WHERE account = ? AND seq < ? AND last "
            "ORDER BY seq DESC LIMIT 1",
            account_id,
            end,
        )
        if last is None:
            return None
        row = self._read(last, self._one("SELECT position FROM rows WHERE seq = ?", last))[0]
        text = row[SOURCE_BALANCE] if row[SOURCE] == account_id else row[TARGET_BALANCE]
        return Decimal(text)

    def extract(self, account: Account, since: str, until: str, limit: int, cursor: int) -> Extract:
        """Return what moved money on an account on value days; blank ends are open."""
        return self._asked(lambda: self._extract(account, since, until, limit, cursor))

    def _extract(
        self, account: Account, since: str, until: str, limit: int, cursor: int
    ) -> Extract:
        name, unit = account.id, UNITS[account.currency]
        until = until or AFTER_ALL_DAYS

        def before(day: str, seq: int) -> Decimal:
            """Return the balance before what has a value day and a seq."""
            (earlier,) = self._tables.all(tables.EARLIER_DAYS, (name, day))
            (that_day,) = self._tables.all(tables.EARLIER_THAT_DAY, (name, day, seq))
            return (whole(*earlier) + whole(*that_day)) * unit

        begin = (since, 0)
        if cursor:
            day = self._one(tables.DAY_OF_MOVEMENT, name, cursor)
            begin = max(begin, (day, cursor + 1)) if day else begin
        found = self._tables.all(tables.MOVEMENTS, (name, *begin, until, limit + 1))
        items = [
            (transaction_of(self._read(seq, position)), whole(high, low) * unit)
            for seq, position, high, low in found[:limit]
        ]
        return Extract(
            opening=before(since, 0),
            carried=before(*begin),
            items=items,
            closing=before(until, 0),
            next=found[limit - 1][0] if len(found) > limit else 0,
        )

    def top_spenders(self, currency: str, limit: int) -> list[tuple[str, Decimal]]:
        """Return the accounts from which most has gone out, and how much."""
        found = self._asked(lambda: self._tables.all(tables.MOST_SPENT, (currency, limit)))
        return [(account, whole(high, low) * UNITS[currency]) for account, high, low in found]

    def tallies(self, since: str, until: str) -> list[Tally]:
        """Return how commands fared on the days of a period."""
        found = self._asked(
            lambda: self._tables.all(
                "SELECT * FROM tallies WHERE day >= ? AND day < ?", (since, until or AFTER_ALL_DAYS)
            )
        )
        return [Tally(*each) for each in found]

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
