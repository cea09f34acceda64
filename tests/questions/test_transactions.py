"""Questions about what happened."""

from __future__ import annotations

from decimal import Decimal

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import NotFound
from SimpleBankingSystem.questions.transactions import (
    AccountActivity,
    History,
    OneTransaction,
    Transactions,
)
from tests.banks import asked, done


def test_a_history_is_the_accounts_own_view(bank: Bank) -> None:
    question = History("ADA", order="oldest")
    answer = question.answer(bank)
    assert [each["id"][-1] for each in answer["items"]] == ["1", "3", "4", "5"]
    rows = [*question.rows(answer)]
    assert [(each["amount"], each.get("balance")) for each in rows] == [
        (None, None),
        (Decimal("100.00"), Decimal("100.00")),
        (Decimal("-30.00"), Decimal("70.00")),
        (None, None),
    ]
    (seen,) = History("BOB", command="transfer").rows(answer | {"items": answer["items"][2:3]})
    assert (seen["amount"], seen["balance"], seen["other"]) == (
        Decimal("30.00"),
        Decimal("30.00"),
        "ADA",
    )
    header, *lines = question.csv(answer).splitlines()
    assert header == ",".join(question.columns)
    assert lines[2].endswith(",COMPLETED,-30.00,70.00,EUR,BOB,")
    assert lines[3].endswith(',FAILED,,,,,"\'-1+1, please"')


def test_a_history_has_a_row_for_each_posting_of_the_account() -> None:
    posting = {"currency": "EUR", "source_balance": "1.00", "target_balance": "9.00"}
    moved = [("ADA", "BOB", "4.00"), ("EVE", "ADA", "3.00"), ("BOB", "EVE", "2.00")]
    legs = [{**posting, "source": s, "target": t, "amount": a} for s, t, a in moved]
    shape = {**legs[0], "id": "T00000000001", "postings": legs}
    booked = [
        (Decimal("-4.00"), Decimal("1.00"), "BOB"),
        (Decimal("3.00"), Decimal("9.00"), "EVE"),
    ]
    for order, wanted in (("oldest", booked), ("newest", booked[::-1])):
        rows = History("ADA", order=order).rows({"items": [shape]})
        assert [(row["amount"], row["balance"], row["other"]) for row in rows] == wanted


def test_a_list_has_a_row_for_each_posting_whoever_got_it(bank: Bank) -> None:
    done(bank, "open_account", name="Cat", account="CAT")
    done(bank, "split", source="ADA", parts="BOB=2 CAT=1", amount="10")
    for question in (Transactions(limit=1), AccountActivity("CAT", limit=1)):
        rows = [*question.rows(question.answer(bank))]
        legs = [(each["source"], each["target"], each["amount"]) for each in rows]
        assert legs == [("ADA", "BOB", "6.67"), ("ADA", "CAT", "3.33")]


def test_transactions_are_filtered_paged_and_found_by_key(bank: Bank) -> None:
    question = Transactions(amount_min=Decimal(30), status="COMPLETED", limit=1)
    assert question.path() == "/transactions?status=COMPLETED&amount_min=30&limit=1"
    page = question.answer(bank)
    assert ([each["id"] for each in page["items"]], page["next"]) == (["T00000000004"], 4)
    more = question.onward(cursor=page["next"]).answer(bank)
    assert [each["reference"] for each in more["items"]] == ["007"]
    keyed = Transactions(key="k-1").answer(bank)
    assert keyed == {"items": more["items"], "next": None}
    assert Transactions(key="k-1", command="transfer").answer(bank)["items"] == []
    with pytest.raises(NotFound):
        Transactions(key="k-2").answer(bank)
    _, row = question.csv(keyed).splitlines()
    assert row.endswith(',"deposit",COMPLETED,"CASH.EUR",ADA,100.00,EUR,"\'007",')


def test_what_is_asked_with_is_written_into_the_url() -> None:
    question = Transactions(key="a b&c/ä")
    assert question.path() == "/transactions?key=a+b%26c%2F%C3%A4"


def test_one_transaction(bank: Bank) -> None:
    done = bank.execute(asked("open_account", name="Eve", initial_deposit="5"))
    question = OneTransaction(done.id)
    answer = question.answer(bank)
    assert answer == done.to_dict()
    header, row = question.csv(answer).splitlines()
    assert dict(zip(header.split(","), row.split(","), strict=True))["initial_deposit"] == "5"
    with pytest.raises(NotFound):
        OneTransaction("T00000000099").answer(bank)
