"""Programs that serve books, each a process of its own at a port that the system found free."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

import dev
from tests.banks import wait_until

PREFIX = "/api/v1"
PROGRAM = ("-m", "SimpleBankingSystem")
SECONDS = 60
"""A deadline for what a busy machine may take long for."""


class Answer(NamedTuple):
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Served:
    """A process that serves books, and how to talk to it."""

    def __init__(self, process: subprocess.Popen[str], port: int, log: Path) -> None:
        self.process, self.port, self.log = process, port, log

    def ask(self, path: str, body: object = None, prefix: str = PREFIX, **headers: str) -> Answer:
        """Send a request; one with a body is a POST."""
        given = {"Content-Type": "application/json", **headers}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)) as connection:
            connection.request("POST" if data else "GET", prefix + path, data, given)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read())

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS)

    def is_heard(self) -> bool:
        """Tell whether the server takes connections."""
        try:
            self.connect().close()
        except OSError:
            return False
        return True

    def ended(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(SECONDS)


@contextmanager
def running(
    folder: Path,
    *words: str,
    program: tuple[str, ...] = PROGRAM,
    under: tuple[str, ...] = (),
    **variables: str,
) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Run a program in a folder, under another one perhaps, with nothing set but what is given."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("BANK_")}
    log = folder / "log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [*under, sys.executable, *program, *words],
            cwd=folder,
            env={**own, "PYTHONPATH": str(dev.ROOT), "HOME": str(folder), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            yield process, log
        finally:
            process.kill()


@contextmanager
def served(
    folder: Path,
    *words: str,
    program: tuple[str, ...] = PROGRAM,
    under: tuple[str, ...] = (),
    **variables: str,
) -> Iterator[Served]:
    """Serve the books in ``data`` of a folder, at a port that the system found free."""
    options = ("serve", "--port", "0", *words)
    with running(folder, *options, program=program, under=under, **variables) as (process, log):
        assert process.stdout is not None
        facts: dict[str, str] = {}
        while "swagger" not in facts:
            line = process.stdout.readline()
            assert line, log.read_text()
            name, _, value = line.strip().partition(" ")
            facts[name] = value.strip()
        found = re.fullmatch(rf"http://127\.0\.0\.1:(\d+){PREFIX}/swagger/", facts["swagger"])
        assert found, facts
        yield Served(process, int(found[1]), log)


@contextmanager
def started(folder: Path, module: str, *words: str, **variables: str) -> Iterator[Served]:
    """Run another server of the application, which is told a port that was free just now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = [word.replace("PORT", str(port)) for word in words]
    with running(folder, *told, program=("-m", module), under=(), **variables) as (process, log):
        server = Served(process, port, log)
        wait_until(lambda: server.is_heard() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield server
