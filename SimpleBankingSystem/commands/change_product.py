"""Keep an account on the terms of another product."""

from __future__ import annotations

from dataclasses import replace

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.errors import CurrencyMismatch
from SimpleBankingSystem.ledger.fields import AccountId, ProductId
from SimpleBankingSystem.ledger.money import in_units


@command("change_product", route="/accounts/{account}/product")
class ChangeProduct(Command):
    """Keep an account on a product's terms, as they are now: its own product's, or another's."""

    account: AccountId
    product: ProductId

    def apply(self, book: Book) -> None:
        """Put the account with the product's overdraft limit and minimum balance."""
        account = book.open_account(self.account)
        product = book.product(self.product)
        currency = account.currency
        if product.currency and product.currency != currency:
            message = f"{account.id} carries {currency}, {product.id} in {product.currency}."
            raise CurrencyMismatch(message)
        book.put(
            replace(
                account,
                type=product.id,
                overdraft_limit=in_units(product.overdraft_limit, currency),
                minimum_balance=in_units(product.minimum_balance, currency),
            )
        )
