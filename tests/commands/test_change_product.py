"""Keeping an account on the terms of another product."""

from __future__ import annotations

from decimal import Decimal

import pytest

from SimpleBankingSystem.engine.bank import Bank
from tests.banks import code, do, done
from tests.commands.tables import Row, answer

RULES: list[Row] = [
    ("account=RICH product=savings", ""),
    ("account=YEN product=standard", ""),
    ("", "account product"),
    ("account=RICH product=Savings", "product"),
    ("account=NOBODY product=none_such", "account_not_found"),
    ("account=SHUT product=none_such", "account_closed"),
    ("account=RICH product=none_such", "product_not_found"),
    ("account=YEN product=euros", "currency_mismatch"),
    ("account=YEN product=cents", "too_many_decimals"),
]


@pytest.fixture(autouse=True)
def products(bank: Bank) -> None:
    done(bank, "define_product", product="euros", currency="EUR", overdraft_limit="7")
    done(bank, "define_product", product="cents", minimum_balance="0.01")


@pytest.mark.parametrize(("words", "expected"), RULES)
def test_the_rules_in_their_order(bank: Bank, words: str, expected: str) -> None:
    assert answer(bank, "change_product", words) == expected


def test_an_account_has_the_terms_that_held_when_it_was_given_them(bank: Bank) -> None:
    done(bank, "change_product", account="RICH", product="euros")
    done(bank, "define_product", product="euros", overdraft_limit="9", minimum_balance="5")
    account = bank.account("RICH")
    assert account.type == "euros"
    assert (str(account.overdraft_limit), str(account.minimum_balance)) == ("7.00", "0.00")
    done(bank, "change_product", account="RICH", product="euros")
    account = bank.account("RICH")
    assert (str(account.overdraft_limit), str(account.minimum_balance)) == ("9.00", "5.00")
    assert account.available == Decimal("104.00")


def test_a_minimum_above_the_balance_only_blocks_further_debits(bank: Bank) -> None:
    done(bank, "change_product", account="POOR", product="savings")
    assert bank.account("POOR").available == -5
    done(bank, "deposit", account="POOR", amount="6")
    assert code(do(bank, "withdraw", account="POOR", amount="1.01")) == "insufficient_funds"
    done(bank, "withdraw", account="POOR", amount="1")


def test_a_product_that_is_defined_later_can_be_tried_again(bank: Bank) -> None:
    failed = do(bank, "change_product", account="RICH", product="club")
    done(bank, "define_product", product="club", transaction_limit="1")
    assert code(bank.retry(failed.id)) == "COMPLETED"
    assert code(do(bank, "withdraw", account="RICH", amount="2")) == "limit_exceeded"
    assert answer(bank, "reverse", f"transaction={failed.id}") == "not_reversible"
