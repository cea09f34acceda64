"""Deciding a batch: what goes again, what raises, what the store refuses."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from threading import Thread

import pytest

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.engine.processor import decide_batch
from SimpleBankingSystem.engine.tickets import grouped
from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.errors import BankError, DiskFull
from SimpleBankingSystem.ledger.fields import AccountId
from SimpleBankingSystem.ledger.transaction import COMPLETED, PENDING
from SimpleBankingSystem.ledger.working_copy import Look, Record
from SimpleBankingSystem.stores.memory import MemoryStore
from tests.banks import (
    DEADLINE,
    TickingClock,
    asked,
    balances,
    code,
    do,
    done,
    submitted,
    ticket,
    wait_until,
)
from tests.engine.conftest import Gate, with_accounts

NOW = "2026-06-01T00:00:00.000000Z"


def on(made: Ticket, *names: str) -> Ticket:
    made.id, made.names = f"T{id(made)}", names
    return made


def book_holding(bank: Bank, tickets: Sequence[Ticket]) -> Book:
    return Book(bank.store, {name for each in tickets for name in each.names}, "EUR", NOW)


def test_what_touches_a_name_it_does_not_hold_goes_again_and_who_comes_after_it_too(
    bank: Bank,
) -> None:
    done(bank, "open_account", name="Other", account="OTHER", initial_deposit="50")
    first = on(ticket("deposit", account="RICH", amount="1"), "RICH")
    short = on(ticket("transfer", source="RICH", target="POOR", amount="5"), "RICH")
    after_source = on(ticket("withdraw", account="RICH", amount="2"), "RICH")
    after_target = on(ticket("deposit", account="POOR", amount="3"), "POOR")
    after_both = on(ticket("transfer", source="POOR", target="OTHER", amount="1"), "POOR", "OTHER")
    after_that = on(ticket("withdraw", account="OTHER", amount="1"), "OTHER")
    tickets = [first, short, after_source, after_target, after_both, after_that]
    short_names = set(short.names)
    book = book_holding(bank, [first, short, after_source])
    decided, again = decide_batch(tickets[:3], book, NOW)
    assert (decided, again) == ([first], [short, after_source])
    assert set(short.names) == {*short_names, "POOR"}
    assert (short.status, short.started_at, list(short.postings)) == (PENDING, "", [])
    assert book.accounts["RICH"].balance == Decimal("101.00")

    short.names = ("RICH",)
    unlucky = [short, after_target, after_both, after_that]
    holding = {"RICH", "OTHER"}
    decided, again = decide_batch(unlucky, Book(bank.store, holding, "EUR", NOW), NOW)
    assert (decided, again) == ([], unlucky)


def test_a_group_that_goes_again_leaves_nothing_behind(bank: Bank) -> None:
    members = [
        on(ticket("deposit", account="RICH", amount="1", group="g"), "RICH"),
        on(ticket("deposit", account="POOR", amount="1", group="g"), "RICH"),
    ]
    (first,) = grouped(members)
    book = book_holding(bank, members)
    decided, again = decide_batch([first], book, NOW)
    assert (decided, again) == ([], [first])
    assert [each.status for each in members] == [PENDING, PENDING]
    assert [list(each.postings) for each in members] == [[], []]
    assert book.accounts["RICH"].balance == Decimal("100.00")
    assert set(first.names) == {"RICH", "POOR"}
    decided, again = decide_batch([first], book_holding(bank, [first]), NOW)
    assert ([each.status for each in decided], again) == ([COMPLETED, COMPLETED], [])


def test_a_reversal_of_what_was_not_yet_known_goes_again(bank: Bank) -> None:
    """Its hint is taken before the transaction is published, so it lacks the accounts."""
    paid = done(bank, "transfer", source="RICH", target="POOR", amount="60")
    blind = on(ticket("reverse", transaction=paid.id), paid.id)
    for missing in ("POOR", "RICH"):
        decided, again = decide_batch([blind], book_holding(bank, [blind]), NOW)
        assert (decided, again) == ([], [blind])
        assert missing in blind.names
    decided, again = decide_batch([blind], book_holding(bank, [blind]), NOW)
    assert (code(blind.transaction()), again) == ("COMPLETED", [])


def test_effects_of_a_batch_do_not_mix(bank: Bank) -> None:
    tickets = [
        ticket("deposit", account="RICH", amount="1"),
        ticket("open_account", name="New", account="NEW", initial_deposit="5"),
        ticket("set_overdraft_limit", account="POOR", overdraft_limit="7"),
        ticket("reverse", transaction="T00000000001"),
        ticket("deposit", account="POOR", amount="1"),
    ]
    submitted(bank, *tickets)
    counts = [(len(each.postings), len(each.puts), len(each.claims)) for each in tickets]
    assert counts == [(1, 0, 0), (1, 1, 0), (0, 1, 0), (1, 0, 1), (1, 0, 0)]


def test_a_command_that_raises_fails_and_the_worker_lives_on(
    bank: Bank, explode: list[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    before = balances(bank)
    explode.append(ZeroDivisionError("by a test"))
    with caplog.at_level(logging.ERROR):
        failed = do(bank, "explode", account="RICH")
    assert code(failed) == "internal_error"
    assert failed.error is not None
    assert failed.id in failed.error.message
    assert failed.id in caplog.text
    assert "ZeroDivisionError: by a test" in caplog.text
    assert balances(bank) == before
    assert code(do(bank, "deposit", account="RICH", amount="1")) == "COMPLETED"
    assert code(bank.retry(failed.id)) == "COMPLETED"


def test_in_a_batch_only_the_one_that_raises_fails(bank: Bank, explode: list[Exception]) -> None:
    explode.append(KeyError("by a test"))
    outcomes = submitted(
        bank,
        ticket("deposit", account="RICH", amount="1"),
        ticket("explode", account="RICH"),
        ticket("deposit", account="RICH", amount="1"),
    )
    assert [code(each) for each in outcomes] == ["COMPLETED", "internal_error", "COMPLETED"]
    assert bank.account("RICH").balance == Decimal("102.00")


class FaultyStore(MemoryStore):
    """Refuses commits with the faults that it is given, the last first."""

    def __init__(self, clock: TickingClock) -> None:
        super().__init__(clock)
        self.faults: list[Exception] = []

    def commit(self, tickets: Sequence[Ticket], accounts: Mapping[str, Account]) -> None:
        if self.faults:
            raise self.faults.pop()
        super().commit(tickets, accounts)


@pytest.fixture
def faulty(clock: TickingClock) -> FaultyStore:
    return FaultyStore(clock)


@pytest.mark.parametrize(
    ("fault", "expected"), [(DiskFull("No room."), "disk_full"), (OSError(5), "internal_error")]
)
def test_what_the_store_refuses_reaches_everybody_in_the_batch(
    faulty: FaultyStore,
    clock: TickingClock,
    fault: Exception,
    expected: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Bank(faulty, clock=clock) as bank:
        done(bank, "open_account", name="Rich", account="RICH", initial_deposit="100")
        before = balances(bank)
        faulty.faults.append(fault)
        tickets = [ticket("deposit", account="RICH", amount="1", key=f"k{n}") for n in range(3)]
        assert bank.submit(tickets).wait(DEADLINE)
        for each in tickets:
            with pytest.raises(BankError) as refused:
                each.transaction()
            assert refused.value.code == expected
        assert balances(bank) == before
        assert "not committed" in caplog.text or "incident" in caplog.text
        again = do(bank, "deposit", account="RICH", amount="1", key="k0")
        assert code(again) == "COMPLETED"


def test_who_waits_for_a_key_is_told_that_its_command_was_refused(
    faulty: FaultyStore, clock: TickingClock, gate: Gate
) -> None:
    with Bank(faulty, clock=clock) as bank:
        done(bank, "open_account", name="Poor", account="POOR")
        bank.submit([ticket("pause", account="POOR")])
        gate.wait_reached()
        leader = ticket("deposit", key="k", account="POOR", amount="1")
        latch = bank.submit([leader])
        follower = ticket("deposit", key="k", account="POOR", amount="1")
        waiting = Thread(target=lambda: bank.carry_out([follower]), daemon=True)
        waiting.start()
        wait_until(lambda: follower.leader is leader)
        faulty.faults = [DiskFull("No room."), DiskFull("No room.")]
        gate.opened.set()
        assert latch.wait(DEADLINE)
        waiting.join(DEADLINE)
        with pytest.raises(DiskFull):
            follower.transaction()


def test_what_the_store_s_fault_kept_out_is_not_accepted(
    faulty: FaultyStore, clock: TickingClock, caplog: pytest.LogCaptureFixture
) -> None:
    with Bank(faulty, clock=clock) as bank:
        command = asked("open_account", name="Rich", account="RICH")
        faulty.faults.append(RuntimeError("by a test"))
        with pytest.raises(RuntimeError, match="by a test"):
            bank.accept(command, key="k")
        assert "RuntimeError: by a test" in caplog.text
        assert bank.accept(command, key="k").status == "PENDING"


def test_the_store_s_own_fault_is_logged_with_an_incident(
    faulty: FaultyStore, clock: TickingClock, caplog: pytest.LogCaptureFixture
) -> None:
    with Bank(faulty, clock=clock) as bank:
        faulty.faults.append(RuntimeError("by a test"))
        with pytest.raises(BankError, match=r"incident T00000000001-batch"):
            do(bank, "open_account", name="Rich")
    assert "incident T00000000001-batch" in caplog.text
    assert "RuntimeError: by a test" in caplog.text


class BlindStore(MemoryStore):
    """Cannot read its products, as often as it is told."""

    blind = 0

    def every(self, record: type[Record]) -> Sequence[Record]:
        if self.blind:
            self.blind -= 1
            raise OSError(5, "by a test")
        return super().every(record)


def test_a_batch_that_cannot_be_decided_is_refused_and_let_go(
    clock: TickingClock, caplog: pytest.LogCaptureFixture
) -> None:
    store = BlindStore(clock)
    with Bank(store, clock=clock) as bank:
        with_accounts(bank)
        store.blind = 1
        with pytest.raises(BankError, match="incident T00000000003-batch"):
            do(bank, "deposit", key="k", account="POOR", amount="1")
        assert "by a test" in caplog.text
        done(bank, "deposit", key="k", account="POOR", amount="1")


def test_a_command_that_cannot_name_its_accounts_fails_alone(
    bank: Bank, registry: None, caplog: pytest.LogCaptureFixture
) -> None:
    @command("nameless", surfaces=False)
    class Nameless(Command):
        """Have a fault."""

        account: AccountId

        def accounts(self, look: Look) -> Collection[str]:
            raise KeyError(self.account)

        def apply(self, book: Book) -> None:
            book.account(self.account)
            self.accounts(book.look)

    outcomes = submitted(
        bank,
        ticket("deposit", account="RICH", amount="1"),
        ticket("nameless", account="RICH"),
        ticket("deposit", account="RICH", amount="1"),
    )
    assert [code(each) for each in outcomes] == ["COMPLETED", "internal_error", "COMPLETED"]
    assert "could not name its accounts" in caplog.text


def test_accepted_work_waits_for_room_on_the_disk(faulty: FaultyStore, clock: TickingClock) -> None:
    """Guarantee 13: what was accepted is never dropped."""
    with Bank(faulty, clock=clock) as bank:
        with_accounts(bank)

        class FullOnce(list[Exception]):
            """Lets the commit that accepts through, and refuses the one that carries out."""

            def __bool__(self) -> bool:
                self.asked = getattr(self, "asked", 0) + 1
                return self.asked == 2

        faulty.faults = FullOnce([DiskFull("No room.")])
        accepted = bank.accept(asked("deposit", account="POOR", amount="1"), key="k")
        wait_until(lambda: bool(bank._queue._owed))
        assert bank.accept(asked("deposit", account="POOR", amount="1"), key="k") == accepted
        done(bank, "deposit", account="RICH", amount="1")
        assert bank._queue.wait_idle(DEADLINE)
        assert bank.transaction(accepted.id).status == "COMPLETED"
        assert bank.account("POOR").balance == 1


def test_commands_are_queued_while_a_batch_is_being_committed(
    bank: Bank, store: MemoryStore
) -> None:
    with store._section:
        latch = bank.submit([ticket("deposit", account="POOR", amount="1") for _ in range(3)])
        assert not latch.wait(0)
    assert latch.wait(DEADLINE)
