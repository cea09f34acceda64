"""What the tests of command files share: a small bank, files on disk, results read back."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from SimpleBankingSystem.clock import Clock
from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.ledger.errors import BankError
from SimpleBankingSystem.ledger.transaction import Transaction
from SimpleBankingSystem.stores.base import Query
from SimpleBankingSystem.stores.memory import MemoryStore

OPENINGS = """\
command,account,name,initial_deposit
open_account,ANNA,Anna,1000.00
open_account,BERT,Bert,1000.00
open_account,CARL,Carl,
"""


def ticking() -> Clock:
    """Return a clock that goes on by a microsecond each time it is read."""
    ticks = count()
    return lambda: f"2026-11-20T08:{(tick := next(ticks)) // 1_000_000:02d}:00.{tick % 10**6:06d}Z"


class FailingStore(MemoryStore):
    """A store that takes some commits, then refuses some, and is well again after these."""

    def __init__(self, error: BankError) -> None:
        super().__init__(ticking())
        self._error = error
        self._good = self._bad = 0

    def fail(self, *, after: int, times: int = 10**9) -> None:
        """Refuse commits after so many good ones, so many times."""
        self._good, self._bad = after, times

    def commit(self, tickets: Sequence[Ticket], accounts: Mapping[str, Account]) -> None:
        self._good -= 1
        if self._good < 0 < self._bad:
            self._bad -= 1
            raise self._error
        super().commit(tickets, accounts)


@contextmanager
def opened_bank(
    store: MemoryStore | None = None, *, workers: int = 1, batch: int = 1000
) -> Iterator[Bank]:
    """Open a bank on a store in memory, a new one unless one is given."""
    store = store or MemoryStore(ticking())
    with Bank(store, workers=workers, batch=batch, clock=ticking()) as bank:
        yield bank


def write(path: Path, text: str | bytes) -> Path:
    """Write a file as it is, without changing line ends."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def transfers(lines: int, amount: str = "0.01") -> str:
    """Return a command file of equal transfers from Anna to Carl."""
    return "command,source,target,amount\n" + f"transfer,ANNA,CARL,{amount}\n" * lines


def rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a results file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def statuses(path: Path) -> dict[int, str]:
    """Return what became of each line: its status, or its code where it has one."""
    return {int(row["line"]): row["code"] or row["status"] for row in rows(path)}


def journal(bank: Bank) -> list[Transaction]:
    """Return all transactions in their order."""
    return list(bank.transactions(Query(order="oldest", limit=10**9)).items)


def lines_of(bank: Bank, run: str) -> list[int]:
    """Return the lines of a run that are in the journal, each as often as it is there."""
    return sorted(each.line for each in journal(bank) if each.run == run and each.line)


def balances(bank: Bank) -> dict[str, str]:
    """Return every customer's balance."""
    return {account.id: str(account.balance) for account in bank.accounts()}
