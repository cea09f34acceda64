"""Undo a transaction by a new, opposite one."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.account import is_internal
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.errors import (
    AlreadyReversed,
    NotReversible,
    TransactionNotFound,
)
from SimpleBankingSystem.ledger.fields import TransactionId
from SimpleBankingSystem.ledger.transaction import COMPLETED
from SimpleBankingSystem.ledger.working_copy import Look


@command("reverse", route="/transactions/{transaction}/reverse")
class Reverse(Command):
    """Undo a completed transaction by a new, opposite one, once only."""

    spends: ClassVar[bool] = False
    transaction: TransactionId

    def accounts(self, look: Look) -> Collection[str]:
        """Touch the transaction, so that two reversals of it never meet, and its accounts."""
        reversed_one = look.transaction(self.transaction)
        touched = reversed_one.accounts if reversed_one else ()
        return (self.transaction, *(name for name in touched if not is_internal(name)))

    def apply(self, book: Book) -> None:
        """Post the opposite of every posting, the last one first."""
        book.hold(self.transaction)
        reversed_one = book.look.transaction(self.transaction)
        if reversed_one is None:
            raise TransactionNotFound(f"There is no transaction {self.transaction}.")
        if reversed_one.status != COMPLETED or not reversed_one.postings:
            raise NotReversible(f"{self.transaction} has not moved any money.")
        if reversed_one.command == Reverse.verb:
            raise NotReversible(f"{self.transaction} is a reversal itself.")
        if not book.claim(reversal_of(self.transaction)):
            raise AlreadyReversed(f"{self.transaction} was reversed already.")
        back = [
            (book.heir(posting.target), book.heir(posting.source), posting.amount)
            for posting in reversed(reversed_one.postings)
        ]
        # What went to an account that was merged with its source since has come back by that.
        apart = [move for move in back if move[0] != move[1]]
        for source, target, amount in apart or back:
            book.post(source, target, amount, limited=False)


def reversal_of(transaction_id: str) -> str:
    """Return the once-only name that reversing a transaction claims.

    Its tab keeps it apart from every key, since no text that a client sends may contain one.
    """
    return f"reversal\t{transaction_id}"
