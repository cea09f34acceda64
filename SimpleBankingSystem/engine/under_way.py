"""What is under way: keys and retries that nobody may begin a second time meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock

from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.engine.retry import ticket_for
from SimpleBankingSystem.ledger.errors import KeyReused, NotFailed
from SimpleBankingSystem.ledger.transaction import Transaction
from SimpleBankingSystem.stores.base import Store


class UnderWay:
    """The tickets that are under way, by key and by retry.

    ``lock`` is held by whoever claims, until the tickets have the latch to wait on.
    """

    def __init__(self, store: Store) -> None:
        self.lock = Lock()
        self._store = store
        self._keys: dict[str, Ticket] = {}
        self._lookers = 0
        self._lately: set[str] = set()
        self._retries: set[str] = set()

    @contextmanager
    def looking(self, tickets: Sequence[Ticket]) -> Iterator[dict[str, Transaction]]:
        """Look up the transactions of those tickets' keys that were used before, for ``claim_key``.

        That may take long, so it is done before the lock is taken. Which keys are let go
        meanwhile is remembered: those alone are looked up again.
        """
        keys = [ticket.key for ticket in tickets if ticket.key]
        if not keys:
            yield {}
            return
        with self.lock:
            self._lookers += 1
        try:
            found = {key: self._store.by_key(key) for key in keys}
            yield {key: known for key, known in found.items() if known is not None}
        finally:
            with self.lock:
                self._lookers -= 1
                if not self._lookers:
                    self._lately.clear()

    def claim_key(self, ticket: Ticket, recorded: Mapping[str, Transaction]) -> bool:
        """Take a key for its ticket; False, and noted on the ticket, if the key answers it.

        ``recorded`` are the transactions of keys that were found used before.
        """
        leader = self._keys.get(ticket.key)
        if leader is not None:
            ticket.leader = leader
            if leader.command != ticket.command:
                ticket.refusal = KeyReused(f"The key {ticket.key} is another command's.")
            return False
        found = recorded.get(ticket.key)
        if found is None and ticket.key in self._lately:
            found = self._store.by_key(ticket.key)
        if found is None:
            self._keys[ticket.key] = ticket
            return True
        if ticket_for(found).command != ticket.command:
            message = f"The key {ticket.key} is that of {found.id}, another command."
            ticket.refusal = KeyReused(message)
        ticket.recorded = found
        return False

    def check_retry(self, transaction_id: str) -> None:
        """Refuse to retry twice at a time; whoever passes reads what an earlier retry left.

        Raises:
            NotFailed: the transaction is being retried already.
        """
        if transaction_id in self._retries:
            raise NotFailed(f"{transaction_id} is being retried already.")

    def carry_on(self, tickets: Iterable[Ticket]) -> None:
        """Take the retries and keys of tickets that carry on a transaction."""
        for ticket in tickets:
            if ticket.attempt > 1:
                self._retries.add(ticket.id)
            if ticket.key:
                self._keys[ticket.key] = ticket

    def let_go(self, tickets: Iterable[Ticket]) -> None:
        """Forget tickets that are done; the store knows them now."""
        for ticket in tickets:
            if ticket.key:
                # Whoever looked for it before it was recorded must find it here or there.
                if self._lookers:
                    self._lately.add(ticket.key)
                self._keys.pop(ticket.key, None)
            if ticket.attempt > 1:
                self._retries.discard(ticket.id)
