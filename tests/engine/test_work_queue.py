"""The work queue: in order, nothing overtaken, bounded, and how it ends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from random import Random
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from SimpleBankingSystem.commands.ticket import Latch, Ticket
from SimpleBankingSystem.engine.work_queue import Batch, WorkQueue
from SimpleBankingSystem.ledger.errors import Busy
from tests.banks import DEADLINE, ticket, wait_until


def ticket_on(*names: str, members: int = 0) -> Ticket:
    """Return a ticket that locks names, the first of a group of so many members."""
    made = ticket("deposit", account="A00000001", amount="1")
    made.names = names
    made.members = [made, *(ticket_on() for _ in range(members - 1))] if members else ()
    return made


def queue_of(*tickets: Ticket, capacity: int = 100, batch: int = 100) -> WorkQueue:
    queue = WorkQueue(capacity, batch, workers=10)
    queue.put(tickets, wait=False)
    return queue


def taken(queue: WorkQueue) -> Batch:
    batch = queue.take()
    assert batch is not None
    return batch


def in_thread(work: Callable[[], object]) -> Thread:
    thread = Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_a_batch_is_taken_in_order_up_to_its_size() -> None:
    tickets = [ticket_on(f"N{number}") for number in range(5)]
    queue = queue_of(*tickets, batch=3)
    first, second = taken(queue), taken(queue)
    assert (first.tickets, first.names) == (tickets[:3], {"N0", "N1", "N2"})
    assert (second.tickets, second.names) == (tickets[3:], {"N3", "N4"})


def test_one_batch_may_hold_many_commands_on_the_same_account() -> None:
    tickets = [ticket_on("A"), ticket_on("A", "B"), ticket_on("B")]
    assert taken(queue_of(*tickets)).tickets == tickets


def test_who_waits_reserves_its_names_and_nothing_overtakes() -> None:
    a, a_and_b, b, c, c_again = (ticket_on(*names) for names in ("A", "AB", "B", "C", "C"))
    queue = queue_of(a, batch=1)
    first = taken(queue)
    queue.put([a_and_b, b, c, c_again], wait=False)
    assert taken(queue).tickets == [c]
    queue.release(first, [a], [])
    assert taken(queue).tickets == [a_and_b]
    assert queue.drain() == [b, c_again]


def test_what_goes_again_comes_first() -> None:
    tickets = [ticket_on("A"), ticket_on("B"), ticket_on("A")]
    queue = queue_of(*tickets, batch=2)
    batch = taken(queue)
    queue.release(batch, [], batch.tickets)
    assert taken(queue).tickets == tickets[:2]


def test_a_group_is_never_cut() -> None:
    alone, group, later = ticket_on("A"), ticket_on("B", members=5), ticket_on("C")
    queue = queue_of(alone, group, later, batch=2)
    assert taken(queue).tickets == [alone, group]
    assert taken(queue).tickets == [later]


def test_it_is_bounded_and_says_busy() -> None:
    queue = queue_of(ticket_on("A", members=2), capacity=3)
    with queue.admitting(1):
        pass
    queue.put([ticket_on("B")], wait=False)
    with pytest.raises(Busy, match="full"), queue.admitting(1):
        pytest.fail("it was let in")
    with pytest.raises(Busy, match="full"):
        queue.put([ticket_on("C")], wait=False)
    taken(queue)
    queue.put([ticket_on("D", members=3)], wait=False)


def test_what_is_larger_than_the_whole_queue_is_let_in_alone() -> None:
    group = ticket_on("A", members=5)
    queue = queue_of(group, capacity=2)
    assert taken(queue).tickets == [group]


def test_who_waits_for_room_gets_it() -> None:
    queue = queue_of(ticket_on("A"), capacity=1)

    def put() -> None:
        queue.put([ticket_on("B")], wait=True)
        queue.rouse()

    waiting = in_thread(put)
    assert taken(queue).names == {"A"}
    assert taken(queue).names == {"B"}
    waiting.join(DEADLINE)
    assert not waiting.is_alive()


def test_room_is_given_back_to_what_goes_again() -> None:
    queue = queue_of(ticket_on("A"), capacity=1)
    batch = taken(queue)
    queue.release(batch, [], batch.tickets)
    with pytest.raises(Busy):
        queue.put([ticket_on("B")], wait=False)


def test_closed_it_takes_nothing_and_hands_out_the_rest() -> None:
    queue = queue_of(ticket_on("A"), capacity=1)
    refusals: list[Busy] = []

    def put() -> None:
        try:
            queue.put([ticket_on("B")], wait=True)
        except Busy as refusal:
            refusals.append(refusal)

    waiting = in_thread(put)
    queue.close()
    waiting.join(DEADLINE)
    assert [str(refusal) for refusal in refusals] == [
        "The bank is stopping and takes no new commands."
    ]
    last = taken(queue)
    assert last.names == {"A"}
    queue.release(last, last.tickets, [])
    assert queue.take() is None


def test_a_worker_that_waits_is_woken_by_work_by_release_and_by_the_end() -> None:
    queue = WorkQueue(10, 1, workers=1)
    batches: list[Batch | None] = []

    def work() -> None:
        while batches[-1:] != [None]:
            batches.append(queue.take())
            if batches[-1] is not None:
                queue.release(batches[-1], batches[-1].tickets, [])

    worker = in_thread(work)
    latch = Latch(3)
    for _ in range(3):
        made = ticket_on("A")
        made.latch = latch
        queue.put([made], wait=False)
        queue.rouse()
    assert latch.wait(DEADLINE)
    queue.close()
    worker.join(DEADLINE)
    assert [batch and batch.names for batch in batches] == [{"A"}] * 3 + [None]


def test_a_worker_whose_accounts_are_all_held_waits_for_their_release() -> None:
    queue = queue_of(ticket_on("A"), ticket_on("A"), batch=1)
    first = taken(queue)
    found: list[Batch] = []
    waiting = in_thread(lambda: found.append(taken(queue)))
    queue.release(first, first.tickets, [])
    waiting.join(DEADLINE)
    assert [batch.names for batch in found] == [{"A"}]


def test_idle_is_when_nothing_waits_and_nobody_works() -> None:
    queue = queue_of(ticket_on("A"))
    assert not queue.wait_idle(0)
    batch = taken(queue)
    assert not queue.wait_idle(0)
    idle: list[bool] = []
    waiting = in_thread(lambda: idle.append(queue.wait_idle(DEADLINE)))
    queue.release(batch, batch.tickets, [])
    waiting.join(DEADLINE)
    assert idle == [True]


def test_draining_leaves_nothing() -> None:
    tickets = [ticket_on("A"), ticket_on("B")]
    queue = queue_of(*tickets, capacity=2)
    assert queue.drain() == tickets
    assert queue.wait_idle(0)
    with queue.admitting(2):
        assert not queue.wait_idle(0)
    assert queue.wait_idle(0)


def test_workers_stay_as_long_as_a_batch_is_out_that_may_give_tickets_back() -> None:
    queue = queue_of(ticket_on("A"))
    out = taken(queue)
    queue.close()
    found: list[Batch | None] = []
    worker = in_thread(lambda: found.append(queue.take()))
    wait_until(lambda: bool(queue._changed._waiters))  # type: ignore[attr-defined]
    queue.release(out, [], out.tickets)
    worker.join(DEADLINE)
    assert found[0] is not None
    assert found[0].tickets == out.tickets
    queue.release(found[0], out.tickets, [])
    assert queue.take() is None


def test_what_is_owed_goes_along_with_the_next_batch_and_nothing_overtakes_it() -> None:
    queue = queue_of(ticket_on("A", "B"), batch=1)
    first = taken(queue)
    queue.release(first, [], [], first.tickets)
    assert queue.take_now() is None
    later = [ticket_on("B"), ticket_on("A"), ticket_on("C")]
    queue.put(later, wait=False)
    second = taken(queue)
    assert second.tickets == [*first.tickets, later[0]]
    assert taken(queue).tickets == [later[2]]
    queue.release(second, second.tickets, [])
    assert taken(queue).tickets == [later[1]]


def test_what_is_owed_waits_where_nothing_else_is_free() -> None:
    last = ticket_on("A", "B")
    queue = queue_of(ticket_on("A"), ticket_on("B"), last, batch=1)
    first, second = taken(queue), taken(queue)
    queue.release(first, [], [], first.tickets)
    assert queue.take_now() is None
    queue.release(second, second.tickets, [])
    assert taken(queue).tickets == [*first.tickets, last]


NAMES = st.lists(st.sampled_from("ABCD"), min_size=1, max_size=3, unique=True)


@given(st.lists(NAMES, max_size=20), st.randoms(use_true_random=False))
def test_per_name_the_order_of_taking_is_that_of_putting(
    wanted: list[list[str]], random: Random
) -> None:
    queue = WorkQueue(1000, random.randint(1, 4), workers=10)
    order: dict[str, list[Ticket]] = defaultdict(list)
    finished: dict[str, list[Ticket]] = defaultdict(list)
    working: list[Batch] = []
    waiting = [ticket_on(*names) for names in wanted]
    for each in waiting:
        for name in each.names:
            order[name].append(each)
    while waiting or queue._tickets or working:
        step = random.choice("ptr")
        if step == "p" and waiting:
            queue.put([waiting.pop(0)], wait=False)
        elif step == "t" and queue._tickets:
            batch = queue._take_free()
            held = [name for other in working for name in other.names]
            assert batch.names.isdisjoint(held)
            if batch.tickets:
                queue._working += 1
                working.append(batch)
        elif step == "r" and working:
            batch = working.pop(random.randrange(len(working)))
            kept = random.randint(0, len(batch.tickets))
            for each in batch.tickets[:kept]:
                for name in each.names:
                    finished[name].append(each)
            queue.release(batch, batch.tickets[:kept], batch.tickets[kept:])
    assert finished == order
    assert queue.wait_idle(0)
