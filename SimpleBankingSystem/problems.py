"""Problem documents (RFC 9457): how a refusal looks to a program, on every surface."""

from __future__ import annotations

from collections.abc import Mapping

from SimpleBankingSystem.ledger.errors import BankError, InvalidCommand


def problem(error: BankError, transaction: Mapping[str, object] | None = None) -> dict[str, object]:
    """Return an error as a problem, with the shape of the FAILED transaction if there is one."""
    shape: dict[str, object] = {
        "type": "about:blank",
        "title": (error.__doc__ or error.code).splitlines()[0],
        "status": error.http,
        "detail": error.message,
        "code": error.code,
        "retryable": error.retryable,
    }
    if isinstance(error, InvalidCommand):
        shape["errors"] = error.errors
    if transaction is not None:
        shape["transaction"] = transaction
    return shape
