"""Paying one sum out to many."""

from __future__ import annotations

from decimal import Decimal

import pytest

from SimpleBankingSystem.commands.split import Split
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import InvalidCommand
from tests.banks import balances, code, do, done
from tests.commands.tables import answer

RULES = [
    ({"source": "RICH", "parts": "POOR=60 EMPTY=40"}, ""),
    ({"source": "RICH", "parts": "POOR=1", "amount": "100"}, ""),
    ({"source": "YEN", "parts": "JEN=1 JAN=2", "amount": "1000.0"}, ""),
    ({}, "source parts"),
    ({"source": "RICH", "parts": "RICH=1"}, "parts"),
    ({"source": "RICH", "parts": "POOR=1 POOR=2"}, "parts"),
    ({"source": "RICH", "parts": "POOR"}, "parts"),
    ({"source": "RICH", "parts": "POOR=0"}, "parts"),
    ({"source": "RICH", "parts": "POOR=-1"}, "parts"),
    ({"source": "RICH", "parts": "CASH.EUR=1"}, "parts"),
    ({"source": "RICH", "parts": "POOR=1", "amount": "-1"}, "amount"),
    ({"source": "RICH", "parts": "POOR=1", "amount": "0"}, "amount"),
    ({"source": "RICH", "parts": " ".join(f"A{n:08d}=1" for n in range(201))}, "parts"),
    ({"source": "NOBODY", "parts": "POOR=1"}, "account_not_found"),
    ({"source": "NOBODY", "parts": "POOR=1", "amount": "5"}, "account_not_found"),
    ({"source": "RICH", "parts": "POOR=1 NOBODY=1"}, "account_not_found"),
    ({"source": "RICH", "parts": "POOR=1 SHUT=1"}, "account_closed"),
    ({"source": "RICH", "parts": "POOR=1 YEN=1"}, "currency_mismatch"),
    ({"source": "RICH", "parts": "POOR=0.001"}, "too_many_decimals"),
    ({"source": "RICH", "parts": "POOR=1", "amount": "0.001"}, "too_many_decimals"),
    ({"source": "RICH", "parts": "POOR=60 EMPTY=40.01"}, "insufficient_funds"),
    ({"source": "RICH", "parts": "POOR=1", "amount": "100.01"}, "insufficient_funds"),
]


@pytest.fixture(autouse=True)
def more(bank: Bank) -> None:
    for name in ("JEN", "JAN"):
        done(bank, "open_account", name=name, account=name, currency="JPY")


@pytest.mark.parametrize(("texts", "expected"), RULES)
def test_the_rules_in_their_order(bank: Bank, texts: dict[str, str], expected: str) -> None:
    before = balances(bank)
    try:
        found = code(do(bank, "split", **texts))
    except InvalidCommand as error:
        found = " ".join(error.errors)
    assert found == (expected or "COMPLETED")
    assert not expected or balances(bank) == before


SHARES = [
    ("10", "EMPTY=1 OWING=1 POOR=1", ["3.34", "3.33", "3.33"]),
    ("0.02", "EMPTY=1 OWING=1 POOR=1", ["0.01", "0.01", "0.00"]),
    ("0.01", "EMPTY=1 OWING=2 POOR=2", ["0.00", "0.01", "0.00"]),
    ("10", "EMPTY=2 POOR=1", ["6.67", "3.33"]),
    ("10", "EMPTY=0.5 POOR=0.25", ["6.67", "3.33"]),
    ("100", "EMPTY=99.9999 POOR=0.0001", ["100.00", "0.00"]),
    ("0.03", "EMPTY=9999999999999 OWING=9999999999999 POOR=1", ["0.02", "0.01", "0.00"]),
    ("7.77", "POOR=5", ["7.77"]),
]


@pytest.mark.parametrize(("amount", "parts", "shares"), SHARES)
def test_shares_sum_exactly_by_the_largest_remainder(
    bank: Bank, amount: str, parts: str, shares: list[str]
) -> None:
    before = balances(bank)
    transaction = done(bank, "split", source="RICH", parts=parts, amount=amount)
    after = balances(bank)
    names = sorted(word.split("=")[0] for word in parts.split())
    assert [str(after[name] - before[name]) for name in names] == shares
    assert before["RICH"] - after["RICH"] == Decimal(amount)
    assert len(transaction.postings) == sum(Decimal(share) > 0 for share in shares)
    done(bank, "reverse", transaction=transaction.id)
    assert balances(bank) == before


def test_the_order_in_which_they_are_named_means_nothing() -> None:
    one = Split.parse({"source": "RICH", "parts": {"POOR": "1", "EMPTY": "2"}, "amount": "5"})
    other = Split.parse({"source": "RICH", "parts": "EMPTY=2 POOR=1", "amount": "5"})
    typed = Split("RICH", (("POOR", Decimal(1)), ("EMPTY", Decimal(2))), Decimal(5))
    assert one == other == typed
    assert one.given()["parts"] == (("EMPTY", Decimal(2)), ("POOR", Decimal(1)))


def test_a_reversal_undoes_all_or_nothing(bank: Bank) -> None:
    transaction = done(bank, "split", source="RICH", parts="POOR=60 EMPTY=40")
    done(bank, "withdraw", account="EMPTY", amount="0.01")
    before = balances(bank)
    failed = do(bank, "reverse", transaction=transaction.id)
    assert code(failed) == "insufficient_funds"
    assert balances(bank) == before
    done(bank, "deposit", account="EMPTY", amount="0.01")
    assert code(bank.retry(failed.id)) == "COMPLETED"
    assert balances(bank)["RICH"] == 100


def test_merged_accounts_get_both_parts_and_nobody_pays_themselves(bank: Bank) -> None:
    done(bank, "merge_accounts", source="EMPTY", target="POOR")
    done(bank, "split", source="RICH", parts="EMPTY=2 POOR=3")
    assert balances(bank)["POOR"] == 5
    assert code(do(bank, "split", source="EMPTY", parts="POOR=1 RICH=1")) == "same_account"
    assert answer(bank, "split", "source=EMPTY parts=RICH=5") == ""
