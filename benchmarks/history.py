"""Questions to a large archive: a page of an account's history, and verifying the books."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks import bank
from benchmarks.frame import Comparison, Goal, Plan, in_fresh_process
from benchmarks.transfers import write_transfers

PAGES = "a page of 50"
WHOLE = "bank verify"
CHAIN = "the chain alone"


def measure(plan: Plan) -> Iterator[Comparison]:
    """Archive a large file, then ask."""
    with plan.place() as folder:
        books = bank.open_books(folder)
        bank.bank(books, "run", write_transfers(folder / "transfers.csv", plan.rows))
        bank.bank(books, "archive")
        goals: list[Goal] = [Goal(PAGES, "p99 ms", at_most=20)]
        yield Comparison(f"An account's history, {plan.rows:,} rows archived", goals).run(
            {PAGES: partial(in_fresh_process, bank.history_pages, books, questions=2000)},
            plan.rounds,
        )
        goals = [
            Goal(WHOLE, "rows/s", at_least=200_000),
            Goal(CHAIN, "rows/s", at_least=1_000_000),
        ]
        yield Comparison(f"Verifying {plan.rows:,} rows", goals).run(
            {
                WHOLE: partial(bank.verify, books, plan.rows),
                CHAIN: partial(bank.verify_chain, books, plan.rows),
            },
            plan.rounds,
        )
