"""State the terms of a product."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from decimal import Decimal

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.fields import LIMIT, Currency, Limit, Percent, ProductId
from SimpleBankingSystem.ledger.money import in_units
from SimpleBankingSystem.ledger.product import Product
from SimpleBankingSystem.ledger.working_copy import Look

NOTHING = Decimal(0)


@command("define_product", route="/products/{product}")
class DefineProduct(Command):
    """State all terms of a product, new or known; what is not given is not limited, and is free.

    Accounts keep the overdraft limit and the minimum balance that they were opened with; limits
    and fees hold for all accounts of the product from now on.
    """

    product: ProductId
    currency: Currency = ""
    overdraft_limit: Limit = NOTHING
    minimum_balance: Limit = NOTHING
    transaction_limit: Limit = NOTHING
    daily_limit: Limit = NOTHING
    withdrawal_fee: Limit = NOTHING
    withdrawal_percent: Percent = NOTHING
    transfer_fee: Limit = NOTHING
    transfer_percent: Percent = NOTHING

    def accounts(self, look: Look) -> Collection[str]:
        """Hold the product."""
        del look
        return (self.product,)

    def apply(self, book: Book) -> None:
        """Put the product."""
        book.put(self.defined())

    def defined(self) -> Product:
        """Return the product with these terms.

        Raises:
            TooManyDecimals: the product has a currency, and one of the amounts does not fit it.
        """
        terms = {each.name: getattr(self, each.name) for each in fields(Product)[1:]}
        if self.currency:
            for term in self.fields:
                if term.kind is LIMIT:
                    in_units(terms[term.name], self.currency)
        return Product(self.product, **terms)
