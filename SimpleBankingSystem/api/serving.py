"""Serving the books: granian in this one process."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from errno import EADDRINUSE
from ipaddress import ip_address
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from flask import Flask
from granian import net
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mt import MTServer

from SimpleBankingSystem.api.books import books_of, url_of
from SimpleBankingSystem.api.bridge import Bridge
from SimpleBankingSystem.ledger.errors import InUse, InvalidSettings

HEADER_SECONDS = 10
"""How long a client may take to send the head of a request, or be silent between two."""

HEADER_BYTES = 64 * 1024
"""What the head of a request may hold."""

CONNECTIONS = 1024
"""Clients that are connected at a time, most of them silent; more wait for a free place."""

STOP_SECONDS = 20
"""How long a stop waits for clients that do not send or take their bytes."""

LOG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"_granian": {}},
}
"""What granian has to say goes where all the rest goes."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket on which clients are heard; with port 0 the system chooses one.

    Raises:
        InUse: another program has the port.
        InvalidSettings: this machine has no such address, or does not let us have the port.
    """
    try:
        family, _, _, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.create_server(place[:2], family=family, backlog=CONNECTIONS)
    except OSError as error:
        taken = f"Port {port} of {host} is taken by another program: choose one with --port."
        if error.errno == EADDRINUSE:
            raise InUse(taken) from error
        message = f"Port {port} of {host} cannot be served: {error.strerror or error}."
        raise InvalidSettings(message) from error
    # Every connection inherits it: else an answer may wait 40 ms for a client's acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def is_here(host: str) -> bool:
    """Tell whether an address is reached from this machine alone."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return all(ip_address(str(place[0])).is_loopback for *_, place in found)


def address(listener: socket.socket) -> str:
    """Return the address by which a person on this machine reaches a socket."""
    host, port, *_ = listener.getsockname()
    return url_of(host, str(port))


class Bell:
    """What ``threading.Event`` is, and may be rung by a signal's handler at any moment.

    The handler interrupts the very thread that waits. An event has a lock that it may hold just
    then, and would never let go of; the queue has none that a handler could meet.
    """

    def __init__(self) -> None:
        self._rung: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """Ring."""
        self._rung.put(None)

    def wait(self) -> None:
        """Return once it has been rung since it was cleared."""
        self._rung.put(self._rung.get())

    def clear(self) -> None:
        """Forget that it was rung."""
        with suppress(Empty):
            while True:
                self._rung.get_nowait()


class Server(MTServer):
    """granian with its worker as a thread of this process.

    So the process that holds the books is the one that is started, stopped and killed. granian
    offers that to a Python without the global lock; nothing of it depends on that.
    """

    def __init__(self, app: Flask, listener: socket.socket, threads: int) -> None:
        super().__init__(
            "",
            interface=Interfaces.RSGI,
            backpressure=CONNECTIONS,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(
                header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=HEADER_BYTES
            ),
            websockets=False,
            log_level=LogLevels.error,
            log_dictconfig=LOG,
        )
        self.main_loop_interrupt: Any = Bell()
        books = books_of(app)
        self._books = books
        self._bridge = Bridge(
            app.wsgi_app,
            books.bank.carry_out_fresh,
            threads=threads,
            queue=books.settings.queue,
        )
        self._listener = listener

    def run(self, ready: Callable[[], None]) -> None:
        """Answer until somebody asks this process to end; then finish what was accepted.

        ``ready`` is called when clients are heard.
        """
        hangup = signal.getsignal(signal.SIGHUP)

        def begun() -> None:
            # nohup lets a server outlive its terminal; else it ends with it.
            ignored = hangup is signal.SIG_IGN
            signal.signal(signal.SIGHUP, hangup if ignored else self.signal_handler_interrupt)
            ready()

        self.on_startup(begun)
        try:
            # granian's types want a function, and know nothing of its own hooks.
            bridge: Any = self._bridge
            self.serve(target_loader=lambda: bridge, wrap_loader=False)
        finally:
            # It has done so, unless it failed; a worker that is left would keep the process.
            self._stop_workers()

    def _check_gil(self) -> None:
        """Run on any Python."""

    def _init_shared_socket(self) -> None:
        """Take the socket that is ours alone; granian's own would share the port."""
        self._port = self._listener.getsockname()[1]
        holder: Any = net.SocketHolder  # type: ignore[attr-defined] # its types leave this out
        self._shd = holder(self._listener.detach(), False, CONNECTIONS)

    def _stop_workers(self) -> None:
        """Let every request end; a client that stands in the way is left."""
        workers: list[Any] = self.wrks
        for worker in workers:
            worker.terminate()
            worker.join(STOP_SECONDS)
            if worker.inner.is_alive():
                hang_up(self._port)
                self._books.runs.break_off()
                worker.join()
        workers.clear()


def hang_up(port: int) -> None:
    """Close every connection of this process to its ``port``."""
    for open_file in list(Path("/dev/fd").iterdir()):
        try:
            with socket.socket(fileno=os.dup(int(open_file.name))) as connection:
                if connection.getsockname()[1] == port:
                    connection.shutdown(socket.SHUT_RDWR)
        except (OSError, IndexError):
            # It is a file, or a socket of another kind, or it was closed meanwhile.
            continue
