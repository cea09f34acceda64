"""Change money into another currency."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.account import internal_id
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.errors import CurrencyMismatch, NothingMoved
from SimpleBankingSystem.ledger.fields import AccountId, Amount, Rate
from SimpleBankingSystem.ledger.money import in_units, rounded


@command("exchange", route="/accounts/{source}/exchange")
class Exchange(Command):
    """Pay from an account to one in another currency, at a given rate.

    The target gets the amount times the rate, rounded half-even to its currency's unit. What that
    is worth in the source's currency goes to the bank's account for exchange, and the difference
    to what the source pays to the one for rounding.
    """

    source: AccountId
    target: AccountId
    amount: Amount
    rate: Rate

    def check(self) -> Mapping[str, str]:
        """Refuse an exchange from an account to itself."""
        if self.source == self.target:
            return {"target": f"is the source itself, {self.source}; give another account"}
        return {}

    def apply(self, book: Book) -> None:
        """Post what is paid, what the rounding came to, and what is got."""
        paid, got = book.account(self.source).currency, book.account(self.target).currency
        if paid == got:
            message = f"Both carry {paid}: there is nothing to exchange; make a transfer."
            raise CurrencyMismatch(message)
        amount = in_units(self.amount, paid)
        rate = Fraction(self.rate)
        bought = rounded(Fraction(amount) * rate, got)
        if not bought:
            raise NothingMoved(f"{amount} {paid} is less than the smallest amount of {got}.")
        worth = rounded(Fraction(bought) / rate, paid)
        pool, rounding = internal_id("EXCHANGE", paid), internal_id("ROUNDING", paid)
        book.post(self.source, pool, amount)
        if worth != amount:
            ends = (pool, rounding) if worth < amount else (rounding, pool)
            book.post(*ends, abs(amount - worth))
        book.post(internal_id("EXCHANGE", got), self.target, bought)
