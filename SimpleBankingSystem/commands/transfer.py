"""Move money between two accounts."""

from __future__ import annotations

from collections.abc import Mapping

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.fields import AccountId, Amount
from SimpleBankingSystem.ledger.product import Product


@command("transfer", route="/accounts/{source}/transfer")
class Transfer(Command):
    """Move money from one account to another."""

    source: AccountId
    target: AccountId
    amount: Amount

    costs = staticmethod(Product.transfer_costs)

    def check(self) -> Mapping[str, str]:
        """Refuse a transfer from an account to itself."""
        if self.source == self.target:
            return {"target": f"is the source itself, {self.source}; give another account"}
        return {}

    def apply(self, book: Book) -> None:
        """Post both legs at once."""
        book.post(self.source, self.target, self.amount)
        book.charge_for(self.costs, self.source, self.amount)
