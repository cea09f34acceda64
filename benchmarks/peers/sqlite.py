"""Runs command files through SQLite, each in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.frame import Figures, Plan, process
from benchmarks.peers import sqlite_books


def measure(plan: Plan, form: str, file: Path, rows: int, batch: int = 1000) -> Figures:
    """Run a command file of so many rows on books made anew, `batch` transfers a unit.

    The forms are described in `sqlite_books`. Opening the accounts is not clocked.
    """
    with plan.place() as folder:
        database = sqlite_books.open_books(folder)
        module = sqlite_books.__name__
        finished = process(sys.executable, "-m", module, form, database, file, str(batch))
        sqlite_books.check(database, rows)
    figures = finished.figures(rows)
    if form == "bare":
        # Reading the file is no part of it, so it clocks itself.
        figures |= {"seconds": float(finished.output), "transfers/s": rows / float(finished.output)}
    return figures
