"""The verb ``retry``; what retrying does is in tests/engine/test_retrying.py."""

from __future__ import annotations

import pytest

from SimpleBankingSystem.commands.retry import Retry
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import BankError, InvalidCommand
from SimpleBankingSystem.ledger.transaction import Transaction
from tests.banks import code, do, done


def test_a_failed_transaction_is_tried_again(bank: Bank) -> None:
    failed = do(bank, "withdraw", account="POOR", amount="1")
    done(bank, "deposit", account="POOR", amount="1")
    retried = bank.perform(Retry(failed.id))
    assert isinstance(retried, Transaction)
    assert (retried.id, code(retried), retried.attempt) == (failed.id, "COMPLETED", 2)


@pytest.mark.parametrize(
    ("transaction_id", "expected"),
    [("T00000099999", "not_found"), ("T00000000001", "not_failed")],
)
def test_what_cannot_be_retried(bank: Bank, transaction_id: str, expected: str) -> None:
    with pytest.raises(BankError) as refused:
        bank.perform(Retry.parse({"transaction": transaction_id}))
    assert refused.value.code == expected


def test_it_takes_a_transaction_s_id() -> None:
    with pytest.raises(InvalidCommand, match="transaction: is missing"):
        Retry.parse({})
    with pytest.raises(InvalidCommand, match="transaction: must be a transaction's id"):
        Retry.parse({"transaction": "A00000001"})
