"""Registering a customer."""

from __future__ import annotations

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.customer import Customer
from tests.banks import asked, do, done, submitted, ticket
from tests.commands.tables import answer

NAMES = [
    *("Ada", "Ada Lovelace", "Jean-Luc O'Neill", "Zoë d’Arc", "\u674e\u5c0f\u9f8d", "Анна"),
    *("J. R. R. Tolkien", "नरेन्द्र", "Ngũgĩ wa Thiong'o", "e\u0301ric"),
    *("Montserrat Gal·la", "Anne\u2010Marie", "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627"),
]
NO_NAMES = [
    "",
    "   ",
    "-",
    "'",
    "Ada2",
    "Ada_L",
    "A\tB",
    "A\nB",
    "<b>",
    "=SUM(A1)",
    "Ada\u202e",
    "\u0301",
    "\u200c",
]


@pytest.mark.seed("B4")
@pytest.mark.parametrize("name", NAMES)
def test_a_name_may_be_of_any_script(bank: Bank, name: str) -> None:
    done(bank, "register_customer", name=name)
    assert bank.store.every(Customer)[0].name == name


@pytest.mark.seed("B4")
@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_person_s_name(bank: Bank, name: str) -> None:
    with pytest.raises(Exception, match=r"^name: "):
        asked("register_customer", name=name)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("name=Ada", ""),
        ("name=Ada customer=C00000005", ""),
        ("name=Ada customer=C1000000000000", ""),
        ("", "name"),
        ("name=4 customer=A00000001 address=\x00", "name address customer"),
        ("name=Ada customer=C5", "customer"),
        ("name=Ada customer=C1000000000001", "customer"),
        ("name=Ada customer=C999999999999999", "customer"),
    ],
)
def test_the_rules(bank: Bank, words: str, expected: str) -> None:
    assert answer(bank, "register_customer", words) == expected


@pytest.mark.seed("C1")
@pytest.mark.seed("E1")
def test_customers_register_with_name_and_address_and_then_open_accounts(bank: Bank) -> None:
    registered = done(bank, "register_customer", name="Ada", address="1, Rue d'Enfer, Paris")
    (customer,) = bank.store.every(Customer)
    assert customer == Customer("C00000001", "Ada", "1, Rue d'Enfer, Paris", registered.started_at)
    shape = registered.to_dict()
    assert (shape["customer"], shape["target"], registered.postings) == (
        "C00000001",
        "C00000001",
        (),
    )
    for product in ("standard", "savings", "reward"):
        opened = done(bank, "open_account", name="Ada", owners="C00000001", product=product)
        account = bank.account(opened.target)
        assert (account.owners, account.type) == (("C00000001",), product)


def test_numbers_are_made_one_after_the_other(bank: Bank) -> None:
    tickets = [ticket("register_customer", name=f"Ada {'x' * n}") for n in range(3)]
    tickets.insert(1, ticket("register_customer", name="Eve", customer="C00000009"))
    made = [each.made for each in submitted(bank, *tickets)]
    assert made == [("customer", f"C{number:08d}") for number in (1, 9, 10, 11)]
    assert answer(bank, "register_customer", "name=Eve customer=C00000009") == "customer_exists"
    assert done(bank, "register_customer", name="Bob").made[1] == "C00000012"


def test_a_key_registers_once(bank: Bank) -> None:
    first = done(bank, "register_customer", name="Ada", key="k")
    assert do(bank, "register_customer", name="Ada", key="k").id == first.id
    assert len(bank.store.every(Customer)) == 1


def test_there_is_nothing_to_undo(bank: Bank) -> None:
    made = done(bank, "register_customer", name="Ada")
    assert answer(bank, "reverse", f"transaction={made.id}") == "not_reversible"
