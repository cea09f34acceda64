"""Changing money into another currency."""

from __future__ import annotations

from decimal import Decimal

import pytest

from SimpleBankingSystem.engine.bank import Bank
from tests.banks import balances, code, do, done
from tests.commands.tables import Row, answer

RULES: list[Row] = [
    ("source=RICH target=YEN amount=100 rate=160.25", ""),
    ("source=YEN target=RICH amount=1000 rate=0.00624", ""),
    ("", "source target amount rate"),
    ("source=RICH target=RICH amount=1 rate=1", "target"),
    ("source=RICH target=YEN amount=1 rate=0", "rate"),
    ("source=RICH target=YEN amount=1 rate=1.0000000001", "rate"),
    ("source=RICH target=YEN amount=1 rate=1e2", "rate"),
    ("source=CASH.EUR target=YEN amount=1 rate=1", "source"),
    ("source=NOBODY target=SHUT amount=0.001 rate=1", "account_not_found"),
    ("source=RICH target=NOBODY amount=0.001 rate=1", "account_not_found"),
    ("source=RICH target=POOR amount=0.001 rate=1", "currency_mismatch"),
    ("source=SHUT target=POOR amount=0.001 rate=1", "currency_mismatch"),
    ("source=RICH target=YEN amount=0.001 rate=1", "too_many_decimals"),
    ("source=YEN target=RICH amount=0.1 rate=1", "too_many_decimals"),
    ("source=RICH target=YEN amount=1 rate=0.5", "nothing_moved"),
    ("source=RICH target=YEN amount=99 rate=0.005", "nothing_moved"),
    ("source=RICH target=YEN amount=100000 rate=999999999", "amount_too_large"),
    ("source=SHUT target=YEN amount=1 rate=1", "account_closed"),
    ("source=POOR target=YEN amount=1 rate=1", "insufficient_funds"),
    ("source=YEN target=SHUT amount=1 rate=1", "account_closed"),
]

# From an account in one currency to one in another: amount, rate, what is got, and what the
# rounding came to in the currency that is paid.
ROUNDED = [
    ("EUR", "JPY", "1.00", "160.25", "160", "0.00"),
    ("EUR", "JPY", "10.00", "160.25", "1602", "0.00"),
    ("EUR", "JPY", "0.01", "150", "2", "0.00"),
    ("EUR", "JPY", "0.03", "50", "2", "-0.01"),
    ("EUR", "JPY", "0.05", "50", "2", "0.01"),
    ("EUR", "JPY", "0.07", "50", "4", "-0.01"),
    ("EUR", "JPY", "1.00", "0.51", "1", "-0.96"),
    ("EUR", "BHD", "1.00", "0.4375", "0.438", "0.00"),
    ("EUR", "BHD", "0.01", "0.05", "0", ""),
    ("EUR", "BHD", "0.01", "0.15", "0.002", "0.00"),
    ("JPY", "BHD", "1", "0.0025", "0.002", "0"),
    ("JPY", "EUR", "1", "0.0062", "0.01", "-1"),
    ("JPY", "EUR", "1000", "0.006245", "6.24", "1"),
    ("BHD", "JPY", "0.001", "500.000000001", "1", "-0.001"),
    ("BHD", "EUR", "0.001", "999999999", "999999.999", "0.000"),
]


@pytest.fixture(autouse=True)
def dinar(bank: Bank) -> None:
    done(bank, "open_account", name="D", account="BHD", currency="BHD", initial_deposit="5")


@pytest.mark.parametrize(("words", "expected"), RULES)
def test_the_rules_in_their_order(bank: Bank, words: str, expected: str) -> None:
    assert answer(bank, "exchange", words) == expected


@pytest.mark.parametrize(("paid", "got", "amount", "rate", "bought", "rounding"), ROUNDED)
def test_every_currency_sums_to_zero_and_the_rounding_is_posted(
    bank: Bank, paid: str, got: str, amount: str, rate: str, bought: str, rounding: str
) -> None:
    names = {"EUR": "RICH", "JPY": "YEN", "BHD": "BHD"}
    before = balances(bank)
    words = {"source": names[paid], "target": names[got], "amount": amount, "rate": rate}
    transaction = do(bank, "exchange", **words)
    after = balances(bank)
    change = {
        name: str(after[name] - before.get(name, 0))
        for name in after
        if after[name] != before.get(name, 0)
    }
    if not rounding:
        assert (code(transaction), change) == ("nothing_moved", {})
        return
    assert code(transaction) == "COMPLETED"
    got_units = Decimal(bought).quantize(after[f"EXCHANGE.{got}"])
    kept = Decimal(amount) - Decimal(rounding)
    expected = {
        names[paid]: -Decimal(amount),
        f"EXCHANGE.{paid}": kept,
        f"ROUNDING.{paid}": Decimal(rounding),
        f"EXCHANGE.{got}": -got_units,
        names[got]: got_units,
    }
    assert {name: Decimal(text) for name, text in change.items()} == {
        name: money for name, money in expected.items() if money
    }
    for currency in ("EUR", "JPY", "BHD"):
        accounts = [each for each in bank.accounts(internal=True) if each.currency == currency]
        assert sum(each.balance for each in accounts) == 0
    done(bank, "reverse", transaction=transaction.id)
    undone = balances(bank)
    assert {name: undone[name] for name in before} == before
    assert not any(undone[name] for name in undone if name not in before)


def test_accounts_that_were_merged_are_still_found(bank: Bank) -> None:
    done(bank, "merge_accounts", source="RICH", target="POOR")
    transaction = done(bank, "exchange", source="RICH", target="YEN", amount="1", rate="100")
    assert transaction.postings[0][:2] == ("POOR", "EXCHANGE.EUR")
    assert code(do(bank, "exchange", source="RICH", target="POOR", amount="1", rate="1")) == (
        "currency_mismatch"
    )


def test_a_transaction_tells_what_was_asked_and_every_posting(bank: Bank) -> None:
    shape = done(bank, "exchange", source="RICH", target="YEN", amount="0.03", rate="50").to_dict()
    assert (shape["rate"], shape["amount"], shape["currency"]) == ("50", "0.03", "EUR")
    postings = shape["postings"]
    assert isinstance(postings, list)
    assert [(leg["source"], leg["target"], leg["amount"]) for leg in postings] == [
        ("RICH", "EXCHANGE.EUR", "0.03"),
        ("ROUNDING.EUR", "EXCHANGE.EUR", "0.01"),
        ("EXCHANGE.JPY", "YEN", "2"),
    ]
