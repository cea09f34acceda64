"""The processor: takes a batch, decides it on a book, commits it once, lets go of its accounts.

Whoever waits for an answer does this work meanwhile, for itself and for all that is queued: a
command then costs no change of threads, and while one thread waits for the disk, the next batch
gathers. The workers are there for what nobody waits for, or nobody is free to do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Thread
from time import perf_counter

from SimpleBankingSystem.clock import Clock
from SimpleBankingSystem.commands.ticket import Latch, Ticket
from SimpleBankingSystem.engine.interrupts import uninterrupted
from SimpleBankingSystem.engine.pace import Pace
from SimpleBankingSystem.engine.tickets import members_of
from SimpleBankingSystem.engine.work_queue import Batch, WorkQueue
from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.errors import BankError, DiskFull, GroupFailed, InternalError
from SimpleBankingSystem.ledger.transaction import COMPLETED, FAILED, PROCESSING
from SimpleBankingSystem.ledger.working_copy import NotHeldError
from SimpleBankingSystem.stores.base import Store

log = logging.getLogger(__name__)


class Processor:
    """Worker threads that carry batches from the queue to the store; any number is correct.

    ``finished`` is told of every ticket that is done, after publishing and before its accounts
    are free again.
    """

    def __init__(
        self,
        queue: WorkQueue,
        store: Store,
        currency: str,
        clock: Clock,
        finished: Callable[[Sequence[Ticket]], None],
    ) -> None:
        self._queue = queue
        self._store = store
        self._currency = currency
        self._clock = clock
        self._finished = finished
        self._threads: list[Thread] = []
        self.pace = Pace()

    def start(self, workers: int) -> None:
        """Start the workers."""
        for number in range(workers):
            thread = Thread(target=self._work, name=f"worker-{number + 1}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def join(self, seconds: float | None = None) -> None:
        """Wait until the workers have left, which they do once the queue is closed and empty."""
        for thread in self._threads:
            thread.join(seconds)

    def _work(self) -> None:
        while (batch := self._queue.take()) is not None:
            self._carry_out(batch)

    def work_until(self, latch: Latch) -> None:
        """Carry out batches until a latch opens; after an interrupt, leave the rest to a worker."""
        try:
            while not latch.wait(0):
                with uninterrupted():
                    batch = self._queue.take_now()
                    if batch is not None:
                        self._carry_out(batch)
                if batch is None:
                    latch.wait()
        except BaseException:
            self._queue.rouse()
            latch.wait()
            raise

    def _carry_out(self, batch: Batch) -> None:
        for _ in self.steps(batch):
            pass

    def steps(self, batch: Batch) -> Iterator[None]:
        """Decide a batch, commit it and let go of it, whatever goes wrong on the way.

        Between two steps others may do whatever they like, as they do where threads take turns.
        """
        try:
            now = self._clock()
            book = Book(self._store, batch.names, self._currency, now)
            decided, again = decide_batch(batch.tickets, book, now)
        except Exception as fault:  # noqa: BLE001 - it is logged, and everybody is told
            decided, again = members_of(batch.tickets), []
            refuse(decided, fault)
        else:
            yield
            self.commit(decided, book.accounts)
        yield
        owed = [ticket for ticket in batch.tickets if is_owed(ticket)]
        if owed:
            decided = [ticket for ticket in decided if not is_owed(ticket)]
            for ticket in members_of(owed):
                ticket.undecide()
        self._finished(decided)
        self._queue.release(batch, decided, again, owed)

    def commit(self, decided: Sequence[Ticket], accounts: Mapping[str, Account]) -> None:
        """Commit, or tell everybody in the batch why that could not be done."""
        if not decided:
            return
        begun = perf_counter()
        try:
            self._store.commit(decided, accounts)
        except Exception as error:  # noqa: BLE001 - it is logged, and everybody is told
            log.error("a batch of %d was not committed: %s", len(decided), error)
            refuse(decided, error)
        else:
            self.pace.note(len(decided), perf_counter() - begun)


def is_owed(ticket: Ticket) -> bool:
    """Tell whether a ticket was accepted and only wants room on the disk: it is never dropped."""
    return ticket.accepted and isinstance(ticket.refusal, DiskFull)


def refuse(tickets: Sequence[Ticket], error: Exception) -> None:
    """Note on tickets why they were not carried out; a fault gets an incident id."""
    refusal = error
    if not isinstance(refusal, BankError):
        incident = f"{tickets[0].id}-batch"
        log.error("incident %s: a batch was not carried out", incident, exc_info=error)
        refusal = InternalError(f"The batch was not carried out; incident {incident}.")
    for ticket in tickets:
        ticket.refusal = refusal


def decide_batch(
    tickets: Sequence[Ticket], book: Book, now: str
) -> tuple[list[Ticket], list[Ticket]]:
    """Decide tickets in their order; return what is decided and what must be queued again.

    One that touches a name which the batch does not hold is queued again, and so are all later
    ones on the same names: nothing overtakes it.
    """
    decided: list[Ticket] = []
    again: list[Ticket] = []
    waiting: set[str] = set()
    for ticket in tickets:
        if again and not waiting.isdisjoint(ticket.names):
            again.append(ticket)
            waiting.update(ticket.names)
            continue
        try:
            if ticket.members:
                decide_group(ticket.members, book, now)
                decided.extend(ticket.members)
            else:
                decide(ticket, book, now)
                book.keep()
                decided.append(ticket)
        except NotHeldError as missing:
            book.drop()
            for member in ticket.members or (ticket,):
                member.undecide()
            ticket.names = {*ticket.names, missing.name}
            again.append(ticket)
            waiting.update(ticket.names)
    return decided, again


def decide(ticket: Ticket, book: Book, now: str) -> None:
    """Apply a command to the book and note on the ticket what came of it.

    A refused command leaves nothing but its FAILED ticket. The caller keeps or drops.

    Raises:
        NotHeldError: the command touched a name that the batch does not hold.
    """
    ticket.started_at = now
    ticket.status = PROCESSING
    book.deciding = ticket.id
    try:
        ticket.command.apply(book)
    except NotHeldError:
        raise
    except BankError as error:
        fail(ticket, book, error)
    except Exception:
        log.exception("incident %s: the command %s raised", ticket.id, ticket.command.verb)
        fail(ticket, book, InternalError(f"A fault of the bank; incident {ticket.id}."))
    else:
        ticket.status = COMPLETED
        ticket.postings, ticket.puts, ticket.claims = book.effects()


def fail(ticket: Ticket, book: Book, error: BankError) -> None:
    """Take back what the command did and note why it failed.

    The traceback is dropped: it would keep the whole batch in memory for as long as the ticket.
    """
    log.info("%s %s fails: %s", ticket.id, ticket.command.verb, error.message)
    error.__traceback__ = None
    ticket.attempted = book.attempted
    ticket.status = FAILED
    ticket.error = error
    ticket.postings, ticket.puts, ticket.claims = (), (), ()
    book.drop()


def decide_group(members: Sequence[Ticket], book: Book, now: str) -> None:
    """Decide the members of a group one after the other: all are carried out or none.

    The first one that is refused keeps its own error, the others fail with ``group_failed``.
    """
    for ticket in members:
        decide(ticket, book, now)
        if ticket.status == FAILED:
            for other in members:
                if other is not ticket:
                    message = f"The group failed with {ticket.id}."
                    other.started_at = now
                    fail(other, book, GroupFailed(message))
            return
    book.keep()
