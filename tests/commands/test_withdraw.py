"""Paying cash out."""

from __future__ import annotations

import pytest

from SimpleBankingSystem.engine.bank import Bank
from tests.banks import done
from tests.commands.tables import Row, answer

RULES: list[Row] = [
    ("account=RICH amount=100.00", ""),
    ("account=OWING amount=30", ""),
    ("account=YEN amount=1000", ""),
    ("", "account amount"),
    ("account=RICH amount=0.00", "amount"),
    ("account=RICH amount=1e2", "amount"),
    ("account=NOBODY amount=1000.001", "account_not_found"),
    ("account=SHUT amount=1000.001", "account_closed"),
    ("account=RICH amount=1000.001", "too_many_decimals"),
    ("account=RICH amount=100.01", "insufficient_funds"),
    ("account=OWING amount=30.01", "insufficient_funds"),
    ("account=POOR amount=0.01", "insufficient_funds"),
]


@pytest.mark.seed("B5")
@pytest.mark.parametrize(("words", "expected"), RULES)
def test_the_rules_in_their_order(bank: Bank, words: str, expected: str) -> None:
    assert answer(bank, "withdraw", words) == expected


def test_the_money_goes_to_the_bank_s_cash(bank: Bank) -> None:
    shape = done(bank, "withdraw", account="RICH", amount="40").to_dict()
    assert (shape["source"], shape["target"], shape["amount"]) == ("RICH", "CASH.EUR", "40.00")
    assert (shape["source_balance"], shape["currency"]) == ("60.00", "EUR")
