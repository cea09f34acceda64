"""Closing an account."""

from __future__ import annotations

from decimal import Decimal

import pytest

from SimpleBankingSystem.engine.bank import Bank
from tests.banks import code, do, done
from tests.commands.tables import Row, answer, money

RULES: list[Row] = [
    ("account=POOR", ""),
    ("", "account"),
    ("account=CASH.EUR", "account"),
    ("account=NOBODY", "account_not_found"),
    ("account=SHUT", "account_closed"),
    ("account=RICH", "balance_not_zero"),
    ("account=OWING", "balance_not_zero"),
    ("account=RICH sweep_to=POOR", ""),
    ("account=POOR sweep_to=RICH", ""),
    ("account=POOR sweep_to=NOBODY", "account_not_found"),
    ("account=RICH sweep_to=RICH", "sweep_to"),
    ("account=NOBODY sweep_to=RICH", "account_not_found"),
    ("account=RICH sweep_to=NOBODY", "account_not_found"),
    ("account=RICH sweep_to=SHUT", "account_closed"),
    ("account=RICH sweep_to=YEN", "currency_mismatch"),
    ("account=OWING sweep_to=RICH", "balance_not_zero"),
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


def test_of_a_closed_account_nothing_is_available(bank: Bank) -> None:
    done(bank, "open_account", name="Ada", account="SAVE", product="savings")
    done(bank, "open_account", name="Ada", account="LENT", product="reward")
    done(bank, "open_account", name="Ada", account="GONE", product="reward")
    for name in ("SAVE", "LENT"):
        done(bank, "close_account", account=name)
    done(bank, "merge_accounts", source="GONE", target="POOR")
    assert {money(bank, name) for name in ("SAVE", "LENT", "GONE")} == {"0.00 0.00 0.00"}


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


def test_the_money_goes_where_it_is_to_go_past_limits_and_minimum(bank: Bank) -> None:
    done(bank, "define_product", product="tight", daily_limit="1", minimum_balance="50")
    done(bank, "change_product", account="RICH", product="tight")
    closed = done(bank, "close_account", account="RICH", sweep_to="POOR")
    assert closed.postings[0][:3] == ("RICH", "POOR", Decimal("100.00"))
    assert bank.account("RICH").status == "closed"
    assert money(bank, "RICH") == "0.00 0.00 0.00"
    assert money(bank, "POOR") == "100.00 0.00 100.00"
    assert code(do(bank, "reverse", transaction=closed.id)) == "account_closed"
    assert code(do(bank, "close_account", account="POOR")) == "balance_not_zero"


@pytest.mark.parametrize("limit", ["0", "50"])
def test_what_is_set_aside_is_never_swept(bank: Bank, limit: str) -> None:
    done(bank, "set_overdraft_limit", account="RICH", overdraft_limit=limit)
    done(bank, "place_hold", account="RICH", amount="50")
    failed = do(bank, "close_account", account="RICH", sweep_to="POOR")
    assert code(failed) == "balance_not_zero"
    assert failed.error is not None
    assert failed.error.message == "RICH has 100.00 EUR on it, and 50.00 are held."
    assert bank.account("RICH").balance == 100
    done(bank, "void_hold", hold="H00000000012")
    assert code(bank.retry(failed.id)) == "COMPLETED"
