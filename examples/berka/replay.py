"""Replay what a real bank published, and compare the balances with that bank's own.

    python3 dev.py python examples/berka/replay.py FOLDER

FOLDER holds the published tables (README.md says which). They become a command file, a fresh bank
carries it out, and its books are compared with the balances that the publishing bank printed. Then
the statement of every account and month must add up.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from rich.table import Table

from examples.berka.tables import Client, History, read_clients, read_histories
from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.cli.terminal import progress_bar
from SimpleBankingSystem.commands.set_overdraft_limit import SetOverdraftLimit
from SimpleBankingSystem.ledger.customer import Customer
from SimpleBankingSystem.ledger.entity import made_id
from SimpleBankingSystem.ledger.errors import BankError, InsufficientFunds, InvalidSettings
from SimpleBankingSystem.ledger.transaction import Transaction
from SimpleBankingSystem.questions.kinds import PAGE_AT_MOST
from SimpleBankingSystem.questions.statement import Statement
from SimpleBankingSystem.runs import Options, run_file
from SimpleBankingSystem.stores.base import Query

PLACE = Path(__file__).resolve().parents[2] / "data" / "berka"
"""Where the command file and the books go; made anew each time."""

COLUMNS = (
    "command",
    "customer",
    "account",
    "name",
    "address",
    "owners",
    "users",
    "currency",
    "overdraft_limit",
    "amount",
    "value_date",
    "reference",
    "description",
)

MONTHS = [f"{1993 + month // 12}-{month % 12 + 1:02}-01" for month in range(16)]
"""The first days of the months that were published, and of the one after them."""

REGISTERED = "customers registered"
OPENED = "accounts opened"
LINKED = "owners and users of accounts"
MOVED = "deposits and withdrawals"
REFUSED = "refused for want of money"
EXACT = "balances on the way, exact"
NEGATIVE = "balances on the way, below zero"
LOWEST = "balances on the way, the lowest"
EQUAL = "final balances equal to the haléř"
LARGEST = "final balances, largest difference"
PROBLEMS = "problems that verify finds"
STATEMENTS = "statements of a month that add up"

MUST_AGREE = (REGISTERED, OPENED, LINKED, MOVED, REFUSED, EQUAL, LARGEST, PROBLEMS, STATEMENTS)
"""The figures that do not depend on when a withdrawal went through."""

Figures = Mapping[str, int | Decimal]


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay a folder, print the comparison, and return 1 where the balances disagree."""
    options = parser().parse_args(arguments)
    begun = time.perf_counter()
    overdraft = not options.without_overdraft
    try:
        histories, clients = read_histories(options.folder), read_clients(options.folder)
        file = made_anew(options.into) / "commands.csv"
    except (OSError, ValueError, csv.Error) as error:
        print(error, file=sys.stderr)
        return 2
    store = options.store or f"csv:{os.path.relpath(options.into / 'books')}"
    write_commands(file, clients, histories, overdraft=overdraft)
    published = Published(clients, histories, histories[:: options.every])
    try:
        with Bank.open(store) as bank:
            columns = carried_out(bank, file, published, overdraft=overdraft)
    except BankError as refusal:
        print(refusal.message, file=sys.stderr)
        return refusal.exit
    print_comparison(columns)
    deepest = bank_id(max(histories, key=History.overdraft_limit).account)
    place = os.path.relpath(options.into)
    print(f"{time.perf_counter() - begun:.1f} seconds; see commands.csv and results.csv in {place}")
    print(f"The account that went lowest: bank --store {store} history {deepest}")
    expected, *_, final = columns.values()
    return int(any(final[name] != expected[name] for name in MUST_AGREE))


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    made = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    made.add_argument("folder", type=Path, help="the published tables: trans.asc and the others")
    made.add_argument(
        "--without-overdraft",
        action="store_true",
        help="refuse what overdraws an account; then raise the limits and retry",
    )
    made.add_argument(
        "--every", type=int, default=1, help="make the statements of every n-th account only"
    )
    made.add_argument("--store", help="where the books go (csv:PLACE/books)")
    made.add_argument(
        "--into", type=Path, default=PLACE, help="an empty folder to work in (%(default)s)"
    )
    return made


def made_anew(place: Path) -> Path:
    """Empty our own place, or take an empty one.

    Raises:
        ValueError: somebody else's folder is not empty.
    """
    if place == PLACE and place.exists():
        shutil.rmtree(place)
    place.mkdir(parents=True, exist_ok=True)
    if any(place.iterdir()):
        raise ValueError(f"{place} is not empty: give --into a new folder")
    return place


def carried_out(
    bank: Bank, file: Path, published: Published, *, overdraft: bool
) -> dict[str, Figures]:
    """Carry the command file out and return the columns of the comparison.

    Raises:
        BankError: the bank would not, or it is not a new one.
    """
    if bank.accounts():
        raise InvalidSettings("The store holds accounts already: give --store a new one.")
    columns = {"the tables": by_the_tables(published)}
    options = Options(results=file.with_name("results.csv"))
    with progress_bar("Carrying out", unit="lines") as bar:
        run_file(bank, file, options, lambda read, size, lines, *_: bar(read, size, lines))
    columns["the bank" if overdraft else "no overdraft"] = by_the_bank(bank, published)
    if not overdraft:
        raise_limits(bank, published.histories)
        bank.retry_all()
        columns["retried"] = by_the_bank(bank, published)
    return columns


def write_commands(
    path: Path, clients: Sequence[Client], histories: Sequence[History], *, overdraft: bool
) -> None:
    """Write the command file: the clients; then, by day, every account's rows as they were booked.

    With ``overdraft`` every account is opened with the smallest limit that its history needs.
    """
    lines = [opening(history, overdraft=overdraft) for history in histories]
    lines += [line for history in histories for line in movements(history)]
    # Sorting keeps what is equal in its order: openings come before that day's rows.
    lines.sort(key=lambda line: line["value_date"])
    lines = [*map(registration, clients), *lines]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def registration(client: Client) -> dict[str, str]:
    """Return the line that registers a customer; what they are called was never published."""
    return {
        "command": "register_customer",
        "customer": customer_id(client.id),
        "name": "Client",
        "address": client.district,
    }


def opening(history: History, *, overdraft: bool) -> dict[str, str]:
    """Return the line that opens an account."""
    limit = history.overdraft_limit() if overdraft else Decimal(0)
    return {
        "command": "open_account",
        "account": bank_id(history.account),
        "name": f"Client {history.owner}",
        "owners": customer_id(history.owner),
        "users": " ".join(map(customer_id, history.users)),
        "currency": "CZK",
        "overdraft_limit": str(limit),
        "value_date": history.opened,
    }


def movements(history: History) -> Iterator[dict[str, str]]:
    """Return the lines that put money in and take it out."""
    for row in history.rows:
        yield {
            "command": "deposit" if row.amount > 0 else "withdraw",
            "account": bank_id(row.account),
            "amount": str(abs(row.amount)),
            "value_date": row.day,
            "reference": row.id,
            "description": row.description,
        }


def bank_id(account: str) -> str:
    """Return the id under which the bank keeps a published account."""
    return f"A{account}"


def customer_id(client: str) -> str:
    """Return the id under which the bank keeps a published client."""
    return made_id(Customer.letter, int(client))


# The comparison


@dataclass(frozen=True)
class Published:
    """What was published: clients, accounts, and those of which there are statements to make."""

    clients: Sequence[Client]
    histories: Sequence[History]
    sample: Sequence[History]

    @property
    def moved(self) -> list[History]:
        """The accounts that have transactions."""
        return [history for history in self.histories if history.rows]


def by_the_tables(published: Published) -> Figures:
    """Return what the tables say, and what they let a bank expect that does not round.

    Such a bank ends on a published balance where the publishing bank's roundings cancel out.
    """
    histories = published.histories
    balances = [row.balance for history in histories for row in history.rows]
    rounded = [sum(history.roundings(), Decimal(0)) for history in published.moved]
    return {
        REGISTERED: len(published.clients),
        OPENED: len(histories),
        LINKED: sum(1 + len(history.users) for history in histories),
        MOVED: len(balances),
        REFUSED: 0,
        EXACT: len(balances),
        NEGATIVE: sum(balance < 0 for balance in balances),
        LOWEST: min(balances),
        EQUAL: rounded.count(Decimal(0)),
        LARGEST: max(map(abs, rounded)),
        PROBLEMS: 0,
        STATEMENTS: len(published.sample) * (len(MONTHS) - 1),
    }


def by_the_bank(bank: Bank, published: Published) -> Figures:
    """Return the same figures from the books of the bank that carried the file out."""
    accounts = bank.accounts()
    moved = [each for each in transactions(bank) if each.command in {"deposit", "withdraw"}]
    balances = {each.reference: balance_after(each) for each in moved if each.postings}
    with progress_bar("Verifying") as bar:
        problems = bank.verify(bar).problems
    exact = {
        row.id: balance
        for history in published.histories
        for row, balance in zip(history.rows, history.exact_balances(), strict=True)
    }
    rounded = [
        bank.account(bank_id(history.account)).balance - history.rows[-1].balance
        for history in published.moved
    ]
    return {
        REGISTERED: len(bank.every(Customer)),
        OPENED: len(accounts),
        LINKED: sum(len(account.owners + account.users) for account in accounts),
        MOVED: len(balances),
        REFUSED: sum(isinstance(each.error, InsufficientFunds) for each in moved),
        EXACT: sum(balance == exact[row] for row, balance in balances.items()),
        NEGATIVE: sum(balance < 0 for balance in balances.values()),
        LOWEST: min(balances.values()),
        EQUAL: rounded.count(Decimal(0)),
        LARGEST: max(map(abs, rounded)),
        PROBLEMS: len(problems),
        STATEMENTS: sound_statements(bank, published.sample),
    }


def sound_statements(bank: Bank, histories: Sequence[History]) -> int:
    """Return how many statements of a month add up, and go on where the one before ended.

    The last one ends on the account's balance.
    """
    sound = 0
    with progress_bar("Making statements", unit="accounts") as bar:
        for done, history in enumerate(histories, 1):
            account, carried = bank.account(bank_id(history.account)), Decimal(0)
            for since, until in pairwise(MONTHS):
                opening, closing = ends_of(Statement(account.id, since, until), bank)
                is_last = until == MONTHS[-1]
                sound += opening == carried and (not is_last or closing == account.balance)
                carried = closing
            bar(done, len(histories))
    return sound


def ends_of(statement: Statement | None, bank: Bank) -> tuple[Decimal | None, Decimal]:
    """Return the opening and the closing balance of a statement, None where it does not add up."""
    opening: Decimal | None = None
    while statement:
        answer = statement.answer(bank)
        if opening is None:
            opening = balance = Decimal(answer["opening"])
        for row in answer["items"]:
            balance += Decimal(row["amount"])
            if balance != Decimal(row["balance"]):
                return None, balance
        statement = statement.onward(cursor=answer["next"]) if answer["next"] else None
    closing = Decimal(answer["closing"])
    return (opening if balance == closing else None), closing


def transactions(bank: Bank) -> Iterator[Transaction]:
    """Return all transactions as last recorded, a page at a time."""
    cursor = -1
    while cursor:
        page = bank.transactions(Query(order="oldest", limit=PAGE_AT_MOST, cursor=max(cursor, 0)))
        yield from page.items
        cursor = page.next


def balance_after(moved: Transaction) -> Decimal:
    """Return the customer's balance after a deposit or a withdrawal."""
    posting = moved.postings[0]
    balance = posting.target_balance if moved.command == "deposit" else posting.source_balance
    assert balance is not None
    return balance


def raise_limits(bank: Bank, histories: Sequence[History]) -> None:
    """Allow every account the overdraft that its history needs."""
    for history in histories:
        if limit := history.overdraft_limit():
            wanted = {"account": bank_id(history.account), "overdraft_limit": str(limit)}
            bank.execute(SetOverdraftLimit.parse(wanted))


def print_comparison(columns: Mapping[str, Figures]) -> None:
    """Print the figures side by side."""
    table = Table("", title="A real bank's transactions, replayed", title_justify="left")
    for heading in columns:
        table.add_column(heading, justify="right")
    for name in columns["the tables"]:
        table.add_row(name, *(f"{figures[name]:,}" for figures in columns.values()))
    # A pipe has no width of its own, and a table must not be cut there.
    (Console() if sys.stdout.isatty() else Console(width=80)).print(table)


if __name__ == "__main__":
    sys.exit(main())
