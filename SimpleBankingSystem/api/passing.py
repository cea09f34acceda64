"""What every request passes on its way in and out, whatever answers it.

It stands around the application and not in it: Flask's own hooks would cost more.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from random import getrandbits
from time import perf_counter
from typing import Any

from werkzeug.exceptions import HTTPException, TooManyRequests

from SimpleBankingSystem.api.answers import REQUEST, http_refusal
from SimpleBankingSystem.api.limits import Rate
from SimpleBankingSystem.logs import ACCESS, request_line
from SimpleBankingSystem.wire import HOLDER, this_process, variable

access = logging.getLogger(ACCESS)

Environ = dict[str, Any]
Start = Callable[..., Any]
Application = Callable[[Environ, Start], Iterable[bytes]]

TRANSACTION = "bank.transaction"
"""Where it has the id of the transaction that it led to."""

LOOPBACK = re.compile(r"(::ffff:)?127\.[0-9.]+|::1")
"""The addresses of this machine."""

PAGES = re.compile(r"/api/v1/swagger|/swaggerui")
"""How the paths of Swagger's page and its own files begin."""

TRANSACTION_IN_PATH = re.compile(r"(?<=/transactions/)[^/]+")

HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
)
"""The headers of every answer."""

NOTHING = "default-src 'none'; frame-ancestors 'none'"
PAGE = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'"
)
"""What an answer may load: nothing, but for Swagger's page and its own files."""

SET_HERE = {*dict(HEADERS), "Content-Security-Policy", "X-Request-Id"}


class Misdirected(HTTPException):
    """The request is meant for another process: for books that this one does not hold."""

    code = 421
    description = "This process does not hold the books that are meant."


class Passing:
    """Gives each request an id, its answer the headers, and the access log its line.

    An address that sends more than ``rate`` requests a second is told to slow down.
    """

    def __init__(self, application: Application, rate: int) -> None:
        self._application = application
        self._rate = Rate(rate)

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """Answer a request, as WSGI has it."""
        begun = perf_counter()
        environ[REQUEST] = request_id = f"{getrandbits(64):016x}"
        address = environ.get("REMOTE_ADDR", "")
        path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")

        def started(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            policy = PAGE if PAGES.match(path) else NOTHING
            given = [each for each in headers if each[0] not in SET_HERE]
            given += HEADERS
            given += (("Content-Security-Policy", policy), ("X-Request-Id", request_id))
            if access.isEnabledFor(logging.INFO):
                named = TRANSACTION_IN_PATH.search(path)
                line = request_line(
                    request=request_id,
                    address=address,
                    method=environ["REQUEST_METHOD"],
                    path=path,
                    status=int(status[:3]),
                    ms=round((perf_counter() - begun) * 1000, 3),
                    transaction=environ.get(TRANSACTION) or (named[0] if named else None),
                )
                # What access.info does beside that is to look for the caller.
                access.handle(access.makeRecord(ACCESS, logging.INFO, "", 0, line, (), None))
            return start(status, given, *error)

        if LOOPBACK.fullmatch(address) is None and not self._rate.allows(address):
            slower = "Too many requests from this address; slow down."
            return http_refusal(TooManyRequests(slower, retry_after=1)).send(started)
        holder = environ.get(variable(HOLDER))
        if holder is not None and holder != this_process():
            return http_refusal(Misdirected()).send(started)
        return self._application(environ, started)
