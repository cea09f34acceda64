"""A small club whose books are asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.stores.memory import MemoryStore
from tests.banks import TickingClock, do, done


@pytest.fixture
def bank() -> Iterator[Bank]:
    """ADA 70.00, BOB 30.00; transactions 3 to 5: 100.00 in, 30.00 to BOB, too much refused."""
    clock = TickingClock()
    with Bank(MemoryStore(clock), clock=clock) as made:
        done(made, "open_account", name="=Ada", account="ADA")
        done(made, "open_account", name="Bob", account="BOB")
        done(made, "deposit", account="ADA", amount="100", reference="007", key="k-1")
        done(made, "transfer", source="ADA", target="BOB", amount="30")
        do(made, "withdraw", account="ADA", amount="900", description="-1+1, please")
        yield made
