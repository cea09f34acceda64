"""Questions about accounts."""

from __future__ import annotations

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import InvalidCommand, NotFound
from SimpleBankingSystem.questions.accounts import Accounts, BalanceOf, OneAccount
from SimpleBankingSystem.questions.base import EVERYTHING


def test_accounts_are_paged_or_whole(bank: Bank) -> None:
    first = Accounts(limit=1)
    page = first.answer(bank)
    assert ([each["id"] for each in page["items"]], page["next"]) == (["ADA"], 1)
    last = first.onward(cursor=page["next"])
    assert last.path() == "/accounts?limit=1&cursor=1"
    assert last.answer(bank) == {"items": [bank.account("BOB").to_dict()], "next": None}
    assert Accounts.parse({"internal": "true"}) == Accounts(internal=True)
    whole = Accounts(internal=True).onward(limit=EVERYTHING).answer(bank)
    assert ([each["id"] for each in whole["items"]], whole["next"]) == (
        ["ADA", "BOB", "CASH.EUR"],
        None,
    )
    with pytest.raises(InvalidCommand, match="limit"):
        Accounts(limit=EVERYTHING)


def test_what_people_typed_is_no_formula_in_csv(bank: Bank) -> None:
    header, ada, bob = Accounts().csv(Accounts().answer(bank)).splitlines()
    assert header.startswith("id,name,type,status,currency,balance,available,")
    assert ada.startswith('ADA,"\'=Ada","standard","active",EUR,70.00,70.00,2026-01-01T')
    assert bob.startswith('BOB,"Bob",')


def test_one_account(bank: Bank) -> None:
    question = OneAccount("CASH.EUR")
    assert question.path() == "/accounts/CASH.EUR"
    answer = question.answer(bank)
    assert answer == bank.account("CASH.EUR").to_dict()
    header, row = question.csv(answer).splitlines()
    assert dict(zip(header.split(","), row.split(","), strict=True))["balance"] == "-100.00"


def test_a_balance_now_and_then(bank: Bank) -> None:
    then = bank.transaction("T00000000003").completed_at
    now, old = BalanceOf("ADA"), BalanceOf("ADA", at=then)
    shape = {"account": "ADA", "balance": "70.00", "currency": "EUR", "at": None}
    assert now.answer(bank) == shape
    assert old.answer(bank) == {**shape, "balance": "100.00", "at": then}
    assert now.csv(shape) == "account,balance,currency,at\nADA,70.00,EUR,\n"
    with pytest.raises(NotFound):
        BalanceOf("ADA", at="2001-01-01").answer(bank)
