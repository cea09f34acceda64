"""Requests to a server on this machine, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from time import monotonic, sleep
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from SimpleBankingSystem.ledger.errors import InternalError, InUse, OutcomeUnknown
from SimpleBankingSystem.remote.refusals import error_from
from SimpleBankingSystem.wire import HOLDER, PREFIX

REACHED_WITHIN = 2.0
"""Seconds; a server says where it is a moment before it listens. Its answer may take long."""

BETWEEN_KNOCKS = 0.02
"""Seconds."""

NOTHING: Mapping[str, str] = MappingProxyType({})


class Connection:
    """Asks the server at a URL. Every request is a connection of its own, so none is ever stale."""

    def __init__(self, url: str, holder: str) -> None:
        self.url = url
        self._holder = holder
        self._address = urlsplit(url).netloc

    def get(self, path: str) -> Any:
        """Ask a question at its path below the prefix.

        Raises:
            InUse: the server, which holds the books, does not answer.
            BankError: what it refused with.
        """
        try:
            with self.answer("GET", path) as response:
                return read(response)
        except OutcomeUnknown as lost:
            raise self.silent(lost.message) from lost

    def post(
        self, route: str, shape: Mapping[str, object], headers: Mapping[str, str] = NOTHING
    ) -> Any:
        """Give a command at a route; the answer may be a transaction that FAILED.

        Raises:
            InUse: the server was not reached, and nothing was done.
            OutcomeUnknown: it was reached, but it did not answer.
            BankError: what it refused with.
        """
        content = json.dumps(shape).encode()
        sent = {"Content-Type": "application/json", **headers}
        with self.answer("POST", route, [content], len(content), sent) as response:
            return read(response)

    @contextmanager
    def answer(
        self,
        method: str,
        path: str,
        content: Iterable[bytes] = (),
        size: int = 0,
        headers: Mapping[str, str] = NOTHING,
    ) -> Iterator[HTTPResponse]:
        """Send a request below the prefix and lend its answer; raises what ``post`` does."""
        http = HTTPConnection(self._address, timeout=REACHED_WITHIN)
        sent = {**headers, "Content-Length": str(size), HOLDER: self._holder}
        try:
            self._reach(http)
            http.sock.settimeout(None)
            http.request(method, PREFIX + path, content, sent)
            response = http.getresponse()
            if response.status == HTTPStatus.MISDIRECTED_REQUEST:
                raise self.silent("another process answers there")
            yield response
        except (OSError, HTTPException) as error:
            reason = str(error) or type(error).__name__
            message = f"The server at {self.url} ended before it had answered ({reason})."
            raise OutcomeUnknown(message) from error
        finally:
            http.close()

    def _reach(self, http: HTTPConnection) -> None:
        end = monotonic() + REACHED_WITHIN
        while True:
            try:
                return http.connect()
            except OSError as error:
                if monotonic() > end or not isinstance(error, ConnectionRefusedError):
                    raise self.silent(error.strerror or str(error)) from error
            sleep(BETWEEN_KNOCKS)

    def silent(self, reason: str) -> InUse:
        """Return the refusal for a server that does not answer."""
        return InUse(f"The server at {self.url} holds the books, but does not answer: {reason}")


def read(response: HTTPResponse) -> Any:
    """Read an answer; of a refusal that has a transaction, the transaction.

    Raises:
        BankError: what the server refused with.
    """
    content = response.read()
    try:
        shape = json.loads(content)
    except ValueError:
        shape = None
    if not isinstance(shape, dict) or (response.status >= 400 and "code" not in shape):
        raise InternalError(f"The server answered {response.status}, and nothing that is known.")
    if response.status < 400:
        return shape
    if "transaction" in shape:
        return shape["transaction"]
    raise error_from(shape)
