"""Pay cash in."""

from __future__ import annotations

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.account import internal_id
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.fields import AccountId, Amount


@command("deposit", route="/accounts/{account}/deposit")
class Deposit(Command):
    """Pay cash into an account."""

    account: AccountId
    amount: Amount

    def apply(self, book: Book) -> None:
        """Post from the bank's cash to the account."""
        currency = book.account(self.account).currency
        book.post(internal_id("CASH", currency), self.account, self.amount)
