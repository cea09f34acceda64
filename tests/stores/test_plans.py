"""What a question costs: it finds its rows in an index, however many others there are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.stores.base import Query
from SimpleBankingSystem.stores.csv_files import tables
from SimpleBankingSystem.stores.csv_files.index import Index
from SimpleBankingSystem.stores.csv_files.tables import Tables
from tests.banks import done, submitted, ticket
from tests.stores.csv_books import opened


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How SQLite goes about every statement that is asked from now on."""
    found: list[str] = []
    ask = Tables.all

    def explained(self: Tables, statement: str, values: tuple[object, ...] = ()) -> list[object]:
        if statement.lstrip().startswith("SELECT") and "FROM reach" not in statement:
            found.extend(step[3] for step in ask(self, f"EXPLAIN QUERY PLAN {statement}", values))
        return ask(self, statement, values)

    monkeypatch.setattr(Tables, "all", explained)
    return found


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    with opened(tmp_path) as made:
        done(made, "register_customer", name="Ada")
        for name in ("ADA", "BOB", "OLD"):
            done(made, "open_account", name=name, account=name, owners="C00000001",
                 initial_deposit="10")  # fmt: skip
        done(made, "transfer", source="ADA", target="BOB", amount="1")
        done(made, "merge_accounts", source="OLD", target="ADA")
        yield made


def test_no_page_walks_through_a_table(bank: Bank, steps: list[str]) -> None:
    first = bank.extract("ADA", "2020-01-01", "2030-01-01", 1)
    bank.extract("ADA", "2020-01-01", "2030-01-01", 1, first.next)
    bank.top_spenders("EUR", 10)
    bank.tallies("2026-01-01", "2026-01-02")
    for cursor in (0, 3):
        bank.transactions(Query(reference="R1", cursor=cursor))
        bank.history(Query(account="ADA", reference="R1", cursor=cursor))
        bank.history(Query(account="ADA", since="2026-01-01", until="2027", cursor=cursor))
        bank.activity("C00000001", Query(order="oldest", cursor=cursor))
    assert len(steps) > 20
    # Only what already comes in the order that is wanted is walked through, as far as is wanted.
    assert {step for step in steps if not step.startswith(("SEARCH", "CORRELATED"))} == set()
    bank.transactions(Query(status="FAILED"))
    assert "SCAN rows USING INDEX failures" in steps


def test_a_list_reads_no_row_that_it_leaves_out(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid = done(bank, "transfer", source="ADA", target="BOB", amount="7", reference="12")
    submitted(bank, *(ticket("deposit", account="BOB", amount="1") for _ in range(300)))
    seven, eight = Decimal(7), Decimal(8)
    read: list[int] = []
    read_row = Index._read

    def counted(self: Index, seq: int, position: int) -> list[list[str]]:
        read.append(seq)
        return read_row(self, seq, position)

    monkeypatch.setattr(Index, "_read", counted)
    for query in (
        Query(reference="12"),
        Query(reference="12", account="BOB", order="oldest"),
        Query(amount_min=seven, amount_max=eight),
        Query(amount_min=seven, amount_max=Decimal("7.0001"), account="BOB", command="transfer"),
    ):
        read.clear()
        assert bank.transactions(query).items == [paid]
        # Whoever is registered moves nothing: that row itself must tell.
        assert len(read) <= 2
    assert bank.transactions(Query(reference="'12")).items == []


def visited(bank: Bank, folder: Path, count: int) -> int:
    """Return about how many instructions SQLite needs for a page of an account of many rows."""
    for _ in range(count // 100):
        submitted(bank, *(ticket("deposit", account="BOB", amount="1") for _ in range(100)))
    bank.transactions(Query(limit=1))
    bank.snapshot()
    with sqlite3.connect(f"file:{folder / 'index.db'}?mode=ro", uri=True) as database:
        instructions = 0

        def count_one() -> None:
            nonlocal instructions
            instructions += 1

        database.set_progress_handler(count_one, 1)
        last = database.execute("SELECT max(seq) FROM rows").fetchone()[0]
        instructions = 0
        for statement, values in [
            (tables.MOVEMENTS, ("BOB", "2026-01-01", last - 5, "2027", 3)),
            (tables.EARLIER_DAYS, ("BOB", "2026-01-01")),
            (tables.DAY_OF_MOVEMENT, ("BOB", last)),
            (tables.MOST_SPENT, ("EUR", 3)),
        ]:
            database.execute(statement, values).fetchall()
    database.close()
    return instructions


def test_a_page_costs_the_same_however_long_the_history(bank: Bank, tmp_path: Path) -> None:
    assert visited(bank, tmp_path, 100) == visited(bank, tmp_path, 1000) > 20
