"""Charging a fee."""

from __future__ import annotations

from decimal import Decimal

import pytest

from SimpleBankingSystem.engine.bank import Bank
from tests.banks import balances, code, do, done
from tests.commands.tables import Row, answer

RULES: list[Row] = [
    ("account=RICH amount=100", ""),
    ("account=OWING amount=30", ""),
    ("account=YEN amount=1", ""),
    ("", "account amount"),
    ("account=RICH amount=0", "amount"),
    ("account=NOBODY amount=0.001", "account_not_found"),
    ("account=SHUT amount=0.001", "account_closed"),
    ("account=YEN amount=0.1", "too_many_decimals"),
    ("account=RICH amount=100.01", "insufficient_funds"),
]


@pytest.mark.parametrize(("words", "expected"), RULES)
def test_the_rules_in_their_order(bank: Bank, words: str, expected: str) -> None:
    assert answer(bank, "charge_fee", words) == expected


def test_it_goes_to_the_bank_s_fees_past_all_limits_and_can_be_given_back(bank: Bank) -> None:
    done(bank, "define_product", product="tight", transaction_limit="1", daily_limit="1")
    done(bank, "change_product", account="RICH", product="tight")
    before = balances(bank)
    charged = done(bank, "charge_fee", account="RICH", amount="3.5", description="letter")
    shape = charged.to_dict()
    assert (shape["source"], shape["target"], shape["amount"]) == ("RICH", "FEES.EUR", "3.50")
    assert balances(bank)["FEES.EUR"] == Decimal("3.50")
    done(bank, "withdraw", account="RICH", amount="1")
    assert code(do(bank, "withdraw", account="RICH", amount="0.01")) == "limit_exceeded"
    done(bank, "reverse", transaction=charged.id)
    after = balances(bank)
    assert after["FEES.EUR"] == 0
    assert after["RICH"] == before["RICH"] - 1
