"""The books that an application serves: opened at the first request, closed when it ends."""

from __future__ import annotations

import atexit
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import cast

from flask import Flask, current_app, has_request_context, request

from SimpleBankingSystem import config
from SimpleBankingSystem.api.running import Runs
from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.config import Settings

NAME = "SimpleBankingSystem"
"""The name under which an application keeps its books."""


class Books:
    """Opens the bank when it is first asked for: a development server loads the app twice."""

    def __init__(self, settings: Settings | None, bank: Bank | None = None) -> None:
        self.settings = settings or config.load()
        # Of a bank that is lent without its settings nobody knows where its books are.
        known = settings is not None or bank is None
        self._is_placed = known and self.settings.store.startswith("csv:")
        self._bank = bank
        self._lent = bank is not None
        self._runs: Runs | None = None
        self._lock = Lock()
        self._for_now: TemporaryDirectory[str] | None = None

    @property
    def bank(self) -> Bank:
        """The bank.

        Raises:
            InUse: another process holds the books.
            DataDamaged: they are not what the bank wrote.
        """
        return self._bank or self.open()

    @property
    def runs(self) -> Runs:
        """The command files that were given over HTTP; raises what ``bank`` raises."""
        bank = self.bank
        with self._lock:
            if self._runs is None:
                self._runs = Runs(bank, self._folder())
        return self._runs

    def open(self) -> Bank:
        """Open the bank unless it is open, and go on with the runs that were broken off.

        Raises:
            InUse: another process holds the books.
            DataDamaged: they are not what the bank wrote.
        """
        with self._lock:
            if self._bank is None:
                self._bank = Bank.start(self.settings)
                # Whoever runs the application may know nothing of banks.
                atexit.register(self.close)
                if has_request_context():
                    # Whatever program serves the application, it says where it listens.
                    where = request.environ
                    self._bank.store.announce(url_of(where["SERVER_NAME"], where["SERVER_PORT"]))
            bank = self._bank
        if self._is_placed:
            self.runs.resume()
        return bank

    def _folder(self) -> Path:
        """Return where command files are kept: with the books, or nowhere for long."""
        if self._is_placed:
            return Path(self.settings.store.partition(":")[2]).expanduser() / "runs"
        self._for_now = TemporaryDirectory()
        return Path(self._for_now.name)

    def close(self) -> None:
        """Finish what was accepted and leave the books clean."""
        atexit.unregister(self.close)
        if self._bank is not None and not self._lent:
            self._bank.close()
        if self._runs is not None:
            self._runs.wait()
        if self._for_now is not None:
            self._for_now.cleanup()


def url_of(host: str, port: str) -> str:
    """Return the URL at which this machine reaches a server that listens there."""
    own = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - nothing is bound
    return f"http://[{own}]:{port}" if ":" in own else f"http://{own}:{port}"


def books_of(app: Flask) -> Books:
    """Return the books of an application."""
    return cast("Books", app.extensions[NAME])


def books() -> Books:
    """Return the books of the application that answers."""
    return books_of(current_app)
