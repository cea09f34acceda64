"""What is under way: keys and retries that nobody may begin a second time meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
        self._retries: set[str] = set()

    def claim_key(self, ticket: Ticket, recorded: Mapping[str, Transaction]) -> bool:
        """Take a key for its ticket; False, and noted on the ticket, if the key answers it.

        ``recorded`` are the transactions of keys that are known to be used.
        """
        leader = self._keys.get(ticket.key)
        if leader is not None:
            ticket.leader = leader
            if leader.command != ticket.command:
                ticket.refusal = KeyReused(f"The key {ticket.key} is another command's.")
            return False
        found = recorded.get(ticket.key) or self._store.by_key(ticket.key)
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
                self._keys.pop(ticket.key, None)
            if ticket.attempt > 1:
                self._retries.discard(ticket.id)
