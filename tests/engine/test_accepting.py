"""Accepting: durable and PENDING at once, the outcome later, whatever stops in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.ledger.errors import Busy, DiskFull, KeyReused
from SimpleBankingSystem.stores.memory import MemoryStore
from tests.banks import DEADLINE, TickingClock, asked, code, do, done, submitted, ticket
from tests.engine.conftest import Gate, with_accounts


def statuses(store: MemoryStore, transaction_id: str) -> list[str]:
    return [each.status for each in store._journal if each.id == transaction_id]


def test_it_is_pending_and_durable_at_once_and_gets_its_outcome(
    bank: Bank, store: MemoryStore, gate: Gate
) -> None:
    bank.submit([ticket("pause", account="POOR")])
    gate.wait_reached()
    accepted = bank.accept(asked("deposit", account="POOR", amount="5"), key="k")
    assert (accepted.status, accepted.postings, accepted.completed_at) == ("PENDING", (), "")
    assert bank.transaction(accepted.id) == accepted
    assert store.pending() == [accepted]
    gate.opened.set()
    (after,) = submitted(bank, ticket("deposit", account="POOR", amount="1"))
    outcome = bank.transaction(accepted.id)
    assert (code(outcome), outcome.id) == ("COMPLETED", accepted.id)
    assert outcome.seq < after.seq
    assert statuses(store, accepted.id) == ["PENDING", "COMPLETED"]
    assert not store.pending()


def test_what_it_returns_is_pending_however_fast_the_worker_is(bank: Bank) -> None:
    command = asked("deposit", account="POOR", amount="1")
    assert {bank.accept(command).status for _ in range(200)} == {"PENDING"}


def test_a_repeated_key_answers_the_accepted_one(bank: Bank, gate: Gate) -> None:
    command = asked("deposit", account="POOR", amount="5")
    bank.submit([ticket("pause", account="POOR")])
    gate.wait_reached()
    accepted = bank.accept(command, key="k")
    assert bank.accept(command, key="k") == accepted
    with pytest.raises(KeyReused):
        bank.accept(asked("deposit", account="POOR", amount="6"), key="k")
    gate.opened.set()
    completed = do(bank, "deposit", account="POOR", amount="5", key="k")
    assert (completed.id, code(completed)) == (accepted.id, "COMPLETED")
    assert bank.accept(command, key="k") == completed
    assert bank.account("POOR").balance == 5


def test_the_key_of_one_that_is_executed_is_waited_for(bank: Bank, gate: Gate) -> None:
    bank.submit([ticket("pause", account="POOR")])
    gate.wait_reached()
    leader = ticket("deposit", key="k", account="POOR", amount="5")
    bank.submit([leader])
    gate.opened.set()
    answered = bank.accept(asked("deposit", account="POOR", amount="5"), key="k")
    assert (answered.id, code(answered)) == (leader.id, "COMPLETED")


def test_a_full_queue_refuses_before_anything_is_written(gate: Gate) -> None:
    """Guarantee 13."""
    clock = TickingClock()
    store = MemoryStore(clock)
    with Bank(store, queue=1, clock=clock) as bank:
        with_accounts(bank)
        bank.submit([ticket("pause", account="POOR")])
        gate.wait_reached()
        bank.submit([ticket("deposit", account="POOR", amount="1")])
        rows = len(store._journal)
        with pytest.raises(Busy):
            bank.accept(asked("deposit", account="POOR", amount="5"), key="k")
        assert len(store._journal) == rows
        gate.opened.set()
        assert bank._queue.wait_idle(DEADLINE)
        assert bank.accept(asked("deposit", account="POOR", amount="5"), key="k")


class FullStore(MemoryStore):
    """Has no room for the deposit of 13.00."""

    full = True

    def commit(self, tickets: Sequence[Ticket], accounts: Mapping[str, Account]) -> None:
        if self.full and any(getattr(each.command, "amount", 0) == 13 for each in tickets):
            raise DiskFull("No room.")
        super().commit(tickets, accounts)


def test_what_the_store_refuses_is_not_accepted() -> None:
    clock = TickingClock()
    store = FullStore(clock)
    with Bank(store, clock=clock) as bank:
        with_accounts(bank)
        command = asked("deposit", account="POOR", amount="13")
        with pytest.raises(DiskFull):
            bank.accept(command, key="k")
        store.full = False
        assert bank.accept(command, key="k").status == "PENDING"
    assert store.account("POOR").balance == 13  # type: ignore[union-attr]


def test_what_is_pending_at_a_start_is_carried_out_first() -> None:
    clock = TickingClock()
    store = MemoryStore(clock)
    with Bank(store, clock=clock) as bank:
        with_accounts(bank)
    with Bank(store, workers=0, clock=clock) as stopped:
        accepted = [
            stopped.accept(asked("deposit", account="POOR", amount="5"), key="k"),
            stopped.accept(asked("withdraw", account="POOR", amount="6")),
        ]
        stopped.close(0)
    assert store.pending() == accepted
    with Bank(store, queue=1, clock=clock) as bank:
        assert do(bank, "deposit", account="POOR", amount="5", key="k").id == accepted[0].id
        done(bank, "deposit", account="POOR", amount="1")
        assert [code(bank.transaction(each.id)) for each in accepted] == [
            "COMPLETED",
            "insufficient_funds",
        ]
        assert bank.account("POOR").balance == 6
        assert bank.retry(accepted[1].id).attempt == 2
