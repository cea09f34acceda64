"""Closing an account."""

from __future__ import annotations

import pytest

from SimpleBankingSystem.engine.bank import Bank
from tests.banks import code, do, done
from tests.commands.tables import Row, answer

RULES: list[Row] = [
    ("account=POOR", ""),
    ("", "account"),
    ("account=CASH.EUR", "account"),
    ("account=NOBODY", "account_not_found"),
    ("account=SHUT", "account_closed"),
    ("account=RICH", "balance_not_zero"),
    ("account=OWING", "balance_not_zero"),
]


@pytest.mark.seed("E2")
@pytest.mark.parametrize(("words", "expected"), RULES)
def test_the_rules_in_their_order(bank: Bank, words: str, expected: str) -> None:
    assert answer(bank, "close_account", words) == expected


@pytest.mark.parametrize("held", ["5.00", "-5.00"])
def test_money_that_is_set_aside_keeps_it_open(bank: Bank, held: str) -> None:
    account = bank.account("POOR")
    account.held = account.held.__class__(held)
    assert code(do(bank, "close_account", account="POOR")) == "balance_not_zero"


def test_closing_is_final(bank: Bank) -> None:
    transaction = done(bank, "close_account", account="POOR")
    assert (transaction.source, transaction.target) == ("", "POOR")
    account = bank.account("POOR")
    assert (account.status, account.name) == ("closed", "Poor")
    for verb, texts in {
        "deposit": {"account": "POOR", "amount": "1"},
        "withdraw": {"account": "POOR", "amount": "1"},
        "transfer": {"source": "RICH", "target": "POOR", "amount": "1"},
        "set_overdraft_limit": {"account": "POOR", "overdraft_limit": "1"},
        "close_account": {"account": "POOR"},
    }.items():
        assert code(do(bank, verb, **texts)) == "account_closed"
    assert code(do(bank, "open_account", name="Poor", account="POOR")) == "account_exists"
