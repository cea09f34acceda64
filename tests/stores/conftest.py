"""Books of every kind of store, for the tests of the port."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.stores.base import Store
from tests.banks import DURABLE, STORES, TickingClock


class Books:
    """A bank on one kind of store, which a test may close and open again."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.clock = TickingClock()
        self.folder = folder
        self.bank = self._open()

    def _open(self, workers: int = 1) -> Bank:
        return Bank(STORES[self.kind](self.folder, self.clock), workers=workers, clock=self.clock)

    @property
    def store(self) -> Store:
        return self.bank.store

    def reopen(self, workers: int = 1) -> Bank:
        """Close the books and open them again; those that nothing survives stay as they are.

        ``workers`` 0 leaves whatever is queued undone.
        """
        self.bank.close(0)
        if self.kind in DURABLE:
            self.bank = self._open(workers)
        else:
            self.bank = Bank(self.store, workers=workers, clock=self.clock)
        return self.bank

    def before_and_after(self) -> Iterator[Bank]:
        """Yield the bank as it is, then as it is once it was opened again."""
        yield self.bank
        yield self.reopen()


@pytest.fixture(params=STORES)
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Books]:
    made = Books(request.param, tmp_path)
    yield made
    made.bank.close(0)


@pytest.fixture
def bank(books: Books) -> Bank:
    return books.bank
