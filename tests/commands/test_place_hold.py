"""Setting money aside."""

from __future__ import annotations

from decimal import Decimal

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.hold import Hold
from tests.banks import balances, code, do, done, submitted, ticket
from tests.commands.tables import Row, answer, money

RULES: list[Row] = [
    ("account=RICH amount=100", ""),
    ("account=OWING amount=30", ""),
    ("account=YEN amount=1000.0", ""),
    ("", "account amount"),
    ("account=RICH amount=0", "amount"),
    ("account=CASH.EUR amount=1", "account"),
    ("account=NOBODY amount=0.001", "account_not_found"),
    ("account=SHUT amount=0.001", "account_closed"),
    ("account=RICH amount=1000.001", "too_many_decimals"),
    ("account=RICH amount=100.01", "insufficient_funds"),
    ("account=OWING amount=30.01", "insufficient_funds"),
    ("account=POOR amount=0.01", "insufficient_funds"),
]


@pytest.mark.parametrize(("words", "expected"), RULES)
def test_the_rules_in_their_order(bank: Bank, words: str, expected: str) -> None:
    assert answer(bank, "place_hold", words) == expected


def test_it_counts_against_available_at_once_and_moves_nothing(bank: Bank) -> None:
    before = balances(bank)
    placed = done(bank, "place_hold", account="RICH", amount="60", description="hotel")
    assert balances(bank) == before
    assert money(bank, "RICH") == "100.00 60.00 40.00"
    assert placed.to_dict()["hold"] == "H00000000011"
    assert bank.store.every(Hold) == [
        Hold(
            id="H00000000011",
            account="RICH",
            amount=Decimal("60.00"),
            currency="EUR",
            status="open",
            captured=Decimal("0.00"),
            description="hotel",
            placed_at=placed.started_at,
        )
    ]
    for verb, texts in {
        "withdraw": {"account": "RICH", "amount": "40.01"},
        "place_hold": {"account": "RICH", "amount": "40.01"},
        "charge_fee": {"account": "RICH", "amount": "40.01"},
        "split": {"source": "RICH", "parts": "POOR=40 EMPTY=0.01"},
        "reverse": {"transaction": "T00000000001"},
    }.items():
        assert code(do(bank, verb, **texts)) == "insufficient_funds", verb
    assert code(do(bank, "close_account", account="RICH", sweep_to="POOR")) == "balance_not_zero"
    done(bank, "withdraw", account="RICH", amount="40")
    assert answer(bank, "reverse", f"transaction={placed.id}") == "not_reversible"


def test_more_than_may_be_paid_at_once_is_not_set_aside_either(bank: Bank) -> None:
    done(bank, "define_product", product="club", transaction_limit="20", daily_limit="30")
    done(bank, "change_product", account="RICH", product="club")
    failed = do(bank, "place_hold", account="RICH", amount="20.01")
    assert code(failed) == "limit_exceeded"
    for _ in range(2):
        done(bank, "place_hold", account="RICH", amount="20")
    # What limits a day is that of the capture.
    first, second = (str(hold.id) for hold in bank.store.every(Hold))
    done(bank, "capture_hold", hold=first)
    assert answer(bank, "capture_hold", f"hold={second}") == "limit_exceeded"


def test_within_one_batch_each_sees_those_before_it(bank: Bank) -> None:
    answers = submitted(
        bank,
        ticket("place_hold", account="RICH", amount="60"),
        ticket("place_hold", account="RICH", amount="60"),
        ticket("withdraw", account="RICH", amount="41"),
        ticket("withdraw", account="RICH", amount="40"),
    )
    assert [*map(code, answers)] == [
        "COMPLETED",
        "insufficient_funds",
        "insufficient_funds",
        "COMPLETED",
    ]


def test_within_one_group_all_or_none(bank: Bank) -> None:
    submitted(
        bank,
        ticket("place_hold", group="g", account="RICH", amount="60"),
        ticket("capture_hold", group="g", hold="H00000000011", target="POOR"),
        ticket("withdraw", group="g", account="POOR", amount="60"),
    )
    assert money(bank, "RICH") == "40.00 0.00 40.00"
    submitted(
        bank,
        ticket("place_hold", group="h", account="RICH", amount="30"),
        ticket("void_hold", group="h", hold="H00000000014"),
        ticket("withdraw", group="h", account="POOR", amount="1"),
    )
    assert money(bank, "RICH") == "40.00 0.00 40.00"
    assert bank.store.every(Hold) == []
    assert code(do(bank, "void_hold", hold="H00000000014")) == "hold_not_found"


def test_a_retry_places_it_under_the_same_id(bank: Bank) -> None:
    failed = do(bank, "place_hold", account="POOR", amount="5")
    done(bank, "deposit", account="POOR", amount="5")
    assert bank.retry(failed.id).made == ("hold", f"H{failed.id[1:]}")
    assert bank.account("POOR").available == 0


def test_a_key_places_it_once(bank: Bank) -> None:
    first = done(bank, "place_hold", account="RICH", amount="5", key="k")
    assert do(bank, "place_hold", account="RICH", amount="5", key="k").made == first.made
    assert bank.account("RICH").held == 5


def test_the_account_cannot_be_closed_meanwhile(bank: Bank) -> None:
    done(bank, "set_overdraft_limit", account="POOR", overdraft_limit="5")
    done(bank, "place_hold", account="POOR", amount="5")
    failed = do(bank, "close_account", account="POOR")
    assert code(failed) == "balance_not_zero"
    assert failed.error is not None
    assert "5.00 are held" in failed.error.message
