"""Pay cash out."""

from __future__ import annotations

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.account import internal_id
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.fields import AccountId, Amount
from SimpleBankingSystem.ledger.product import Product


@command("withdraw", route="/accounts/{account}/withdraw")
class Withdraw(Command):
    """Pay cash out of an account."""

    account: AccountId
    amount: Amount

    costs = staticmethod(Product.withdrawal_costs)

    def apply(self, book: Book) -> None:
        """Post from the account to the bank's cash."""
        currency = book.account(self.account).currency
        book.post(self.account, internal_id("CASH", currency), self.amount)
        book.charge_for(self.costs, self.account, self.amount)
