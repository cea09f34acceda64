"""Close an account for good."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.account import CLOSED
from SimpleBankingSystem.ledger.book import Book, Look
from SimpleBankingSystem.ledger.errors import AccountClosed, BalanceNotZero
from SimpleBankingSystem.ledger.fields import AccountId


@command("close_account", route="/accounts/{account}/close")
class CloseAccount(Command):
    """Close an account for good; refused while there is money on it."""

    account: AccountId

    def accounts(self, look: Look) -> Collection[str]:
        """Touch the one account."""
        del look
        return (self.account,)

    def apply(self, book: Book) -> None:
        """Put the account as closed."""
        account = book.account(self.account)
        if account.status == CLOSED:
            raise AccountClosed(f"{account.id} is closed already.")
        if account.balance or account.held:
            message = f"{account.id} has {account.balance} {account.currency} on it."
            raise BalanceNotZero(message)
        book.put("account", replace(account, status=CLOSED))
