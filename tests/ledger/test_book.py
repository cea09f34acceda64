"""The book: the rules of money in their order, and what is kept, dropped and handed out."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from SimpleBankingSystem.ledger.account import (
    ACTIVE,
    CLOSED,
    CREDITS_BLOCKED,
    DEBITS_BLOCKED,
    DORMANT,
    FROZEN,
    STATUSES,
    Account,
)
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.entity import numbering
from SimpleBankingSystem.ledger.errors import BankError
from SimpleBankingSystem.ledger.product import STANDARD
from SimpleBankingSystem.ledger.run import Run
from SimpleBankingSystem.ledger.transaction import Posting
from SimpleBankingSystem.ledger.working_copy import NotHeldError
from SimpleBankingSystem.stores.memory import MemoryStore
from tests.banks import TickingClock

NOW = "2026-06-01T00:00:00.000000Z"


def account(
    account_id: str,
    balance: str = "0.00",
    *,
    currency: str = "EUR",
    status: str = ACTIVE,
    held: str = "0.00",
    limit: str = "0.00",
    minimum: str = "0.00",
    product: str = STANDARD,
    merged_into: str = "",
) -> Account:
    return Account(
        account_id,
        account_id,
        product,
        currency,
        status,
        Decimal(balance),
        Decimal(held),
        Decimal(limit),
        NOW,
        Decimal(minimum),
        merged_into=merged_into,
    )


ACCOUNTS = [
    account("RICH", "100.00"),
    account("POOR", "0.00"),
    account("DEBTOR", "-20.00", limit="50.00"),
    account("HELD", "100.00", held="90.00"),
    account("LOWERED", "-20.00", limit="5.00"),
    account("SHUT", "0.00", status=CLOSED),
    account("YEN", "100", currency="JPY", held="0", limit="0"),
    account("KEPT", "30.00", minimum="20.00"),
    account("COLD", "100.00", status=FROZEN),
    account("DOZY", "100.00", status=DORMANT),
    account("MUTE", "100.00", status=DEBITS_BLOCKED),
    account("DEAF", "100.00", status=CREDITS_BLOCKED),
    account("GONE", status=CLOSED, merged_into="RICH"),
    account("LONG-GONE", status=CLOSED, merged_into="GONE"),
]
NAMES = {*(each.id for each in ACCOUNTS), "NOBODY"}


@pytest.fixture
def book() -> Book:
    """A book on a store that has published the accounts above, holding all their names."""
    store = MemoryStore(TickingClock())
    store._state.publish([], {each.id: each for each in ACCOUNTS})
    return Book(store, NAMES, "EUR", NOW)


def outcome(book: Book, source: str, target: str, amount: str) -> str:
    try:
        book.post(source, target, Decimal(amount))
    except BankError as error:
        return error.code
    return ""


# Every rule is broken alone, and together with all those that are checked after it.
POSTINGS = [
    ("RICH", "POOR", "100.00", ""),
    ("RICH", "POOR", "0.01", ""),
    ("RICH", "CASH.EUR", "100", ""),
    ("CASH.EUR", "POOR", "9999999999999.99", ""),
    ("CASH.EUR", "FEES.EUR", "1", ""),
    ("DEBTOR", "POOR", "30.00", ""),
    ("HELD", "POOR", "10.00", ""),
    ("POOR", "LOWERED", "1.00", "insufficient_funds"),
    ("POOR", "RICH", "0.01", "insufficient_funds"),
    ("DEBTOR", "POOR", "30.01", "insufficient_funds"),
    ("HELD", "POOR", "10.01", "insufficient_funds"),
    ("LOWERED", "POOR", "0.01", "insufficient_funds"),
    ("RICH", "POOR", "1.001", "too_many_decimals"),
    ("POOR", "RICH", "1.001", "too_many_decimals"),
    ("YEN", "CASH.JPY", "1000.5", "too_many_decimals"),
    ("RICH", "YEN", "1.00", "currency_mismatch"),
    ("RICH", "CASH.JPY", "1.00", "currency_mismatch"),
    ("CASH.EUR", "YEN", "1.00", "currency_mismatch"),
    ("YEN", "POOR", "1000.001", "currency_mismatch"),
    ("RICH", "RICH", "1.00", "same_account"),
    ("RICH", "GONE", "1.00", "same_account"),
    ("LONG-GONE", "RICH", "1.00", "same_account"),
    ("LONG-GONE", "GONE", "1.00", "same_account"),
    ("KEPT", "POOR", "10.00", ""),
    ("KEPT", "POOR", "10.01", "insufficient_funds"),
    ("RICH", "DOZY", "1.00", ""),
    ("RICH", "MUTE", "1.00", ""),
    ("DEAF", "POOR", "1.00", ""),
    ("DOZY", "NOBODY", "1.00", "account_not_found"),
    ("DOZY", "YEN", "1000.001", "debits_blocked"),
    ("MUTE", "DEAF", "1000.001", "debits_blocked"),
    ("COLD", "POOR", "1.00", "debits_blocked"),
    ("COLD", "SHUT", "1.00", "debits_blocked"),
    ("SHUT", "COLD", "1.00", "account_closed"),
    ("YEN", "DEAF", "1.00", "credits_blocked"),
    ("CASH.EUR", "COLD", "1.00", "credits_blocked"),
    ("COLD", "FEES.EUR", "1.00", "debits_blocked"),
    ("SHUT", "POOR", "1.00", "account_closed"),
    ("RICH", "SHUT", "1.00", "account_closed"),
    ("SHUT", "CASH.EUR", "1.00", "account_closed"),
    ("SHUT", "YEN", "1000.001", "account_closed"),
    ("YEN", "SHUT", "1000.001", "account_closed"),
    ("NOBODY", "POOR", "1.00", "account_not_found"),
    ("RICH", "NOBODY", "1.00", "account_not_found"),
    ("CASH.EUR", "NOBODY", "1.00", "account_not_found"),
    ("SHUT", "NOBODY", "1000.001", "account_not_found"),
    ("NOBODY", "SHUT", "1000.001", "account_not_found"),
]


@pytest.mark.parametrize(("source", "target", "amount", "code"), POSTINGS)
def test_the_rules_of_money_in_their_order(
    book: Book, source: str, target: str, amount: str, code: str
) -> None:
    before = dict(book.accounts)
    assert outcome(book, source, target, amount) == code
    if code:
        assert book.accounts == before
        assert book.attempted == (source, target, Decimal(amount))
    else:
        moved = Decimal(amount)
        for name, change in ((source, -moved), (target, moved)):
            if name in before:
                assert book.accounts[name].balance == before[name].balance + change


def test_the_reason_names_what_there_is_and_what_it_takes(book: Book) -> None:
    with pytest.raises(BankError, match=r"^DEBTOR has 30.00 EUR available, 31.00 needed\.$"):
        book.post("DEBTOR", "POOR", Decimal(31))


def test_the_effects_of_each_command_are_its_own(book: Book) -> None:
    book.post("RICH", "POOR", Decimal(1))
    first = book.effects()
    book.keep()
    book.put(account("POOR", "1.00", limit="9.00"))
    book.claim("a name")
    second = book.effects()
    book.keep()
    book.post("POOR", "RICH", Decimal(10))
    third = book.effects()
    posted = Posting("RICH", "POOR", Decimal("1.00"), "EUR", Decimal("99.00"), Decimal("1.00"))
    assert [list(part) for part in first] == [[posted], [], []]
    assert [list(part) for part in second] == [
        [],
        [account("POOR", "1.00", limit="9.00")],
        ["a name"],
    ]
    assert [len(part) for part in third] == [1, 0, 0]


def test_what_is_dropped_was_never_there(book: Book) -> None:
    book.post("RICH", "POOR", Decimal(10))
    book.effects()
    book.keep()
    kept = dict(book.accounts)
    book.post("POOR", "RICH", Decimal(4))
    book.put(account("NOBODY"))
    book.post("RICH", "NOBODY", Decimal(7))
    assert book.claim("a name")
    assert not book.claim("a name")
    book.drop()
    assert book.accounts == kept
    assert book.attempted is None
    assert book.claim("a name")
    assert [len(part) for part in book.effects()] == [0, 0, 1]


def test_a_group_is_dropped_as_a_whole(book: Book) -> None:
    before = dict(book.accounts)
    for target in ("POOR", "DEBTOR"):
        book.post("RICH", target, Decimal(10))
        book.effects()
    book.drop()
    assert book.accounts == before


def test_a_name_that_is_kept_is_taken_for_good(book: Book) -> None:
    assert book.claim("a name")
    book.keep()
    book.drop()
    assert not book.claim("a name")


def test_what_is_not_held_cannot_be_touched() -> None:
    store = MemoryStore(TickingClock())
    store._state.publish([], {each.id: each for each in ACCOUNTS})
    book = Book(store, {"RICH"}, "EUR", NOW)
    touches: list[Callable[[], object]] = [
        lambda: book.find(Account, "POOR"),
        lambda: book.account("POOR"),
        lambda: book.post("RICH", "POOR", Decimal(1)),
        lambda: book.post("POOR", "RICH", Decimal(1)),
        lambda: book.put(account("POOR")),
    ]
    for touch in touches:
        with pytest.raises(NotHeldError, match="POOR") as missing:
            touch()
        assert missing.value.name == "POOR"
    with pytest.raises(NotHeldError):
        book.next_id("A")


def opened(book: Book) -> str:
    made = book.next_id("A")
    book.put(account(made))
    book.effects()
    return made


def test_ids_are_made_in_order_and_a_dropped_one_is_made_again() -> None:
    store = MemoryStore(TickingClock())
    store._state.last_numbers["A"] = 7
    book = Book(store, {numbering("A"), "A00000020"}, "EUR", NOW)
    assert opened(book) == "A00000008"
    book.keep()
    assert opened(book) == "A00000009"
    book.drop()
    assert opened(book) == "A00000009"
    book.keep()
    book.put(account("A00000020"))
    book.drop()
    assert opened(book) == "A00000010"
    book.keep()
    book.put(account("A00000020"))
    book.keep()
    assert opened(book) == "A00000021"


def test_terms_that_are_dropped_are_as_they_were(book: Book) -> None:
    before = book.accounts["RICH"]
    book.put(account("RICH", "100.00", limit="5.00"))
    assert book.account("RICH") != before
    book.drop()
    assert book.account("RICH") == before


def test_whoever_makes_an_id_holds_it(book: Book) -> None:
    holder = Book(book.look, {numbering("A")}, "EUR", NOW)
    made = opened(holder)
    assert holder.account(made).id == made
    holder.post("CASH.EUR", made, Decimal(5))
    assert holder.accounts[made].balance == Decimal("5.00")


def test_an_entity_that_is_no_account_is_put_as_it_is(book: Book) -> None:
    run = Run("R000001", "file", "d", "f", "running", NOW)
    with pytest.raises(NotHeldError):
        book.put(run)
    holder = Book(book.look, {"R000001"}, "EUR", NOW)
    holder.put(run)
    _, puts, _ = holder.effects()
    assert list(puts) == [run]
    assert not holder.accounts


def test_closed_is_final_and_blocks_both_directions() -> None:
    assert not any(STATUSES[CLOSED])
    assert all(STATUSES[ACTIVE])
    assert set(STATUSES) == {
        *("active", "debits_blocked", "credits_blocked", "frozen", "dormant", "closed"),
    }


def test_a_merged_account_means_the_last_of_its_heirs(book: Book) -> None:
    assert book.account("LONG-GONE").id == "RICH"
    book.post("LONG-GONE", "POOR", Decimal(5))
    ((leg,), _, _) = book.effects()
    assert leg[:2] == ("RICH", "POOR")
    assert book.accounts["RICH"].balance == 95
    with pytest.raises(BankError, match="There is no product nope"):
        book.product("nope")


def test_an_heir_is_held_too() -> None:
    store = MemoryStore(TickingClock())
    store._state.publish([], {each.id: each for each in ACCOUNTS})
    book = Book(store, {"GONE", "POOR"}, "EUR", NOW)
    for touch in (lambda: book.account("GONE"), lambda: book.post("GONE", "POOR", Decimal(1))):
        with pytest.raises(NotHeldError) as missing:
            touch()
        assert missing.value.name == "RICH"
