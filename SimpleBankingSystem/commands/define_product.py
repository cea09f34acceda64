"""State the terms of a product."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.book import Book, Look
from SimpleBankingSystem.ledger.fields import Currency, Limit, Percent, ProductId
from SimpleBankingSystem.ledger.product import Product

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
        book.put(
            Product(
                id=self.product,
                currency=self.currency,
                overdraft_limit=self.overdraft_limit,
                minimum_balance=self.minimum_balance,
                transaction_limit=self.transaction_limit,
                daily_limit=self.daily_limit,
                withdrawal_fee=self.withdrawal_fee,
                withdrawal_percent=self.withdrawal_percent,
                transfer_fee=self.transfer_fee,
                transfer_percent=self.transfer_percent,
            )
        )
