"""Try failed transactions again."""

from __future__ import annotations

from SimpleBankingSystem.commands.base import Action, Maintenance, command
from SimpleBankingSystem.ledger.fields import TransactionId


@command("retry", route="/transactions/{transaction}/retry")
class Retry(Action):
    """Try a failed transaction again: the same transaction, one attempt more."""

    transaction: TransactionId

    def perform(self, bank: Maintenance) -> object:
        """Retry it, with its whole group if it has one."""
        return bank.retry(self.transaction)


@command("retry_all", route="/transactions/retry")
class RetryAll(Action):
    """Try again all failed transactions for which that may help."""

    def perform(self, bank: Maintenance) -> object:
        """Retry them, in the order in which they failed."""
        return bank.retry_all()
