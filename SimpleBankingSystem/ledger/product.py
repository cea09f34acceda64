"""Products: the terms on which accounts are kept."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from SimpleBankingSystem.ledger.money import UNITS

STANDARD = "standard"

NOTHING = Decimal(0)


@dataclass(slots=True, frozen=True)
class Product:
    """The terms of a kind of account.

    A blank ``currency`` is any, and a limit of zero is none. The overdraft limit and the minimum
    balance are given to accounts when they are opened; limits of a transaction and of a day, and
    fees, are those that hold when money is taken out. A fee is a flat amount, plus a percentage
    of what is withdrawn or transferred, rounded half-even to the currency's unit.
    """

    kind: ClassVar[str] = "product"
    letter: ClassVar[str] = ""

    id: str
    currency: str = ""
    overdraft_limit: Decimal = NOTHING
    minimum_balance: Decimal = NOTHING
    transaction_limit: Decimal = NOTHING
    daily_limit: Decimal = NOTHING
    withdrawal_fee: Decimal = NOTHING
    withdrawal_percent: Decimal = NOTHING
    transfer_fee: Decimal = NOTHING
    transfer_percent: Decimal = NOTHING

    @property
    def is_limited(self) -> bool:
        """Tell whether it limits what may be taken out at once or in a day."""
        return bool(self.transaction_limit or self.daily_limit)

    @property
    def has_fees(self) -> bool:
        """Tell whether anything costs a fee."""
        return bool(
            self.withdrawal_fee
            or self.withdrawal_percent
            or self.transfer_fee
            or self.transfer_percent
        )

    def withdrawal_costs(self, amount: Decimal, currency: str) -> Decimal:
        """Return the fee of a withdrawal, in units of the currency."""
        return _fee(self.withdrawal_fee, self.withdrawal_percent, amount, currency)

    def transfer_costs(self, amount: Decimal, currency: str) -> Decimal:
        """Return the fee of a transfer, in units of the currency."""
        return _fee(self.transfer_fee, self.transfer_percent, amount, currency)


def _fee(flat: Decimal, percent: Decimal, amount: Decimal, currency: str) -> Decimal:
    return (flat + amount * percent / 100).quantize(UNITS[currency])


DEFAULT_PRODUCTS = (
    Product(STANDARD),
    Product("savings", minimum_balance=Decimal(5), daily_limit=Decimal(1000)),
    Product("reward", overdraft_limit=Decimal(100), transfer_fee=Decimal("0.10")),
)
"""The products that there are before anybody has defined any."""
