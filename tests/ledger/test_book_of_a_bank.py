"""The book, where accounts have products with limits and fees, holds, and customers."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from SimpleBankingSystem.commands.define_product import DefineProduct
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.customer import Customer
from SimpleBankingSystem.ledger.entity import numbering
from SimpleBankingSystem.ledger.errors import BankError
from SimpleBankingSystem.ledger.hold import Hold
from SimpleBankingSystem.ledger.product import Product
from SimpleBankingSystem.ledger.spent import Spent
from SimpleBankingSystem.stores.memory import MemoryStore
from tests.banks import TickingClock
from tests.ledger.test_book import ACCOUNTS, NAMES, NOW, account, outcome


def limited(**terms: str) -> Book:
    """Return a book on which RICH is kept on a product of these terms."""
    store = MemoryStore(TickingClock())
    rich = account("RICH", "100.00", product="club")
    store._state.publish([], {each.id: each for each in [*ACCOUNTS, rich]})
    store._state.put(DefineProduct.parse({"product": "club", **terms}).defined())
    return Book(store, NAMES | {"club"}, "EUR", NOW)


def test_a_limit_counts_all_postings_of_a_command_and_begins_anew_with_the_next() -> None:
    book = limited(transaction_limit="10")
    book.post("RICH", "POOR", Decimal(6))
    book.post("POOR", "RICH", Decimal(6))
    assert outcome(book, "RICH", "POOR", "4.01") == "limit_exceeded"
    book.post("RICH", "POOR", Decimal(4))
    book.post("RICH", "POOR", Decimal(50), limited=False)
    book.effects()
    book.keep()
    assert outcome(book, "RICH", "POOR", "10") == ""


def test_what_is_spent_on_a_day_is_put_and_dropped_like_everything_else() -> None:
    book = limited(daily_limit="10")
    book.post("RICH", "POOR", Decimal(6))
    _, puts, _ = book.effects()
    assert list(puts) == [Spent("RICH", NOW[:10], Decimal("6.00"))]
    book.keep()
    book.post("RICH", "POOR", Decimal(4))
    assert outcome(book, "RICH", "POOR", "0.01") == "limit_exceeded"
    book.drop()
    book.post("RICH", "POOR", Decimal(4))


def test_new_terms_hold_at_once_and_are_dropped_with_the_rest() -> None:
    book = limited(transaction_limit="1", transfer_fee="2")
    fee = Product.transfer_costs
    book.put(Product("club", transaction_limit=Decimal(5)))
    assert outcome(book, "RICH", "POOR", "3") == ""
    book.charge_for(fee, "RICH", Decimal(3))
    assert len(book.effects()[0]) == 1
    book.put(Product("club"))
    assert outcome(book, "RICH", "POOR", "30") == ""
    book.drop()
    assert outcome(book, "RICH", "POOR", "1.01") == "limit_exceeded"
    book.charge_for(fee, "RICH", Decimal(3))
    book.charge_for(fee, "POOR", Decimal(3))
    ((leg,), _, _) = book.effects()
    assert leg[:3] == ("RICH", "FEES.EUR", Decimal("2.00"))


def test_holds_of_this_batch_and_of_before_it() -> None:
    store = MemoryStore(TickingClock())
    store._state.publish([], {each.id: each for each in ACCOUNTS})
    nothing = Decimal("0.00")
    hold = Hold("H00000000001", "HELD", Decimal(90), "EUR", "open", nothing, "", NOW)
    store._state.put(hold)
    book = Book(store, NAMES | {hold.id}, "EUR", NOW)
    book.deciding = "T00000000002"
    other = replace(hold, id=book.next_hold_id())
    assert other.id == "H00000000002"
    book.put(other)
    assert book.holds_of("HELD") == [hold, other]
    assert book.holds_of("RICH") == []
    book.resolve(book.open_hold(hold.id), "captured", Decimal(5))
    assert book.holds_of("HELD") == [other]
    assert book.accounts["HELD"].held == 0
    with pytest.raises(BankError, match="resolved already"):
        book.open_hold(hold.id)
    book.drop()
    assert book.holds_of("HELD") == [hold]
    assert book.accounts["HELD"].held == 90


def test_a_number_of_one_kind_is_none_of_another() -> None:
    book = Book(MemoryStore(TickingClock()), {numbering("C"), numbering("A")}, "EUR", NOW)
    customer = Customer(book.next_id("C"), "Ada", "", NOW)
    book.put(customer)
    assert (customer.id, book.next_id("C"), book.next_id("A")) == (
        "C00000001",
        "C00000002",
        "A00000001",
    )
    assert book.customer("C00000001") == customer
    with pytest.raises(BankError, match="There is no customer C00000002"):
        book.customer("C00000002")
