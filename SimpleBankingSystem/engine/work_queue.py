"""The work queue: bounded, in order, handing out batches whose accounts are free.

A lock on an account is membership of its name in one set under the queue's mutex. Nobody waits
while holding a name, so there is no deadlock; a command whose account is not free stays where it
is *and reserves its names*, so nothing overtakes it on any of its accounts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition, Lock

from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.ledger.errors import Busy

FULL = "The queue is full; try again in a moment."


@dataclass(slots=True)
class Batch:
    """What one worker decides and commits at once, with the names that it holds meanwhile."""

    tickets: list[Ticket]
    names: set[str]


class WorkQueue:
    """A queue of tickets with per-account locks.

    ``capacity`` bounds the commands that wait, ``batch`` those that one ``take`` hands out; a
    group is never cut, so a batch may be larger by one group. ``workers`` bounds the batches that
    are out at a time.
    """

    def __init__(self, capacity: int, batch: int, workers: int) -> None:
        self._capacity = capacity
        self._batch = batch
        self._workers = workers
        self._tickets: deque[Ticket] = deque()
        self._waiting = 0
        self._held: set[str] = set()
        self._closed = False
        self._mutex = Lock()
        self._changed = Condition(self._mutex)
        self._room = Condition(self._mutex)
        self._idle = Condition(self._mutex)
        self._working = 0
        self._admitting = 0
        self._owed: list[Ticket] = []

    def put(self, tickets: Sequence[Ticket], *, wait: bool) -> None:
        """Queue tickets, all or none, each a command alone or the first of its group.

        With ``wait`` the caller waits for room, which is how a command file is slowed to the
        bank's pace; one submission larger than the whole queue is let in once the queue is empty.
        Nobody is called to take them: the caller does so itself, or calls a worker by ``rouse``.

        Raises:
            Busy: there is no room, or the bank is stopping.
        """
        size = sum([len(ticket.members) or 1 for ticket in tickets])
        with self._mutex:
            while wait and not self._closed and self._is_full(size):
                self._room.wait()
            self._check_room(size)
            self._tickets.extend(tickets)
            self._waiting += size

    def rouse(self) -> None:
        """Call a worker to what is queued."""
        with self._mutex:
            self._changed.notify()

    @contextmanager
    def admitting(self, size: int) -> Iterator[None]:
        """Refuse what would not fit now, before it is recorded; a stop waits until it is.

        Raises:
            Busy: there is no room, or the bank is stopping.
        """
        with self._mutex:
            self._check_room(size)
            self._admitting += 1
        try:
            yield
        finally:
            with self._mutex:
                self._admitting -= 1
                self._idle.notify_all()

    def _check_room(self, size: int) -> None:
        if self._closed:
            raise Busy("The bank is stopping and takes no new commands.")
        if self._is_full(size):
            raise Busy(FULL)

    def _is_full(self, size: int) -> bool:
        return self._waiting > 0 and self._waiting + size > self._capacity

    def take(self) -> Batch | None:
        """Wait for commands whose accounts are free; None once the queue is closed and empty."""
        with self._mutex:
            while True:
                batch = self._take()
                if batch is not None:
                    return batch
                # A batch that is still out may give tickets back.
                if self._closed and not self._tickets and not self._working:
                    return None
                self._changed.wait()

    def take_now(self) -> Batch | None:
        """Return commands whose accounts are free; None if there are none or enough hands."""
        with self._mutex:
            return self._take()

    def _take(self) -> Batch | None:
        if not self._tickets or self._working >= self._workers:
            return None
        batch = self._take_free()
        if not batch.tickets:
            return None
        self._working += 1
        self._room.notify_all()
        if self._tickets:
            self._changed.notify()
        return batch

    def _take_free(self) -> Batch:
        """Hand out what is free and, before it so that nothing overtakes, what is owed."""
        taken: list[Ticket] = []
        held, tickets = self._held, self._tickets
        size = 0
        passed: list[Ticket] = []
        reserved: set[str] = set()
        while tickets and size < self._batch:
            ticket = tickets.popleft()
            names = ticket.names
            if (held and not held.isdisjoint(names)) or (passed and not reserved.isdisjoint(names)):
                passed.append(ticket)
                reserved.update(names)
            else:
                taken.append(ticket)
                size += len(ticket.members) or 1
        tickets.extendleft(reversed(passed))
        self._waiting -= size
        if taken and self._owed:
            taken = [*self._owed, *taken]
            self._owed = []
        mine: set[str] = set().union(*[ticket.names for ticket in taken])
        held |= mine
        return Batch(taken, mine)

    def release(
        self,
        batch: Batch,
        done: Sequence[Ticket],
        again: Sequence[Ticket],
        owed: Sequence[Ticket] = (),
    ) -> None:
        """Give a batch's names back, answer what is done, put the rest back at the front.

        What is ``owed`` found no room on the disk: it waits until there is another batch to go
        along with.
        """
        with self._mutex:
            self._answer(done)
            self._held -= batch.names
            self._owed += owed
            self._tickets.extendleft(reversed(again))
            self._waiting += sum([len(ticket.members) or 1 for ticket in again])
            self._working -= 1
            if self._tickets:
                self._changed.notify()
            elif self._closed:
                self._changed.notify_all()
            self._idle.notify_all()

    def answer(self, tickets: Sequence[Ticket]) -> None:
        """Tell whoever waits for tickets that they are done with."""
        with self._mutex:
            self._answer(tickets)

    def _answer(self, tickets: Sequence[Ticket]) -> None:
        for ticket in tickets:
            latch = ticket.latch
            if latch is not None:
                latch.count -= 1
                if latch.count == 0:
                    latch.open()

    def close(self) -> None:
        """Refuse new commands; what is queued is still handed out."""
        with self._mutex:
            self._closed = True
            self._changed.notify_all()
            self._room.notify_all()

    def wait_idle(self, seconds: float | None = None) -> bool:
        """Wait until nothing is queued or being decided; False if that took too long."""
        with self._mutex:
            return self._idle.wait_for(self._is_idle, seconds)

    def _is_idle(self) -> bool:
        return not (self._tickets or self._working or self._admitting)

    def drain(self) -> list[Ticket]:
        """Take out everything that waits, for a stop whose time is up."""
        with self._mutex:
            left = list(self._tickets)
            self._tickets.clear()
            self._waiting = 0
            self._changed.notify_all()
            return left
