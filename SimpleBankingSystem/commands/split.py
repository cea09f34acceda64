"""Pay one sum out to many."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.fields import AccountId, MaybeAmount, Parts
from SimpleBankingSystem.ledger.money import in_units, shared
from SimpleBankingSystem.ledger.product import Product
from SimpleBankingSystem.ledger.working_copy import Look


@command("split", route="/accounts/{source}/split")
class Split(Command):
    """Pay one sum out of an account to many, each a part of it, or a share.

    With an amount the parts are shares, such as 2 and 1 for two thirds and one; they are rounded so
    that they come to the amount exactly (the largest remainders get the units that are left).
    Without one each part is what that account gets.
    """

    source: AccountId
    parts: Parts
    amount: MaybeAmount = None

    costs = staticmethod(Product.transfer_costs)

    def check(self) -> Mapping[str, str]:
        """Refuse to pay the source itself."""
        if any(account == self.source for account, _ in self.parts):
            return {"parts": f"name the source itself, {self.source}; give other accounts"}
        return {}

    def accounts(self, look: Look) -> Collection[str]:
        """Touch all of them."""
        del look
        return (self.source, *(account for account, _ in self.parts))

    def apply(self, book: Book) -> None:
        """Post each part; a share of nothing has no posting."""
        names, parts = zip(*self.parts, strict=True)
        if self.amount:
            currency = book.account(self.source).currency
            parts = shared(in_units(self.amount, currency), parts, currency)
        for account, part in zip(names, parts, strict=True):
            if part:
                book.post(self.source, account, part)
        book.charge_for(self.costs, self.source, sum(parts, Decimal(0)))
