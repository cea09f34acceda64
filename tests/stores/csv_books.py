"""Small books in CSV files, and what they look like in other lights."""

from __future__ import annotations

from pathlib import Path

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.stores.csv_files.disk import Disk
from SimpleBankingSystem.stores.csv_files.head import Head
from SimpleBankingSystem.stores.csv_files.store import CsvStore
from tests.banks import TickingClock, balances, done
from tests.proofs.simulated_disk import Image

JOURNAL = "transactions.csv"
ARCHIVE = "archived_transactions.csv"
TORN = b"4,4,5,T00000000004,deposit,COMPL"


def opened(folder: Path, *, upkeep: bool = False, archive_after: int = 100_000) -> Bank:
    clock = TickingClock()
    store = CsvStore(folder, clock=clock, upkeep=upkeep, archive_after=archive_after)
    return Bank(store, clock=clock)


def report(bank: Bank) -> list[str]:
    assert isinstance(bank.store, CsvStore)
    return bank.store.start_report.problems


def made(folder: Path) -> Path:
    """Make books with row 1 in the archive, rows 2 and 3 in the journal."""
    with opened(folder) as bank:
        done(bank, "open_account", name="Ada", account="ADA", initial_deposit="100.00", key="k1")
        bank.archive()
        done(bank, "open_account", name="Bob", account="BOB")
        done(bank, "transfer", source="ADA", target="BOB", amount="10.00", key="k2")
    return folder


def crash(folder: Path, **changes: object) -> None:
    """Make the books look as if the bank had not stopped cleanly, with changes of the head."""
    head = Head(Disk(), folder / "head.csv")
    head.write(clean=0, **changes)
    head.close()


def kept(bank: Bank) -> dict[str, str]:
    return {name: str(money) for name, money in balances(bank).items()}


EXPECTED = {"ADA": "90.00", "BOB": "10.00", "CASH.EUR": "-100.00"}


def image(books: Path) -> Image:
    """Return the books as a simulated disk has them."""
    return {books: None, **{path: path.read_bytes() for path in books.glob("*.csv")}}
