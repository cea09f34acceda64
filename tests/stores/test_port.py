"""Guarantee 12: one suite for every store, since each gives the same answers."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.entities import ENTITIES
from SimpleBankingSystem.ledger.run import Run
from SimpleBankingSystem.ledger.transaction import Transaction
from SimpleBankingSystem.stores.base import Query
from SimpleBankingSystem.stores.memory import MemoryStore
from tests.banks import TickingClock, asked, balances, code, do, done, submitted, ticket
from tests.stores.a_day import day
from tests.stores.conftest import Books


def everything(bank: Bank) -> dict[str, object]:
    """Return all that can be asked of the books, to be compared."""
    store = bank.store

    known = [each.key for each in bank.transactions(Query(limit=500)).items if each.key]

    def shown(found: Iterable[Transaction | None]) -> list[object]:
        return [each and (each.to_dict(), each.fields, each.postings) for each in found]

    ids = [each.id for each in bank.transactions(Query(limit=500)).items]
    return {
        "accounts": [each.to_dict() for each in bank.accounts()],
        "internal": {each.id: each.to_dict() for each in bank.accounts(internal=True)},
        "transactions": shown(map(bank.transaction, ids)),
        "lists": {
            account.id: shown(bank.transactions(Query(account=account.id, limit=500)).items)
            for account in bank.accounts(internal=True)
        },
        "failed": shown(store.failed()),
        "pending": shown(store.pending()),
        "groups": [shown(store.group_of(bank.transaction(each))) for each in ids],
        "keys": shown(store.by_key(key) for key in ("k1", "k2", "unused", *known)),
        "entities": {kind: store.every(record) for kind, record in ENTITIES.items()},
        "run": store.find(Run, "R000001"),
        "numbers": [store.last_number("A"), store.last_number("C")],
        "sums": bank.verify().problems,
    }


def test_an_empty_store_answers_nothing(books: Books) -> None:
    store = books.store
    assert [*store.accounts(internal=True), *store.every(Run), *store.pending()] == []
    assert (store.account("A00000001"), store.transaction("T00000000001")) == (None, None)
    assert (store.by_key("k"), store.claimed("k"), store.find(Run, "R000001")) == (
        None,
        False,
        None,
    )
    assert store.load(["A00000001"]) == {}
    assert store.balance_at("A00000001", "2030-01-01") is None
    page = store.transactions(Query())
    assert (list(page.items), page.next) == ([], 0)
    assert list(store.failed()) == []
    assert store.last_number("A") == 0
    assert 1 not in store.lines_done("R000001")
    assert store.verify().problems == []


def test_what_was_answered_is_what_is_recorded(bank: Bank) -> None:
    answered: list[Transaction] = [
        done(bank, "open_account", name="Rich", account="RICH", initial_deposit="100"),
        do(
            bank,
            "deposit",
            account="RICH",
            amount="1.5",
            key="k",
            tags="a b",
            value_date="2020-02-29",
        ),
        do(bank, "withdraw", account="NOBODY", amount="1.5", reference="r", description="=1"),
        do(bank, "set_overdraft_limit", account="RICH", overdraft_limit="0.5"),
        *submitted(bank, ticket("deposit", group="g", account="RICH", amount="1")),
    ]
    for each in answered:
        recorded = bank.transaction(each.id)
        assert recorded.to_dict() == each.to_dict()
        assert (recorded.fields, recorded.postings) == (each.fields, each.postings)


def test_the_books_are_the_same_when_opened_again(books: Books) -> None:
    day(books.bank)
    before = everything(books.bank)
    assert before["sums"] == []
    assert everything(books.reopen()) == before
    books.bank.archive()
    assert everything(books.bank) == before
    assert everything(books.reopen()) == before


def test_every_store_gives_the_same_answers(books: Books) -> None:
    clock = TickingClock()
    with Bank(MemoryStore(clock), clock=clock) as memory:
        assert day(memory) == day(books.bank)
        answers = everything(books.bank)
        for name, answer in everything(memory).items():
            assert answers[name] == answer, name


def test_life_goes_on_after_opening_again_and_archiving(books: Books) -> None:
    day(books.bank)
    books.bank.archive()
    bank = books.reopen()
    newest = bank.transactions(Query(limit=1)).items[0]
    then = bank.by_key("k1")
    assert do(bank, "deposit", account="A00000001", amount="1.5", key="k1",
              value_date="2020-02-29") == then  # fmt: skip
    opened = done(bank, "open_account", name="Next")
    assert (opened.target, opened.seq) == ("A00000002", newest.seq + 1)
    assert opened.id > newest.id
    paid = next(each for each in bank.transactions(Query(limit=500)).items if each.tags)
    assert code(do(bank, "reverse", transaction=paid.id)) == "already_reversed"
    failed = bank.by_key("k2")
    done(bank, "open_account", name="Nobody", account="NOBODY", initial_deposit="3")
    assert code(bank.retry(failed.id)) == "COMPLETED"
    assert bank.by_key("k2").attempt == 2
    before = everything(bank)
    assert everything(books.reopen()) == before


def test_accounts_are_listed_in_the_order_of_opening(bank: Bank) -> None:
    submitted(bank, *(ticket("open_account", name=name, account=name) for name in ("ZO", "AB")))
    done(bank, "deposit", account="AB", amount="1")
    done(bank, "open_account", name="M")
    done(bank, "deposit", account="ZO", amount="1")
    assert [each.id for each in bank.accounts()] == ["ZO", "AB", "A00000001"]
    assert set(bank.store.load(["AB", "NO", "CASH.EUR"])) >= {"AB"}
    assert "NO" not in bank.store.load(["NO"])


def test_seq_has_no_gap_and_time_never_runs_back(books: Books) -> None:
    bank, clock = books.bank, books.clock
    day(bank)
    clock.move(days=-30)
    late = done(bank, "deposit", account="RICH", amount="1")
    rows = list(reversed(bank.transactions(Query(limit=500)).items))
    retried = sum(max(1, len(each.postings)) for each in rows if each.attempt == 1)
    assert rows[-1] == late
    assert late.seq >= retried
    times = [each.completed_at for each in rows]
    assert times == sorted(times)
    reopened = books.reopen()
    later = done(reopened, "deposit", account="RICH", amount="1")
    assert later.completed_at >= late.completed_at
    assert later.seq == late.seq + 1


def test_numbers_are_never_given_twice(books: Books) -> None:
    store = books.store
    first = store.number(5)
    assert store.number(1) == first + 5
    last = done(books.bank, "open_account", name="Ada").id
    assert f"T{books.reopen().store.number(1):011d}" > last


@pytest.mark.seed("D4")
def test_d4_the_balance_at_a_past_moment(books: Books) -> None:
    bank, clock = books.bank, books.clock
    moments = [clock()]
    for verb, texts in [
        ("open_account", {"name": "Ada", "account": "ADA", "overdraft_limit": "50"}),
        ("deposit", {"account": "ADA", "amount": "10"}),
        ("withdraw", {"account": "ADA", "amount": "40"}),
        ("withdraw", {"account": "ADA", "amount": "1000"}),
        ("deposit", {"account": "ADA", "amount": "30"}),
    ]:
        done_or_failed = do(bank, verb, **texts)
        moments.append(done_or_failed.completed_at)
        clock.move(days=1)
    expected = [None, "0.00", "10.00", "-30.00", "-30.00", "0.00"]

    def read() -> list[str | None]:
        found = [bank.store.balance_at("ADA", moment) for moment in moments]
        return [None if balance is None else str(balance) for balance in found]

    assert read() == expected
    done(bank, "withdraw", account="ADA", amount="40")
    assert str(bank.balance("ADA", at="2999-01-01")) == "-40.00"
    assert str(bank.balance("CASH.EUR", at=moments[2])) == "-10.00"
    bank.archive()
    assert read() == expected
    bank = books.reopen()
    assert read() == expected


def test_what_failed_is_in_the_order_in_which_it_failed_last(bank: Bank) -> None:
    done(bank, "open_account", name="Poor", account="POOR")
    failed = [do(bank, "withdraw", account="POOR", amount=amount).id for amount in "123"]
    assert [each.id for each in bank.store.failed()] == failed
    bank.retry(failed[0])
    assert [each.id for each in bank.store.failed()] == [failed[1], failed[2], failed[0]]
    done(bank, "deposit", account="POOR", amount="2")
    bank.retry(failed[1])
    assert [(each.id, each.attempt) for each in bank.store.failed()] == [
        (failed[2], 1),
        (failed[0], 2),
    ]


def test_what_is_pending_is_known_until_its_outcome(books: Books) -> None:
    done(books.bank, "open_account", name="Ada", account="ADA")
    bank = books.reopen(workers=0)
    accepted = [
        bank.accept(asked("deposit", account="ADA", amount=amount), key=f"k{amount}")
        for amount in "12"
    ]
    assert list(bank.store.pending()) == accepted
    assert [bank.transaction(each.id) for each in accepted] == accepted
    bank.archive()
    assert list(books.reopen(workers=0).store.pending()) == accepted
    assert books.bank.by_key("k2") == accepted[1]
    assert list(books.bank.transactions(Query(status="PENDING")).items) == accepted[::-1]
    bank = books.reopen()
    done(bank, "deposit", account="ADA", amount="3")
    assert [code(bank.transaction(each.id)) for each in accepted] == ["COMPLETED"] * 2
    assert balances(bank)["ADA"] == 6
    bank.archive()
    assert list(books.reopen().store.pending()) == []


def test_lines_of_a_run_are_known_whatever_became_of_them(books: Books) -> None:
    done(books.bank, "open_account", name="Ada", account="ADA")
    bank = books.reopen(workers=0)
    tickets = [ticket("deposit", account="ADA", amount=amount) for amount in ("1", "0.001", "3")]
    for line, each in enumerate(tickets, 1):
        each.run, each.line = "R000007", line
    bank.submit(tickets[2:])
    bank = books.reopen(workers=0)
    assert [line in bank.lines_done("R000007") for line in (1, 2, 3)] == [False, False, True]
    bank = books.reopen()
    submitted(bank, *tickets[:2])
    for again in books.before_and_after():
        assert all(line in again.lines_done("R000007") for line in (1, 2, 3))
        assert 4 not in again.lines_done("R000007")
        assert 1 not in again.lines_done("R000008")
    recorded = [each for each in books.bank.transactions(Query()).items if each.run]
    assert sorted((each.run, each.line) for each in recorded) == [
        ("R000007", 1),
        ("R000007", 2),
        ("R000007", 3),
    ]


def test_members_of_a_group_are_found_by_any_of_them(books: Books) -> None:
    done(books.bank, "open_account", name="Ada", account="ADA")
    groups = [
        submitted(
            books.bank,
            *(ticket("deposit", group=name, account="ADA", amount="1") for _ in range(3)),
        )
        for name in ("g", "h", "g")
    ]
    alone = done(books.bank, "deposit", account="ADA", amount="1")
    for bank in books.before_and_after():
        for members in groups:
            for each in members:
                assert list(bank.store.group_of(each)) == members
        assert list(bank.store.group_of(alone)) == [alone]


def test_groups_of_one_name_in_one_commit_are_told_apart(books: Books) -> None:
    done(books.bank, "open_account", name="Ada", account="ADA")
    bank = books.reopen(workers=0)
    for amount in "12":
        bank.submit([ticket("withdraw", group="g", account="ADA", amount=amount) for _ in "ab"])
    bank = books.reopen(workers=0)
    pending = bank.store.pending()
    assert len(pending) == 4
    for members in (pending[:2], pending[2:]):
        for each in members:
            assert list(bank.store.group_of(each)) == members
    bank = books.reopen()
    done(bank, "deposit", account="ADA", amount="2")
    failed = [each.id for each in pending]
    assert code(bank.retry(failed[0])) == "COMPLETED"
    attempts = [bank.transaction(each).attempt for each in failed]
    assert attempts == [2, 2, 1, 1]


@pytest.mark.parametrize("archived", [False, True])
def test_once_only_names_are_known_for_ever(books: Books, archived: bool) -> None:
    opened = done(books.bank, "open_account", name="Ada", initial_deposit="5")
    undone = ticket("reverse", transaction=opened.id)
    submitted(books.bank, undone)
    (claim,) = undone.claims
    if archived:
        books.bank.archive()
    for bank in books.before_and_after():
        assert bank.store.claimed(claim)
        assert not bank.store.claimed("another")


def test_runs_are_in_the_order_of_their_start(books: Books) -> None:
    for run_id in ("R000002", "R000001"):
        done(books.bank, "start_run", run_id=run_id, name=run_id, digest="d", first_line="=f")
    done(books.bank, "finish_run", run_id="R000002", completed="5", failed="0", rejected="1")
    for bank in books.before_and_after():
        assert [each.id for each in bank.runs()] == ["R000002", "R000001"]
        first = bank.runs()[0]
        assert isinstance(first, Run)
        assert (first.status, first.completed, first.first_line) == ("finished", 5, "=f")
        assert bank.store.find(Run, "R000001") == bank.runs()[1]


def test_one_batch_is_published_at_once(bank: Bank) -> None:
    """Whoever reads all accounts never sees money that has left one and reached none."""
    done(bank, "open_account", name="Ada", account="ADA", initial_deposit="1000")
    done(bank, "open_account", name="Bob", account="BOB")
    latches = [
        bank.submit([ticket("transfer", source="ADA", target="BOB", amount="1") for _ in range(5)])
        for _ in range(40)
    ]
    while not all(latch.wait(0) for latch in latches):
        assert sum(each.balance for each in bank.accounts()) == 1000


def test_the_report_of_a_snapshot_and_of_the_books(bank: Bank) -> None:
    day(bank)
    assert bank.snapshot()["accounts"] == len(bank.accounts(internal=True))
    report = bank.verify()
    assert report.problems == []
    assert report.facts
