"""Change whom an account belongs to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.fields import AccountId, CustomerIds
from SimpleBankingSystem.ledger.working_copy import Look


@command("set_owners", route="/accounts/{account}/owners")
class SetOwners(Command):
    """Say whom an account belongs to, and who else may use it; nobody, if nobody is named."""

    account: AccountId
    owners: CustomerIds = ()
    users: CustomerIds = ()

    def accounts(self, look: Look) -> Collection[str]:
        """Touch the account, and hold the customers."""
        del look
        return {self.account, *self.owners, *self.users}

    def apply(self, book: Book) -> None:
        """Put the account with its owners and users."""
        account = book.open_account(self.account)
        for customer in self.owners + self.users:
            book.customer(customer)
        book.put(replace(account, owners=self.owners, users=self.users))
