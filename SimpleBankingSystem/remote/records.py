"""Records and refusals made again from their shapes on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from SimpleBankingSystem.ledger.errors import (
    ERRORS,
    BankError,
    Busy,
    InternalError,
    InvalidCommand,
    recorded_error,
)
from SimpleBankingSystem.ledger.transaction import Posting, Transaction

Shape = Mapping[str, Any]

_MONEY = ("amount", "source_balance", "target_balance")
_OF_TRANSACTION = {
    *(each.name for each in fields(Transaction)),
    *("amount", "currency", "source_balance", "target_balance"),
}
"""What every transaction has on the wire; the rest are its command's own fields."""


def transaction_from(shape: Shape) -> Transaction:
    """Return the transaction of a shape: one that has this very shape itself."""
    error = shape["error"]
    own = {name: value for name, value in shape.items() if name not in _OF_TRANSACTION}
    if isinstance(shape.get("account"), Mapping):
        # An opening is answered with the account itself, which its target names.
        own["account"] = shape["target"]
    return Transaction(
        id=shape["id"],
        seq=shape["seq"] or 0,
        command=shape["command"],
        status=shape["status"],
        attempt=shape["attempt"],
        source=shape["source"],
        target=shape["target"],
        postings=tuple(map(_posting, _postings(shape))),
        value_date=shape["value_date"],
        actor=shape["actor"],
        key=shape["key"] or "",
        group=shape["group"] or "",
        reference=shape["reference"],
        description=shape["description"],
        tags=tuple(shape["tags"]),
        error=recorded_error(error["code"], error["message"]) if error else None,
        created_at=shape["created_at"],
        started_at=shape["started_at"] or "",
        completed_at=shape["completed_at"] or "",
        fields={**own, "amount": _decimal(shape["amount"]), "currency": shape["currency"]},
        run=shape.get("run", ""),
        line=shape.get("line", 0),
    )


def _postings(shape: Shape) -> list[Shape]:
    """Return the shapes of the postings; a single one is not listed, but has left a balance."""
    moved = shape["source_balance"] or shape["target_balance"]
    return shape.get("postings") or ([shape] if moved else [])


def _posting(shape: Shape) -> Posting:
    amounts = {name: _decimal(shape[name]) for name in _MONEY}
    return Posting(**{**{name: shape[name] for name in Posting._fields}, **amounts})


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def error_from(problem: Shape) -> BankError:
    """Return the error of a problem document; what HTTP itself refused becomes one of ours."""
    kind = ERRORS.get(problem["code"])
    if kind is None:
        kind = Busy if problem["retryable"] else InternalError
    if issubclass(kind, InvalidCommand):
        return kind(problem.get("errors") or {"command": problem["detail"]})
    return kind(problem["detail"])
