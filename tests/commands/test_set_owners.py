"""Saying whom an account belongs to."""

from __future__ import annotations

import pytest

from SimpleBankingSystem.engine.bank import Bank
from tests.banks import code, do, done, submitted, ticket
from tests.commands.tables import answer

ELEVEN = [f"C{number:08d}" for number in range(1, 12)]


@pytest.fixture(autouse=True)
def people(bank: Bank) -> None:
    for name in ("Ada", "Bob"):
        done(bank, "register_customer", name=name)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"account": "POOR", "owners": "C00000001"}, ""),
        ({"account": "POOR", "owners": "C00000002 C00000001", "users": "C00000002"}, ""),
        ({"account": "POOR"}, ""),
        ({}, "account"),
        ({"account": "POOR", "owners": "Ada", "users": " ".join(ELEVEN)}, "owners users"),
        ({"account": "NOBODY", "owners": "C00000009"}, "account_not_found"),
        ({"account": "SHUT", "owners": "C00000009"}, "account_closed"),
        ({"account": "POOR", "owners": "C00000001 C00000009"}, "customer_not_found"),
        ({"account": "POOR", "users": "C00000009"}, "customer_not_found"),
    ],
)
def test_the_rules_in_their_order(bank: Bank, texts: dict[str, str], expected: str) -> None:
    try:
        found = code(do(bank, "set_owners", **texts))
    except Exception as error:  # noqa: BLE001 - it is malformed
        found = " ".join(error.errors)  # type: ignore[attr-defined]
    assert found == (expected or "COMPLETED")


def test_joint_owners_and_users_are_replaced_as_a_whole(bank: Bank) -> None:
    words = {"owners": "C00000002 C00000001 C00000002", "users": "C00000001"}
    done(bank, "set_owners", account="POOR", **words)
    account = bank.account("POOR")
    assert (account.owners, account.users) == (("C00000002", "C00000001"), ("C00000001",))
    assert account.to_dict()["owners"] == ["C00000002", "C00000001"]
    done(bank, "set_owners", account="POOR", owners="C00000001")
    account = bank.account("POOR")
    assert (account.owners, account.users) == (("C00000001",), ())
    done(bank, "set_owners", account="POOR")
    assert bank.account("POOR").owners == ()


def test_a_customer_of_the_same_batch_may_own_it(bank: Bank) -> None:
    answers = submitted(
        bank,
        ticket("set_owners", account="POOR", owners="C00000003"),
        ticket("register_customer", name="Eve"),
        ticket("set_owners", account="EMPTY", owners="C00000003"),
    )
    assert list(map(code, answers)) == ["customer_not_found", "COMPLETED", "COMPLETED"]
    assert code(bank.retry(answers[0].id)) == "COMPLETED"
    assert bank.account("POOR").owners == ("C00000003",)


def test_an_account_may_be_opened_for_customers(bank: Bank) -> None:
    words = {"owners": "C00000001 C00000002", "users": "C00000002"}
    made = done(bank, "open_account", name="Both", account="BOTH", **words)
    assert bank.account("BOTH").owners == ("C00000001", "C00000002")
    assert bank.account("BOTH").users == ("C00000002",)
    assert made.made == ("account", "BOTH")
    refused = "name=Ada account=X1 owners=C00000001 users=C00000009"
    assert answer(bank, "open_account", refused) == "customer_not_found"
