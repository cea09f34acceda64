"""Accounts, transactions and runs: what their records say."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from SimpleBankingSystem.ledger.account import (
    Account,
    internal_currency,
    internal_id,
    is_internal,
)
from SimpleBankingSystem.ledger.entity import made_id, made_number
from SimpleBankingSystem.ledger.errors import InsufficientFunds
from SimpleBankingSystem.ledger.run import LINES_AT_ONCE, LinesDone
from SimpleBankingSystem.ledger.transaction import Posting, Transaction

ACCOUNT = Account(
    id="A00000001",
    name="Ada",
    type="standard",
    currency="EUR",
    status="active",
    balance=Decimal("10.00"),
    held=Decimal("4.00"),
    overdraft_limit=Decimal("5.00"),
    opened_at="2026-01-01T00:00:00.000000Z",
    minimum_balance=Decimal("2.00"),
    owners=("C00000001",),
    users=("C00000002",),
    merged_into="A00000002",
)

TRANSACTION = Transaction(
    id="T00000000001",
    seq=7,
    command="transfer",
    status="COMPLETED",
    attempt=1,
    source="A00000001",
    target="A00000002",
    postings=(
        Posting("A00000001", "A00000002", Decimal("1.00"), "EUR", Decimal("9.00"), Decimal("1.00")),
    ),
    value_date="2026-01-01",
    actor="local",
    key="k",
    group="",
    reference="",
    description="tea",
    tags=("food",),
    error=None,
    created_at="2026-01-01T00:00:00.000000Z",
    started_at="2026-01-01T00:00:00.000001Z",
    completed_at="2026-01-01T00:00:00.000002Z",
    fields={"source": "A00000001", "target": "A00000002", "amount": Decimal(1)},
)


def test_available_is_posted_less_held_plus_the_limit_less_the_minimum() -> None:
    assert ACCOUNT.available == Decimal("9.00")
    assert ACCOUNT.with_balance(Decimal("0.00")) == replace(ACCOUNT, balance=Decimal("0.00"))
    assert ACCOUNT.to_dict() == {
        "id": "A00000001",
        "name": "Ada",
        "type": "standard",
        "currency": "EUR",
        "status": "active",
        "balance": "10.00",
        "held": "4.00",
        "available": "9.00",
        "overdraft_limit": "5.00",
        "opened_at": "2026-01-01T00:00:00.000000Z",
        "minimum_balance": "2.00",
        "owners": ["C00000001"],
        "users": ["C00000002"],
        "merged_into": "A00000002",
    }


@pytest.mark.parametrize(
    ("account_id", "number"),
    [
        ("A00000001", 1),
        ("A123456789", 123_456_789),
        ("A0000001", 0),
        ("A0000000000000001", 0),
        ("B00000001", 0),
        ("A00000001\n", 0),
    ],
)
def test_the_number_of_a_made_id(account_id: str, number: int) -> None:
    assert made_number("A", account_id) == number


def test_made_ids_count_on_past_their_width() -> None:
    assert made_id("A", 1) == "A00000001"
    assert made_number("A", made_id("A", 10**9)) == 10**9


def test_the_bank_s_own_accounts_have_a_dot() -> None:
    assert internal_id("CASH", "EUR") == "CASH.EUR"
    assert is_internal("CASH.EUR")
    assert not is_internal("A00000001")
    assert internal_currency("CASH.EUR") == "EUR"


def test_a_transaction_s_shape_on_the_wire() -> None:
    assert TRANSACTION.to_dict() == {
        "id": "T00000000001",
        "seq": 7,
        "command": "transfer",
        "status": "COMPLETED",
        "attempt": 1,
        "source": "A00000001",
        "target": "A00000002",
        "amount": "1.00",
        "currency": "EUR",
        "source_balance": "9.00",
        "target_balance": "1.00",
        "value_date": "2026-01-01",
        "actor": "local",
        "key": "k",
        "group": None,
        "reference": "",
        "description": "tea",
        "tags": ["food"],
        "error": None,
        "created_at": "2026-01-01T00:00:00.000000Z",
        "started_at": "2026-01-01T00:00:00.000001Z",
        "completed_at": "2026-01-01T00:00:00.000002Z",
    }
    assert TRANSACTION.accounts == ("A00000001", "A00000002")


def test_the_shape_of_one_that_failed() -> None:
    failed = replace(
        TRANSACTION, seq=0, postings=(), status="FAILED", error=InsufficientFunds("No."), line=3,
        run="R000001",
    )  # fmt: skip
    shape = failed.to_dict()
    assert shape["error"] == {"code": "insufficient_funds", "message": "No.", "retryable": True}
    assert (shape["seq"], shape["amount"], shape["currency"]) == (None, "1", None)
    assert (shape["run"], shape["line"]) == ("R000001", 3)
    assert failed.accounts == ("A00000001", "A00000002")


def test_what_moved_is_shown_before_what_was_asked() -> None:
    """A reversal names neither account, and shows what it asked for beside them."""
    fields = {"transaction": "T00000000007", "limit": Decimal("1.50")}
    shape = replace(TRANSACTION, source="", target="", fields=fields).to_dict()
    assert (shape["source"], shape["target"]) == ("A00000001", "A00000002")
    assert (shape["transaction"], shape["limit"]) == ("T00000000007", "1.50")


def test_the_shape_of_one_with_several_postings() -> None:
    back = Posting("A00000002", "CASH.EUR", Decimal("1.00"), "EUR", Decimal("0.00"), None)
    shape = replace(TRANSACTION, postings=(*TRANSACTION.postings, back)).to_dict()
    assert shape["postings"] == [
        {
            "source": "A00000001",
            "target": "A00000002",
            "amount": "1.00",
            "currency": "EUR",
            "source_balance": "9.00",
            "target_balance": "1.00",
        },
        {
            "source": "A00000002",
            "target": "CASH.EUR",
            "amount": "1.00",
            "currency": "EUR",
            "source_balance": "0.00",
            "target_balance": None,
        },
    ]


def test_lines_done_are_known_by_one_number_and_a_small_set() -> None:
    done = LinesDone()
    assert 1 not in done
    ahead = {*range(2, LINES_AT_ONCE), LINES_AT_ONCE}
    done.note(ahead)
    assert 1 not in done
    assert all(line in done for line in ahead)
    done.note([1])
    for start in range(LINES_AT_ONCE, 10 * LINES_AT_ONCE, 100):
        done.note(range(start + 1, start + 101))
        assert all(line in done for line in range(start - LINES_AT_ONCE + 1, start + 101))
        assert len(done.recent) <= 2 * LINES_AT_ONCE
    assert all(line in done for line in range(1, 10 * LINES_AT_ONCE + 1))
    assert 10 * LINES_AT_ONCE + 1 not in done
    copy = done.copy()
    done.note([10 * LINES_AT_ONCE + 1])
    assert 10 * LINES_AT_ONCE + 1 not in copy
