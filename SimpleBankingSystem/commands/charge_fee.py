"""Charge a fee."""

from __future__ import annotations

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.fields import AccountId, Amount


@command("charge_fee", route="/accounts/{account}/fee")
class ChargeFee(Command):
    """Charge an account a fee."""

    account: AccountId
    amount: Amount

    def apply(self, book: Book) -> None:
        """Post from the account to the bank's own account for fees."""
        book.charge(book.account(self.account), self.amount)
