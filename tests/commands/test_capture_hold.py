"""Taking money that was set aside."""

from __future__ import annotations

from decimal import Decimal

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.hold import Hold
from tests.banks import balances, code, do, done, submitted, ticket
from tests.commands.tables import Row, answer, money

HOLD, YENS = "H00000000011", "H00000000012"

RULES: list[Row] = [
    (f"hold={HOLD}", ""),
    (f"hold={HOLD} amount=60", ""),
    (f"hold={HOLD} amount=0.00 target=POOR", "amount"),
    (f"hold={HOLD} amount=0.01 target=OWING", ""),
    (f"hold={YENS} amount=5.0", ""),
    ("", "hold"),
    ("hold=A00000001 target=CASH.EUR amount=-1", "hold target amount"),
    ("hold=H00000000001", "hold_not_found"),
    ("hold=H00000000099", "hold_not_found"),
    ("hold=H99999999999999999999999999999", "hold_not_found"),
    (f"hold={HOLD} amount=1000.001", "too_many_decimals"),
    (f"hold={HOLD} amount=60.01 target=NOBODY", "hold_exceeded"),
    (f"hold={HOLD} target=NOBODY", "account_not_found"),
    (f"hold={HOLD} target=SHUT", "account_closed"),
    (f"hold={HOLD} target=RICH", "same_account"),
    (f"hold={HOLD} target=YEN", "currency_mismatch"),
]


@pytest.fixture(autouse=True)
def holds(bank: Bank) -> None:
    """60.00 of RICH's 100.00 are set aside, and 1000 of YEN's."""
    done(bank, "place_hold", account="RICH", amount="60")
    done(bank, "place_hold", account="YEN", amount="1000")


@pytest.mark.parametrize(("words", "expected"), RULES)
def test_the_rules_in_their_order(bank: Bank, words: str, expected: str) -> None:
    assert answer(bank, "capture_hold", words) == expected


def test_in_whole_it_is_paid_out_as_cash(bank: Bank) -> None:
    shape = done(bank, "capture_hold", hold=HOLD).to_dict()
    assert (shape["source"], shape["target"], shape["amount"]) == ("RICH", "CASH.EUR", "60.00")
    assert money(bank, "RICH") == "40.00 0.00 40.00"
    assert [each.id for each in bank.store.every(Hold)] == [YENS]


def test_in_part_the_rest_is_free_again(bank: Bank) -> None:
    done(bank, "capture_hold", hold=HOLD, amount="15.5", target="POOR")
    assert money(bank, "RICH") == "84.50 0.00 84.50"
    assert money(bank, "POOR") == "15.50 0.00 15.50"


@pytest.mark.parametrize("first", ["capture_hold", "void_hold"])
@pytest.mark.parametrize("second", ["capture_hold", "void_hold"])
def test_it_is_resolved_once_only(bank: Bank, first: str, second: str) -> None:
    done(bank, first, hold=HOLD)
    assert answer(bank, second, f"hold={HOLD}") == "hold_resolved"
    one, other = submitted(bank, ticket(first, hold=YENS), ticket(second, hold=YENS))
    assert (code(one), code(other)) == ("COMPLETED", "hold_resolved")
    assert bank.account("YEN").held == 0


def test_one_that_is_refused_leaves_it_open(bank: Bank) -> None:
    done(bank, "set_status", account="RICH", status="frozen", reason="court")
    failed = do(bank, "capture_hold", hold=HOLD, target="POOR")
    assert code(failed) == "debits_blocked"
    assert money(bank, "RICH") == "100.00 60.00 40.00"
    done(bank, "set_status", account="RICH", status="active", reason="over")
    assert code(bank.retry(failed.id)) == "COMPLETED"
    assert money(bank, "RICH") == "40.00 0.00 40.00"


def test_it_is_undone_as_money_and_stays_resolved(bank: Bank) -> None:
    captured = done(bank, "capture_hold", hold=HOLD, target="POOR")
    done(bank, "reverse", transaction=captured.id)
    assert money(bank, "RICH") == "100.00 0.00 100.00"
    assert answer(bank, "capture_hold", f"hold={HOLD}") == "hold_resolved"


def test_what_is_set_aside_can_be_taken_though_the_overdraft_shrank(bank: Bank) -> None:
    done(bank, "place_hold", account="OWING", amount="30")
    done(bank, "set_overdraft_limit", account="OWING", overdraft_limit="40")
    failed = do(bank, "capture_hold", hold="H00000000013")
    assert code(failed) == "insufficient_funds"
    done(bank, "capture_hold", hold="H00000000013", amount="20")
    assert money(bank, "OWING") == "-40.00 0.00 0.00"


def test_it_counts_towards_the_limits_when_it_is_taken(bank: Bank) -> None:
    done(bank, "define_product", product="tight", daily_limit="50")
    done(bank, "change_product", account="RICH", product="tight")
    assert code(do(bank, "capture_hold", hold=HOLD)) == "limit_exceeded"
    done(bank, "capture_hold", hold=HOLD, amount="50")
    assert code(do(bank, "withdraw", account="RICH", amount="0.01")) == "limit_exceeded"


def test_holds_move_with_a_merge_before_it_within_a_batch_too(bank: Bank) -> None:
    before = balances(bank)
    merged, captured = submitted(
        bank,
        ticket("merge_accounts", source="RICH", target="POOR"),
        ticket("capture_hold", hold=HOLD),
    )
    assert (code(merged), code(captured)) == ("COMPLETED", "COMPLETED")
    assert captured.postings[0][:2] == ("POOR", "CASH.EUR")
    assert money(bank, "POOR") == "40.00 0.00 40.00"
    assert sum(balances(bank).values()) == sum(before.values()) == Decimal(0)
    assert answer(bank, "capture_hold", f"hold={YENS} target=RICH") == "currency_mismatch"
