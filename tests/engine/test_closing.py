"""Closing: what was accepted is finished; after the deadline the rest stays PENDING."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Thread

import pytest

from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.engine.processor import decide_batch
from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.errors import Busy, DiskFull
from SimpleBankingSystem.stores.memory import MemoryStore
from tests.banks import DEADLINE, TickingClock, asked, code, do, done, ticket, wait_until
from tests.engine.conftest import Gate, with_accounts
from tests.engine.test_deciding import FaultyStore


def test_a_stop_finishes_what_was_taken(bank: Bank, gate: Gate) -> None:
    bank.submit([ticket("pause", account="RICH")])
    gate.wait_reached()
    tickets = [ticket("deposit", account="POOR", amount="1") for _ in range(50)]
    latch = bank.submit(tickets)
    closing = Thread(target=bank.close, daemon=True)
    closing.start()
    gate.opened.set()
    closing.join(DEADLINE)
    assert latch.wait(0)
    assert {code(each.transaction()) for each in tickets} == {"COMPLETED"}
    with pytest.raises(Busy, match="stopping"):
        do(bank, "deposit", account="POOR", amount="1")
    with pytest.raises(Busy, match="stopping"):
        bank.accept(asked("deposit", account="POOR", amount="1"))
    assert bank.account("POOR").balance == 50
    bank.close()


def test_after_the_deadline_the_rest_stays_pending_and_is_done_at_the_next_start(
    bank: Bank, store: MemoryStore, clock: TickingClock, gate: Gate
) -> None:
    failed = do(bank, "withdraw", account="POOR", amount="1")
    bank.submit([ticket("pause", account="RICH"), ticket("pause", account="POOR")])
    gate.wait_reached()
    accepted = bank.accept(asked("deposit", account="POOR", amount="1"))
    waiting = [
        ticket("deposit", key="k", account="POOR", amount="2"),
        ticket("deposit", group="g", account="POOR", amount="3"),
        ticket("withdraw", group="g", account="POOR", amount="1"),
    ]
    latch = bank.submit(waiting)
    answers: list[str] = []
    retrying = Thread(target=lambda: answers.append(bank.retry(failed.id).status), daemon=True)
    retrying.start()
    wait_until(lambda: len(bank._queue._tickets) == 4)  # two deposits, a group, the retry
    closing = Thread(target=bank.close, args=(0.01,), daemon=True)
    closing.start()
    assert latch.wait(DEADLINE)
    retrying.join(DEADLINE)
    assert [each.transaction().status for each in waiting] == ["PENDING"] * 3
    assert answers == ["PENDING"]
    gate.opened.set()
    closing.join(DEADLINE)
    pending = store.pending()
    assert [each.id for each in pending] == [accepted.id, *(each.id for each in waiting), failed.id]
    assert [each.attempt for each in pending] == [1, 1, 1, 1, 2]

    with Bank(store, clock=clock) as reopened:
        assert do(reopened, "deposit", key="k", account="POOR", amount="2").id == waiting[0].id
        done(reopened, "deposit", account="RICH", amount="1")
        assert reopened._queue.wait_idle(DEADLINE)
        assert [code(reopened.transaction(each.id)) for each in pending] == ["COMPLETED"] * 5
        assert reopened.account("POOR").balance == 1 + 2 + 3 - 1 - 1
    assert not store.pending()


def test_what_was_half_decided_stays_pending_too(
    bank: Bank, store: MemoryStore, clock: TickingClock
) -> None:
    """A group that touched a name it did not hold waits with what it is, not what it was."""
    bank.close()
    with Bank(store, workers=0, clock=clock) as stopped:
        members = [
            ticket("deposit", group="g", account="RICH", amount="1"),
            ticket("deposit", group="g", account="POOR", amount="1"),
        ]
        stopped.submit(members)
        (first,) = stopped._queue._tickets
        first.names = ("RICH",)
        stopped._queue._workers = 1
        batch = stopped._queue.take()
        assert batch is not None
        book = Book(store, batch.names, "EUR", clock())
        decided, again = decide_batch(batch.tickets, book, clock())
        assert (decided, again) == ([], [first])
        stopped._queue.release(batch, decided, again)
        stopped.close(0)
    assert [each.status for each in store.pending()] == ["PENDING", "PENDING"]
    assert store.account("RICH").balance == 100  # type: ignore[union-attr]
    with Bank(store, clock=clock):
        pass
    assert store.account("RICH").balance == 101  # type: ignore[union-attr]


def test_where_the_rest_cannot_be_recorded_everybody_is_told(clock: TickingClock) -> None:
    store = FaultyStore(clock)
    with Bank(store, clock=clock) as bank:
        with_accounts(bank)
    bank = Bank(store, workers=0, clock=clock)
    waiting = ticket("deposit", account="POOR", amount="1")
    latch = bank.submit([waiting])
    store.faults.append(DiskFull("No room."))
    bank.close(0)
    assert latch.wait(0)
    with pytest.raises(DiskFull):
        waiting.transaction()


def test_accepting_while_the_bank_stops_keeps_it_for_the_next_start(clock: TickingClock) -> None:
    class StoppingStore(MemoryStore):
        """Lets the bank stop right after the commit that accepts."""

        stop = False

        def commit(self, tickets: Sequence[Ticket], accounts: Mapping[str, Account]) -> None:
            super().commit(tickets, accounts)
            if self.stop:
                bank._queue.close()

    store = StoppingStore(clock)
    bank = Bank(store, clock=clock)
    with_accounts(bank)
    store.stop = True
    accepted = bank.accept(asked("deposit", account="POOR", amount="1"))
    assert accepted.status == "PENDING"
    store.stop = False
    bank.close()
    with Bank(store, clock=clock):
        pass
    assert store.account("POOR").balance == 1  # type: ignore[union-attr]


def test_a_stop_waits_for_the_batch_that_a_client_carries_out(
    clock: TickingClock, gate: Gate
) -> None:
    class Witness(MemoryStore):
        """Notes in which order it is used."""

        used: tuple[str, ...] = ()

        def commit(self, tickets: Sequence[Ticket], accounts: Mapping[str, Account]) -> None:
            super().commit(tickets, accounts)
            self.used = (*self.used, tickets[0].command.verb)

        def close(self) -> None:
            self.used = (*self.used, "closed")

    store = Witness(clock)
    bank = Bank(store, clock=clock)
    with_accounts(bank)
    client = Thread(target=done, args=(bank, "pause"), kwargs={"account": "RICH"}, daemon=True)
    client.start()
    gate.wait_reached()
    closing = Thread(target=bank.close, args=(0,), daemon=True)
    closing.start()
    wait_until(lambda: len(bank._queue._idle._waiters) > 0)  # type: ignore[attr-defined]
    assert "closed" not in store.used
    gate.opened.set()
    closing.join(DEADLINE)
    client.join(DEADLINE)
    assert store.used[-2:] == ("pause", "closed")
