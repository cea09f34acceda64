"""The bank. READ FIRST: every command, from every surface, goes through ``Bank.carry_out``.

    command file ┐
    HTTP         ├─► Command ─► Bank.carry_out ─► WorkQueue ─► Processor ─► Store ─► Transaction
    CLI          ┘              (tickets)         in order     a batch      durable

A command gets a ticket and a transaction id, waits in the queue until its accounts are free, is
decided on a book together with whatever else is free, is made durable by one commit of the store,
published, and answered.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Self

from SimpleBankingSystem.clock import Clock, utc_now
from SimpleBankingSystem.commands.base import Action, Command
from SimpleBankingSystem.commands.ticket import Latch, Ticket
from SimpleBankingSystem.engine.asked import Asked
from SimpleBankingSystem.engine.pace import Commits
from SimpleBankingSystem.engine.processor import Processor, refuse
from SimpleBankingSystem.engine.retry import ticket_for, tickets_to_retry, worth_retrying
from SimpleBankingSystem.engine.tickets import (
    follow,
    grouped,
    members_of,
    name_locks,
    refuse_torn_groups,
    ticket_from,
)
from SimpleBankingSystem.engine.under_way import UnderWay
from SimpleBankingSystem.engine.work_queue import WorkQueue
from SimpleBankingSystem.ledger.errors import (
    Busy,
    NotFailed,
    NotRetryable,
    RetriesUsedUp,
)
from SimpleBankingSystem.ledger.transaction import COMPLETED, Transaction
from SimpleBankingSystem.stores.base import (
    Progress,
    Report,
    Store,
    silent,
)

log = logging.getLogger(__name__)

RETRIED_AT_ONCE = 1_000
"""How many failed transactions are tried again in one go, so that they share a sync."""

STOP_SECONDS = 30
"""How long a stop waits for what was accepted; the rest stays PENDING and durable."""


class Bank(Asked):
    """Takes commands and answers transactions; what it can be asked is in ``Asked``.

    ``workers`` threads decide batches of up to ``batch`` commands; the queue holds ``queue``.
    """

    def __init__(
        self,
        store: Store,
        *,
        currency: str = "EUR",
        workers: int = 1,
        queue: int = 10_000,
        batch: int = 1_000,
        clock: Clock = utc_now,
    ) -> None:
        self.store = store
        self.currency = currency
        self.clock = clock
        self._under_way = UnderWay(store)
        self._queue = WorkQueue(queue, batch, workers)
        self._processor = Processor(self._queue, store, currency, clock, self._under_way.let_go)
        self._closed = False
        self._resume()
        self._processor.start(workers)
        for command in store.requested:
            self.execute(command)
        if store.requested:
            # So that a later start does not find the same request again.
            store.snapshot()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def commits(self) -> Commits:
        """Return how many commits there were since the start, and how long they took."""
        return self._processor.pace.commits()

    # Commands

    def execute(self, command: Command, *, key: str = "", actor: str = "local") -> Transaction:
        """Carry out one command and return its transaction, COMPLETED or FAILED, once durable.

        It is PENDING only where the bank stopped meanwhile: the next start carries it out.

        Raises:
            BankError: the command was refused without a transaction, such as ``busy``.
        """
        ticket = ticket_from(command, key, actor)
        self.carry_out([ticket])
        return ticket.transaction()

    def carry_out(self, tickets: Sequence[Ticket], *, wait: bool = False) -> None:
        """Take tickets, all or none, and return once all are done.

        Tickets that follow each other with the same ``group`` succeed or fail together. A ticket
        whose key was used before is not carried out again: it answers what happened then.

        Raises:
            Busy: the queue is full (unless ``wait``), or the bank is stopping.
        """
        self.carry_out_fresh(tickets, wait=wait)
        follow(tickets)

    def carry_out_fresh(self, tickets: Sequence[Ticket], *, wait: bool = False) -> None:
        """Carry out like ``carry_out``, but wait for nobody else's ticket.

        One whose key is under way elsewhere has its ``leader``: ``follow`` waits for its answer.

        Raises:
            Busy: the queue is full (unless ``wait``), or the bank is stopping.
        """
        latch = self._queued(tickets, wait=wait)
        self._processor.work_until(latch)

    def submit(self, tickets: Sequence[Ticket], *, wait: bool = False) -> Latch:
        """Leave tickets to the workers; return the latch that opens when all are done.

        One whose key is under way elsewhere is none of them: ``follow`` waits for its answer.

        Raises:
            Busy: the queue is full (unless ``wait``), or the bank is stopping.
        """
        latch = self._queued(tickets, wait=wait)
        self._queue.rouse()
        return latch

    def accept(self, command: Command, *, key: str = "", actor: str = "local") -> Transaction:
        """Take a command durably and return its PENDING transaction without waiting for more.

        Raises:
            BankError: the command was refused; it is not in the books.
        """
        ticket = ticket_from(command, key, actor)
        fresh, _ = self._prepare([ticket])
        if not fresh:
            if ticket.leader is not None:
                ticket.recorded = self.store.transaction(ticket.leader.id)
            if ticket.recorded is None:
                follow([ticket])
            return ticket.transaction()
        with self._turning_away(fresh), self._queue.admitting(1):
            self.store.commit(fresh, {})
        ticket.accepted = True
        accepted = ticket.transaction()
        try:
            self._queue.put(fresh, wait=True)
            self._queue.rouse()
        except Busy:
            log.info("%s stays PENDING until the next start", ticket.id)
            self._queue.answer(fresh)
        return accepted

    def _prepare(self, tickets: Sequence[Ticket]) -> tuple[list[Ticket], Latch]:
        """Number the tickets and name what they lock; leave out those whose key answers them.

        Nobody sees a claimed key before its ticket has the latch to wait on.
        """
        now = self.clock()
        number = self.store.number(len(tickets))
        # What takes time is asked before the lock that everybody needs.
        name_locks(tickets, self.store)
        fresh: list[Ticket] = []
        with self._under_way.looking(tickets) as recorded, self._under_way.lock:
            try:
                for ticket in tickets:
                    ticket.created_at = now
                    ticket.id = f"T{number:011d}"
                    if not ticket.key or self._under_way.claim_key(ticket, recorded):
                        number += 1
                        fresh.append(ticket)
            except BaseException:
                self._under_way.let_go(fresh)
                raise
            if len(fresh) < len(tickets):
                torn = refuse_torn_groups(tickets, fresh)
                self._under_way.let_go(torn)
                fresh = [ticket for ticket in fresh if ticket.refusal is None]
            latch = Latch(len(fresh))
            for ticket in fresh:
                ticket.latch = latch
        return fresh, latch

    def _queued(self, tickets: Sequence[Ticket], *, wait: bool) -> Latch:
        fresh, latch = self._prepare(tickets)
        if fresh:
            self._enqueue(fresh, wait=wait)
        return latch

    def _enqueue(self, tickets: Sequence[Ticket], *, wait: bool) -> None:
        with self._turning_away(tickets):
            self._queue.put(grouped(tickets), wait=wait)

    @contextmanager
    def _turning_away(self, tickets: Sequence[Ticket]) -> Iterator[None]:
        """Where the tickets are refused at the door, tell so whoever follows their keys."""
        try:
            yield
        except BaseException as error:
            fault = error if isinstance(error, Exception) else Busy("Somebody stopped the program.")
            refuse(tickets, fault)
            self._under_way.let_go(tickets)
            self._queue.answer(tickets)
            raise

    # Actions

    def perform(self, action: Action) -> object:
        """Carry out an action: retry, archive or snapshot."""
        return action.perform(self)

    def retry(self, transaction_id: str) -> Transaction:
        """Try a failed transaction again, with its whole group if it has one.

        Raises:
            NotFound: there is no such transaction.
            NotFailed: NotRetryable, RetriesUsedUp: it cannot be retried.
        """
        tickets, latch = self._retry_tickets(transaction_id)
        self._enqueue(tickets, wait=True)
        return self._retried(transaction_id, tickets, latch)

    def retry_all(self) -> dict[str, int]:
        """Try again all failed transactions for which that may help, in their order.

        Returns how many were ``retried``, ``completed`` and ``failed``.
        """
        outcome = {"retried": 0, "completed": 0, "failed": 0}
        failed = [each.id for each in worth_retrying(self.store.failed())]
        for start in range(0, len(failed), RETRIED_AT_ONCE):
            queued: list[Ticket] = []
            begun: list[tuple[str, list[Ticket], Latch]] = []
            for transaction_id in failed[start : start + RETRIED_AT_ONCE]:
                try:
                    tickets, latch = self._retry_tickets(transaction_id)
                except (NotFailed, NotRetryable, RetriesUsedUp) as reason:
                    log.info("%s was not retried: %s", transaction_id, reason.message)
                    continue
                queued += tickets
                begun.append((transaction_id, tickets, latch))
            self._enqueue(queued, wait=True)
            for each in begun:
                retried = self._retried(*each)
                outcome["retried"] += 1
                outcome["completed" if retried.status == COMPLETED else "failed"] += 1
        return outcome

    def _retried(self, transaction_id: str, tickets: Sequence[Ticket], latch: Latch) -> Transaction:
        self._processor.work_until(latch)
        return next(ticket for ticket in tickets if ticket.id == transaction_id).transaction()

    def _retry_tickets(self, transaction_id: str) -> tuple[list[Ticket], Latch]:
        """Return the tickets to retry; nobody else can retry the same ones meanwhile.

        The members of a group are retried together, so one of them speaks for all; whoever is not
        being retried any more is read as that retry left it.
        """
        # To bring the index up to date may take long; what is asked below is then known.
        self.transaction(transaction_id)
        with self._under_way.lock:
            self._under_way.check_retry(transaction_id)
            tickets = tickets_to_retry(self.store.group_of(self.transaction(transaction_id)))
            latch = Latch(len(tickets))
            for ticket in tickets:
                ticket.latch = latch
                name_locks([ticket], self.store)
            self._under_way.carry_on(tickets)
        return tickets, latch

    def archive(self) -> dict[str, object]:
        """Move the finished part of the journal to the archive."""
        return self.store.archive().facts

    def snapshot(self) -> dict[str, object]:
        """Write the accounts as they are now."""
        return self.store.snapshot().facts

    def verify(
        self, progress: Progress = silent, *, chain_only: bool = False, expect: str = ""
    ) -> Report:
        """Check the books against themselves, and against a hash that was kept elsewhere."""
        return self.store.verify(progress, chain_only=chain_only, expect=expect)

    # Start and stop

    def _resume(self) -> None:
        """Queue what was accepted before a stop or a crash and has no outcome yet."""
        tickets = [ticket_for(transaction) for transaction in self.store.pending()]
        for ticket in tickets:
            ticket.accepted = True
            ticket.latch = Latch(1)
            name_locks([ticket], self.store)
        self._under_way.carry_on(tickets)
        if tickets:
            log.info("%d accepted commands are carried out now", len(tickets))
            self._queue.put(grouped(tickets), wait=True)

    def close(self, seconds: float = STOP_SECONDS) -> None:
        """Refuse new commands, finish what was accepted, and leave the books clean.

        What is not finished after ``seconds`` is recorded as PENDING and done at the next start.
        """
        if self._closed:
            return
        self._closed = True
        self._queue.close()
        if not self._queue.wait_idle(seconds):
            left = members_of(self._queue.drain())
            self._processor.commit([each for each in left if not each.accepted], {})
            log.warning("%d commands stay PENDING until the next start", len(left))
            self._queue.answer(left)
            # Whoever carries a batch out, a client or a worker, needs the store until its end.
            self._queue.wait_idle()
        self._processor.join()
        self.store.close()
