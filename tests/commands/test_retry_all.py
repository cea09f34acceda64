"""The verb ``retry_all``; what retrying does is in tests/engine/test_retrying.py."""

from __future__ import annotations

from SimpleBankingSystem.commands.retry import RetryAll
from SimpleBankingSystem.engine.bank import Bank
from tests.banks import do, done


def test_all_that_failed_are_tried_again(bank: Bank) -> None:
    for amount in ("1", "2", "99"):
        do(bank, "withdraw", account="POOR", amount=amount)
    done(bank, "deposit", account="POOR", amount="3")
    assert bank.perform(RetryAll()) == {"retried": 3, "completed": 2, "failed": 1}
