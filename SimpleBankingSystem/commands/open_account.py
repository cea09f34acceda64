"""Open an account."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.account import ACTIVE, STANDARD, Account, internal_id, made_number
from SimpleBankingSystem.ledger.book import NUMBERING, Book, Look
from SimpleBankingSystem.ledger.errors import AccountExists
from SimpleBankingSystem.ledger.fields import AccountId, Currency, Limit, Name
from SimpleBankingSystem.ledger.money import ZEROS, in_units


@command("open_account", route="/accounts")
class OpenAccount(Command):
    """Open an account for somebody, with an id of their own choice or a made one."""

    name: Name
    account: AccountId = ""
    currency: Currency = ""
    initial_deposit: Limit = Decimal(0)
    overdraft_limit: Limit = Decimal(0)

    def accounts(self, look: Look) -> Collection[str]:
        """Hold the id, and the numbering where the id is, or looks like, a made one."""
        del look
        if not self.account:
            return (NUMBERING,)
        return (self.account, NUMBERING) if made_number(self.account) else (self.account,)

    def apply(self, book: Book) -> None:
        """Put the account, then the initial deposit on it."""
        account_id = self.account or book.next_account_id()
        if book.find(account_id) is not None:
            raise AccountExists(f"There is an account {account_id} already.")
        currency = self.currency or book.currency
        nothing = ZEROS[currency]
        account = Account(
            id=account_id,
            name=self.name,
            type=STANDARD,
            currency=currency,
            status=ACTIVE,
            balance=nothing,
            held=nothing,
            overdraft_limit=in_units(self.overdraft_limit, currency),
            opened_at=book.now,
        )
        book.put("account", account)
        if self.initial_deposit:
            book.post(internal_id("CASH", currency), account_id, self.initial_deposit)
