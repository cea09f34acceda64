"""Guarantee 12: who spent most, how commands fared and what happened, the same from every store."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import NotFound
from SimpleBankingSystem.stores.base import Page, Query, Tally
from SimpleBankingSystem.stores.csv_files import index as indexes
from tests.banks import code, do, done, submitted, ticket
from tests.stores.a_day import day
from tests.stores.conftest import Books


def everywhere(
    books: Books, monkeypatch: pytest.MonkeyPatch, asked: Callable[[Bank], object]
) -> object:
    """Return an answer that is the same after a restart, archiving, and with another index."""
    found = asked(books.bank)
    assert asked(books.reopen()) == found
    books.bank.archive()
    assert asked(books.bank) == found
    assert asked(books.reopen()) == found
    books.bank.close()
    for index in books.folder.glob("index.db*"):
        index.unlink()
    monkeypatch.setattr(indexes, "ROWS_AT_ONCE", 1)
    assert asked(books.reopen()) == found
    return found


# Who spent most


@pytest.mark.seed("D5")
def test_d5_top_spenders_are_by_what_went_out_and_of_equals_by_id(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = books.bank
    for name in ("EVE", "BOB", "ADA", "OLD", "POOR"):
        done(bank, "open_account", name=name, account=name, initial_deposit="100")
    done(bank, "open_account", name="Yen", account="YEN", currency="JPY", initial_deposit="9")
    done(bank, "withdraw", account="YEN", amount="7")
    done(bank, "withdraw", account="EVE", amount="20")
    done(bank, "transfer", source="ADA", target="EVE", amount="19")
    done(bank, "charge_fee", account="ADA", amount="1")
    done(bank, "split", source="BOB", parts="ADA=10.50 EVE=9.49")
    do(bank, "withdraw", account="POOR", amount="900")
    # None of these is spent: it comes back, or goes to an account of the same people.
    undone = done(bank, "transfer", source="OLD", target="POOR", amount="5")
    done(bank, "reverse", transaction=undone.id)
    done(bank, "merge_accounts", source="OLD", target="POOR")
    done(bank, "open_account", name="Gone", account="GONE", initial_deposit="50")
    done(bank, "close_account", account="GONE", sweep_to="POOR")
    held = done(bank, "place_hold", account="POOR", amount="60").to_dict()["hold"]
    done(bank, "capture_hold", hold=str(held), amount="14.98")

    def spent(bank: Bank) -> list[tuple[str, str]]:
        found = bank.top_spenders("EUR", 10)
        assert bank.top_spenders("", 10) == found
        assert [*bank.top_spenders("EUR", 2)] == [*found][:2]
        return [(name, str(money)) for name, money in found]

    assert everywhere(books, monkeypatch, spent) == [
        ("ADA", "20.00"),
        ("EVE", "20.00"),
        ("BOB", "19.99"),
        ("POOR", "19.98"),
    ]
    assert books.bank.top_spenders("JPY", 10) == [("YEN", Decimal(7))]
    assert [*books.bank.top_spenders("USD", 10)] == []


@pytest.mark.seed("D6")
def test_what_a_merged_account_has_spent_counts_for_its_heir(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = books.bank
    for name in ("AAA", "BBB", "CCC", "DDD"):
        done(bank, "open_account", name=name, account=name, initial_deposit="100",
             overdraft_limit="50")  # fmt: skip
    done(bank, "withdraw", account="AAA", amount="120.01")
    done(bank, "withdraw", account="BBB", amount="5.99")
    do(bank, "merge_accounts", source="AAA", target="NOBODY")
    # Its debt is paid by the other: the posting goes from the heir to it.
    done(bank, "merge_accounts", source="AAA", target="BBB")
    done(bank, "withdraw", account="AAA", amount="1")
    done(bank, "merge_accounts", source="BBB", target="CCC")
    done(bank, "merge_accounts", source="DDD", target="CCC")

    def spent(bank: Bank) -> list[tuple[str, str]]:
        return [(name, str(money)) for name, money in bank.top_spenders("EUR", 10)]

    assert everywhere(books, monkeypatch, spent) == [("CCC", "127.00")]


# How commands fared


def outcomes(tallies: Iterable[Tally]) -> dict[tuple[str, str, str], tuple[int, int]]:
    return {(each.command, each.status, each.code): (each.count, each.timed) for each in tallies}


@pytest.mark.seed("A8")
def test_a8_outcomes_are_counted_with_every_attempt(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = books.bank
    done(bank, "open_account", name="Ada", account="ADA")
    failed = [do(bank, "withdraw", account="ADA", amount=amount).id for amount in "12"]
    books.clock.move(days=1)
    bank.retry(failed[0])
    done(bank, "deposit", account="ADA", amount="1")
    assert code(bank.retry(failed[0])) == "COMPLETED"
    do(bank, "deposit", account="NOBODY", amount="1")

    def tallies(bank: Bank) -> list[Tally]:
        every = list(bank.tallies("", ""))
        assert [*bank.tallies("2026-01-01", "2026-01-03")] == every
        return every

    found = everywhere(books, monkeypatch, tallies)
    assert isinstance(found, list)
    funds = ("withdraw", "FAILED", "insufficient_funds")
    # A retry counts as an outcome, and its time does not: nobody knows when it was asked for.
    assert outcomes(found) == {
        ("deposit", "COMPLETED", ""): (1, 1),
        ("deposit", "FAILED", "account_not_found"): (1, 1),
        ("open_account", "COMPLETED", ""): (1, 1),
        ("withdraw", "COMPLETED", ""): (1, 0),
        funds: (3, 2),
    }
    assert all(0 < each.queued <= each.durable < 1000 for each in found if each.timed)
    assert all(each.queued_longest <= each.queued for each in found)
    assert outcomes(books.bank.tallies("", "2026-01-02")) == {
        ("open_account", "COMPLETED", ""): (1, 1),
        funds: (2, 2),
    }
    assert outcomes(books.bank.tallies("2026-01-02", ""))[funds] == (1, 0)
    assert [*books.bank.tallies("2026-01-03", "")] == []


def test_what_has_no_outcome_is_not_counted(books: Books) -> None:
    done(books.bank, "open_account", name="Ada", account="ADA")
    bank = books.reopen(workers=0)
    bank.submit([ticket("deposit", account="ADA", amount="1")])
    bank = books.reopen(workers=0)
    assert [each.command for each in bank.tallies("", "")] == ["open_account"]
    bank = books.reopen()
    done(bank, "deposit", account="ADA", amount="1")
    assert outcomes(bank.tallies("", ""))["deposit", "COMPLETED", ""] == (2, 2)


def test_a_whole_day_is_counted_alike_wherever_indexing_stops(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    day(books.bank)
    everywhere(books, monkeypatch, lambda bank: [*bank.tallies("", "")])
    recorded = len(
        {(each.id, each.attempt) for each in books.bank.transactions(Query(limit=500)).items}
    )
    counted = sum(each.count for each in books.bank.tallies("", ""))
    # The one that was retried had an outcome before.
    assert counted == recorded + 1


# What happened


def ids(page: Page) -> list[int]:
    return [int(each.id[1:]) for each in page.items]


def paged(ask: Callable[[Query], Page], query: Query) -> list[int]:
    found: list[int] = []
    cursor = -1
    while cursor:
        page = ask(replace(query, cursor=max(cursor, 0)))
        assert len(page.items) <= query.limit
        found += ids(page)
        cursor = page.next
    return found


@pytest.mark.seed("C4")
@pytest.mark.parametrize("candidates", [2, 200])
def test_c4_the_activity_of_a_customer_is_that_of_their_accounts(
    books: Books, monkeypatch: pytest.MonkeyPatch, candidates: int
) -> None:
    monkeypatch.setattr(indexes, "CANDIDATES_AT_ONCE", candidates)
    bank = books.bank
    done(bank, "register_customer", name="Ada")
    done(bank, "register_customer", name="Eve")
    for name, owner in (("ONE", "C00000001"), ("TWO", "C00000001"), ("EVE", "C00000002")):
        done(bank, "open_account", name=name, account=name, owners=owner, initial_deposit="10")
    between = done(bank, "transfer", source="ONE", target="TWO", amount="1")
    do(bank, "withdraw", account="TWO", amount="99")
    done(bank, "deposit", account="EVE", amount="1")
    done(bank, "set_status", account="TWO", status="frozen", reason="lost card")
    done(bank, "set_owners", account="EVE", owners="C00000002", users="C00000001")
    done(bank, "change_customer", customer="C00000001", address="Elsewhere 1")
    ada = [1, 3, 4, 5, 6, 7, 8, 9, 10, 11]

    def of_ada(query: Query) -> Page:
        return books.bank.activity("C00000001", query)

    for again in books.before_and_after():
        assert ids(of_ada(Query(order="oldest"))) == ada
        for limit in (1, 2, 3, 4, 50):
            assert paged(of_ada, Query(order="oldest", limit=limit)) == ada
            assert paged(of_ada, Query(limit=limit)) == ada[::-1]
        assert ids(again.activity("C00000001", Query(status="FAILED"))) == [7]
        assert ids(again.activity("C00000002", Query(order="oldest"))) == [2, 5, 8, 10]
    shape = next(each for each in of_ada(Query()).items if each.id == between.id).to_dict()
    assert [shape[name] for name in ("actor", "command", "completed_at")] == [
        "local",
        "transfer",
        between.completed_at,
    ]
    # Whose account is another's now sees it no more, and who has it sees all of it.
    done(books.bank, "set_status", account="TWO", status="active", reason="found")
    done(books.bank, "set_owners", account="TWO", owners="C00000002")
    done(books.bank, "set_owners", account="EVE", owners="C00000002")
    for again in books.before_and_after():
        assert ids(again.activity("C00000001", Query(order="oldest"))) == [1, 3, 6, 11]
        assert 7 in ids(again.activity("C00000002", Query()))
        with pytest.raises(NotFound, match="There is no customer C00000009"):
            again.activity("C00000009", Query())


def test_the_history_of_an_account_is_also_that_of_those_merged_into_it(books: Books) -> None:
    bank = books.bank
    for name in "ABC":
        done(bank, "open_account", name=name, account=name * 3, initial_deposit="9")
    done(bank, "withdraw", account="AAA", amount="1")
    done(bank, "merge_accounts", source="AAA", target="BBB")
    done(bank, "withdraw", account="BBB", amount="2")
    done(bank, "merge_accounts", source="BBB", target="CCC")
    done(bank, "deposit", account="AAA", amount="4")
    for again in books.before_and_after():
        assert ids(again.history(Query(account="CCC", order="oldest"))) == [*range(1, 9)]
        assert paged(again.history, Query(account="CCC", limit=3)) == [*range(8, 0, -1)]
        assert ids(again.history(Query(account="BBB", order="oldest"))) == [1, 2, 4, 5, 6, 7]
        assert ids(again.transactions(Query(account="CCC", order="oldest"))) == [3, 7, 8]
        assert sorted(again.store.merged_into("CCC")) == ["AAA", "BBB"]


def test_one_transaction_on_two_accounts_of_a_customer_is_listed_once(bank: Bank) -> None:
    done(bank, "register_customer", name="Ada")
    for name in ("ONE", "TWO"):
        done(bank, "open_account", name=name, account=name, owners="C00000001",
             initial_deposit="10")  # fmt: skip
    for _ in range(3):
        submitted(bank, *(ticket("transfer", source="ONE", target="TWO", amount="1")
                          for _ in range(2)))  # fmt: skip
    found = paged(lambda query: bank.activity("C00000001", query), Query(limit=2))
    assert found == [*range(9, 0, -1)]
