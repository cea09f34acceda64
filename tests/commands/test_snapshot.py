"""The verb ``snapshot``; what a snapshot is like is in the tests of the stores."""

from __future__ import annotations

from SimpleBankingSystem.commands.snapshot import Snapshot
from SimpleBankingSystem.engine.bank import Bank


def test_it_says_how_many_accounts_there_are(bank: Bank) -> None:
    assert bank.perform(Snapshot()) == {"accounts": len(bank.accounts(internal=True))}
