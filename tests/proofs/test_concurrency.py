"""Guarantee 11: in order per account, whoever works, whenever it is whose turn.

A schedule is one order in which clients and workers take their steps, drawn from a seed. They are
steps of one thread, so a schedule that fails is played again by its seed.
"""

from __future__ import annotations

from random import Random
from threading import Thread

import pytest

from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.stores.base import Query
from SimpleBankingSystem.stores.memory import MemoryStore
from tests.banks import DEADLINE, TickingClock, asked, balances, code, done, ticket, wait_until
from tests.guarantees import Proved
from tests.proof_level import figure
from tests.proofs.players import ACCOUNTS, assert_in_order, drawn_command, staffed

AT_ONCE = 20
"""Schedules in one test: few enough for a failure to be found, many enough to be quick."""


def command_list(random: Random) -> list[list[Ticket]]:
    """Return what one client submits, in some submissions; half of the transfers will fail."""
    submissions: list[list[Ticket]] = []
    for number in range(random.randint(4, 12)):
        made = [ticket(**drawn_command(random)) for _ in range(random.randint(1, 5))]
        if random.random() < 0.3:
            for each in made:
                each.group = f"g{number}"
        submissions.append(made)
    return submissions


def played(seed: int, workers: int) -> tuple[dict[str, object], list[str]]:
    """Play one schedule; return the final books and what became of each command."""
    clock = TickingClock()
    store = MemoryStore(clock)
    with Bank(store, clock=clock) as bank:
        for name in ACCOUNTS:
            done(bank, "open_account", name=name, account=name, initial_deposit="100")
    submissions = command_list(Random(seed))
    turns = Random(seed * 1000 + workers)
    bank = Bank(store, workers=0, batch=turns.randint(1, 8), clock=clock)
    everybody = staffed(bank, workers)
    waiting = list(submissions)
    while waiting or not bank._queue.wait_idle(0):
        chosen = turns.randrange(-1, workers)
        if chosen >= 0:
            everybody[chosen].step()
        elif waiting:
            bank.submit(waiting.pop(0))
    tickets = [each for made in submissions for each in made]
    assert_in_order(tickets)
    assert bank.verify().problems == []
    bank.close()
    return dict(balances(bank)), [code(each.transaction()) for each in tickets]


@pytest.mark.seed("A6")
@pytest.mark.parametrize("first", range(0, figure("schedules"), AT_ONCE))
def test_any_number_of_workers_comes_to_the_same_books(first: int, proved: Proved) -> None:
    for seed in range(first, first + AT_ONCE):
        alone = played(seed, 1)
        for workers in (2, 8):
            assert played(seed, workers) == alone, (seed, workers)
    if first + AT_ONCE >= figure("schedules"):
        proved(f"{figure('schedules'):,} schedules of 1, 2 and 8 workers")


def test_the_schedules_are_no_formality() -> None:
    """They complete and refuse, open what others guess, and let workers meet on accounts."""
    outcomes = {outcome for seed in range(20) for outcome in played(seed, 2)[1]}
    assert {"COMPLETED", "insufficient_funds", "account_not_found", "group_failed"} <= outcomes


@pytest.mark.parametrize("workers", [1, 8])
def test_real_threads_under_stress(workers: int) -> None:
    clock = TickingClock()
    clients = 8
    with Bank(MemoryStore(clock), workers=workers, batch=7, queue=50, clock=clock) as bank:
        for number in range(clients):
            done(bank, "open_account", name="x", account=f"C{number}", initial_deposit="1000")
        sent: list[list[Ticket]] = [[] for _ in range(clients)]
        seen: list[bool] = []

        def client(number: int) -> None:
            random = Random(number)
            latches = []
            for _ in range(30):
                other = random.choice([each for each in range(clients) if each != number])
                command = asked("transfer", source=f"C{number}", target=f"C{other}", amount="1")
                made = [Ticket(command) for _ in range(5)]
                sent[number] += made
                latches.append(bank.submit(made, wait=True))
            assert all(latch.wait(DEADLINE) for latch in latches)

        def reader() -> None:
            while not all(len(each) == 150 for each in sent):
                seen.append(sum(each.balance for each in bank.accounts()) == clients * 1000)

        threads = [Thread(target=client, args=(number,), daemon=True) for number in range(clients)]
        threads.append(Thread(target=reader, daemon=True))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
        wait_until(lambda: bank._queue.wait_idle(0))
        assert all(seen)
        for made in sent:
            assert [code(each.transaction()) for each in made] == ["COMPLETED"] * 150
            assert [each.seq for each in made] == sorted(each.seq for each in made)
        assert bank.verify().problems == []
        assert sum(each.balance for each in bank.accounts()) == clients * 1000
        newest = bank.transactions(Query(limit=1)).items[0]
        assert newest.seq == clients + clients * 150
