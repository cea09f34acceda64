"""Answers as bytes: JSON, problem documents, and the headers that every answer has."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from flask import Response
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from SimpleBankingSystem.ledger.errors import BankError, InternalError
from SimpleBankingSystem.ledger.transaction import Transaction
from SimpleBankingSystem.problems import problem

log = logging.getLogger(__name__)

REQUEST = "bank.request"
"""Where a request's environment has its id."""

JSON = "application/json"
PROBLEM = "application/problem+json"

RETRY_AFTER = "1"
"""Seconds after which a bank that is busy may be asked again."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def answer(
    shape: Mapping[str, object], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a shape as JSON."""
    return Response(_encode(shape) + "\n", status, headers, content_type=JSON)


def refusal(error: BankError, transaction: Transaction | None = None) -> Response:
    """Return a refusal as a problem document."""
    headers = {"Retry-After": RETRY_AFTER} if error.http in {429, 503} and error.retryable else None
    shape = problem(error, transaction)
    return Response(_encode(shape) + "\n", error.http, headers, content_type=PROBLEM)


def refused(error: Exception, environ: Mapping[str, Any]) -> Response:
    """Return the problem document of whatever a request raised."""
    if isinstance(error, BankError):
        return refusal(error)
    if isinstance(error, HTTPException):
        return http_refusal(error)
    incident, method, path = environ[REQUEST], environ["REQUEST_METHOD"], environ["PATH_INFO"]
    log.error("incident %s: %s %s raised", incident, method, path, exc_info=error)
    return refusal(InternalError(f"A fault of the bank; incident {incident}."))


def http_refusal(error: HTTPException) -> Response:
    """Return what HTTP itself refuses as a problem document; its code is the status's name."""
    status = error.code or 400
    title = HTTP_STATUS_CODES.get(status, "Error")
    shape = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": error.description or title,
        "code": title.lower().replace(" ", "_").replace("-", "_"),
        "retryable": status in {408, 429, 503},
    }
    made = Response(_encode(shape) + "\n", status, content_type=PROBLEM)
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            made.headers[name] = value
    return made
