"""Guarantee 1 over HTTP: a server that is killed again and again does every keyed transfer once."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from decimal import Decimal
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

import pytest

from SimpleBankingSystem.bootstrap import Bank
from tests.banks import done, wait_until
from tests.guarantees import Proved
from tests.processes import PREFIX, SECONDS, Served, running, served
from tests.proof_level import figure, proof_level

CLIENTS = 8
ACCOUNTS = [f"A{number}" for number in range(20)]
DEPOSIT = Decimal("1000000.00")
ANSWERS_AT_MOST = 400
"""A server is killed before the clients have got more answers than about that."""

RESTART_SECONDS = 2.0


class Client:
    """Sends one transfer after the other, and repeats the one whose outcome it does not know."""

    def __init__(self, name: str, random: Random) -> None:
        self.name, self.random = name, random
        self.acknowledged: dict[str, dict[str, Any]] = {}
        self.under_way: tuple[str, str, dict[str, str]] | None = None
        self.resolved = Counter[str]()

    def transfer_until_killed(self, server: Served) -> None:
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)) as connection:
            try:
                self.resolve(connection)
                while True:
                    self.under_way = self.drawn()
                    self.send(connection)
            except (OSError, HTTPException):
                # A connection breaks only because the server is gone.
                server.process.wait(SECONDS)

    def resolve_alone(self, server: Served) -> None:
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)) as connection:
            self.resolve(connection)

    def resolve(self, connection: HTTPConnection) -> None:
        """Repeat the key of the transfer that got no answer."""
        if self.under_way is not None:
            known = self.send(connection)
            self.resolved["known" if known else "done now"] += 1

    def drawn(self) -> tuple[str, str, dict[str, str]]:
        source, target = self.random.sample(ACCOUNTS, 2)
        amount = f"0.{self.random.randint(1, 99):02d}"
        key = f"{self.name}-{len(self.acknowledged)}"
        return key, source, {"target": target, "amount": amount}

    def send(self, connection: HTTPConnection) -> bool:
        """Send what is under way, and tell whether the bank knew its key."""
        assert self.under_way is not None
        key, source, body = self.under_way
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        path = f"{PREFIX}/accounts/{source}/transfer"
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content
        transaction = json.loads(content)
        assert (transaction["status"], transaction["key"]) == ("COMPLETED", key)
        assert (transaction["source"], transaction["target"]) == (source, body["target"])
        assert transaction["amount"] == body["amount"]
        self.acknowledged[key] = transaction
        self.under_way = None
        return answer.headers["Idempotency-Replayed"] == "true"


@contextmanager
def ready(folder: Path, restarts: list[float]) -> Iterator[Served]:
    """Start the server, and note how long it takes until it says that it is ready."""
    begun = perf_counter()
    with served(folder) as server:
        wait_until(lambda: server.ask("/health").status == 200)
        restarts.append(perf_counter() - begun)
        yield server


def test_a_server_that_is_killed_again_and_again_does_every_keyed_transfer_once(
    tmp_path: Path, proved: Proved
) -> None:
    kills = figure("server kills")
    random = Random(kills)
    clients = [Client(f"c{number}", Random(number)) for number in range(CLIENTS)]
    starts: list[float] = []
    with ThreadPoolExecutor(CLIENTS) as threads:
        for cycle in range(kills):
            with ready(tmp_path, starts) as server:
                if cycle == 0:
                    open_accounts(server)
                enough = answered(clients) + random.randint(1, ANSWERS_AT_MOST)
                sending = [threads.submit(each.transfer_until_killed, server) for each in clients]
                try:
                    wait_until(lambda least=enough: answered(clients) >= least)  # type: ignore[misc]
                finally:
                    server.process.kill()
                for each in sending:
                    each.result()
    unknown = told_the_truth(tmp_path, clients, starts)
    restarts = starts[1:]  # the first start made the books
    proved(
        f"{kills} kills of the server under {CLIENTS} clients with {answered(clients):,} keyed "
        f"transfers; lost answers, asked again: {unknown}; slowest restart {max(restarts):.2f} s"
    )
    if proof_level() != "test":
        assert max(restarts) < RESTART_SECONDS


@pytest.mark.needs("strace")
def test_a_server_that_is_killed_at_a_sync_does_every_keyed_transfer_once(
    tmp_path: Path, proved: Proved
) -> None:
    """Guarantee 1: the first sync of a commit, the second, and so on, finds no server."""
    syncs = figure("kills at a sync")
    clients = [Client(f"c{number}", Random(number)) for number in range(CLIENTS)]
    with Bank.open(f"csv:{tmp_path / 'data'}") as bank:
        for account in ACCOUNTS:
            done(bank, "open_account", name="M", account=account, initial_deposit=str(DEPOSIT))
    with ThreadPoolExecutor(CLIENTS) as threads:
        for sync in range(1, syncs + 1):
            with served(tmp_path, under=killing(tmp_path, sync)) as server:
                sending = [threads.submit(each.transfer_until_killed, server) for each in clients]
                for each in sending:
                    each.result()
                assert server.process.wait(SECONDS) == -signal.SIGKILL
    unknown = told_the_truth(tmp_path, clients, [])
    proved(
        f"kills of the server at each of the first {syncs} syncs of a start; lost answers, asked "
        f"again: {unknown}"
    )


def killing(folder: Path, sync: int) -> tuple[str, ...]:
    """Return what a server runs under to be killed at a sync of its journal, before it is done."""
    journal = folder / "data" / "transactions.csv"
    inject = f"inject=fdatasync:signal=KILL:when={sync}"
    # The program is the process that we start, and strace a grandchild of it.
    quiet = ("strace", "-D", "-f", "-q", "-o", "/dev/null")
    return (*quiet, "-P", str(journal), "-e", "trace=fdatasync", "-e", inject)


def told_the_truth(folder: Path, clients: list[Client], starts: list[float]) -> str:
    """Let every client ask for what it does not know; then nothing is missing, nothing twice.

    Returns how many did not know, and what they were told.
    """
    with ready(folder, starts) as server:
        for client in clients:
            client.resolve_alone(server)
        check_answers(server, clients)
        assert server.ended() == 0
    with running(folder, "verify", "--json") as (process, log):
        said, _ = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, said + log.read_text()
    assert json.loads(said)["problems"] == []
    resolved = sum((each.resolved for each in clients), Counter[str]())
    assert resolved
    return " and ".join(f"{number} {outcome}" for outcome, number in sorted(resolved.items()))


def answered(clients: list[Client]) -> int:
    return sum(len(each.acknowledged) for each in clients)


def open_accounts(server: Served) -> None:
    for account in ACCOUNTS:
        opening = {"name": "Member", "account": account, "initial_deposit": str(DEPOSIT)}
        assert server.ask("/accounts", opening).status == 201


def check_answers(server: Served, clients: list[Client]) -> None:
    """Each key is in the books once, as it was acknowledged, and the balances are made of them."""
    balances = dict.fromkeys(ACCOUNTS, DEPOSIT)
    acknowledged = {key: each for client in clients for key, each in client.acknowledged.items()}
    for key, transaction in acknowledged.items():
        assert server.ask(f"/transactions?key={key}").json()["items"] == [transaction]
        balances[transaction["source"]] -= Decimal(transaction["amount"])
        balances[transaction["target"]] += Decimal(transaction["amount"])
    keys = Counter(each["key"] for each in listed(server, "/transactions") if each["key"])
    assert keys == Counter(acknowledged.keys())
    found = {each["id"]: Decimal(each["balance"]) for each in listed(server, "/accounts")}
    assert found == balances
    assert sum(found.values()) == DEPOSIT * len(ACCOUNTS)


def listed(server: Served, path: str) -> Iterator[dict[str, Any]]:
    """Walk through a list, page by page."""
    cursor = ""
    while True:
        page = server.ask(f"{path}?limit=500{cursor}").json()
        yield from page["items"]
        if page["next"] is None:
            return
        cursor = f"&cursor={page['next']}"
