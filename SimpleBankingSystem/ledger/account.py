"""An account at one moment, and what its status allows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar, NamedTuple

from SimpleBankingSystem.ledger.money import ZEROS

ACTIVE = "active"
DEBITS_BLOCKED = "debits_blocked"
CREDITS_BLOCKED = "credits_blocked"
FROZEN = "frozen"
DORMANT = "dormant"
CLOSED = "closed"

INTERNAL = "internal"
"""The type of the bank's own accounts; that of a customer's is the id of its product."""


class Allowed(NamedTuple):
    """Whether money may go out of an account, and come in."""

    debits: bool
    credits: bool


STATUSES = {
    ACTIVE: Allowed(debits=True, credits=True),
    DEBITS_BLOCKED: Allowed(debits=False, credits=True),
    CREDITS_BLOCKED: Allowed(debits=True, credits=False),
    FROZEN: Allowed(debits=False, credits=False),
    DORMANT: Allowed(debits=False, credits=True),
    CLOSED: Allowed(debits=False, credits=False),
}
"""The rule: what each status allows. Closed is final."""


@dataclass(slots=True)
class Account:
    """An account after some transaction; a later state is a new record, never this one changed.

    Readers keep records without a lock and a snapshot is a copy of a dictionary, both because a
    record is replaced and never changed. (It is not a frozen dataclass only because that costs
    five times as much to make, twice per transfer.)

    Amounts are in the account's currency with exactly its decimals; ``opened_at`` is a UTC time.
    ``type`` is the product's id. The limit and the minimum were the product's when the account
    was opened, unless changed since. ``owners`` and ``users`` are ids of customers: whose money
    it is, and who else may use it. ``merged_into`` is the account that took this one over.
    """

    kind: ClassVar[str] = "account"
    letter: ClassVar[str] = "A"

    id: str
    name: str
    type: str
    currency: str
    status: str
    balance: Decimal
    held: Decimal
    overdraft_limit: Decimal
    opened_at: str
    minimum_balance: Decimal = Decimal(0)
    owners: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    merged_into: str = ""

    @property
    def available(self) -> Decimal:
        """What may be spent: posted less held, plus the overdraft limit, less the minimum."""
        return self.balance - self.held + self.overdraft_limit - self.minimum_balance

    def to_dict(self) -> dict[str, object]:
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
            "minimum_balance": str(self.minimum_balance),
            "owners": list(self.owners),
            "users": list(self.users),
            "merged_into": self.merged_into or None,
        }

    def closed(self) -> Account:
        """Return this account closed: nothing is lent on it any more, and nothing has to stay."""
        nothing = ZEROS[self.currency]
        return replace(self, status=CLOSED, overdraft_limit=nothing, minimum_balance=nothing)

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
            self.minimum_balance,
            self.owners,
            self.users,
            self.merged_into,
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
