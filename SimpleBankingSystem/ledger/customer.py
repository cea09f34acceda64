"""A customer: a person or a group whom accounts belong to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(slots=True, frozen=True)
class Customer:
    """Somebody who may own accounts or use them; ``registered_at`` is a UTC time."""

    kind: ClassVar[str] = "customer"
    letter: ClassVar[str] = "C"

    id: str
    name: str
    address: str
    registered_at: str
