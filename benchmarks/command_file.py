"""The file goal: a command file of transfers, every promise kept, beside what others do."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks import bank
from benchmarks.frame import Comparison, Goal, Plan
from benchmarks.peers import postgres, sqlite
from benchmarks.transfers import ACCOUNTS, write_transfers

OURS = "bank run"
SAME = "SQLite, same work, set by set"
TEXTBOOK = "SQLite, same work, one by one"
BARE = "SQLite, bare"
CLIENTS = "PostgreSQL, 32 clients"
PROCEDURE = "PostgreSQL, 32 clients, procedure"

GOALS = (
    Goal(OURS, "transfers/s", SAME, at_least=1.5),
    Goal(OURS, "transfers/s", TEXTBOOK, at_least=1.5),
    Goal(OURS, "transfers/s", CLIENTS, at_least=20),
    Goal(OURS, "transfers/s", BARE),
    Goal(OURS, "transfers/s", PROCEDURE),
)


def measure(plan: Plan) -> Iterator[Comparison]:
    """Run one file through everybody; opening the accounts is not clocked."""
    with plan.place() as folder:
        file = write_transfers(folder / "transfers.csv", plan.rows)
        yield Comparison(
            f"A command file of {plan.rows:,} transfers between {ACCOUNTS:,} accounts", GOALS
        ).run(
            {
                OURS: partial(bank.run_file, plan, file, plan.rows),
                SAME: partial(sqlite.measure, plan, "same", file, plan.rows),
                TEXTBOOK: partial(sqlite.measure, plan, "textbook", file, plan.rows),
                CLIENTS: partial(postgres.measure, plan, "statements"),
                BARE: partial(sqlite.measure, plan, "bare", file, plan.rows),
                PROCEDURE: partial(postgres.measure, plan, "procedure"),
            },
            plan.rounds,
        )
