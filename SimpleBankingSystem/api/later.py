"""An answer that is not known yet, so that a request which waits for the disk needs no thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Response

from SimpleBankingSystem.api.answers import Reply, refused
from SimpleBankingSystem.commands.ticket import Ticket

LATER = "bank.later"
"""Where the environment of a request has a list, if its server takes a ``Later`` as it is."""


class Later(Response):
    """What ``work`` will return or raise, which may take long; it must not ask Flask for anything.

    One with a ``ticket`` is for a server that carries that out first. A server that keeps a thread
    for every request waits for any other as it does for every answer.
    """

    def __init__(self, work: Callable[[], Reply], ticket: Ticket | None = None) -> None:
        super().__init__()
        self.ticket = ticket
        self._work = work

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer now, or let the server have the rest."""
        left = environ.get(LATER)
        if left is None:
            return self.answered(environ, start_response)
        left.append((self, start_response))
        return ()

    def answered(
        self, environ: dict[str, Any], start_response: Any, fault: Exception | None = None
    ) -> Iterable[bytes]:
        """Do the work, and answer what came of it; or the fault for which it cannot be done."""
        try:
            reply = refused(fault, environ) if fault else self._work()
        except Exception as error:  # noqa: BLE001 - it is answered, and a fault is logged
            reply = refused(error, environ)
        return reply.send(start_response)
