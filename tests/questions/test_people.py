"""Questions about customers, what is set aside, and products."""

from __future__ import annotations

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import NotFound
from SimpleBankingSystem.questions.base import EVERYTHING
from SimpleBankingSystem.questions.customers import Customers, OneCustomer
from SimpleBankingSystem.questions.holds import Holds, OneHold
from SimpleBankingSystem.questions.products import OneProduct, Products
from SimpleBankingSystem.questions.transactions import AccountActivity, Activity
from tests.banks import done


def test_customers_are_listed_and_shown(bank: Bank) -> None:
    registered = done(bank, "register_customer", name="Ada Lovelace", address="=1, St James")
    done(bank, "register_customer", name="José O'Neill-Øst", customer="C00000007")
    shape = {
        "id": "C00000001",
        "name": "Ada Lovelace",
        "address": "=1, St James",
        "registered_at": registered.started_at,
    }
    page = Customers(limit=1).answer(bank)
    assert page == {"items": [shape], "next": 1}
    whole = Customers().onward(limit=EVERYTHING).answer(bank)
    assert [each["id"] for each in whole["items"]] == ["C00000001", "C00000007"]
    assert whole["next"] is None
    assert Customers().csv(page) == (
        "id,name,address,registered_at\n"
        f'"C00000001","Ada Lovelace","\'=1, St James",{registered.started_at}\n'
    )
    done(bank, "change_customer", customer="C00000001", name="Ada King")
    assert OneCustomer("C00000001").answer(bank) == {**shape, "name": "Ada King"}
    with pytest.raises(NotFound, match="There is no customer C00000009"):
        OneCustomer("C00000009").answer(bank)


def test_holds_are_listed_while_they_are_open(bank: Bank) -> None:
    first, second, third = (
        str(done(bank, "place_hold", account=account, amount="5", description=text)
            .to_dict()["hold"])
        for account, text in (("ADA", "=hotel"), ("BOB", ""), ("ADA", "car"))
    )  # fmt: skip
    assert [each["id"] for each in Holds().answer(bank)["items"]] == [first, second, third]
    adas = Holds(account="ADA", limit=1)
    page = adas.answer(bank)
    assert ([each["id"] for each in page["items"]], page["next"]) == ([first], 6)
    more = adas.onward(cursor=6)
    assert more.path() == "/holds?account=ADA&limit=1&cursor=6"
    assert [each["id"] for each in more.answer(bank)["items"]] == [third]
    _, row = adas.csv(page).splitlines()
    assert row.startswith(f"{first},ADA,5.00,EUR,2026-01-01T")
    assert row.endswith(',"\'=hotel"')
    shape = OneHold(first).answer(bank)
    assert (shape["amount"], shape["captured"], shape["status"]) == ("5.00", "0.00", "open")
    assert bank.account("ADA").to_dict()["held"] == "10.00"
    done(bank, "void_hold", hold=first)
    done(bank, "capture_hold", hold=third, amount="2")
    assert Holds(account="ADA").answer(bank) == {"items": [], "next": None}
    for hold, why in (
        (first, "resolved already"),
        (third, "resolved"),
        ("H00000000099", "no hold"),
    ):
        with pytest.raises(NotFound, match=why):
            OneHold(hold).answer(bank)
    with pytest.raises(NotFound, match="NOBODY"):
        Holds(account="NOBODY").answer(bank)


def test_no_open_hold_is_passed_over_where_another_is_resolved_between_pages(bank: Bank) -> None:
    made = [done(bank, "place_hold", account="ADA", amount="1").made[1] for _ in range(5)]
    first = Holds(limit=2).answer(bank)
    assert [each["id"] for each in first["items"]] == made[:2]
    done(bank, "void_hold", hold=made[0])
    second = Holds(limit=2, cursor=first["next"]).answer(bank)
    assert [each["id"] for each in second["items"]] == made[2:4]
    third = Holds(limit=2, cursor=second["next"]).answer(bank)
    assert ([each["id"] for each in third["items"]], third["next"]) == (made[4:], None)


def test_holds_follow_the_account_into_which_theirs_was_merged(bank: Bank) -> None:
    held = str(done(bank, "place_hold", account="BOB", amount="5").to_dict()["hold"])
    done(bank, "merge_accounts", source="BOB", target="ADA")
    assert [each["id"] for each in Holds(account="ADA").answer(bank)["items"]] == [held]
    assert Holds(account="BOB").answer(bank)["items"] == []


def test_products_are_shown_with_their_terms_of_now(bank: Bank) -> None:
    page = Products().answer(bank)
    assert [each["id"] for each in page["items"]] == ["standard", "savings", "reward"]
    header, *lines = Products().csv(page).splitlines()
    assert header.startswith("id,currency,overdraft_limit,minimum_balance,transaction_limit,")
    assert lines[2] == '"reward","",100,0,0,0,0,0,0.10,0'.replace('""', "")
    done(bank, "define_product", product="savings", currency="EUR", transfer_percent="0.5")
    shape = OneProduct("savings").answer(bank)
    assert (shape["currency"], shape["transfer_percent"], shape["daily_limit"]) == (
        "EUR",
        "0.5",
        "0",
    )
    with pytest.raises(NotFound, match="There is no product gold"):
        OneProduct("gold").answer(bank)


@pytest.mark.seed("E4")
def test_e4_every_account_has_a_log_of_who_did_what_and_when(bank: Bank) -> None:
    done(bank, "set_status", account="ADA", status="frozen", reason="lost card")
    question = AccountActivity("ADA", order="oldest")
    answer = question.answer(bank)
    assert [(each["actor"], each["command"], each["status"]) for each in answer["items"]] == [
        ("local", "open_account", "COMPLETED"),
        ("local", "deposit", "COMPLETED"),
        ("local", "transfer", "COMPLETED"),
        ("local", "withdraw", "FAILED"),
        ("local", "set_status", "COMPLETED"),
    ]
    assert answer["items"][-1]["reason"] == "lost card"
    header, first, *_ = question.csv(answer).splitlines()
    assert header.startswith("completed_at,actor,id,command,status,source,target,amount,")
    opened_at = bank.transaction("T00000000001").completed_at
    assert first.startswith(f'{opened_at},"local",T00000000001,"open_account",COMPLETED,')
    assert question.path() == "/accounts/ADA/activity?order=oldest"
    with pytest.raises(NotFound, match="NOBODY"):
        AccountActivity("NOBODY").answer(bank)


def test_the_activity_of_a_customer_is_filtered_and_paged(bank: Bank) -> None:
    done(bank, "register_customer", name="Ada")
    for account in ("ADA", "BOB"):
        done(bank, "set_owners", account=account, owners="C00000001")
    question = Activity("C00000001", command="transfer")
    (paid,) = question.answer(bank)["items"]
    assert (paid["id"], paid["source"], paid["target"]) == ("T00000000004", "ADA", "BOB")
    page = Activity("C00000001", limit=2).answer(bank)
    assert [each["id"][-1] for each in page["items"]] == ["8", "7"]
    more = Activity("C00000001", limit=2).onward(cursor=page["next"])
    assert more.path() == "/customers/C00000001/activity?limit=2&cursor=7"
    assert [each["id"][-1] for each in more.answer(bank)["items"]] == ["6", "5"]
    with pytest.raises(NotFound, match="C00000009"):
        Activity("C00000009").answer(bank)
