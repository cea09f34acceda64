"""A bank in memory, and commands that tests declare: one that waits, one that raises."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from threading import Event, Semaphore

import pytest

from SimpleBankingSystem.commands.base import REGISTRY, Command, command
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.fields import AccountId
from SimpleBankingSystem.ledger.working_copy import Look
from SimpleBankingSystem.stores.memory import MemoryStore
from tests.banks import DEADLINE, TickingClock, done


class Gate:
    """Stops the workers that decide a ``pause`` command until it is opened."""

    def __init__(self) -> None:
        self.reached = Semaphore(0)
        self.opened = Event()

    def wait_reached(self) -> None:
        """Wait until one more worker stands at the gate."""
        assert self.reached.acquire(timeout=DEADLINE)

    def pass_through(self) -> None:
        self.reached.release()
        assert self.opened.wait(DEADLINE)


@pytest.fixture
def clock() -> TickingClock:
    return TickingClock()


@pytest.fixture
def store(clock: TickingClock) -> MemoryStore:
    return MemoryStore(clock)


@pytest.fixture
def bank(store: MemoryStore, clock: TickingClock) -> Iterator[Bank]:
    """A bank of one worker with RICH 100.00 and POOR 0.00."""
    with Bank(store, clock=clock) as made:
        with_accounts(made)
        yield made


def with_accounts(bank: Bank) -> None:
    """Open the accounts that most tests use."""
    done(bank, "open_account", name="Rich", account="RICH", initial_deposit="100")
    done(bank, "open_account", name="Poor", account="POOR")


@pytest.fixture
def registry() -> Iterator[None]:
    """Take back what a test declares."""
    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


@pytest.fixture
def gate(registry: None) -> Iterator[Gate]:
    """Declare the verb ``pause``, whose command holds an account and waits at the gate."""
    made = Gate()

    @command("pause", surfaces=False)
    class Pause(Command):
        """Wait at the gate."""

        account: AccountId

        def accounts(self, look: Look) -> Collection[str]:
            return (self.account,)

        def apply(self, book: Book) -> None:
            made.pass_through()

    yield made
    made.opened.set()


@pytest.fixture
def explode(registry: None) -> list[Exception]:
    """Declare the verb ``explode``, whose command raises what the list holds, the last first."""
    faults: list[Exception] = []

    @command("explode", surfaces=False)
    class Explode(Command):
        """Raise."""

        account: AccountId

        def accounts(self, look: Look) -> Collection[str]:
            return (self.account,)

        def apply(self, book: Book) -> None:
            book.post("CASH.EUR", self.account, book.account(self.account).balance + 1)
            if faults:
                raise faults.pop()

    return faults
