"""Retry: the same transaction, one attempt more, four attempts at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from threading import Event, Thread

import pytest

from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.engine.retry import ticket_for
from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.ledger.errors import (
    BankError,
    Busy,
    NotFailed,
    NotFound,
    NotRetryable,
    RetriesUsedUp,
)
from SimpleBankingSystem.ledger.transaction import MOVES, Transaction
from SimpleBankingSystem.stores.memory import MemoryStore
from tests.banks import DEADLINE, TickingClock, code, do, done, submitted, ticket, wait_until
from tests.engine.conftest import Gate, with_accounts


@pytest.mark.seed("A3")
def test_a_retry_is_the_same_transaction_one_attempt_later(bank: Bank) -> None:
    failed = do(bank, "transfer", source="POOR", target="RICH", amount="5", description="rent")
    done(bank, "deposit", account="POOR", amount="5")
    retried = bank.retry(failed.id)
    assert (retried.id, retried.attempt, code(retried)) == (failed.id, 2, "COMPLETED")
    assert (retried.description, retried.created_at) == ("rent", failed.created_at)
    assert retried.seq > failed.seq
    assert retried.completed_at > failed.completed_at
    assert bank.transaction(failed.id) == retried
    assert len(retried.postings) == 1
    assert bank.account("POOR").balance == 0


@pytest.mark.seed("A3")
def test_there_are_three_retries(bank: Bank) -> None:
    failed = do(bank, "withdraw", account="POOR", amount="5")
    for attempt in (2, 3, 4):
        again = bank.retry(failed.id)
        assert (code(again), again.attempt) == ("insufficient_funds", attempt)
    with pytest.raises(RetriesUsedUp, match="was tried 4 times"):
        bank.retry(failed.id)
    assert bank.retry_all() == {"retried": 0, "completed": 0, "failed": 0}
    assert bank.transaction(failed.id).attempt == 4


def test_what_cannot_be_retried(bank: Bank) -> None:
    completed = done(bank, "deposit", account="POOR", amount="5")
    with pytest.raises(NotFailed, match="COMPLETED, not FAILED"):
        bank.retry(completed.id)
    exists = do(bank, "open_account", name="Rich", account="RICH")
    with pytest.raises(NotRetryable, match="account_exists"):
        bank.retry(exists.id)
    with pytest.raises(NotFound, match="T00000099999"):
        bank.retry("T00000099999")


def test_a_second_failure_tells_its_own_reason_and_the_first_is_kept(bank: Bank) -> None:
    failed = do(bank, "withdraw", account="NOBODY", amount="5")
    done(bank, "open_account", name="Nobody", account="NOBODY")
    assert code(failed) == "account_not_found"
    assert code(bank.retry(failed.id)) == "insufficient_funds"
    journal = bank.store._journal  # type: ignore[attr-defined]
    assert [code(each) for each in journal if each.id == failed.id] == [
        "account_not_found",
        "insufficient_funds",
    ]


@pytest.mark.seed("A4")
def test_retry_all_takes_what_may_help_in_its_order(bank: Bank) -> None:
    amounts = ("3", "1", "2")
    failed = [do(bank, "withdraw", account="POOR", amount=amount) for amount in amounts]
    do(bank, "open_account", name="Rich", account="RICH")
    done(bank, "deposit", account="POOR", amount="4")
    assert bank.retry_all() == {"retried": 3, "completed": 2, "failed": 1}
    assert [code(bank.transaction(each.id)) for each in failed] == [
        "COMPLETED",
        "COMPLETED",
        "insufficient_funds",
    ]


def test_retry_all_shares_a_commit(clock: TickingClock) -> None:
    class Counting(MemoryStore):
        """Counts its commits."""

        commits = 0

        def commit(self, tickets: Sequence[Ticket], accounts: Mapping[str, Account]) -> None:
            super().commit(tickets, accounts)
            self.commits += 1

    store = Counting(clock)
    with Bank(store, clock=clock) as bank:
        with_accounts(bank)
        submitted(bank, *(ticket("withdraw", account="POOR", amount="1") for _ in range(9)))
        done(bank, "deposit", account="POOR", amount="5")
        before = store.commits
        assert bank.retry_all() == {"retried": 9, "completed": 5, "failed": 4}
        assert store.commits == before + 1


def test_retry_all_passes_over_what_somebody_else_retries(bank: Bank, gate: Gate) -> None:
    failed = do(bank, "withdraw", account="POOR", amount="5")
    bank.submit([ticket("pause", account="POOR")])
    gate.wait_reached()
    answers: list[Transaction] = []
    retrying = Thread(target=lambda: answers.append(bank.retry(failed.id)), daemon=True)
    retrying.start()
    wait_until(lambda: failed.id in bank._under_way._retries)
    with pytest.raises(NotFailed, match="being retried already"):
        bank.retry(failed.id)
    assert bank.retry_all() == {"retried": 0, "completed": 0, "failed": 0}
    gate.opened.set()
    retrying.join(DEADLINE)
    assert [each.attempt for each in answers] == [2]
    assert bank.retry(failed.id).attempt == 3


def test_many_who_retry_at_once_move_the_money_once() -> None:
    clock = TickingClock()
    with Bank(MemoryStore(clock), workers=4, clock=clock) as bank:
        done(bank, "open_account", name="Poor", account="POOR", overdraft_limit="10")
        failed = do(bank, "withdraw", account="POOR", amount="100")
        done(bank, "set_overdraft_limit", account="POOR", overdraft_limit="1000")
        answers: list[str] = []

        def retry() -> None:
            try:
                answers.append(code(bank.retry(failed.id)))
            except BankError as refusal:
                answers.append(refusal.code)

        threads = [Thread(target=retry, daemon=True) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
        assert sorted(answers) == ["COMPLETED"] + ["not_failed"] * 11
        assert bank.account("POOR").balance == -100


def test_a_retry_is_refused_by_a_bank_that_stops(bank: Bank) -> None:
    failed = do(bank, "withdraw", account="POOR", amount="5")
    bank.close()
    for _ in range(2):
        with pytest.raises(Busy):
            bank.retry(failed.id)


def test_only_a_command_can_be_carried_on(bank: Bank) -> None:
    recorded = done(bank, "deposit", account="POOR", amount="5")
    object.__setattr__(recorded, "command", "archive")
    with pytest.raises(TypeError, match="archive is not a command"):
        ticket_for(recorded)


@pytest.mark.seed("A3")
def test_every_recorded_move_is_a_legal_one(bank: Bank) -> None:
    failed = do(bank, "withdraw", account="POOR", amount="5")
    bank.retry(failed.id)
    done(bank, "deposit", account="POOR", amount="5")
    bank.retry(failed.id)
    submitted(bank, ticket("deposit", account="NOBODY", amount="1"))
    statuses: dict[str, list[str]] = {}
    for each in bank.store._journal:  # type: ignore[attr-defined]
        statuses.setdefault(each.id, []).append(each.status)
    for recorded in statuses.values():
        path = "PENDING PROCESSING " + " PENDING PROCESSING ".join(recorded)
        steps = path.split()
        assert set(pairwise(steps)) <= MOVES
        assert "COMPLETED" not in recorded[:-1]


def test_others_do_not_wait_while_a_retry_looks_its_transaction_up(
    bank: Bank, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = do(bank, "withdraw", account="POOR", amount="5")
    found, asked, goes_on = store.transaction, Event(), Event()

    def slow(transaction_id: str) -> Transaction | None:
        asked.set()
        assert goes_on.wait(DEADLINE)
        return found(transaction_id)

    monkeypatch.setattr(store, "transaction", slow)
    retrying = Thread(target=bank.retry, args=(failed.id,))
    retrying.start()
    assert asked.wait(DEADLINE)
    done(bank, "deposit", account="POOR", amount="5")
    goes_on.set()
    retrying.join(DEADLINE)
    assert bank.account("POOR").balance == 0
