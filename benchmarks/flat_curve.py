"""Whether the bank slows down or swells as its books grow, archiving included."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks import bank
from benchmarks.frame import Comparison, Figures, Goal, Plan
from benchmarks.transfers import write_transfers


def measure(plan: Plan) -> Iterator[Comparison]:
    """Run the same file on books that already keep more and more transactions."""
    sizes = [1000, plan.rows // 10, plan.rows, *([plan.rows * 10] if plan.long else [])]
    names = {size: f"{size:,} kept" for size in sizes}
    first, last = names[sizes[0]], names[sizes[-1]]
    goals = (
        Goal(last, "transfers/s", first, at_least=0.9),
        Goal(last, "MB at most", first),
    )
    rows = plan.rows // 5
    with plan.place() as folder:
        file = write_transfers(folder / "transfers.csv", rows, seed=0)
        grown = {size: grow(folder, size) for size in sizes}
        yield Comparison(f"{rows:,} more transfers on growing books", goals).run(
            {names[size]: partial(run_more, plan, grown[size], file, rows) for size in sizes},
            plan.rounds,
        )


def grow(folder: Path, size: int) -> Path:
    """Make books that keep so many transfers, archived as they would be."""
    place = folder / str(size)
    place.mkdir()
    books = bank.open_books(place)
    file = write_transfers(place / "transfers.csv", size)
    bank.bank(books, "run", file)
    file.unlink()
    return books


def run_more(plan: Plan, books: Path, file: Path, rows: int) -> Figures:
    """Run the file on a copy of the books, with two archivings on the way."""
    with plan.place() as folder:
        twin = bank.copy(books, folder)
        return bank.bank(twin, "run", file, "--run", "more", archive_after=rows // 2).figures(rows)
