"""An account at one moment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

ACTIVE = "active"
CLOSED = "closed"
STANDARD = "standard"
INTERNAL = "internal"


@dataclass(slots=True)
class Account:
    """An account after some transaction; a later state is a new record, never this one changed.

    Readers keep records without a lock and a snapshot is a copy of a dictionary, both because a
    record is replaced and never changed. (It is not a frozen dataclass only because that costs
    five times as much to make, twice per transfer.)

    Amounts are in the account's currency with exactly its decimals; ``opened_at`` is a UTC time.
    """

    id: str
    name: str
    type: str
    currency: str
    status: str
    balance: Decimal
    held: Decimal
    overdraft_limit: Decimal
    opened_at: str

    @property
    def available(self) -> Decimal:
        """What may be spent: posted less held plus the overdraft limit."""
        return self.balance - self.held + self.overdraft_limit

    def to_dict(self) -> dict[str, str]:
        """Return the shape on the wire: the same over HTTP, with ``--json`` and in Python."""
        return {
            "id": self.id,
            "name": self.name,
            "type": self.type,
            "currency": self.currency,
            "status": self.status,
            "balance": str(self.balance),
            "held": str(self.held),
            "available": str(self.available),
            "overdraft_limit": str(self.overdraft_limit),
            "opened_at": self.opened_at,
        }

    def with_balance(self, balance: Decimal) -> Account:
        """Return this account with another balance."""
        return Account(
            self.id,
            self.name,
            self.type,
            self.currency,
            self.status,
            balance,
            self.held,
            self.overdraft_limit,
            self.opened_at,
        )


def is_internal(account_id: str) -> bool:
    """Tell whether an id is one of the bank's own side, such as ``CASH.EUR``.

    No customer's account has a dot in its id: the field kind refuses it everywhere.
    """
    return "." in account_id


def internal_id(purpose: str, currency: str) -> str:
    """Return the id of the bank's own account for a purpose and currency."""
    return f"{purpose}.{currency}"


def internal_currency(account_id: str) -> str:
    """Return the currency of one of the bank's own accounts."""
    return account_id.rpartition(".")[2]


_made = re.compile(r"A([0-9]{8,15})", re.ASCII)


def made_id(number: int) -> str:
    """Return the id that the bank makes for its number-th account: ``A00000001``."""
    return f"A{number:08d}"


def made_number(account_id: str) -> int:
    """Return the number of an id that is, or looks like, a made one; 0 for any other."""
    found = _made.fullmatch(account_id)
    return int(found[1]) if found else 0
