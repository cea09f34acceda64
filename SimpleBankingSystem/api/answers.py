"""Answers as bytes: JSON, problem documents, and the headers that every answer has."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from SimpleBankingSystem.ledger.errors import BankError, InternalError
from SimpleBankingSystem.problems import problem

log = logging.getLogger(__name__)

REQUEST = "bank.request"
"""Where a request's environment has its id."""

JSON = "application/json"
PROBLEM = "application/problem+json"
CSV = "text/csv"

RETRY_AFTER = "1"
"""Seconds after which a bank that is busy may be asked again."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Reply:
    """An answer that is ready to be sent, without what a Response can do beside that.

    ``headers`` may be added to.
    """

    __slots__ = ("body", "headers", "kind", "status")

    def __init__(self, text: str, status: int = 200, kind: str = JSON) -> None:
        # Half a pair of UTF-16, which a refused name may hold, is written as JSON escapes it.
        self.body = text.encode(errors="backslashreplace")
        self.status = status
        self.kind = kind
        self.headers: dict[str, str] = {}

    def send(self, start: Callable[..., Any]) -> list[bytes]:
        """Send it, as WSGI has it."""
        status = f"{self.status} {HTTP_STATUS_CODES[self.status]}"
        length = str(len(self.body))
        own = [("Content-Type", self.kind), ("Content-Length", length)]
        start(status, [*own, *self.headers.items()])
        return [self.body]

    def response(self) -> Response:
        """Return it as Flask wants to have it."""
        return Response(self.body, self.status, self.headers, content_type=self.kind)


def json_text(shape: Mapping[str, object]) -> str:
    """Return a shape as JSON, on one line."""
    return f"{_encode(shape)}\n"


def answer(
    shape: Mapping[str, object], status: int = 200, headers: Mapping[str, str] | None = None
) -> Reply:
    """Return a shape as JSON."""
    reply = Reply(json_text(shape), status)
    if headers:
        reply.headers.update(headers)
    return reply


def refusal(error: BankError, transaction: Mapping[str, object] | None = None) -> Reply:
    """Return a refusal as a problem document, with the shape of a FAILED transaction."""
    reply = Reply(json_text(problem(error, transaction)), error.http, PROBLEM)
    if error.http in {429, 503} and error.retryable:
        reply.headers["Retry-After"] = RETRY_AFTER
    return reply


def refused(error: Exception, environ: Mapping[str, Any]) -> Reply:
    """Return the problem document of whatever a request raised."""
    if isinstance(error, BankError):
        return refusal(error)
    if isinstance(error, HTTPException):
        return http_refusal(error)
    incident, method, path = environ[REQUEST], environ["REQUEST_METHOD"], environ["PATH_INFO"]
    log.error("incident %s: %s %s raised", incident, method, path, exc_info=error)
    return refusal(InternalError(f"A fault of the bank; incident {incident}."))


def http_refusal(error: HTTPException) -> Reply:
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
    reply = Reply(json_text(shape), status, PROBLEM)
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            reply.headers[name] = value
    return reply
