"""A hold: money that is set aside on an account until it is captured or given free."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

OPEN = "open"
CAPTURED = "captured"
VOIDED = "voided"


@dataclass(slots=True, frozen=True)
class Hold:
    """Money set aside: it counts against what is available, and is resolved once only.

    ``captured`` is what was taken of ``amount``; both are in the account's currency. Times are
    UTC, and ``resolved_at`` is blank while the hold is open.
    """

    kind: ClassVar[str] = "hold"
    letter: ClassVar[str] = ""

    id: str
    account: str
    amount: Decimal
    currency: str
    status: str
    captured: Decimal
    description: str
    placed_at: str
    resolved_at: str = ""

    @property
    def is_open(self) -> bool:
        """Tell whether the money is still set aside."""
        return self.status == OPEN


def hold_id(transaction_id: str) -> str:
    """Return the id of the hold that a transaction places: the same number."""
    return f"H{transaction_id[1:]}"


def placing(hold_id: str) -> str:
    """Return the id of the transaction that placed a hold."""
    return f"T{hold_id[1:]}"
