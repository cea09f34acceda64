"""Change what an account's status allows."""

from __future__ import annotations

from dataclasses import replace

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.fields import AccountId, Reason, Status


@command("set_status", route="/accounts/{account}/status")
class SetStatus(Command):
    """Block money going out of an account, or coming in, or both; or free it again."""

    account: AccountId
    status: Status
    reason: Reason

    def apply(self, book: Book) -> None:
        """Put the account with its new status; the journal keeps the reason."""
        account = book.open_account(self.account)
        book.put(replace(account, status=self.status))
