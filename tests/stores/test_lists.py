"""Lists of transactions, on every store: filters, pages, both orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Literal

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.transaction import Transaction
from SimpleBankingSystem.stores.base import Query
from tests.banks import done
from tests.stores.a_day import day


def amount(transaction: Transaction) -> Decimal:
    """Return the amount that is shown, negative where none is."""
    return Decimal(str(transaction.to_dict()["amount"] or -1))


FILTERS: list[tuple[Query, Callable[[Transaction], bool]]] = [
    (Query(account="RICH"), lambda each: "RICH" in each.accounts),
    (Query(account="CASH.EUR"), lambda each: "CASH.EUR" in each.accounts),
    (Query(account="YEN"), lambda each: "YEN" in each.accounts),
    (Query(status="FAILED"), lambda each: each.status == "FAILED"),
    (Query(status="PENDING"), lambda each: False),
    (Query(command="transfer"), lambda each: each.command == "transfer"),
    (Query(command="archive"), lambda each: False),
    (Query(since="2026-01-01T00:00:00.000040Z"),
     lambda each: each.completed_at >= "2026-01-01T00:00:00.000040Z"),
    (Query(until="2026-01-01T00:00:00.000040Z"),
     lambda each: each.completed_at < "2026-01-01T00:00:00.000040Z"),
    (Query(since="2026-01-02"), lambda each: False),
    (Query(until="2026"), lambda each: False),
    (Query(amount_min=Decimal("1.5")),
     lambda each: amount(each) >= Decimal("1.5")),
    (Query(amount_max=Decimal(1)),
     lambda each: 0 <= amount(each) <= 1),
    (Query(status="FAILED", amount_min=Decimal(3), amount_max=Decimal(3)),
     lambda each: (each.status, amount(each)) == ("FAILED", Decimal(3))),
    (Query(reference="F1"), lambda each: each.reference == "F1"),
    (Query(reference="=1+1"), lambda each: each.reference == "=1+1"),
    (Query(account="RICH", status="COMPLETED", command="deposit", amount_max=Decimal("0.01")),
     lambda each: (each.command, each.target, each.status) == ("deposit", "RICH", "COMPLETED")
     and each.postings[0].amount <= Decimal("0.01")),
]  # fmt: skip


def test_lists_are_filtered_and_paged_in_both_orders(bank: Bank) -> None:
    day(bank)
    orders: tuple[Literal["newest", "oldest"], ...] = ("newest", "oldest")
    whole = list(bank.transactions(Query(limit=500)).items)
    assert [each.seq for each in whole] == sorted({each.seq for each in whole}, reverse=True)
    assert len({each.id for each in whole}) == len(whole)
    moment = whole[5].completed_at
    to_the_moment: list[tuple[Query, Callable[[Transaction], bool]]] = [
        (Query(since=moment), lambda each: each.completed_at >= moment),
        (Query(until=moment), lambda each: each.completed_at < moment),
    ]
    for query, wanted in [*FILTERS, *to_the_moment]:
        expected = [each for each in whole if wanted(each)]
        for order in orders:
            found: list[Transaction] = []
            cursor = 0
            while True:
                page = bank.store.transactions(replace(query, order=order, limit=3, cursor=cursor))
                assert len(page.items) <= 3
                found += page.items
                cursor = page.next
                if not cursor:
                    break
                assert page.items[-1].seq == cursor
            ids = [each.id for each in (expected if order == "newest" else expected[::-1])]
            assert [each.id for each in found] == ids, (query, order)


@pytest.mark.seed("B3")
def test_b3_history_is_newest_first_with_type_amount_balance_and_time(bank: Bank) -> None:
    opened = done(bank, "open_account", name="Ada", initial_deposit="10")
    account = opened.target
    paid_in = done(bank, "deposit", account=account, amount="5")
    paid_out = done(bank, "withdraw", account=account, amount="3")
    rows = [each.to_dict() for each in bank.transactions(Query(account=account)).items]
    assert [
        (row["command"], row["amount"], row["target_balance"], row["completed_at"]) for row in rows
    ] == [
        ("withdraw", "3.00", "-12.00", paid_out.completed_at),
        ("deposit", "5.00", "15.00", paid_in.completed_at),
        ("open_account", "10.00", "10.00", opened.completed_at),
    ]
    assert rows[0]["source_balance"] == "12.00"
