"""Giving money free that was set aside."""

from __future__ import annotations

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.hold import Hold
from tests.banks import do, done
from tests.commands.tables import Row, answer, money

RULES: list[Row] = [
    ("hold=H00000000011", ""),
    ("", "hold"),
    ("hold=T00000000011", "hold"),
    ("hold=H00000000001", "hold_not_found"),
    ("hold=H00000000099", "hold_not_found"),
]


@pytest.fixture(autouse=True)
def hold(bank: Bank) -> None:
    done(bank, "place_hold", account="RICH", amount="60")


@pytest.mark.parametrize(("words", "expected"), RULES)
def test_the_rules_in_their_order(bank: Bank, words: str, expected: str) -> None:
    assert answer(bank, "void_hold", words) == expected


def test_all_of_it_is_available_again(bank: Bank) -> None:
    transaction = done(bank, "void_hold", hold="H00000000011", description="cancelled")
    assert (transaction.postings, transaction.target) == ((), "RICH")
    assert money(bank, "RICH") == "100.00 0.00 100.00"
    assert bank.store.every(Hold) == []
    assert answer(bank, "reverse", f"transaction={transaction.id}") == "not_reversible"


def test_a_key_voids_once(bank: Bank) -> None:
    first = done(bank, "void_hold", hold="H00000000011", key="k")
    assert do(bank, "void_hold", hold="H00000000011", key="k").id == first.id


def test_one_that_was_merged_and_resolved_stays_so(bank: Bank) -> None:
    done(bank, "merge_accounts", source="RICH", target="POOR")
    assert [each.account for each in bank.store.every(Hold)] == ["POOR"]
    done(bank, "void_hold", hold="H00000000011")
    assert answer(bank, "void_hold", "hold=H00000000011") == "hold_resolved"
    assert bank.account("POOR").held == 0
