"""Retry: a failed transaction goes back to PENDING, with the same id and one attempt more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from SimpleBankingSystem.commands.base import REGISTRY, Command
from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.ledger.errors import (
    BankError,
    GroupFailed,
    NotFailed,
    NotRetryable,
    RetriesUsedUp,
)
from SimpleBankingSystem.ledger.transaction import ATTEMPTS_AT_MOST, FAILED, Transaction


def tickets_to_retry(group: Sequence[Transaction]) -> list[Ticket]:
    """Return the tickets that try a transaction, or all members of a group, once more.

    Raises:
        NotFailed: one of them is not FAILED.
        RetriesUsedUp: it was tried four times.
        NotRetryable: it failed for a reason that trying again cannot mend.
    """
    for transaction in group:
        if transaction.status != FAILED:
            raise NotFailed(f"{transaction.id} is {transaction.status}, not FAILED.")
        if transaction.attempt >= ATTEMPTS_AT_MOST:
            raise RetriesUsedUp(f"{transaction.id} was tried {transaction.attempt} times.")
        if transaction.error is not None and not transaction.error.retryable:
            message = f"{transaction.id} failed with {transaction.error.code}; trying cannot help."
            raise NotRetryable(message)
    tickets = [ticket_for(transaction) for transaction in group]
    for ticket in tickets:
        ticket.attempt += 1
    return tickets


def ticket_for(transaction: Transaction) -> Ticket:
    """Return a ticket that carries on a recorded transaction with the command that it records."""
    kind = REGISTRY[transaction.command]
    if not issubclass(kind, Command):
        raise TypeError(f"{transaction.command} is not a command")
    return Ticket.again(transaction, kind.trusted(dict(transaction.fields)))


def worth_retrying(failed: Iterable[Transaction]) -> Iterator[Transaction]:
    """Return those that may succeed now; a group is represented by its refused member."""
    for transaction in failed:
        error: BankError | None = transaction.error
        if (
            transaction.attempt < ATTEMPTS_AT_MOST
            and error is not None
            and error.retryable
            and not isinstance(error, GroupFailed)
        ):
            yield transaction
