"""The peers alone: what this machine's disk and databases do with durable transfers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.frame import Comparison, Plan
from benchmarks.peers import floor, postgres, sqlite
from benchmarks.transfers import write_transfers


def measure(plan: Plan) -> Iterator[Comparison]:
    """Compare the peers with each other."""
    few = max(1000, plan.rows // 50)
    with plan.place() as folder:
        many = write_transfers(folder / "many.csv", plan.rows)
        short = write_transfers(folder / "few.csv", few)
        yield Comparison("Anchors: the peers alone").run(
            {
                "append and fdatasync, one at a time": partial(floor.measure, folder, plan.seconds),
                "SQLite, a unit each": partial(sqlite.measure, plan, "same", short, few, 1),
                "SQLite, 1,000 a unit, textbook": partial(
                    sqlite.measure, plan, "textbook", many, plan.rows
                ),
                "SQLite, 1,000 a unit, same work": partial(
                    sqlite.measure, plan, "same", many, plan.rows
                ),
                "SQLite, 1,000 a unit, bare": partial(
                    sqlite.measure, plan, "bare", many, plan.rows
                ),
                "PostgreSQL, 32 clients": partial(postgres.measure, plan, "statements"),
                "PostgreSQL, 32 clients, procedure": partial(postgres.measure, plan, "procedure"),
            },
            plan.rounds,
        )
