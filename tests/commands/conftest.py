"""A bank with one account of each sort, on which every verb's table of rules is tried."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.stores.memory import MemoryStore
from tests.banks import TickingClock, done


@pytest.fixture
def bank() -> Iterator[Bank]:
    """RICH 100.00, POOR 0.00, OWING -20.00 of 50.00, SHUT closed, YEN 1000, EMPTY 0.

    The ten transactions until here are T00000000001 to T00000000010.
    """
    clock = TickingClock()
    with Bank(MemoryStore(clock), clock=clock) as made:
        done(made, "open_account", name="Rich", account="RICH", initial_deposit="100")
        done(made, "open_account", name="Poor", account="POOR")
        done(made, "open_account", name="Owing", account="OWING", overdraft_limit="50")
        done(made, "open_account", name="Shut", account="SHUT", initial_deposit="5")
        done(made, "open_account", name="Yen", account="YEN", currency="JPY")
        done(made, "open_account", name="Empty", account="EMPTY")
        done(made, "withdraw", account="OWING", amount="20")
        done(made, "withdraw", account="SHUT", amount="5")
        done(made, "close_account", account="SHUT")
        done(made, "deposit", account="YEN", amount="1000")
        yield made
