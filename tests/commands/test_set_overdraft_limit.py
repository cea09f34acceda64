"""Changing how far below zero an account may go."""

from __future__ import annotations

from decimal import Decimal

import pytest

from SimpleBankingSystem.engine.bank import Bank
from tests.banks import code, do, done
from tests.commands.tables import Row, answer

RULES: list[Row] = [
    ("account=POOR overdraft_limit=0", ""),
    ("account=OWING overdraft_limit=1", ""),
    ("", "account overdraft_limit"),
    ("account=POOR overdraft_limit=-1", "overdraft_limit"),
    ("account=NOBODY overdraft_limit=0.001", "account_not_found"),
    ("account=SHUT overdraft_limit=0.001", "account_closed"),
    ("account=POOR overdraft_limit=0.001", "too_many_decimals"),
]


@pytest.mark.parametrize(("words", "expected"), RULES)
def test_the_rules_in_their_order(bank: Bank, words: str, expected: str) -> None:
    assert answer(bank, "set_overdraft_limit", words) == expected


@pytest.mark.seed("E2")
def test_a_limit_below_use_only_blocks_further_debits(bank: Bank) -> None:
    done(bank, "set_overdraft_limit", account="OWING", overdraft_limit="10")
    owing = bank.account("OWING")
    assert (owing.balance, owing.available) == (Decimal("-20.00"), Decimal("-10.00"))
    assert code(do(bank, "withdraw", account="OWING", amount="0.01")) == "insufficient_funds"
    done(bank, "deposit", account="OWING", amount="11")
    done(bank, "withdraw", account="OWING", amount="1")
    assert code(do(bank, "withdraw", account="OWING", amount="0.01")) == "insufficient_funds"
