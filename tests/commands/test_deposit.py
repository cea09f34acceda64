"""Paying cash in."""

from __future__ import annotations

import pytest

from SimpleBankingSystem.engine.bank import Bank
from tests.banks import balances, done
from tests.commands.tables import Row, answer

RULES: list[Row] = [
    ("account=POOR amount=10", ""),
    ("account=POOR amount=0.01", ""),
    ("account=OWING amount=9999999999999.99", ""),
    ("account=YEN amount=1", ""),
    ("account=YEN amount=1.0", ""),
    ("", "account amount"),
    ("account=poor amount=-1 limit=1", "limit account amount"),
    ("account=POOR amount=0", "amount"),
    ("account=CASH.EUR amount=1", "account"),
    ("account=NOBODY amount=0.001", "account_not_found"),
    ("account=SHUT amount=0.001", "account_closed"),
    ("account=POOR amount=0.001", "too_many_decimals"),
    ("account=YEN amount=0.1", "too_many_decimals"),
]


@pytest.mark.seed("B5")
@pytest.mark.parametrize(("words", "expected"), RULES)
def test_the_rules_in_their_order(bank: Bank, words: str, expected: str) -> None:
    assert answer(bank, "deposit", words) == expected


def test_the_money_comes_from_the_bank_s_cash(bank: Bank) -> None:
    before = balances(bank)
    transaction = done(bank, "deposit", account="POOR", amount="7.5", description="birthday")
    after = balances(bank)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
        "POOR": transaction.postings[0].amount,
        "CASH.EUR": -transaction.postings[0].amount,
    }
    shape = transaction.to_dict()
    assert (shape["source"], shape["target"], shape["amount"]) == ("CASH.EUR", "POOR", "7.50")
    assert (shape["target_balance"], shape["description"]) == ("7.50", "birthday")
    assert shape["source_balance"] == str(after["CASH.EUR"])
