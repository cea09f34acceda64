"""Problem documents (RFC 9457): how a refusal looks to a program, on every surface."""

from __future__ import annotations

from SimpleBankingSystem.ledger.errors import BankError, InvalidCommand
from SimpleBankingSystem.ledger.transaction import Transaction


def problem(error: BankError, transaction: Transaction | None = None) -> dict[str, object]:
    """Return an error as a problem, with the FAILED transaction where there is one."""
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
        shape["transaction"] = transaction.to_dict()
    return shape
