"""The bank as the benchmarks see it: the only file here that knows how it is called."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

from benchmarks.frame import Figures, Finished, Plan, memory, percentile, process
from benchmarks.transfers import ACCOUNTS, account_ids, write_openings
from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.commands.transfer import Transfer
from SimpleBankingSystem.stores.base import Query

# More rows than any benchmark keeps: the journal is then never archived by itself.
NEVER = 10**9
PAGE = 50


def bank(books: Path, *words: str | Path, archive_after: int | None = None) -> Finished:
    """Run one `bank` command line on the books in a folder, to its end."""
    settings = {} if archive_after is None else {"BANK_ARCHIVE_AFTER": str(archive_after)}
    program = (sys.executable, "-m", "SimpleBankingSystem")
    return process(*program, *words, BANK_STORE=url(books), **settings)


def url(books: Path) -> str:
    """Return the store's URL of the books in a folder."""
    return f"csv:{books}"


def open_books(folder: Path, accounts: int = ACCOUNTS) -> Path:
    """Make books with accounts opened, which nobody clocks."""
    books = folder / "books"
    bank(books, "run", write_openings(folder / "openings.csv", accounts))
    return books


def copy(books: Path, folder: Path) -> Path:
    """Copy books that a measurement will change, down to the disk."""
    twin = shutil.copytree(books, folder / "books")
    os.sync()
    return twin


def run_file(plan: Plan, file: Path, rows: int) -> Figures:
    """Run a command file in a process of its own, on books made anew.

    Raises RuntimeError unless every transfer was completed: a refusal is no speed.
    """
    with plan.place() as folder:
        books = open_books(folder)
        os.sync()
        finished = bank(books, "run", file, "--json")
    completed = json.loads(finished.output)["completed"]
    if completed != rows:
        raise RuntimeError(f"the bank completed {completed} of {rows} transfers")
    return finished.figures(rows)


def waiting_clients(books: Path, clients: int, seconds: float) -> Figures:
    """Let threads transfer, each waiting until its transfer is durable before the next."""
    ids = account_ids()
    ready = threading.Barrier(clients)
    with Bank.open(url(books)) as opened, ThreadPoolExecutor(clients) as threads:

        def client(number: int) -> list[float]:
            draw = Random(number)
            waits = []
            ready.wait()
            now = time.perf_counter()
            end = now + seconds
            while now < end:
                source, target = draw.sample(ids, 2)
                command = {"source": source, "target": target, "amount": "0.01"}
                begun = time.perf_counter()
                transaction = opened.execute(Transfer.parse(command))
                now = time.perf_counter()
                waits.append(now - begun)
                if transaction.status != "COMPLETED":
                    raise RuntimeError(f"a transfer ended as {transaction.status}")
            return waits

        waits = [wait for each in threads.map(client, range(clients)) for wait in each]
    return {
        "transfers/s": len(waits) / seconds,
        "ms each": sum(waits) / len(waits) * 1000,
        "p50 ms": percentile(waits, 0.5) * 1000,
        "p99 ms": percentile(waits, 0.99) * 1000,
    }


def verify_chain(books: Path, rows: int) -> Figures:
    """Check the chain of hashes alone by the command line."""
    finished = bank(books, "verify", "--chain")
    return {"rows/s": rows / finished.seconds, "seconds": finished.seconds}


def reopen(books: Path) -> Figures:
    """Open books and be ready for the first command."""
    os.environ["BANK_ARCHIVE_AFTER"] = str(NEVER)
    before = memory()
    begun = time.perf_counter()
    with Bank.open(url(books)):
        seconds = time.perf_counter() - begun
        return {
            "seconds": seconds,
            "MB more": memory() - before,
            "MB at most": memory(line="VmHWM"),
        }


def break_off(books: Path) -> None:
    """Do one transfer on the books and die of SIGKILL, as a crash would have it."""
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=transfer_and_die, args=(books,))
    child.start()
    child.join()
    if child.exitcode != -signal.SIGKILL:
        raise RuntimeError(f"the process that was to be killed ended with {child.exitcode}")


def transfer_and_die(books: Path) -> None:
    """Be the process that `break_off` starts."""
    os.environ["BANK_ARCHIVE_AFTER"] = str(NEVER)
    opened = Bank.open(url(books))
    source, target = account_ids(2)
    opened.execute(Transfer.parse({"source": source, "target": target, "amount": "0.01"}))
    os.kill(os.getpid(), signal.SIGKILL)


def lose_snapshot(books: Path) -> None:
    """Take the snapshot away, so that every balance comes from the rows again."""
    (books / "accounts.csv").unlink()


def history_pages(books: Path, questions: int) -> Figures:
    """Ask for the newest page of an account's history and the one before it, many times."""
    draw = Random(1)
    ids = account_ids()
    waits = []
    with Bank.open(url(books)) as opened:
        begun = time.perf_counter()
        opened.transactions(Query(account=ids[0], limit=PAGE))
        first = time.perf_counter() - begun
        for _ in range(questions):
            account = draw.choice(ids)
            cursor = 0
            for _newest_and_next in range(2):
                begun = time.perf_counter()
                page = opened.transactions(Query(account=account, limit=PAGE, cursor=cursor))
                waits.append(time.perf_counter() - begun)
                cursor = page.next
    return {
        "first question s": first,
        "p50 ms": percentile(waits, 0.5) * 1000,
        "p99 ms": percentile(waits, 0.99) * 1000,
        "MB at most": memory(line="VmHWM"),
    }


def verify(books: Path, rows: int) -> Figures:
    """Check whole books by the command line: every row, every balance, the chain."""
    finished = bank(books, "verify")
    return {"rows/s": rows / finished.seconds, "seconds": finished.seconds}
