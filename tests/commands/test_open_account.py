"""Opening an account."""

from __future__ import annotations

from decimal import Decimal

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.entity import numbering
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
    ("name=Ada account=A1000000000000", ""),
    ("name=Ada account=A1000000000001", "account"),
    ("name=Ada account=A999999999999999", "account"),
    ("name=Ada account=A1000000000000000", ""),
    ("name=Ada account=C00000001", "account"),
    ("name=Ada product=savings initial_deposit=7", ""),
    ("name=Ada product=internal", "product"),
    ("name=Ada product=yens", ""),
    ("name=Ada product=yens currency=JPY", ""),
    ("name=Ada owners=C00000001 product=none_such", "customer_not_found"),
    ("name=Ada product=none_such currency=EUR", "product_not_found"),
    ("name=Ada product=yens currency=EUR overdraft_limit=0.001", "currency_mismatch"),
    ("name=Ada product=cents currency=JPY initial_deposit=0.1", "too_many_decimals"),
]


@pytest.fixture(autouse=True)
def products(bank: Bank) -> None:
    done(bank, "define_product", product="yens", currency="JPY", overdraft_limit="7")
    done(bank, "define_product", product="cents", minimum_balance="0.01")


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
        "minimum_balance": "0.000",
        "owners": [],
        "users": [],
        "merged_into": None,
    }
    (posted,) = transaction.postings
    assert posted[:4] == ("CASH.BHD", "A00000001", Decimal("1.500"), "BHD")


def test_it_holds_the_numbering_only_where_a_number_could_meet_its_id(bank: Bank) -> None:
    def held(**given: str) -> set[str]:
        return set(asked("open_account", name="Ada", **given).accounts(bank.store))

    assert held() == {numbering("A")}
    assert held(account="A00000007") == {"A00000007", numbering("A")}
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


@pytest.mark.seed("C1")
@pytest.mark.parametrize(
    ("words", "currency", "overdraft", "minimum"),
    [
        ("product=savings", "EUR", "0.00", "5.00"),
        ("product=reward", "EUR", "100.00", "0.00"),
        ("product=reward overdraft_limit=3", "EUR", "3.00", "0.00"),
        ("product=reward overdraft_limit=0", "EUR", "0.00", "0.00"),
        ("product=reward currency=BHD", "BHD", "100.000", "0.000"),
        ("product=yens", "JPY", "7", "0"),
    ],
)
def test_its_terms_are_the_product_s_unless_others_are_given(
    bank: Bank, words: str, currency: str, overdraft: str, minimum: str
) -> None:
    texts = dict(word.split("=") for word in words.split())
    account = bank.account(done(bank, "open_account", name="Ada", **texts).target).to_dict()
    assert account["type"] == texts["product"]
    assert (account["currency"], account["overdraft_limit"]) == (currency, overdraft)
    assert account["minimum_balance"] == minimum


def test_no_chosen_id_uses_up_the_numbers(bank: Bank) -> None:
    """Made ids go on behind the highest, and each is new."""
    done(bank, "open_account", name="Ada", account="A1000000000000")
    made = [done(bank, "open_account", name="Ada").target for _ in range(2)]
    assert made == ["A1000000000001", "A1000000000002"]
