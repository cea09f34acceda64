"""Moving money between two accounts."""

from __future__ import annotations

import pytest

from SimpleBankingSystem.engine.bank import Bank
from tests.banks import do, done
from tests.commands.tables import Row, answer

RULES: list[Row] = [
    ("source=RICH target=POOR amount=100", ""),
    ("source=OWING target=POOR amount=30", ""),
    ("source=RICH target=OWING amount=1 value_date=2024-02-29 reference=R1 tags=club", ""),
    ("", "source target amount"),
    ("source=RICH target=RICH amount=1", "target"),
    ("source=RICH target=RICH amount=0", "amount"),
    ("source=CASH.EUR target=POOR amount=1", "source"),
    ("source=RICH target=POOR amount=1 value_date=2023-02-29 tags=Club", "value_date tags"),
    ("source=RICH target=POOR amount=1 currency=EUR", "currency"),
    ("source=NOBODY target=SHUT amount=1000.001", "account_not_found"),
    ("source=SHUT target=NOBODY amount=1000.001", "account_not_found"),
    ("source=SHUT target=YEN amount=1000.001", "account_closed"),
    ("source=YEN target=SHUT amount=1000.001", "account_closed"),
    ("source=RICH target=YEN amount=1000.001", "currency_mismatch"),
    ("source=RICH target=POOR amount=1000.001", "too_many_decimals"),
    ("source=RICH target=POOR amount=100.01", "insufficient_funds"),
    ("source=POOR target=RICH amount=0.01", "insufficient_funds"),
]


@pytest.mark.parametrize(("words", "expected"), RULES)
def test_the_rules_in_their_order(bank: Bank, words: str, expected: str) -> None:
    assert answer(bank, "transfer", words) == expected


def test_both_legs_are_one_posting(bank: Bank) -> None:
    shape = done(bank, "transfer", source="RICH", target="OWING", amount="15").to_dict()
    assert (shape["source"], shape["source_balance"]) == ("RICH", "85.00")
    assert (shape["target"], shape["target_balance"]) == ("OWING", "-5.00")
    assert "postings" not in shape


def test_one_that_failed_shows_what_was_tried(bank: Bank) -> None:
    shape = do(bank, "transfer", source="POOR", target="RICH", amount="15").to_dict()
    assert (shape["source"], shape["target"], shape["amount"]) == ("POOR", "RICH", "15")
    assert (shape["currency"], shape["source_balance"], shape["target_balance"]) == (None,) * 3
