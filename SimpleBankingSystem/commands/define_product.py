"""State the terms of a product."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields
from decimal import Decimal

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.account import CLOSED, Account
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.errors import CurrencyMismatch
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
        accounts = {each.id: each for each in book.look.every(Account)} | book.accounts
        self.suit(accounts.values())
        book.put(self.defined())

    def suit(self, accounts: Iterable[Account]) -> None:
        """Insist that a product in a currency has terms and accounts in that currency only.

        Raises:
            TooManyDecimals: one of the amounts does not fit the currency.
            CurrencyMismatch: one of the accounts that are kept on the product carries another.
        """
        if not self.currency:
            return
        for term in self.fields:
            if term.kind is LIMIT:
                in_units(getattr(self, term.name), self.currency)
        for each in accounts:
            is_kept = each.type == self.product and each.status != CLOSED
            if is_kept and each.currency != self.currency:
                message = f"{each.id} is kept on {self.product} and carries {each.currency}."
                raise CurrencyMismatch(message)

    def defined(self) -> Product:
        """Return the product with these terms."""
        terms = {each.name: getattr(self, each.name) for each in fields(Product)[1:]}
        return Product(self.product, **terms)
