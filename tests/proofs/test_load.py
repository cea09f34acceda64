"""Guarantees 11 and 13 on a real server: overload is refused, a long day leaves no trace."""

from __future__ import annotations

import json
import signal
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from time import monotonic, perf_counter
from typing import Any

import pytest

from tests.banks import wait_until
from tests.guarantees import Proved
from tests.processes import PREFIX, SECONDS, Served, running, served
from tests.proof_level import figure

CLIENTS = 32
ACCOUNTS = [f"A{number}" for number in range(20)]
DEPOSIT = Decimal("1000.00")

GROWTH_AT_MOST = 40 * 2**20
"""Bytes of memory that a long day may add to those of its beginning, beside ROW_BYTES a row."""

ROW_BYTES = 300
"""Bytes of memory that a row of the journal may cost until it is archived."""


class Client:
    """Sends requests over one connection, and keeps what it was told."""

    def __init__(self, server: Served, random: Random) -> None:
        self.server, self.random = server, random
        self.connection = HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
        self.statuses: Counter[int] = Counter()
        self.promised: list[str] = []
        self.waits: list[float] = []

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """Send a request, and return the answer's JSON; a 503 must say when to come again."""
        given = {"Content-Type": "application/json", **headers}
        data = None if body is None else json.dumps(body)
        begun = perf_counter()
        self.connection.request(method, PREFIX + path, data, given)
        answer = self.connection.getresponse()
        found = json.loads(answer.read())
        self.waits.append(perf_counter() - begun)
        self.statuses[answer.status] += 1
        assert answer.status in {200, 201, 202, 422, 503}, found
        if answer.status == 503:
            assert (found["code"], answer.headers["Retry-After"]) == ("busy", "1")
            assert "transaction" not in found
        return found

    def transfer(self, **headers: str) -> None:
        """Transfer a little, or too much."""
        source, target = self.random.sample(ACCOUNTS, 2)
        amount = self.random.choice(["0.01", "0.25", "999999.00"])
        body = {"target": target, "amount": amount}
        found = self.ask("POST", f"/accounts/{source}/transfer", body, **headers)
        transaction = found.get("transaction", found)
        if "id" in transaction:
            self.promised.append(transaction["id"])


def open_accounts(server: Served) -> None:
    for account in ACCOUNTS:
        opening = {"name": "Member", "account": account, "initial_deposit": str(DEPOSIT)}
        assert server.ask("/accounts", opening).status == 201


def checked(folder: Path) -> dict[str, Any]:
    """Return what ``bank verify`` says of books that must be whole."""
    with running(folder, "verify", "--json") as (process, log):
        said, _ = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, said + log.read_text()
    found: dict[str, Any] = json.loads(said)
    assert found["problems"] == []
    return found["facts"]  # type: ignore[no-any-return]


def test_overload_is_refused_and_what_was_accepted_is_carried_out(
    tmp_path: Path, proved: Proved
) -> None:
    rounds = figure("overload rounds")
    with (
        ThreadPoolExecutor(CLIENTS) as threads,
        served(tmp_path, BANK_QUEUE="4", BANK_BATCH="2") as server,
    ):
        open_accounts(server)
        clients = [Client(server, Random(number)) for number in range(CLIENTS)]

        def flood(client: Client) -> None:
            with closing(client.connection):
                for number in range(rounds):
                    prefer = {"Prefer": "respond-async"} if number % 3 == 0 else {}
                    client.transfer(**prefer)

        for each in [threads.submit(flood, client) for client in clients]:
            each.result()
        # Some of what was accepted may still wait: a stop finishes it.
        assert server.ended(signal.SIGTERM) == 0
    statuses = sum((client.statuses for client in clients), Counter[int]())
    assert statuses[503]
    promised = [name for client in clients for name in client.promised]
    assert len(set(promised)) == len(promised)
    with served(tmp_path) as server:
        outcomes = Counter(
            server.ask(f"/transactions/{name}").json()["status"] for name in promised
        )
        listed = server.ask("/accounts?limit=500").json()["items"]
        assert sum(Decimal(each["balance"]) for each in listed) == DEPOSIT * len(ACCOUNTS)
        assert server.ended() == 0
    assert set(outcomes) <= {"COMPLETED", "FAILED"}, outcomes
    assert checked(tmp_path)["transactions"] == len(promised) + len(ACCOUNTS)
    proved(
        f"{sum(statuses.values()):,} requests of {CLIENTS} clients, {statuses[503]:,} refused, "
        f"{len(promised):,} accepted and carried out"
    )


def resources(process: int) -> tuple[int, int, int]:
    """Return a process's bytes of memory, open files and threads."""
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines()
    )
    files = len(list(Path(f"/proc/{process}/fd").iterdir()))
    return int(status["VmRSS"].split()[0]) * 1024, files, int(status["Threads"])


@pytest.mark.skipif(sys.platform != "linux", reason="it reads Linux's /proc")
def test_a_long_day_leaves_memory_files_and_threads_as_they_were(
    tmp_path: Path, proved: Proved
) -> None:
    seconds = figure("soak seconds")
    with (
        ThreadPoolExecutor(CLIENTS) as threads,
        served(tmp_path, BANK_ARCHIVE_AFTER="5000") as server,
    ):
        open_accounts(server)

        def work(number: int, until: float) -> Client:
            client = Client(server, Random(number))
            with closing(client.connection):
                while monotonic() < until:
                    chosen = client.random.random()
                    if chosen < 0.8:
                        key = {"Idempotency-Key": f"{number} {monotonic()}"} if chosen < 0.4 else {}
                        client.transfer(**key)
                    elif chosen < 0.95:
                        client.ask(
                            "GET", f"/accounts/{client.random.choice(ACCOUNTS)}/transactions"
                        )
                    else:
                        # Some come and go.
                        client.connection.close()
            return client

        def day(length: float) -> list[Client]:
            until = monotonic() + length
            working = [threads.submit(work, number, until) for number in range(CLIENTS)]
            return [each.result() for each in working]

        day(seconds / 4)
        before = resources(server.process.pid)
        clients = day(seconds)
        wait_until(lambda: resources(server.process.pid)[1] <= before[1])
        after = resources(server.process.pid)
        assert server.ended() == 0
    facts = checked(tmp_path)
    waits = sorted(wait for client in clients for wait in client.waits)
    assert after[0] - before[0] < GROWTH_AT_MOST + ROW_BYTES * int(facts["transactions"])
    assert after[2] <= before[2] + CLIENTS
    proved(
        f"{seconds:,} s of {CLIENTS} clients with {len(waits):,} requests, "
        f"p99 {waits[len(waits) * 99 // 100] * 1000:.0f} ms; memory {before[0] >> 20} to "
        f"{after[0] >> 20} MiB, files {before[1]} to {after[1]}, threads {before[2]} to {after[2]}"
    )
