"""Clients in the bank's own process, each waiting until its transfer is durable."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks import bank
from benchmarks.frame import Comparison, Goal, Plan, in_fresh_process
from benchmarks.peers import floor, sqlite
from benchmarks.transfers import write_transfers

MANY = "bank, 64 clients"
ONE = "bank, one client"
FLOOR = "append and fdatasync"
SQLITE = "SQLite, one client"

GOALS = (
    Goal(MANY, "transfers/s", at_least=20_000),
    Goal(MANY, "p99 ms", at_most=6),
    Goal(ONE, "ms each", FLOOR, at_most=1.6),
    Goal(ONE, "transfers/s", SQLITE),
)


def measure(plan: Plan) -> Iterator[Comparison]:
    """Compare one client with the disk's floor, and let many share a sync."""
    few = max(1000, plan.rows // 50)
    with plan.place() as folder:
        books = bank.open_books(folder)
        file = write_transfers(folder / "few.csv", few)
        yield Comparison("Clients in one process, each waiting for durability", GOALS).run(
            {
                MANY: partial(
                    in_fresh_process, bank.waiting_clients, books, clients=64, seconds=plan.seconds
                ),
                ONE: partial(
                    in_fresh_process, bank.waiting_clients, books, clients=1, seconds=plan.seconds
                ),
                FLOOR: partial(floor.measure, folder, plan.seconds),
                SQLITE: partial(sqlite.measure, plan, "same", file, few, 1),
            },
            plan.rounds,
        )
