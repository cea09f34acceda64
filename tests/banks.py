"""Small things that many tests need: a clock that ticks, commands from texts, stores by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from threading import Event
from time import monotonic

import SimpleBankingSystem.commands  # noqa: F401 - importing them registers the verbs
from SimpleBankingSystem.clock import Clock
from SimpleBankingSystem.commands.base import REGISTRY, Command
from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.transaction import COMPLETED, Transaction
from SimpleBankingSystem.stores.base import Store
from SimpleBankingSystem.stores.memory import MemoryStore

DEADLINE = 20.0
"""Seconds after which a test that waits for something gives up."""


def csv_store(folder: Path, clock: Clock) -> Store:
    """Open the CSV store; it is imported only where it is used, like in the bank itself."""
    from SimpleBankingSystem.stores.csv_files.store import CsvStore

    return CsvStore(folder, clock=clock)


STORES: dict[str, Callable[[Path, Clock], Store]] = {
    "memory": lambda _, clock: MemoryStore(clock),
    "csv": csv_store,
}
"""How to open the store of each kind in a folder."""

DURABLE = frozenset(STORES) - {"memory"}
"""The kinds of stores whose books can be closed and opened again."""


class TickingClock:
    """Tells a time that is a microsecond later whenever it is asked."""

    def __init__(self, year: int = 2026) -> None:
        self._start = datetime(year, 1, 1, tzinfo=UTC)
        self._ticks = count()

    def __call__(self) -> str:
        now = self._start + timedelta(microseconds=next(self._ticks))
        return now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def move(self, days: float) -> None:
        """Set the clock forward, or back where the days are negative."""
        self._start += timedelta(days=days)


def asked(verb: str, **texts: str) -> Command:
    """Return the command of a verb, made from texts as every surface makes it."""
    made = REGISTRY[verb].parse(texts)
    assert isinstance(made, Command)
    return made


def ticket(verb: str, *, group: str = "", key: str = "", **texts: str) -> Ticket:
    """Return a ticket for a command."""
    made = Ticket(asked(verb, **texts))
    made.group, made.key = group, key
    return made


def do(bank: Bank, verb: str, *, key: str = "", **texts: str) -> Transaction:
    """Carry out a command made from texts."""
    return bank.execute(asked(verb, **texts), key=key)


def done(bank: Bank, verb: str, *, key: str = "", **texts: str) -> Transaction:
    """Carry out a command that must not fail."""
    transaction = do(bank, verb, key=key, **texts)
    assert transaction.status == COMPLETED, transaction.error
    return transaction


def submitted(bank: Bank, *tickets: Ticket) -> list[Transaction]:
    """Carry out tickets that are queued together; each must get a transaction."""
    bank.carry_out(tickets, wait=True)
    return [each.transaction() for each in tickets]


def wait_until(happened: Callable[[], object]) -> None:
    """Wait for something that nobody can tell this thread of."""
    start = monotonic()
    while not happened():
        assert monotonic() - start < DEADLINE
        Event().wait(0.001)


def code(transaction: Transaction) -> str:
    """Return why a transaction failed, or its status."""
    return transaction.error.code if transaction.error else transaction.status


def balances(bank: Bank) -> dict[str, Decimal]:
    """Return every account's balance, the bank's own too."""
    return {account.id: account.balance for account in bank.accounts(internal=True)}
