"""Guarantee 12: what moved money on an account, by value day, is the same from every store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest

from SimpleBankingSystem.commands.base import REGISTRY, Command, command
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.account import internal_id
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.errors import NotFound
from SimpleBankingSystem.ledger.fields import AccountId, Amount
from SimpleBankingSystem.ledger.transaction import Transaction
from SimpleBankingSystem.ledger.working_copy import Look
from SimpleBankingSystem.stores.base import Extract, Query
from SimpleBankingSystem.stores.csv_files import index as indexes
from tests.banks import balances, do, done, submitted, ticket
from tests.stores.conftest import Books

PERIODS = [
    ("", ""),
    ("2026-01-01", ""),
    ("", "2026-01-01"),
    ("2025-12-01", "2026-01-02"),
    ("2026-01-01", "2026-01-02"),
    ("2026-01-02", "2026-01-03"),
    ("2030-01-01", "2031-01-01"),
]


def month(books: Books) -> None:
    """Move money in every way, on value days before and after the day of booking."""
    bank = books.bank
    for name, currency, money in [("ADA", "EUR", "500"), ("BOB", "EUR", "9"), ("YEN", "JPY", "70"),
                                  ("DIN", "BHD", "1.234"), ("OLD", "EUR", "20")]:  # fmt: skip
        done(bank, "open_account", name=name, account=name, currency=currency,
             initial_deposit=money)  # fmt: skip
    done(bank, "deposit", account="ADA", amount="5", value_date="2026-02-28")
    done(bank, "withdraw", account="ADA", amount="3", value_date="2025-12-31")
    paid = done(bank, "transfer", source="ADA", target="BOB", amount="30", value_date="2025-11-01")
    failed = do(bank, "withdraw", account="BOB", amount="90", value_date="2025-12-24")
    parts = {"source": "ADA", "parts": "BOB=1 OLD=2 CAT=3"}
    do(bank, "split", **parts)
    done(bank, "open_account", name="Cat", account="CAT")
    done(bank, "split", **parts)
    done(bank, "reverse", transaction=paid.id)
    done(bank, "exchange", source="ADA", target="YEN", amount="1.01", rate="163.777777777")
    done(bank, "exchange", source="ADA", target="DIN", amount="10", rate="0.4071")
    done(bank, "define_product", product="paid", transfer_fee="1", transfer_percent="10")
    done(bank, "change_product", account="ADA", product="paid")
    done(bank, "transfer", source="ADA", target="BOB", amount="10")
    held = done(bank, "place_hold", account="ADA", amount="8").to_dict()["hold"]
    done(bank, "capture_hold", hold=str(held), target="BOB", amount="7")
    submitted(
        bank,
        ticket("deposit", group="g", account="BOB", amount="1"),
        ticket("withdraw", group="g", account="BOB", amount="1"),
    )
    books.clock.move(days=1)
    done(bank, "deposit", account="BOB", amount="70", value_date="2026-01-01")
    done(bank, "merge_accounts", source="OLD", target="ADA")
    done(bank, "deposit", account="OLD", amount="4")
    bank.retry(failed.id)
    done(bank, "close_account", account="CAT", sweep_to="BOB")


@dataclass
class Moved:
    """A movement as the wire shows it, from which statements are made here once more."""

    day: str
    seq: int
    amount: Decimal


def movements(bank: Bank, name: str) -> list[Moved]:
    """Return what moved on an account, from the list of all transactions."""
    found = []
    for shape in (each.to_dict() for each in bank.transactions(Query(limit=500)).items):
        moved = shape["status"] == "COMPLETED" and shape["source_balance"] is not None
        postings: list[dict[str, str]] = shape.get("postings") or ([shape] if moved else [])  # type: ignore[assignment]
        legs = [Decimal(each["amount"]) for each in postings if each["target"] == name]
        legs += [-Decimal(each["amount"]) for each in postings if each["source"] == name]
        if legs:
            found.append(
                Moved(str(shape["value_date"]), int(str(shape["seq"])), sum(legs, Decimal(0)))
            )
    return sorted(found, key=lambda each: (each.day, each.seq))


def total(movements: Iterable[Moved]) -> Decimal:
    return sum((each.amount for each in movements), Decimal(0))


def pages(bank: Bank, name: str, since: str, until: str, limit: int) -> Iterator[Extract]:
    cursor = -1
    while cursor:
        page = bank.extract(name, since, until, limit, max(cursor, 0))
        assert len(page.items) <= limit
        yield page
        cursor = page.next


def add_up(bank: Bank) -> None:
    """Hold every statement, in pages of every size, against the list of all transactions."""
    for name in ("ADA", "BOB", "CAT", "OLD", "YEN", "DIN"):
        every = movements(bank, name)
        assert total(every) == balances(bank)[name]
        for since, until in PERIODS:
            expected = [
                each for each in every if since <= each.day and (not until or each.day < until)
            ]
            opening = total(each for each in every if each.day < since)
            closing = total(each for each in every if not until or each.day < until)
            for limit in (1, 2, 3, 500):
                balance = opening
                found: list[tuple[Transaction, Decimal]] = []
                for page in pages(bank, name, since, until, limit):
                    assert (page.opening, page.closing) == (opening, closing)
                    assert page.carried == balance
                    balance = sum((amount for _, amount in page.items), balance)
                    found += page.items
                assert balance == closing
                assert [(each.seq, amount) for each, amount in found] == [
                    (each.seq, each.amount) for each in expected
                ]


def test_statements_add_up_wherever_their_rows_are(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    month(books)
    add_up(books.bank)
    add_up(books.reopen())
    books.bank.archive()
    add_up(books.bank)
    monkeypatch.setattr(indexes, "ROWS_AT_ONCE", 2)
    books.bank.close()
    for index in books.folder.glob("index.db*"):
        index.unlink()
    add_up(books.reopen())


def test_a_statement_has_the_decimals_of_its_currency(books: Books) -> None:
    month(books)
    shown = {
        name: str(books.bank.extract(name, "", "", 500).closing) for name in ("YEN", "DIN", "BOB")
    }
    assert shown == {"YEN": "235", "DIN": "5.305", "BOB": "10.00"}
    empty = books.bank.extract("DIN", "2030-01-01", "2031-01-01", 500)
    assert [str(each) for each in (empty.opening, empty.carried, empty.closing)] == ["5.305"] * 3
    assert (list(empty.items), empty.next) == ([], 0)


@pytest.fixture
def there_and_back() -> Iterator[None]:
    """Declare a command that brings an account as much as it takes."""

    @command("there_and_back", route="/accounts/{account}/there-and-back")
    class ThereAndBack(Command):
        """Pay in and out."""

        account: AccountId
        amount: Amount

        def accounts(self, look: Look) -> list[str]:
            return [self.account]

        def apply(self, book: Book) -> None:
            cash = internal_id("CASH", "EUR")
            book.post(cash, self.account, self.amount)
            book.post(self.account, cash, self.amount)

    yield
    del REGISTRY["there_and_back"]


@pytest.mark.usefixtures("there_and_back")
def test_what_comes_to_nothing_has_a_row_and_what_moves_nothing_has_none(books: Books) -> None:
    done(books.bank, "open_account", name="Ada", account="ADA", initial_deposit="5")
    done(books.bank, "set_status", account="ADA", status="dormant", reason="nobody came")
    done(books.bank, "set_status", account="ADA", status="active", reason="somebody came")
    done(books.bank, "there_and_back", account="ADA", amount="1")
    for bank in books.before_and_after():
        found = bank.extract("ADA", "", "", 9)
        assert [str(amount) for _, amount in found.items] == ["5.00", "0.00"]
        assert [len(each.postings) for each, _ in found.items] == [1, 2]


def test_a_cursor_never_leads_out_of_the_period(bank: Bank) -> None:
    """Whatever somebody gives as cursor, the rows are the period's and the balances add up."""
    done(bank, "open_account", name="Ada", account="ADA", initial_deposit="5")
    for day in ("2025-01-01", "2025-06-01", "2026-01-01", "2027-01-01"):
        done(bank, "deposit", account="ADA", amount="1", value_date=day)
    done(bank, "open_account", name="Bob", account="BOB", initial_deposit="5")
    for cursor, seqs in {0: [1, 4], 1: [4], 2: [1, 4], 5: [], 6: [1, 4], 10**14: [1, 4]}.items():
        page = bank.extract("ADA", "2026-01-01", "2026-12-31", 9, cursor)
        assert [each.seq for each, _ in page.items] == seqs, cursor
        assert (page.opening, page.closing) == (Decimal("2.00"), Decimal("8.00"))


def test_sums_of_the_largest_amounts_are_exact(bank: Bank) -> None:
    """SQLite's numbers end at 2 to the 63rd, which the units of many large amounts exceed."""
    large = "9999999999999.9999"
    done(bank, "open_account", name="Rich", account="RICH", currency="CLF")
    names = [f"X{number}" for number in range(100)]
    submitted(bank, *(ticket("open_account", name=name, account=name, currency="CLF")
                      for name in names))  # fmt: skip
    for times in (1, 2):
        submitted(bank, *(ticket("deposit", account="RICH", amount=large) for _ in names))
        done(bank, "split", source="RICH", parts=" ".join(f"{name}={large}" for name in names))
        assert bank.top_spenders("CLF", 5) == [("RICH", times * 100 * Decimal(large))]
    found = bank.extract("RICH", "", "", 500)
    assert found.items[100][1] == -100 * Decimal(large)
    assert found.opening == found.closing == Decimal(0)
    assert bank.extract("RICH", "", "", 1, found.items[99][0].seq).carried == 100 * Decimal(large)


def test_a_statement_of_nobody_is_refused(bank: Bank) -> None:
    with pytest.raises(NotFound, match="There is no account NOBODY"):
        bank.extract("NOBODY", "", "", 9)
