"""Whoever waits works; and Ctrl-C waits for the batch."""

from __future__ import annotations

import signal
from collections.abc import Callable, Collection, Iterator
from decimal import Decimal
from threading import Thread, current_thread

import pytest

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.account import internal_id
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.fields import AccountId
from SimpleBankingSystem.ledger.working_copy import Look
from SimpleBankingSystem.stores.memory import MemoryStore
from tests.banks import DEADLINE, TickingClock, asked, done, ticket, wait_until
from tests.engine.conftest import Gate, with_accounts


@pytest.fixture
def witness(registry: None) -> list[Thread]:
    """Declare the verb ``witness``, whose command pays 1.00 in and notes which thread decides."""
    seen: list[Thread] = []

    @command("witness", surfaces=False)
    class Witness(Command):
        """Note the thread."""

        account: AccountId

        def accounts(self, look: Look) -> Collection[str]:
            return (self.account,)

        def apply(self, book: Book) -> None:
            book.post(internal_id("CASH", "EUR"), self.account, Decimal(1))
            seen.append(current_thread())

    return seen


@pytest.fixture
def interrupting(registry: None) -> Callable[[signal.Signals], None]:
    """Declare the verb ``interrupted``: somebody sends a signal while it is decided."""
    chosen = [signal.SIGINT]

    @command("interrupted", surfaces=False)
    class Interrupted(Command):
        """Pay 1.00 in, and be interrupted before that is durable."""

        account: AccountId

        def accounts(self, look: Look) -> Collection[str]:
            return (self.account,)

        def apply(self, book: Book) -> None:
            book.post(internal_id("CASH", "EUR"), self.account, Decimal(1))
            signal.raise_signal(chosen[0])

    return lambda how: chosen.__setitem__(0, how)


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM])
def how(
    request: pytest.FixtureRequest, interrupting: Callable[[signal.Signals], None]
) -> Iterator[signal.Signals]:
    """A signal that the program answers with KeyboardInterrupt, as ``bank`` does."""
    sent: signal.Signals = request.param
    interrupting(sent)
    before = signal.signal(sent, signal.default_int_handler)
    yield sent
    assert signal.signal(sent, before) is signal.default_int_handler


def test_whoever_waits_for_a_command_decides_it(bank: Bank, witness: list[Thread]) -> None:
    done(bank, "witness", account="POOR")
    bank.carry_out([ticket("witness", account="POOR")])
    assert witness == [current_thread()] * 2


def test_what_nobody_waits_for_a_worker_decides(bank: Bank, witness: list[Thread]) -> None:
    latch = bank.submit([ticket("witness", account="POOR")])
    assert latch.wait(DEADLINE)
    bank.accept(asked("witness", account="POOR"))
    assert bank._queue.wait_idle(DEADLINE)
    assert len(witness) == 2
    assert current_thread() not in witness


def test_what_has_to_wait_for_its_turn_a_worker_decides(
    bank: Bank, gate: Gate, witness: list[Thread]
) -> None:
    """One batch is out at a time where there is one worker, whoever decides it."""
    first = Thread(target=done, args=(bank, "pause"), kwargs={"account": "RICH"}, daemon=True)
    second = Thread(target=done, args=(bank, "witness"), kwargs={"account": "POOR"}, daemon=True)
    first.start()
    gate.wait_reached()
    second.start()
    wait_until(lambda: len(bank._queue._tickets) == 1)
    assert not witness
    gate.opened.set()
    first.join(DEADLINE)
    second.join(DEADLINE)
    assert len(witness) == 1
    assert witness[0] is not second


def test_ctrl_c_waits_until_the_batch_is_in_the_books(bank: Bank, how: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt):
        done(bank, "interrupted", account="POOR")
    assert bank.account("POOR").balance == 1
    assert bank.verify().problems == []
    done(bank, "deposit", account="POOR", amount="1")


def test_after_ctrl_c_a_worker_finishes_what_was_submitted(
    store: MemoryStore, clock: TickingClock, how: signal.Signals, witness: list[Thread]
) -> None:
    with Bank(store, batch=1, clock=clock) as bank:
        with_accounts(bank)
        tickets: list[Ticket] = [
            ticket("interrupted", account="POOR"),
            *(ticket("witness", account="POOR") for _ in range(3)),
        ]
        with pytest.raises(KeyboardInterrupt):
            bank.carry_out(tickets)
        assert [each.transaction().status for each in tickets] == ["COMPLETED"] * 4
    assert len(witness) == 3
    assert current_thread() not in witness


def test_a_program_that_ignores_ctrl_c_goes_on_doing_so(
    bank: Bank, interrupting: Callable[[signal.Signals], None]
) -> None:
    interrupting(signal.SIGINT)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        done(bank, "interrupted", account="POOR")
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert bank.account("POOR").balance == 1
