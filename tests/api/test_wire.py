"""What only a real server shows: bodies in chunks, heads without end, many clients at once."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from typing import Any

import pytest

from SimpleBankingSystem.api.commanding import BODY_AT_MOST
from SimpleBankingSystem.api.serving import HEADER_BYTES
from tests.banks import wait_until
from tests.servers import PREFIX


def send(
    server: str, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, dict[str, Any]]:
    """Send one request; a body that is an iterator is sent in chunks."""
    connection = HTTPConnection(server.removeprefix("http://"), timeout=30)
    try:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        connection.request(method, PREFIX + path, body, named)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_a_command_in_chunks(server: str) -> None:
    chunks = iter([b'{"name":', b'"Ada","account"', b':"CHUNKS"}'])
    status, opened = send(server, "POST", "/accounts", chunks, Content_Type="application/json")
    assert (status, opened["account"]["id"]) == (201, "CHUNKS")


def test_a_command_file_needs_its_length(server: str) -> None:
    chunks = iter([b"command,account,name\n", b"open_account,CHUNKS,Chunks\n"])
    status, problem = send(server, "POST", "/runs", chunks, Content_Type="text/csv")
    assert (status, problem["code"]) == (411, "length_required")


def test_a_large_command_file_is_carried_out_to_its_end(server: str) -> None:
    lines = 50_000
    text = "command,account,name,amount\nopen_account,MANY,Many,\n" + "deposit,MANY,,0.01\n" * lines
    status, run = send(server, "POST", "/runs?name=many", text, Content_Type="text/csv")
    assert status == 202
    place = f"/runs/{run['id']}"
    wait_until(lambda: send(server, "GET", place)[1]["status"] == "finished")
    assert send(server, "GET", place)[1]["completed"] == lines + 1
    assert send(server, "GET", "/accounts/MANY/balance")[1]["balance"] == "500.00"


def test_a_command_that_never_ends_is_cut_off(server: str) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"name":"'
        for _ in range(2 * BODY_AT_MOST // 65_536):
            yield b"x" * 65_536

    try:
        status, problem = send(
            server, "POST", "/accounts", chunks(), Content_Type="application/json"
        )
    except (BrokenPipeError, ConnectionResetError):
        return  # It answered, and hung up before all was sent.
    assert (status, problem["code"]) == (413, "request_entity_too_large")


def test_a_verb_without_fields_is_not_carried_out_when_its_body_broke_off(server: str) -> None:
    host, _, port = server.removeprefix("http://").partition(":")
    sent = send(
        server,
        "POST",
        "/accounts",
        '{"name":"Ada","initial_deposit":"5"}',
        Content_Type="application/json",
    )
    path = f"{PREFIX}/transactions/{sent[1]['id']}/reverse"
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n1e\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert not connection.recv(1 << 16).startswith(b"HTTP/1.1 2")
    account = send(server, "GET", f"/accounts/{sent[1]['account']['id']}")[1]
    assert account["balance"] == "5.00"


@pytest.mark.parametrize("chunked", [True, False])
def test_a_command_file_that_breaks_off_is_not_carried_out(server: str, *, chunked: bool) -> None:
    """Half a file is another file: nothing of it may happen."""
    host, _, port = server.removeprefix("http://").partition(":")
    text = b"command,account,name\nopen_account,BROKEN,Broken\n"
    how = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 5000"
    head = f"POST {PREFIX}/runs?name=broken HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/csv\r\n"
    body = f"{len(text):x}\r\n".encode() + text + b"\r\n" if chunked else text
    before = send(server, "GET", "/runs?limit=500")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head.encode() + how + b"\r\n\r\n" + body)
        connection.shutdown(socket.SHUT_WR)
        assert not connection.recv(1 << 16).startswith(b"HTTP/1.1 2")
    assert send(server, "GET", "/runs?limit=500") == before
    assert send(server, "GET", "/accounts/BROKEN")[0] == 404


def test_a_head_without_end_is_refused(server: str) -> None:
    connection = HTTPConnection(server.removeprefix("http://"), timeout=30)
    try:
        connection.request("GET", f"{PREFIX}/health", headers={"X-Long": "x" * 4 * HEADER_BYTES})
        status = connection.getresponse().status
    except (OSError, HTTPException):
        status = 0
    finally:
        connection.close()
    assert status in {0, 400, 431}
    assert send(server, "GET", "/health") == (200, {"alive": True, "ready": True})


def test_many_clients_at_once_each_get_their_own_answer(server: str) -> None:
    send(
        server,
        "POST",
        "/accounts",
        '{"name":"A","account":"AT-ONCE"}',
        Content_Type="application/json",
    )

    def deposit(number: int) -> tuple[int, str]:
        body = json.dumps({"amount": "0.01", "reference": str(number)})
        status, done = send(
            server, "POST", "/accounts/AT-ONCE/deposit", body, Content_Type="application/json"
        )
        return status, done["reference"]

    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(deposit, range(200)))
    assert answers == [(200, str(number)) for number in range(200)]
    assert send(server, "GET", "/accounts/AT-ONCE/balance")[1]["balance"] == "2.00"
