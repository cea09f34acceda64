"""The HTTP goals: durable transfers through the documented routes, beside what others serve."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from random import Random

from benchmarks import clients, servers
from benchmarks.clients import Conversation, Moved, Talk, request
from benchmarks.frame import Comparison, Figures, Goal, Plan, in_fresh_process
from benchmarks.servers import Server
from benchmarks.transfers import account_ids

OURS = "bank, a transfer a request"
RUNS = "bank, runs of 1,000 transfers"
AS_IS = "FastAPI + PostgreSQL"
POOLED = "FastAPI + PostgreSQL, with a pool"
EMPTY = "an empty Flask-RESTX endpoint"

POOL = 40
"""Connections in the ledger's pool: as many as it has threads, which was the fastest."""

MANY = 64
AT_ONCE = 1
"""Runs at a time: more of them were no faster."""

LINES = 1_000

SINGLE = (
    Goal(OURS, "transfers/s", AS_IS, at_least=15),
    Goal(OURS, "transfers/s", POOLED, at_least=5),
    Goal(OURS, "transfers/s", EMPTY, at_least=1.3),
)
ONE = tuple(Goal(OURS, "transfers/s", peer) for peer in (AS_IS, POOLED, EMPTY))
WHOLE = (
    Goal(RUNS, "transfers/s", AS_IS, at_least=300),
    Goal(RUNS, "transfers/s", POOLED),
)

IDS = account_ids()


def measure(plan: Plan) -> Iterator[Comparison]:
    """Compare the servers with many clients, with one, and with a command file a request."""
    bank = partial(servers.bank_served, plan)
    peers: dict[str, Callable[[], AbstractContextManager[Server]]] = {
        AS_IS: partial(servers.ledger_served, plan),
        POOLED: partial(servers.ledger_served, plan, POOL),
    }
    talks: dict[str, Talk] = {AS_IS: to_ledger, POOLED: to_ledger}

    def contenders(count: int) -> dict[str, Callable[[], Figures]]:
        return {
            name: partial(driven, plan, server, talks[name], count)
            for name, server in peers.items()
        }

    for count, goals in ((MANY, SINGLE), (1, ONE)):
        title = f"Over HTTP, clients that wait until each transfer is durable: {count}"
        yield Comparison(title, goals).run(
            {
                OURS: partial(driven, plan, bank, to_bank, count),
                **contenders(count),
                EMPTY: partial(driven, plan, partial(servers.empty_served, plan), to_bank, count),
            },
            plan.rounds,
        )
    yield Comparison(f"{LINES:,} transfers a request, each run followed to its end", WHOLE).run(
        {RUNS: partial(driven, plan, bank, run, AT_ONCE), **contenders(MANY)}, plan.rounds
    )


def driven(
    plan: Plan, served: Callable[[], AbstractContextManager[Server]], talk: Talk, count: int
) -> Figures:
    """Let clients talk to a server, and see that all it acknowledged is in its books."""
    with served() as server:
        before = server.balances(server.port)
        done = in_fresh_process(clients.drive, server.port, talk, count, plan.seconds)
        clients.check(before, server.balances(server.port), done.moved)
    return done.figures()


def to_bank(draw: Random, moved: Moved) -> Conversation:
    """Transfer through the bank's documented route."""
    source, target, cents = drawn(draw)
    asked = {"target": target, "amount": f"{cents / 100:.2f}"}
    path = f"/api/v1/accounts/{source}/transfer"
    answer = yield request("POST", path, json.dumps(asked).encode())
    answer.insist(200)
    book(moved, source, target, cents)
    return 1


def to_ledger(draw: Random, moved: Moved) -> Conversation:
    """Transfer through the ledger's route."""
    source, target, cents = drawn(draw)
    asked = {"source": source, "target": target, "amount": f"{cents / 100:.2f}"}
    answer = yield request("POST", "/transfers", json.dumps(asked).encode())
    answer.insist(201)
    book(moved, source, target, cents)
    return 1


def run(draw: Random, moved: Moved) -> Conversation:
    """Give the bank a command file, and follow it to its end."""
    changes: Moved = Counter()
    lines = ["command,source,target,amount"]
    for _ in range(LINES):
        source, target, cents = drawn(draw)
        lines.append(f"transfer,{source},{target},{cents / 100:.2f}")
        book(changes, source, target, cents)
    answer = yield request("POST", "/api/v1/runs", "\n".join(lines).encode(), "text/csv")
    found = json.loads(answer.insist(202).body)
    while found["status"] == "running":
        answer = yield request("GET", f"/api/v1/runs/{found['id']}")
        found = json.loads(answer.insist(200).body)
    if found["completed"] != LINES:
        raise RuntimeError(f"not all of a run was completed: {found}")
    moved.update(changes)
    return LINES


def drawn(draw: Random) -> tuple[str, str, int]:
    """Draw what a transfer moves: two different accounts, and cents."""
    count = len(IDS)
    source = int(draw.random() * count)
    target = (source + 1 + int(draw.random() * (count - 1))) % count
    return IDS[source], IDS[target], 1 + int(draw.random() * 9999)


def book(moved: Moved, source: str, target: str, cents: int) -> None:
    """Note what a transfer moved."""
    moved[source] -= cents
    moved[target] += cents
