"""The verb ``archive``; what archiving does is in the tests of the stores."""

from __future__ import annotations

import pytest

from SimpleBankingSystem.commands.archive import Archive
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import InvalidCommand


def test_it_says_how_much_was_moved(bank: Bank) -> None:
    assert bank.perform(Archive()) == {"archived": 0}


def test_it_takes_no_field() -> None:
    with pytest.raises(InvalidCommand, match="archive has no such field"):
        Archive.parse({"account": "A00000001"})
