"""How a table of rules is read: one row is one command and what the bank must answer to it."""

from __future__ import annotations

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import InvalidCommand
from SimpleBankingSystem.ledger.transaction import COMPLETED, FAILED
from tests.banks import balances, do

Row = tuple[str, str]
"""A command as ``name=text`` words, and the code that it gives, or what it says is malformed."""


def answer(bank: Bank, verb: str, words: str) -> str:
    """Return the code that a command gives: blank if it succeeds, the bad fields if malformed.

    A command that is refused must leave no trace but its FAILED transaction.
    """
    before = balances(bank), [each.to_dict() for each in bank.accounts()]
    texts = dict(word.split("=", 1) for word in words.split())
    try:
        transaction = do(bank, verb, **texts)
    except InvalidCommand as error:
        assert before == (balances(bank), [each.to_dict() for each in bank.accounts()])
        return " ".join(error.errors)
    assert bank.transaction(transaction.id) == transaction
    if transaction.error is None:
        assert transaction.status == COMPLETED
        return ""
    assert transaction.status == FAILED
    assert not transaction.postings
    assert before == (balances(bank), [each.to_dict() for each in bank.accounts()])
    return transaction.error.code


def money(bank: Bank, name: str) -> str:
    """Return what is on an account, what of it is held, and what is available."""
    account = bank.account(name)
    return f"{account.balance} {account.held} {account.available}"
