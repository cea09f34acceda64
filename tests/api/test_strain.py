"""Guarantees 13 and 16: who is slow, and what raises, is nobody else's trouble."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.processes import PREFIX, Served, served

OPENING = {"name": "Ada", "account": "ADA", "initial_deposit": "100.00"}
MANY = 40
"""Clients that are slow: far more than there are threads to answer them."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with few threads; each test has an account of its own."""
    with served(tmp_path_factory.mktemp("books"), "--threads", "2") as server:
        for account in ("ADA", "BOB", "EVE"):
            assert server.ask("/accounts", {**OPENING, "account": account}).status == 201
        yield server
        assert server.ended() == 0
        assert "Traceback" not in server.log.read_text()


def deposited(server: Served, account: str, amount: str) -> str:
    """Pay in, as a client that is not slow, and return the balance."""
    answer = server.ask(f"/accounts/{account}/deposit", {"amount": amount})
    assert answer.status == 200
    return str(answer.json()["target_balance"])


def test_who_reads_slowly_holds_nobody_else(server: Served) -> None:
    """The longest answer that there is, and no client that takes more than a bit of it."""
    with ExitStack() as clients:
        slow = [clients.enter_context(a_little_room(server)) for _ in range(MANY)]
        page = "GET /swaggerui/swagger-ui-bundle.js HTTP/1.1\r\nHost: bank\r\n\r\n"
        for client in slow:
            client.sendall(page.encode())
            assert client.recv(12) == b"HTTP/1.1 200"
        assert deposited(server, "ADA", "1.00") == "101.00"
        assert server.ask("/accounts/ADA").json()["balance"] == "101.00"
        assert len(server.ask("/accounts/ADA/transactions").json()["items"]) == 2


def a_little_room(server: Served) -> socket.socket:
    """Return a connection that takes little at a time."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", server.port))
    return client


def test_whose_bytes_come_one_by_one_holds_nobody_else(server: Served) -> None:
    body = b'{"amount": "1.00"}'
    head = (
        f"POST {PREFIX}/accounts/BOB/deposit HTTP/1.1\r\nHost: bank\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    with ExitStack() as clients:
        slow = [clients.enter_context(server.connect()) for _ in range(MANY)]
        for at in range(len(head)):
            for client in slow:
                client.sendall(head[at : at + 1])
        for at in range(len(body)):
            assert deposited(server, "BOB", "0.01") == f"100.{at + 1:02d}"
            for client in slow:
                client.sendall(body[at : at + 1])
        for client in slow:
            assert client.recv(12) == b"HTTP/1.1 200"
        assert deposited(server, "BOB", "1.00") == f"{101 + MANY}.{len(body):02d}"


RAISING = """
from SimpleBankingSystem import cli
from SimpleBankingSystem.commands.deposit import Deposit
right = Deposit.apply
def raising(self, book):
    right(self, book)
    if self.amount == 13:
        raise KeyError("the password is 1234")
Deposit.apply = raising
cli.main()
"""
"""The server with a fault: it cannot count to thirteen."""


def test_a_command_that_raises_fails_with_an_incident_and_the_server_lives_on(
    tmp_path: Path,
) -> None:
    with served(tmp_path, program=("-c", RAISING)) as server:
        server.ask("/accounts", OPENING)
        answer = server.ask("/accounts/ADA/deposit", {"amount": "13"}, **{"Idempotency-Key": "k"})
        assert (answer.status, answer.json()["code"]) == (503, "internal_error")
        assert b"1234" not in answer.body
        failed = answer.json()["transaction"]
        assert failed["status"] == "FAILED"
        incident = re.search(r"incident (T\d+)", failed["error"]["message"])
        assert incident
        assert server.ask("/transactions?key=k").json()["items"] == [failed]
        assert deposited(server, "ADA", "1.00") == "101.00"
        assert server.ended() == 0
        assert f"incident {incident[1]}: the command deposit raised" in server.log.read_text()
    with served(tmp_path) as server:
        assert server.ask(f"/transactions/{failed['id']}").json() == failed
        assert server.ask("/accounts/ADA").json()["balance"] == "101.00"


BAD = (
    b'{"amount":' + b"[" * 60_000 + b"]" * 60_000 + b"}",
    b'{"amount":' + b'{"a":' * 60_000,
    b'{"amount":"1","amount":"2"}',
    b'{"amount":"1","description":"\\ud800"}',
    b'{"amount":"1","description":"a\\u0000b"}',
    b'{"amount":"1","description":"a\0b"}',
    b'{"amount":"1","description":"\xed\xa0\x80"}',
    b'{"amount":NaN}',
    b'{"amount":1e400}',
    b'{"amount":-1e-400}',
    b'{"amount":"1.00\\n"}',
    b'{"amount":"\\u0661"}',
    b'{"amount":"\xd9\xa1"}',
    b'{"amount":' + b"9" * 60_000 + b"}",
)


def test_bad_input_is_refused_by_the_server_too(server: Served) -> None:
    for body in BAD:
        answer = server.ask("/accounts/EVE/deposit", body)
        assert (answer.status, answer.json()["code"]) == (400, "invalid_command"), body[:80]
        assert answer.json()["errors"]
    assert deposited(server, "EVE", "1.00") == "101.00"
