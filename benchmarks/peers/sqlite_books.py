"""SQLite as the books of a bank, in its best form: WAL, synchronous=FULL, one process.

`python -m benchmarks.peers.sqlite_books same DATABASE FILE 1000` does the work of `bank run FILE`.
It reads the command file with csv.reader and, for each batch in one unit: reads the balances of
its accounts with one statement, refuses what an account cannot pay, writes each changed balance
once and one row per transfer with both balances after it, under a key that must be unique. Set by
set was the fastest way tried; `textbook` asks the database three things per transfer, as most
programs would.

`bare` is what is left when the promises go: transfers already in memory, two updates and an
insert each, with no file, no key, no check of funds and no balances in the row.

This module imports little, since its start is clocked too.
"""

from __future__ import annotations

import csv
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from benchmarks.transfers import INITIAL, account_ids

Line = list[str]
Unit = Callable[[sqlite3.Connection, list[Line], int], None]

TABLES = """
CREATE TABLE account (id TEXT PRIMARY KEY, balance INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE transaction_row (
    seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, status TEXT NOT NULL,
    source TEXT NOT NULL, target TEXT NOT NULL, amount INTEGER NOT NULL,
    source_balance INTEGER, target_balance INTEGER);
CREATE TABLE bare_row (
    seq INTEGER PRIMARY KEY, source TEXT NOT NULL, target TEXT NOT NULL, amount INTEGER NOT NULL);
"""
BALANCES = "SELECT id, balance FROM account WHERE id IN (SELECT value FROM json_each(?))"
INSERT = """INSERT INTO transaction_row
    (key, status, source, target, amount, source_balance, target_balance)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""


def connect(database: Path) -> sqlite3.Connection:
    """Open a database that syncs every unit, with a cache that holds all of it."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -262144")
    # An update that answers keeps a journal of its own, which need not be a file.
    connection.execute("PRAGMA temp_store = MEMORY")
    # Nobody else reads these books meanwhile, so the shared index of the log is not needed.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    return connection


def cents(amount: str) -> int:
    """Return an amount of the file in cents."""
    whole, _, part = amount.partition(".")
    return int(whole) * 100 + int(part)


def same_work(connection: sqlite3.Connection, batch: list[Line], first: int) -> None:
    """Do one batch set by set: read its balances once, decide, write what changed."""
    names = {line[1] for line in batch} | {line[2] for line in batch}
    balances = dict(connection.execute(BALANCES, (json.dumps(list(names)),)))
    changed: dict[str, int] = {}
    rows = []
    for number, (_, source, target, text) in enumerate(batch, first):
        amount = cents(text)
        key = f"R000001-{number:09d}"
        # An account that does not exist has no balance, and its transfer fails too.
        if balances.get(source, -1) < amount or target not in balances:
            rows.append((key, "FAILED", source, target, amount, None, None))
            continue
        paid = balances[source] - amount
        got = balances[target] + amount
        balances[source] = changed[source] = paid
        balances[target] = changed[target] = got
        rows.append((key, "COMPLETED", source, target, amount, paid, got))
    connection.executemany("UPDATE account SET balance = ?2 WHERE id = ?1", changed.items())
    connection.executemany(INSERT, rows)


def textbook(connection: sqlite3.Connection, batch: list[Line], first: int) -> None:
    """Do one batch a transfer at a time, the database checking and answering each balance."""
    execute = connection.execute
    for number, (_, source, target, text) in enumerate(batch, first):
        amount = cents(text)
        key = f"R000001-{number:09d}"
        paid = execute(
            "UPDATE account SET balance = balance - ?1 WHERE id = ?2 AND balance >= ?1"
            " RETURNING balance",
            (amount, source),
        ).fetchone()
        if paid is None:
            execute(INSERT, (key, "FAILED", source, target, amount, None, None))
            continue
        got = execute(
            "UPDATE account SET balance = balance + ? WHERE id = ? RETURNING balance",
            (amount, target),
        ).fetchone()
        execute(INSERT, (key, "COMPLETED", source, target, amount, paid[0], got[0]))


def bare(connection: sqlite3.Connection, batch: list[Line], _first: int) -> None:
    """Two updates and an insert per transfer, and nothing that a bank would promise."""
    for statement in (
        "UPDATE account SET balance = balance - ?4 WHERE id = ?2",
        "UPDATE account SET balance = balance + ?4 WHERE id = ?3",
        "INSERT INTO bare_row (source, target, amount) VALUES (?2, ?3, ?4)",
    ):
        connection.executemany(statement, batch)


FORMS: dict[str, Unit] = {"same": same_work, "textbook": textbook, "bare": bare}


def run(form: str, database: Path, file: Path, batch_size: int) -> float:
    """Run a command file and return the seconds, for `bare` without those of reading it."""
    connection = connect(database)
    with file.open(newline="", encoding="utf-8") as text:
        lines: Iterator[Line] = csv.reader(text)
        next(lines)
        if form == "bare":
            lines = iter([[*line[:3], cents(line[3])] for line in lines])  # type: ignore[list-item]
        first = 1
        begun = time.perf_counter()
        while batch := list(islice(lines, batch_size)):
            connection.execute("BEGIN IMMEDIATE")
            FORMS[form](connection, batch, first)
            connection.execute("COMMIT")
            first += len(batch)
        connection.close()
    return time.perf_counter() - begun


def open_books(folder: Path) -> Path:
    """Make a database with the accounts opened, which nobody clocks."""
    database = folder / "books.db"
    connection = connect(database)
    connection.executescript(TABLES)
    connection.execute("BEGIN")
    accounts = ((name, INITIAL) for name in account_ids())
    connection.executemany("INSERT INTO account VALUES (?, ?)", accounts)
    connection.execute("COMMIT")
    connection.close()
    return database


def check(database: Path, rows: int) -> None:
    """Refuse a figure for work that was not done: a row each, and no cent made or lost."""
    connection = sqlite3.connect(database)
    (total,) = connection.execute("SELECT sum(balance) FROM account").fetchone()
    (kept,) = connection.execute(
        "SELECT (SELECT count(*) FROM transaction_row WHERE status = 'COMPLETED')"
        " + (SELECT count(*) FROM bare_row)"
    ).fetchone()
    connection.close()
    if (total, kept) != (INITIAL * len(account_ids()), rows):
        raise RuntimeError(f"SQLite holds {kept} of {rows} transfers and {total} cents")


if __name__ == "__main__":
    print(run(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])))
