"""What was taken out of an account on a day, where its product limits that."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar


@dataclass(slots=True, frozen=True)
class Spent:
    """What counts towards the daily limit of the account with this id, on one booking day (UTC)."""

    kind: ClassVar[str] = "spent"
    letter: ClassVar[str] = ""

    id: str
    day: str
    amount: Decimal
