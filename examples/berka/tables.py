"""The published tables, and the order in which the bank must have booked them."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from SimpleBankingSystem.ledger.money import parse_amount

ROUNDING = Decimal("0.10")
"""How far a published balance may be from the one before it and the amount between them: the
bank rounded what it published after it had booked it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One published transaction, in Czech crowns: money in is positive, money out negative."""

    id: str
    account: str
    day: str
    amount: Decimal
    balance: Decimal
    description: str

    def rounding(self, before: Decimal) -> Decimal:
        """Return what the published balance lacks, given the published balance before."""
        return before + self.amount - self.balance


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody who owns accounts or uses them, and the district where they live."""

    id: str
    district: str


@dataclass(frozen=True, slots=True)
class History:
    """One account: when it was opened, who owns it and uses it, its rows in the order of booking.

    Most of the published accounts have no rows: they were opened in later years.
    """

    account: str
    owner: str
    users: Sequence[str]
    opened: str
    rows: Sequence[Row]

    def roundings(self) -> Iterator[Decimal]:
        """Return, step by step, by how much the published balances do not add up."""
        before = Decimal(0)
        for row in self.rows:
            yield row.rounding(before)
            before = row.balance

    def exact_balances(self) -> Iterator[Decimal]:
        """Return the balance after every row for a bank that adds the amounts exactly."""
        balance = Decimal(0)
        for row in self.rows:
            balance += row.amount
            yield balance

    def overdraft_limit(self) -> Decimal:
        """Return the smallest limit that lets every row through."""
        return max(Decimal(0), -min(self.exact_balances(), default=Decimal(0)))


def read_histories(folder: Path) -> list[History]:
    """Read the accounts, in the order in which they were opened.

    Raises:
        ValueError: the tables are not what was published; the message says where.
        OSError: a table cannot be read.
    """
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in _read_rows(folder / "trans.asc"):
        rows[row.account].append(row)
    owners: dict[str, str] = {}
    users: dict[str, list[str]] = defaultdict(list)
    for client, account, kind in read(folder / "disp.asc", "client_id", "account_id", "type"):
        if kind == "OWNER":
            owners[account] = client
        else:
            users[account].append(client)
    opened = {
        account: day(text) for account, text in read(folder / "account.asc", "account_id", "date")
    }
    for table, known, named in (
        ("account.asc", opened, rows.keys() | users.keys()),
        ("disp.asc", owners, opened.keys()),
    ):
        if missing := named - known.keys():
            raise ValueError(f"{folder / table} lacks account {min(missing)}")
    order = sorted(opened, key=lambda account: (opened[account], int(account)))
    return [
        History(each, owners[each], users[each], opened[each], in_booking_order(rows[each]))
        for each in order
    ]


def read_clients(folder: Path) -> list[Client]:
    """Read the clients, in the order of their numbers.

    Raises:
        ValueError: the tables are not what was published; the message says where.
        OSError: a table cannot be read.
    """
    districts = dict(read(folder / "district.asc", "A1", "A2"))
    clients = dict(read(folder / "client.asc", "client_id", "district_id"))
    if missing := set(clients.values()) - districts.keys():
        raise ValueError(f"{folder / 'district.asc'} lacks district {min(missing)}")
    named = {client for (client,) in read(folder / "disp.asc", "client_id")}
    if missing := named - clients.keys():
        raise ValueError(f"{folder / 'client.asc'} lacks client {min(missing)}")
    return [Client(client, districts[clients[client]]) for client in sorted(clients, key=int)]


def in_booking_order(rows: Sequence[Row]) -> list[Row]:
    """Put one account's rows in the order in which each balance follows from the one before.

    Raises:
        ValueError: no order does that; the message names the account and the day.
    """
    days: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        days[row.day].append(row)
    ordered: list[Row] = []
    for date in sorted(days):
        before = ordered[-1].balance if ordered else Decimal(0)
        order = next(_orders(days[date], before), None)
        if order is None:
            raise ValueError(f"no order explains the balances of account {rows[0].account}, {date}")
        ordered += order
    return ordered


def _orders(rows: Sequence[Row], before: Decimal) -> Iterator[list[Row]]:
    """Return every order that explains a day's balances, those with the least rounding first.

    Two rows may fit where only one of them leaves an order for the rest: then the next is tried.
    """
    if not rows:
        yield []
    for row in sorted(rows, key=lambda row: abs(row.rounding(before))):
        if abs(row.rounding(before)) <= ROUNDING:
            others = [other for other in rows if other is not row]
            for order in _orders(others, row.balance):
                yield [row, *order]


def _read_rows(path: Path) -> Iterator[Row]:
    columns = ("trans_id", "account_id", "date", "type", "amount", "balance")
    words = ("operation", "k_symbol", "bank", "account")
    for number, account, date, kind, amount, balance, *about in read(path, *columns, *words):
        try:
            yield Row(
                id=number,
                account=account,
                day=day(date),
                amount=sign(kind) * parse_amount(amount),
                balance=signed(balance),
                # Some rows say "no account" with a blank, some with a zero.
                description=" ".join(word for word in about if word.strip() not in {"", "0"}),
            )
        except ValueError as error:
            raise ValueError(f"{path}, transaction {number}: {error}") from None


def read(path: Path, *columns: str) -> Iterator[list[str]]:
    """Return the named columns of a published table, row by row.

    The tables are latin-1 with `;` between fields; lines end in LF or CRLF.
    """
    with path.open(encoding="latin-1", newline="") as file:
        lines = csv.reader(file, delimiter=";", strict=True)
        header = next(lines, [])
        if missing := set(columns) - set(header):
            raise ValueError(f"{path} lacks the column {min(missing)}")
        places = [header.index(column) for column in columns]
        for line in lines:
            if len(line) != len(header):
                raise ValueError(f"{path}, line {lines.line_num}: not {len(header)} fields")
            yield [line[place] for place in places]


def day(text: str) -> str:
    """Return a published date, YYMMDD of the twentieth century, as 1993-01-31."""
    return f"19{text[:2]}-{text[2:4]}-{text[4:]}"


def sign(kind: str) -> int:
    """Return 1 for money in and -1 for money out; the published amounts carry no sign."""
    if kind not in {"PRIJEM", "VYDAJ", "VYBER"}:
        raise ValueError(f"{kind!r} is neither money in nor money out")
    return 1 if kind == "PRIJEM" else -1


def signed(text: str) -> Decimal:
    """Return a published balance, which may be negative."""
    return -parse_amount(text[1:]) if text.startswith("-") else parse_amount(text)
