"""The application under granian's own interface: bodies, threads, clients that do not wait."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import IncompleteRead
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

from SimpleBankingSystem.api.bridge import BLOCK, SMALL, Lane, environ_of, is_quick
from SimpleBankingSystem.commands.base import REGISTRY, Command
from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.ledger.errors import Busy
from tests.banks import wait_until
from tests.processes import PREFIX, SECONDS, Served, served

OPENING = {"name": "Ada", "account": "ADA", "initial_deposit": "100.00"}

HURRY = (
    "from SimpleBankingSystem import cli; from SimpleBankingSystem.api import bodies, serving; "
    "bodies.BODY_SECONDS = 0.3; serving.STOP_SECONDS = 0.2; cli.main()"
)
IMPATIENT = ("-c", HURRY)
"""The server, for which a client is slow that others would wait for."""


def head(path: str, kind: str = "application/json", **headers: str) -> bytes:
    """Return the head of a request that gives something."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    first = f"POST {PREFIX}{path} HTTP/1.1\r\nHost: bank\r\nContent-Type: {kind}\r\n"
    return f"{first}{lines}\r\n".encode()


def answered(client: socket.socket) -> bytes:
    """Return all that a server says, until it closes the connection."""
    said = b""
    while block := client.recv(1 << 16):
        said += block
    return said


def logged(server: Served) -> list[dict[str, Any]]:
    """Return the access log so far; whatever else there is would be no JSON."""
    return [json.loads(line) for line in server.log.read_text().splitlines() if line[0] == "{"]


# Bodies


@pytest.mark.parametrize(
    ("sent", "rest"),
    [
        (head("/accounts", Content_Length="30"), b'{"name": '),
        (head("/accounts", Content_Length=str(SMALL + 1)), b'{"name": '),
        (head("/runs", "text/csv", Content_Length="100000"), b"command,name\nopen_account,Ada\n"),
    ],
    ids=["small", "large", "run"],
)
def test_a_body_that_does_not_come_is_not_waited_for_for_ever(
    tmp_path: Path, sent: bytes, rest: bytes
) -> None:
    with served(tmp_path, program=IMPATIENT) as server:
        with server.connect() as client:
            client.sendall(sent + rest)
            assert server.ask("/accounts").json()["items"] == [], "others are answered meanwhile"
            said = answered(client)
        assert said.startswith(b"HTTP/1.1 408"), said
        assert b'"code":"request_timeout"' in said
        assert b"x-request-id" in said
        assert server.ask("/runs").json()["items"] == []
        assert server.ended() == 0
        assert 408 in {each["status"] for each in logged(server)}


@pytest.mark.parametrize(
    ("sent", "rest"),
    [
        (head("/accounts", Content_Length="30"), b'{"name": '),
        (head("/runs", "text/csv", Content_Length="100000"), b"command,name\nopen_account,Ada\n"),
    ],
    ids=["small", "run"],
)
def test_who_leaves_in_the_middle_of_a_body_has_said_nothing(
    tmp_path: Path, sent: bytes, rest: bytes
) -> None:
    with served(tmp_path) as server:
        with server.connect() as client:
            client.sendall(sent + rest)
            assert server.ask("/health").status == 200
        wait_until(lambda: 400 in {each["status"] for each in logged(server)})
        assert server.ask("/accounts").json()["items"] == []
        assert server.ask("/runs").json()["items"] == []
        assert server.ended() == 0
        assert "Traceback" not in server.log.read_text()


def test_a_command_is_carried_out_though_its_client_left(tmp_path: Path) -> None:
    body = json.dumps(OPENING).encode()
    with served(tmp_path) as server:
        for number in range(20):
            with server.connect() as client:
                key = {"Idempotency_Key": str(number)} if number % 2 else {}
                client.sendall(head("/accounts", Content_Length=str(len(body)), **key) + body)
        wait_until(lambda: len(server.ask("/transactions").json()["items"]) == 20)
        assert server.ask("/accounts/ADA").json()["balance"] == "100.00"
        assert server.ended() == 0
        assert "Traceback" not in server.log.read_text()


def test_a_file_that_is_half_sent_does_not_keep_the_server(tmp_path: Path) -> None:
    with served(tmp_path, program=IMPATIENT) as server, server.connect() as client:
        client.sendall(head("/runs", "text/csv", Content_Length="100000") + b"command,name\n")
        assert server.ask("/health").status == 200
        assert server.ended() == 0
        assert "Traceback" not in server.log.read_text()


def test_a_long_answer_comes_whole(tmp_path: Path) -> None:
    count = 4 * BLOCK // len("1001,T00000001001,COMPLETED,,,0.00\n")
    file = "command,name\n" + "open_account,Ada\n" * count
    with served(tmp_path) as server:
        run = server.ask("/runs", file.encode(), **{"Content-Type": "text/csv"}).json()["id"]
        wait_until(lambda: server.ask(f"/runs/{run}").json()["status"] == "finished")
        results = server.ask(f"/runs/{run}/results").body
        assert len(results) > 3 * BLOCK
        assert results.count(b"\n") == count + 1
        assert results == next((tmp_path / "data" / "runs").glob("*results*")).read_bytes()


def test_who_leaves_in_the_middle_of_a_long_answer_is_no_fault(tmp_path: Path) -> None:
    file = "command,name\n" + "open_account,Ada\n" * 20_000
    with served(tmp_path) as server:
        run = server.ask("/runs", file.encode(), **{"Content-Type": "text/csv"}).json()["id"]
        wait_until(lambda: server.ask(f"/runs/{run}").json()["status"] == "finished")
        for path in (f"/runs/{run}/results", "/transactions?limit=500") * 10:
            with server.connect() as client:
                client.sendall(f"GET {PREFIX}{path} HTTP/1.1\r\nHost: bank\r\n\r\n".encode())
                assert client.recv(1)
        assert server.ended() == 0
        assert "Traceback" not in server.log.read_text()


BREAKING = (
    "from pathlib import Path; from SimpleBankingSystem import cli; "
    "from SimpleBankingSystem.api import run_files; sent = run_files.sent; "
    "cut = lambda path: path.write_bytes(path.read_bytes()[:-100]); "
    "run_files.sent = lambda path: (sent(path), cut(path))[0]; cli.main()"
)
BREAKS_OFF = ("-c", BREAKING)
"""The server, for which a file becomes shorter before it is sent."""


def test_a_long_answer_that_breaks_off_does_not_look_whole(tmp_path: Path) -> None:
    file = "command,name\n" + "open_account,Ada\n" * 5_000
    with served(tmp_path, program=BREAKS_OFF) as server:
        run = server.ask("/runs", file.encode(), **{"Content-Type": "text/csv"}).json()["id"]
        wait_until(lambda: server.ask(f"/runs/{run}").json()["status"] == "finished")
        with pytest.raises(IncompleteRead):
            server.ask(f"/runs/{run}/results")
        assert server.ask("/health").status == 200


# Commands that come together


def test_a_key_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    body = b'{"name":"Ada"}'
    with served(tmp_path) as server:
        with server.connect() as client:
            given = head(
                "/accounts",
                Content_Length=str(len(body)),
                Connection="close",
                Idempotency_Key="käse",
            )
            client.sendall(given + body)
            said = answered(client)
        assert said.startswith(b"HTTP/1.1 400"), said
        assert b"must be given once, in ASCII" in said
        assert server.ask("/accounts").json()["items"] == []


def test_many_clients_at_once_get_each_his_own_answer(tmp_path: Path) -> None:
    def one(number: int) -> tuple[int, Any, Any]:
        key = {"Idempotency-Key": f"key {number // 2}"} if number % 4 < 2 else {}
        name = {"name": f"Client {number // 2 if key else number}"}
        answer = server.ask("/accounts", name, **key)
        return answer.status, answer.json()["account"]["name"], name["name"]

    with served(tmp_path) as server, ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(one, range(200)))
        assert {status for status, _, _ in answers} == {201}
        assert all(got == asked for _, got, asked in answers)
        opened = server.ask("/accounts?limit=500").json()["items"]
        # Of every four, two have a key of their own and two share one.
        assert len(opened) == 150
        assert server.ended() == 0


def test_a_full_queue_is_busy_and_what_was_taken_is_carried_out(tmp_path: Path) -> None:
    body = json.dumps(OPENING | {"account": ""}).encode()
    given = head("/accounts", Content_Length=str(len(body)), Connection="close") + body
    with served(tmp_path, BANK_QUEUE="1") as server:
        clients = [server.connect() for _ in range(64)]
        for client in clients:
            client.sendall(given)
        said = [answered(client) for client in clients]
        for client in clients:
            client.close()
        busy = [each for each in said if each.startswith(b"HTTP/1.1 503")]
        done = [each for each in said if each.startswith(b"HTTP/1.1 201")]
        assert len(busy) + len(done) == 64
        assert all(b"retry-after: 1" in each and b'"code":"busy"' in each for each in busy)
        assert len(server.ask("/accounts?limit=500").json()["items"]) == len(done)


def opening(name: str) -> Ticket:
    """Return the ticket of a command."""
    command = REGISTRY["open_account"].parse({"name": name})
    assert isinstance(command, Command)
    return Ticket(command)


def test_what_cannot_be_carried_out_is_told_to_all_that_were_together() -> None:
    sizes: list[int] = []
    more = Event()

    def carry_out(tickets: Sequence[Ticket]) -> None:
        sizes.append(len(tickets))
        assert more.wait(SECONDS)
        if len(sizes) == 2:
            raise Busy("No.")

    async def one_then_three_then_one() -> list[Exception | None]:
        lane = Lane(asyncio.get_running_loop(), carry_out, 2)
        begun = asyncio.create_task(lane.carry_out(opening("Ada")))
        await asyncio.to_thread(wait_until, lambda: bool(sizes))
        waiting = [
            asyncio.create_task(lane.carry_out(opening(name))) for name in ("Bob", "Cy", "Dee")
        ]
        # The third of them finds no room, and is told so at once.
        full = await waiting[2]
        more.set()
        done = [await begun, *await asyncio.gather(*waiting[:2])]
        last = await lane.carry_out(opening("Eve"))
        lane.close()
        return [full, *done, last]

    full, first, *together, last = asyncio.run(one_then_three_then_one())
    assert sizes == [1, 2, 1]
    assert (first, last) == (None, None)
    assert [str(fault) for fault in together] == ["No.", "No."]
    assert isinstance(full, Busy)
    assert "full" in full.message


# What the application is told


def scope(**given: Any) -> Any:
    """Return a request as granian has it."""
    known = {
        "server": "127.0.0.1:5000",
        "client": "127.0.0.1:40000",
        "method": "POST",
        "path": "/api/v1/accounts",
        "query_string": "",
        "http_version": "1.1",
        "scheme": "http",
    }
    named: dict[str, str | None] = given.pop("headers", {})
    read = [(name, value) for name, value in named.items() if value is not None]
    headers = SimpleNamespace(items=lambda: read, keys=lambda: list(named))
    return SimpleNamespace(**{**known, **given}, headers=headers)


def test_the_environment_is_that_of_wsgi() -> None:
    found = environ_of(
        scope(
            server="[::1]:5001",
            client="[::1]:40001",
            path="/käse",
            headers={"content-type": "text/csv", "x-a": "1", "x_a": "2", "cookie": None},
        )
    )
    assert (found["SERVER_NAME"], found["SERVER_PORT"]) == ("::1", "5001")
    assert found["REMOTE_ADDR"] == "::1"
    assert found["PATH_INFO"].encode("latin-1").decode() == "/käse"
    assert found["CONTENT_TYPE"] == "text/csv"
    assert found["HTTP_X_A"] == "1,2"
    assert found["HTTP_COOKIE"] == "", "what could not be read is there, and blank"


@pytest.mark.parametrize(
    ("method", "kind", "length", "small"),
    [
        ("POST", "application/json", "0", True),
        ("POST", "application/json; charset=utf-8", str(SMALL), True),
        ("POST", "application/json", str(SMALL + 1), False),
        ("POST", "application/json", None, False),
        ("POST", "text/csv", "10", False),
        ("GET", "application/json", "10", False),
        ("GET", "application/json", None, False),
    ],
)
def test_a_command_is_told_from_what_may_take_long(
    method: str, kind: str, length: str | None, *, small: bool
) -> None:
    named = {"content-type": kind} | ({"content-length": length} if length else {})
    assert is_quick(environ_of(scope(method=method, headers=named))) is small


def test_a_length_with_an_underscore_is_none() -> None:
    named = {"content-type": "application/json", "content_length": "10"}
    found = environ_of(scope(headers=named))
    assert "CONTENT_LENGTH" not in found
    assert not is_quick(found), "who sends chunks without end is read no further than the limit"


def test_a_machine_without_uvloop_serves_as_well(tmp_path: Path) -> None:
    without = (
        "-c",
        "import sys; sys.modules['uvloop'] = None; from SimpleBankingSystem import cli; cli.main()",
    )
    with served(tmp_path, program=without) as server:
        assert server.ask("/accounts", OPENING).status == 201
        assert server.ask("/accounts/ADA").json()["balance"] == "100.00"
        run = server.ask(
            "/runs", b"command,name\nopen_account,Bo\n", **{"Content-Type": "text/csv"}
        )
        assert run.status == 202
        assert server.ended() == 0
