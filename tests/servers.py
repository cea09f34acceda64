"""A real server of the bank, in a process of its own, on a port that the system found free."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from tests.banks import wait_until

ROOT = Path(__file__).parents[1]
HOST = "127.0.0.1"
PREFIX = "/api/v1"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server((HOST, 0)) as found:
        port: int = found.getsockname()[1]
    return port


@contextmanager
def served(store: str, folder: Path, **settings: str) -> Iterator[str]:
    """Serve the books of a store, and yield the address; ``folder`` gets the log."""
    port = free_port()
    variables = {f"BANK_{name.upper()}": value for name, value in settings.items()}
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "SimpleBankingSystem", "serve", "--port", str(port)],
            env={**os.environ, "PYTHONPATH": str(ROOT), "BANK_STORE": store, **variables},
            cwd=folder,
            stderr=log,
            stdout=log,
        )
    try:
        wait_until(lambda: answers(port) or server.poll() is not None)
        assert server.poll() is None, (folder / "server.log").read_text()
        yield f"http://{HOST}:{port}"
    finally:
        server.terminate()
        server.wait(60)


def answers(port: int) -> bool:
    """Tell whether a server is there and ready."""
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", f"{PREFIX}/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
