"""The servers that are measured over HTTP, each a process of its own on a free port."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from benchmarks import bank
from benchmarks.frame import ROOT, Absent, Plan
from benchmarks.peers import fastapi_ledger, postgres

START_SECONDS = 60
STOP_SECONDS = 120
THREADS = 64
"""Threads of the bank's server, and of the empty endpoint's."""

PAGE = 500


@dataclass(frozen=True)
class Server:
    """A server that answers, and how to ask it for all balances, in cents."""

    port: int
    balances: Callable[[int], dict[str, int]]


@contextmanager
def bank_served(plan: Plan) -> Iterator[Server]:
    """Serve the bank as a user would: books on disk, the access log in a file."""
    with plan.place() as folder:
        books = bank.open_books(folder)
        program = ("-m", "SimpleBankingSystem", "serve", "--port", "{port}")
        threads = ("--threads", str(THREADS))
        with serving(folder, *program, *threads, BANK_STORE=bank.url(books)) as port:
            yield Server(port, bank_balances)


def bank_balances(port: int) -> dict[str, int]:
    """Ask the bank for every account."""
    found: dict[str, int] = {}
    cursor: object = 0
    while cursor is not None:
        page = asked(port, f"/api/v1/accounts?limit={PAGE}&cursor={cursor}")
        found |= {each["id"]: cents(each["balance"]) for each in page["items"]}
        cursor = page["next"]
    return found


@contextmanager
def ledger_served(plan: Plan, pool: int = 0) -> Iterator[Server]:
    """Serve the FastAPI ledger on a database of its own; a pool of no connections is none."""
    with postgres.running(plan) as database, plan.place() as folder:
        if database.ask("SHOW fsync; SHOW synchronous_commit;") != "on\non":
            raise Absent("this server answers before a transfer is durable")
        fastapi_ledger.open_accounts(database.connection)
        program = ("-m", "uvicorn", f"{fastapi_ledger.__name__}:app", "--port", "{port}")
        variables = {"LEDGER_DATABASE": database.connection, "LEDGER_POOL": str(pool)}
        with serving(folder, *program, **variables) as port:
            yield Server(port, ledger_balances)


def ledger_balances(port: int) -> dict[str, int]:
    """Ask the ledger for every account."""
    return {name: cents(balance) for name, balance in asked(port, "/accounts").items()}


@contextmanager
def empty_served(plan: Plan) -> Iterator[Server]:
    """Serve the endpoint that does nothing, with the bank's server and as many threads."""
    with plan.place() as folder:
        program = ("-m", "benchmarks.peers.empty_endpoint", "{port}", str(THREADS))
        with serving(folder, *program) as port:
            yield Server(port, lambda _port: {})


@contextmanager
def serving(folder: Path, *program: str, **variables: str) -> Iterator[int]:
    """Run a Python program that serves `{port}`, a free one, until it is not needed any more."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    command = [sys.executable, *(word.format(port=port) for word in program)]
    environment = {**os.environ, **variables}
    with (folder / "log").open("w+") as log:
        child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            wait_for(port, child)
            yield port
        except BaseException as error:
            log.seek(0)
            error.add_note(f"The server's log ends with: {log.read()[-2000:]}")
            raise
        finally:
            child.terminate()
            try:
                child.wait(STOP_SECONDS)
            finally:
                child.kill()


def wait_for(port: int, child: subprocess.Popen[bytes]) -> None:
    """Return when a server takes connections."""
    deadline = time.monotonic() + START_SECONDS
    while child.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"the server does not answer; its process ended with {child.poll()}")


def asked(port: int, path: str) -> dict[str, Any]:
    """Ask a server on this machine a question."""
    with urlopen(f"http://127.0.0.1:{port}{path}", timeout=START_SECONDS) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def cents(balance: str) -> int:
    """Return a balance in cents."""
    whole, _, part = balance.partition(".")
    return int(whole) * 100 + int(part or 0)
