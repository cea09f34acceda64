"""Changing what is known of a customer."""

from __future__ import annotations

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.customer import Customer
from tests.banks import code, do, done, submitted, ticket
from tests.commands.tables import Row, answer

RULES: list[Row] = [
    ("customer=C00000001 name=Eve", ""),
    ("customer=C00000001 address=Rome", ""),
    ("customer=C00000001", ""),
    ("", "customer"),
    ("customer=C1 name=5", "customer name"),
    ("customer=C00000002 name=Eve", "customer_not_found"),
]


@pytest.fixture(autouse=True)
def ada(bank: Bank) -> None:
    done(bank, "register_customer", name="Ada", address="Paris")


@pytest.mark.parametrize(("words", "expected"), RULES)
def test_the_rules(bank: Bank, words: str, expected: str) -> None:
    assert answer(bank, "change_customer", words) == expected


@pytest.mark.parametrize(
    ("words", "name", "address"),
    [
        ({"name": "Eve"}, "Eve", "Paris"),
        ({"address": "Rome"}, "Ada", "Rome"),
        ({}, "Ada", "Paris"),
    ],
)
def test_what_is_not_given_stays(
    bank: Bank, words: dict[str, str], name: str, address: str
) -> None:
    (before,) = bank.store.every(Customer)
    transaction = done(bank, "change_customer", customer="C00000001", **words)
    assert transaction.made == ("", "")
    (after,) = bank.store.every(Customer)
    assert after == Customer("C00000001", name, address, before.registered_at)


def test_one_who_is_registered_later_can_be_tried_again(bank: Bank) -> None:
    failed = do(bank, "change_customer", customer="C00000002", name="Eve")
    assert code(failed) == "customer_not_found"
    done(bank, "register_customer", name="Bob")
    assert code(bank.retry(failed.id)) == "COMPLETED"
    assert bank.store.every(Customer)[1].name == "Eve"


def test_a_group_that_fails_changes_nobody(bank: Bank) -> None:
    submitted(
        bank,
        ticket("change_customer", group="g", customer="C00000001", name="Eve"),
        ticket("register_customer", group="g", name="Bob"),
        ticket("withdraw", group="g", account="POOR", amount="1"),
    )
    assert [each.name for each in bank.store.every(Customer)] == ["Ada"]
    assert done(bank, "register_customer", name="Bob").made[1] == "C00000002"
