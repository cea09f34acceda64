"""The bank behind a server: what the command line asks of a bank, asked over HTTP."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any, TypeVar

from SimpleBankingSystem.clock import utc_now
from SimpleBankingSystem.commands.base import Action, Command, Request
from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.ledger.errors import OutcomeUnknown
from SimpleBankingSystem.ledger.run import Run
from SimpleBankingSystem.ledger.transaction import Transaction
from SimpleBankingSystem.remote.connection import Connection
from SimpleBankingSystem.remote.records import Shape, account_from, run_from, transaction_from
from SimpleBankingSystem.stores.base import Page, Progress, Query, Report, silent
from SimpleBankingSystem.wire import KEY, key_header

AT_ONCE = 500
"""Things on a page of a list."""

Made = TypeVar("Made")


class RemoteBank:
    """Answers as the bank itself does, from the server at a URL that holds its books.

    ``holder`` names the process that holds them; no other that answers at the URL is meant.

    Every method raises what the bank's own raises, and besides InUse where the server cannot be
    reached, and OutcomeUnknown where it ends before it has answered a command.
    """

    def __init__(self, url: str, holder: str) -> None:
        self.connection = Connection(url, holder)
        self.clock = utc_now

    # Commands

    def execute(self, command: Command, *, key: str = "") -> Transaction:
        """Carry out one command and return its transaction."""
        return transaction_from(self._give(command, key))

    def perform(self, action: Action) -> object:
        """Carry out an action: retry, archive or snapshot."""
        shape = self._give(action)
        return transaction_from(shape) if "attempt" in shape else shape

    def _give(self, request: Request, key: str = "") -> Any:
        """Post a command or an action at its route."""
        given = {name: _on_the_wire(value) for name, value in request.given().items()}
        headers = {KEY: key_header(key)} if key else {}
        try:
            return self.connection.post(request.route.format_map(given), given, headers)
        except OutcomeUnknown as lost:
            look = f"bank transaction --key {shlex.quote(key)}" if key else "bank transactions"
            hint = f"Whether it was carried out is unknown; to see it: {look}"
            raise OutcomeUnknown(f"{lost.message} {hint}") from lost

    # Questions

    def account(self, account_id: str) -> Account:
        """Return an account."""
        return account_from(self.connection.get("accounts", account_id))

    def accounts(self, *, internal: bool = False) -> Sequence[Account]:
        """Return all accounts in the order of opening."""
        return self._all("accounts", account_from, internal=str(internal).lower())

    def balance(self, account_id: str, at: str = "") -> Decimal:
        """Return an account's balance, now or as it was at a UTC time."""
        shape = self.connection.get("accounts", account_id, "balance", at=at or None)
        return Decimal(shape["balance"])

    def transaction(self, transaction_id: str) -> Transaction:
        """Return a transaction as last recorded."""
        return transaction_from(self.connection.get("transactions", transaction_id))

    def by_key(self, key: str) -> Transaction:
        """Return the transaction of a key."""
        return transaction_from(self.connection.get("transactions", key=key)["items"][0])

    def transactions(self, query: Query) -> Page:
        """Return one page of transactions."""
        shape = self.connection.get("transactions", **asdict(query))
        return Page([transaction_from(each) for each in shape["items"]], shape["next"] or 0)

    def runs(self) -> Sequence[Run]:
        """Return all runs in the order of their start."""
        return self._all("runs", run_from)

    def run(self, run_id: str) -> Shape:
        """Return a run's shape, with how far it is or what came of it."""
        shape: Shape = self.connection.get("runs", run_id)
        return shape

    def verify(
        self, _progress: Progress = silent, *, chain_only: bool = False, expect: str = ""
    ) -> Report:
        """Check the books against themselves, and against a hash that was kept elsewhere."""
        chain = str(chain_only).lower()
        return Report(**self.connection.get("verify", chain=chain, expect=expect or None))

    def _all(self, name: str, made: Callable[[Shape], Made], **asked: str) -> list[Made]:
        def pages() -> Iterator[Shape]:
            cursor: int | None = 0
            while cursor is not None:
                shape = self.connection.get(name, limit=AT_ONCE, cursor=cursor, **asked)
                yield from shape["items"]
                cursor = shape["next"]

        return [made(shape) for shape in pages()]


def _on_the_wire(value: object) -> object:
    """Return the value of a field as JSON has it."""
    return str(value) if isinstance(value, Decimal) else value
