"""An answer that is not known yet, so that a request which waits for the disk needs no thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flask import Response

from SimpleBankingSystem.api.answers import Reply, refused
from SimpleBankingSystem.commands.ticket import Ticket

LATER = "bank.later"
"""Where the environment of a request has a list, if its server takes a ``Later`` as it is."""

Carry = Callable[[Sequence[Ticket]], None]
"""Carries tickets out, like ``Bank.carry_out``."""


class Later(Response):
    """What ``work`` will return or raise, which may take long; it must not ask Flask for anything.

    A server that keeps a thread for every request waits for it as for any answer.
    """

    def __init__(self, work: Callable[[], Reply]) -> None:
        super().__init__()
        self._work = work

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer now, or let the server have the rest."""
        left = environ.get(LATER)
        if left is None:
            return self.answered(environ, start_response)
        left.append((self, start_response))
        return ()

    def answered(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Do the work, and answer what came of it."""
        try:
            reply = self._work()
        except Exception as error:  # noqa: BLE001 - it is answered, and a fault is logged
            reply = refused(error, environ)
        return reply.send(start_response)


class Carried(Later):
    """The ``reply`` to a command, whose ``ticket`` a server may carry out together with others.

    It notes that by ``is_carried``, and by ``fault`` why they could not be.
    """

    def __init__(self, ticket: Ticket, carry: Carry, reply: Callable[[], Reply]) -> None:
        super().__init__(self._replied)
        self.ticket = ticket
        self.carry = carry
        self.is_carried = False
        self.fault: Exception | None = None
        self._reply = reply

    def _replied(self) -> Reply:
        if not self.is_carried:
            self.carry([self.ticket])
        if self.fault is not None:
            raise self.fault
        return self._reply()
