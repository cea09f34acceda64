"""A ledger as many would write it: FastAPI and PostgreSQL, one database transaction per transfer.

`uvicorn benchmarks.peers.fastapi_ledger:app` serves it. LEDGER_DATABASE says where the database
is; LEDGER_POOL is how many connections are kept, and without it every request makes its own, which
is the form that is found most. Rows of the ledger are only added; the balance beside them is more
than many have, who add up the rows. There are no idempotency keys, no states and no retries.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from datetime import datetime
from decimal import Decimal

import psycopg
from fastapi import FastAPI, HTTPException
from psycopg_pool import ConnectionPool
from pydantic import BaseModel, Field

from benchmarks.transfers import INITIAL, account_ids

SCHEMA = """
DROP TABLE IF EXISTS ledger_row, ledger_account;
CREATE TABLE ledger_account (id text PRIMARY KEY, name text NOT NULL, balance numeric NOT NULL
    CHECK (balance >= 0)) WITH (fillfactor = 50);
CREATE TABLE ledger_row (
    id bigserial PRIMARY KEY, account text NOT NULL REFERENCES ledger_account, amount numeric
    NOT NULL, description text NOT NULL, booked_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON ledger_row (account, booked_at, id);
"""
LOCK = "SELECT id, balance FROM ledger_account WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
MOVE = "UPDATE ledger_account SET balance = balance + %s WHERE id = %s"
BOOK = """INSERT INTO ledger_row (account, amount, description)
    VALUES (%s, %s, %s), (%s, %s, %s) RETURNING id, booked_at"""

DATABASE = os.environ.get("LEDGER_DATABASE", "")
KEPT = int(os.environ.get("LEDGER_POOL", "0"))
POOL = ConnectionPool(DATABASE, min_size=KEPT, max_size=KEPT, open=False) if KEPT else None


class Transfer(BaseModel):
    """What a client asks for."""

    source: str
    target: str
    amount: Decimal = Field(gt=0, decimal_places=2)
    description: str = Field("", max_length=140)


class Booked(BaseModel):
    """What a client is answered."""

    id: int
    source: str
    target: str
    amount: Decimal
    source_balance: Decimal
    target_balance: Decimal
    booked_at: datetime


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Keep the pool open while the application serves."""
    if POOL is not None:
        POOL.open(wait=True)
    yield
    if POOL is not None:
        POOL.close()


app = FastAPI(lifespan=lifespan)


def connected() -> AbstractContextManager[psycopg.Connection]:
    """Return a connection for one request, which is committed when all went well."""
    return psycopg.connect(DATABASE) if POOL is None else POOL.connection()


@app.post("/transfers", status_code=201)
def transfer(asked: Transfer) -> Booked:
    """Move money, durably."""
    with connected() as connection:
        both = [asked.source, asked.target]
        balances: dict[str, Decimal] = dict(connection.execute(LOCK, (both,)).fetchall())
        if asked.source == asked.target or len(balances) < len(both):
            raise HTTPException(404, "account not found")
        if balances[asked.source] < asked.amount:
            raise HTTPException(400, "insufficient funds")
        amount, text = asked.amount, asked.description
        connection.execute(MOVE, (-amount, asked.source))
        connection.execute(MOVE, (amount, asked.target))
        rows = (asked.source, -amount, text, asked.target, amount, text)
        booked = connection.execute(BOOK, rows).fetchone()
    assert booked is not None
    return Booked(
        id=booked[0],
        source=asked.source,
        target=asked.target,
        amount=amount,
        source_balance=balances[asked.source] - amount,
        target_balance=balances[asked.target] + amount,
        booked_at=booked[1],
    )


@app.get("/accounts")
def accounts() -> dict[str, Decimal]:
    """List the balances."""
    with connected() as connection:
        return dict(connection.execute("SELECT id, balance FROM ledger_account").fetchall())


def open_accounts(database: str) -> None:
    """Make the tables, and open the accounts that the benchmarks use."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(SCHEMA)
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO ledger_account VALUES (%s, %s, %s)",
                [(name, f"Member {name}", Decimal(INITIAL) / 100) for name in account_ids()],
            )
        connection.execute("VACUUM ANALYZE ledger_account")
        connection.execute("CHECKPOINT")
