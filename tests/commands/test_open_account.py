"""Opening an account."""

from __future__ import annotations

from decimal import Decimal

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.book import NUMBERING
from tests.banks import asked, code, do, done
from tests.commands.tables import Row, answer

RULES: list[Row] = [
    ("name=Ada", ""),
    ("name=Ada account=ADA-1 currency=BHD initial_deposit=1.001 overdraft_limit=0.005", ""),
    ("name=Ada initial_deposit=0 overdraft_limit=0", ""),
    ("name=Ada account=A00000007", ""),
    ("", "name"),
    ("account=ada currency=XXX initial_deposit=-1", "name account currency initial_deposit"),
    ("name=Ada overdraft_limit=x", "overdraft_limit"),
    ("name=Ada account=MAY5", "account"),
    ("name=Ada account=RICH currency=JPY initial_deposit=0.1", "account_exists"),
    ("name=Ada account=SHUT", "account_exists"),
    ("name=Ada currency=JPY overdraft_limit=0.1 initial_deposit=0.1", "too_many_decimals"),
    ("name=Ada initial_deposit=0.001", "too_many_decimals"),
]


@pytest.mark.seed("B5")
@pytest.mark.parametrize(("words", "expected"), RULES)
def test_the_rules_in_their_order(bank: Bank, words: str, expected: str) -> None:
    assert answer(bank, "open_account", words) == expected


@pytest.mark.seed("B3")
def test_account_numbers_are_made_one_after_the_other(bank: Bank) -> None:
    ids = [done(bank, "open_account", name="Ada").target for _ in range(3)]
    assert ids == ["A00000001", "A00000002", "A00000003"]
    done(bank, "open_account", name="Ada", account="A00000010")
    assert done(bank, "open_account", name="Ada").target == "A00000011"
    assert code(do(bank, "open_account", name="Ada", account="A00000011")) == "account_exists"
    assert code(do(bank, "open_account", name="Ada", initial_deposit="0.001")) != "COMPLETED"
    assert done(bank, "open_account", name="Ada").target == "A00000012"


def test_a_new_account_is_as_it_was_asked_for(bank: Bank) -> None:
    transaction = done(
        bank,
        "open_account",
        name="Ada",
        currency="BHD",
        initial_deposit="1.5",
        overdraft_limit="2",
    )
    account = bank.account(transaction.target).to_dict()
    assert account.pop("opened_at") == transaction.started_at
    assert account == {
        "id": "A00000001",
        "name": "Ada",
        "type": "standard",
        "currency": "BHD",
        "status": "active",
        "balance": "1.500",
        "held": "0.000",
        "available": "3.500",
        "overdraft_limit": "2.000",
    }
    (posted,) = transaction.postings
    assert posted[:4] == ("CASH.BHD", "A00000001", Decimal("1.500"), "BHD")


def test_it_holds_the_numbering_only_where_a_number_could_meet_its_id(bank: Bank) -> None:
    def held(**given: str) -> set[str]:
        return set(asked("open_account", name="Ada", **given).accounts(bank.store))

    assert held() == {NUMBERING}
    assert held(account="A00000007") == {"A00000007", NUMBERING}
    assert held(account="ADA") == {"ADA"}


def test_without_an_initial_deposit_no_money_moves(bank: Bank) -> None:
    transaction = done(bank, "open_account", name="Ada", initial_deposit="0.00")
    assert (transaction.postings, transaction.source, transaction.target) == ((), "", "A00000001")


def test_the_answer_names_the_account_and_its_currency(bank: Bank) -> None:
    shape = done(bank, "open_account", name="Ada", currency="USD").to_dict()
    assert (shape["account"], shape["currency"]) == ("A00000001", "USD")
    shape = done(bank, "open_account", name="Ada", initial_deposit="1").to_dict()
    assert (shape["account"], shape["currency"]) == ("A00000002", "EUR")
    shape = do(bank, "open_account", name="Ada", currency="USD", initial_deposit="0.001").to_dict()
    assert (shape["status"], shape["currency"]) == ("FAILED", "USD")
    assert "account" not in shape
