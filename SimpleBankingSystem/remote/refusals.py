"""Refusals made again from their shapes on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from SimpleBankingSystem.ledger.errors import ERRORS, BankError, Busy, InternalError, InvalidCommand

Shape = Mapping[str, Any]


def error_from(problem: Shape) -> BankError:
    """Return the error of a problem document; what HTTP itself refused becomes one of ours."""
    kind = ERRORS.get(problem["code"])
    if kind is None:
        kind = Busy if problem["retryable"] else InternalError
    if issubclass(kind, InvalidCommand):
        return kind(problem.get("errors") or {"command": problem["detail"]})
    return kind(problem["detail"])
