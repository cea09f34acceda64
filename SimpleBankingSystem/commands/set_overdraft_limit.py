"""Change how far below zero an account may go."""

from __future__ import annotations

from dataclasses import replace

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.fields import AccountId, Limit
from SimpleBankingSystem.ledger.money import in_units


@command("set_overdraft_limit", route="/accounts/{account}/overdraft-limit")
class SetOverdraftLimit(Command):
    """Change how far below zero an account may go; a limit below use only blocks further debits."""

    account: AccountId
    overdraft_limit: Limit

    def apply(self, book: Book) -> None:
        """Put the account with the new limit."""
        account = book.open_account(self.account)
        limit = in_units(self.overdraft_limit, account.currency)
        book.put(replace(account, overdraft_limit=limit))
