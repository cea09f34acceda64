"""How long the bank needs to be ready again, after a clean stop, a crash, a lost snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks import bank
from benchmarks.frame import Comparison, Figures, Goal, Plan, in_fresh_process
from benchmarks.transfers import write_transfers

CLEAN = "after a clean stop"
CRASH = "after kill -9"
REBUILT = "without its snapshot"


def measure(plan: Plan) -> Iterator[Comparison]:
    """Reopen a long journal, then many accounts from their snapshot."""
    with plan.place() as folder:
        books = bank.open_books(folder)
        file = write_transfers(folder / "transfers.csv", plan.rows)
        bank.bank(books, "run", file, archive_after=bank.NEVER)
        goals = [Goal(name, "seconds", at_most=5) for name in (CLEAN, CRASH, REBUILT)]
        yield Comparison(f"Restart with {plan.rows:,} transfers in the journal", goals).run(
            {
                CLEAN: partial(reopened, plan, books),
                CRASH: partial(reopened, plan, books, bank.break_off),
                REBUILT: partial(reopened, plan, books, bank.lose_snapshot),
            },
            plan.rounds,
        )
    accounts = min(plan.rows, 100_000)
    name = f"{accounts:,} accounts"
    with plan.place() as folder:
        books = bank.open_books(folder, accounts)
        bank.bank(books, "archive")
        goals = [Goal(name, "seconds", at_most=1)]
        yield Comparison("Restart from a snapshot, the journal archived", goals).run(
            {name: partial(reopened, plan, books)}, plan.rounds
        )


def reopened(plan: Plan, books: Path, harm: Callable[[Path], None] | None = None) -> Figures:
    """Reopen a copy of the books, harmed first if so wished."""
    with plan.place() as folder:
        twin = bank.copy(books, folder)
        if harm:
            harm(twin)
        return in_fresh_process(bank.reopen, twin)
