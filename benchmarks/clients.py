"""Clients over HTTP: one process, a kept connection each, and every client waits for its answer.

A client is a conversation: a generator that yields requests, is sent their answers, and returns
when one piece of work is done; then it begins the next. The process that plays the clients shares
the cores with the server, as in every figure printed here, the peers' too.
"""

from __future__ import annotations

import re
import socket
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from random import Random
from selectors import EVENT_READ, DefaultSelector

from benchmarks.frame import Figures, percentile

WARM_SECONDS = 0.5
"""What is done before the clock starts: imports, pools and caches are filled."""

SILENT_SECONDS = 30
"""After how long without any answer a server counts as dead."""

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

Moved = Counter[str]
"""By how many cents each account's balance changed, as far as it was acknowledged."""

Conversation = Generator[bytes, "Answer", int]
"""Yields whole requests, is sent their answers, and returns how many transfers are done."""

Talk = Callable[[Random, Moved], Conversation]


@dataclass(frozen=True)
class Answer:
    """An answer as it came."""

    head: bytes
    body: bytes

    def insist(self, status: int) -> Answer:
        """Return this answer; a refusal is no speed, so any other status ends the measurement."""
        if int(self.head[9:12]) != status:
            raise RuntimeError(f"not {status} was answered, but {self.head!r} {self.body!r}")
        return self


@dataclass
class Client:
    """One connection, and what is being said on it."""

    connection: socket.socket
    talking: Conversation
    asked_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)

    def read(self) -> Answer | None:
        """Take what arrived; return the answer once it is whole."""
        arrived = self.connection.recv(1 << 16)
        if not arrived:
            raise RuntimeError("the server closed a connection that was to be kept")
        self.received += arrived
        head, ended, body = bytes(self.received).partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if not ended or (length and len(body) < int(length[1])):
            return None
        self.received.clear()
        return Answer(head, body)


@dataclass
class Driven:
    """What clients did within the clocked seconds, and what all of it moved."""

    seconds: float
    done: int = 0
    waits: list[float] = field(default_factory=list)
    moved: Moved = field(default_factory=Counter)

    def figures(self) -> Figures:
        """Return the rate, and how long one piece of work took."""
        return {
            "transfers/s": self.done / self.seconds,
            "ms each": sum(self.waits) / len(self.waits) * 1000,
            "p50 ms": percentile(self.waits, 0.5) * 1000,
            "p99 ms": percentile(self.waits, 0.99) * 1000,
        }


def drive(port: int, talk: Talk, clients: int, seconds: float) -> Driven:
    """Let clients talk to a server on this machine; all are answered when this returns."""
    driven = Driven(seconds)
    draw = Random(1)
    with DefaultSelector() as selector, ExitStack() as stack:
        begin = time.perf_counter() + WARM_SECONDS
        end = begin + seconds
        for _ in range(clients):
            connection = socket.create_connection(("127.0.0.1", port), timeout=SILENT_SECONDS)
            stack.enter_context(connection)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client = Client(connection, talk(draw, driven.moved), time.perf_counter())
            selector.register(connection, EVENT_READ, client)
            connection.sendall(next(client.talking))
        while selector.get_map():
            ready = selector.select(SILENT_SECONDS)
            if not ready:
                raise RuntimeError(f"the server was silent for {SILENT_SECONDS} seconds")
            for key, _ in ready:
                client = key.data
                answer = client.read()
                if answer is None:
                    continue
                try:
                    client.connection.sendall(client.talking.send(answer))
                except StopIteration as finished:
                    now = time.perf_counter()
                    if begin <= now < end:
                        driven.done += finished.value
                        driven.waits.append(now - client.asked_at)
                    if now >= end:
                        selector.unregister(client.connection)
                        continue
                    client.talking, client.asked_at = talk(draw, driven.moved), now
                    client.connection.sendall(next(client.talking))
    return driven


def request(
    method: str, path: str, body: bytes = b"", kind: str = "application/json", **headers: str
) -> bytes:
    """Return a whole request."""
    sent = {"Host": "localhost", "Content-Type": kind, "Content-Length": str(len(body)), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


def check(before: Mapping[str, int], after: Mapping[str, int], moved: Moved) -> None:
    """Refuse a figure unless every account's balance moved by what was acknowledged."""
    wrong = [name for name in before if after[name] - before[name] != moved[name]]
    if wrong:
        raise RuntimeError(f"not what was acknowledged is in the books: {wrong[:5]}")
