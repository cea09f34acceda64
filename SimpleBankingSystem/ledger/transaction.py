"""A transaction: the record of one command, from PENDING to COMPLETED or FAILED."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from SimpleBankingSystem.ledger.errors import BankError
from SimpleBankingSystem.ledger.fields import plain

PENDING = "PENDING"
PROCESSING = "PROCESSING"
COMPLETED = "COMPLETED"
FAILED = "FAILED"

MOVES = {
    (PENDING, PROCESSING),
    (PROCESSING, COMPLETED),
    (PROCESSING, FAILED),
    (PENDING, FAILED),
    (PENDING, COMPLETED),
    (FAILED, PENDING),
}
"""The moves that are legal; COMPLETED is final, and FAILED→PENDING is a retry."""

NOTHING_MADE = ("", "")

ATTEMPTS_AT_MOST = 4
"""One attempt and three retries."""


class Posting(NamedTuple):
    """One amount from one account to another, with both balances after it.

    A balance is None where nothing moved, and for the bank's own side until the commit section
    fills it in.
    """

    source: str
    target: str
    amount: Decimal
    currency: str
    source_balance: Decimal | None
    target_balance: Decimal | None


posting = partial(tuple.__new__, Posting)
"""Makes a posting from a tuple of its fields, at half the cost of naming them."""


@dataclass(slots=True, frozen=True)
class Transaction:
    """What became of one command.

    ``fields`` are the command's own fields, as asked. ``seq`` is the journal position of the
    transaction's first row, 0 as long as it has none. Times are UTC texts. ``made`` is the kind
    and the id of what it made anew, such as an account.
    """

    id: str
    seq: int
    command: str
    status: str
    attempt: int
    source: str
    target: str
    postings: tuple[Posting, ...]
    value_date: str
    actor: str
    key: str
    group: str
    reference: str
    description: str
    tags: tuple[str, ...]
    error: BankError | None
    created_at: str
    started_at: str
    completed_at: str
    fields: Mapping[str, object] = field(default_factory=dict)
    run: str = ""
    line: int = 0
    made: tuple[str, str] = NOTHING_MADE

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that it touches or tried to touch, each once, in order."""
        legs = [leg for posting in self.postings for leg in posting[:2]]
        return tuple(dict.fromkeys(name for name in (*legs, self.source, self.target) if name))

    def change_of(self, account_id: str) -> Decimal:
        """Return what it brought to an account, or took from it."""
        came = sum(each.amount for each in self.postings if each.target == account_id)
        went = sum(each.amount for each in self.postings if each.source == account_id)
        return Decimal(came - went)

    @property
    def amount(self) -> Decimal | None:
        """What it moved, with its first posting, or tried to move; None if no amount was given."""
        amount = self.postings[0].amount if self.postings else self.fields.get("amount")
        return amount if isinstance(amount, Decimal) else None

    def to_dict(self) -> dict[str, object]:
        """Return the shape on the wire: the same over HTTP, with ``--json`` and in Python."""
        first = self.postings[0] if self.postings else None
        shape: dict[str, object] = {
            "id": self.id,
            "seq": self.seq or None,
            "command": self.command,
            "status": self.status,
            "attempt": self.attempt,
            "source": first.source if first else self.source,
            "target": first.target if first else self.target,
            "amount": plain(self.amount),
            "currency": first.currency if first else self.fields.get("currency"),
            "source_balance": plain(first.source_balance) if first else None,
            "target_balance": plain(first.target_balance) if first else None,
            "value_date": self.value_date,
            "actor": self.actor,
            "key": self.key or None,
            "group": self.group or None,
            "reference": self.reference,
            "description": self.description,
            "tags": list(self.tags),
            "error": error_shape(self.error),
            "created_at": self.created_at,
            "started_at": self.started_at or None,
            "completed_at": self.completed_at or None,
        }
        if len(self.postings) > 1:
            shape["postings"] = [
                {name: plain(value) for name, value in posting._asdict().items()}
                for posting in self.postings
            ]
        if self.run:
            shape["run"], shape["line"] = self.run, self.line
        if self.made != NOTHING_MADE:
            # The bank may have made the id, and then it is not among the fields.
            shape[self.made[0]] = self.made[1]
        for name, value in self.fields.items():
            shape.setdefault(name, plain(value))
        return shape


def error_shape(error: BankError | None) -> dict[str, object] | None:
    """Return an error as it stands in a transaction on the wire."""
    if error is None:
        return None
    return {"code": error.code, "message": error.message, "retryable": error.retryable}
