"""Tickets and latches: one command on its way, and whoever waits for it."""

from __future__ import annotations

from decimal import Decimal
from threading import Thread

import pytest

from SimpleBankingSystem.commands.ticket import Latch, Ticket
from SimpleBankingSystem.ledger.errors import Busy, InsufficientFunds
from SimpleBankingSystem.ledger.transaction import COMPLETED, FAILED, PENDING, Posting
from tests.banks import DEADLINE, ticket


def test_a_latch_stays_open() -> None:
    latch = Latch(2)
    assert not latch.wait(0)
    latch.open()
    assert latch.wait(0)
    assert latch.wait(0)
    assert Latch(0).wait(0)


def test_everybody_who_waits_is_let_through() -> None:
    latch = Latch(1)
    passed: list[bool] = []
    waiting = [Thread(target=lambda: passed.append(latch.wait(DEADLINE))) for _ in range(3)]
    for thread in waiting:
        thread.start()
    latch.open()
    for thread in waiting:
        thread.join(DEADLINE)
    assert passed == [True] * 3


def test_what_a_pending_ticket_records() -> None:
    made = ticket("transfer", source="A00000001", target="A00000002", amount="1", key="k")
    made.id, made.created_at = "T00000000001", "2026-01-01T00:00:00.000000Z"
    recorded = made.transaction()
    assert (recorded.status, recorded.source, recorded.target) == (
        PENDING,
        "A00000001",
        "A00000002",
    )
    assert (recorded.value_date, recorded.key, recorded.completed_at) == ("2026-01-01", "k", "")


def test_what_a_line_of_a_run_records_and_carries_on() -> None:
    made = ticket("deposit", account="A00000001", amount="1", reference="R1", description="d")
    made.run, made.line, made.actor = "R000001", 7, "eve"
    recorded = made.transaction()
    assert (recorded.run, recorded.line, recorded.actor) == ("R000001", 7, "eve")
    assert (recorded.reference, recorded.description) == ("R1", "d")
    assert Ticket.again(recorded, made.command).transaction() == recorded


def test_what_becomes_of_it_is_forgotten_when_it_is_decided_again() -> None:
    made = ticket("withdraw", account="A00000001", amount="1")
    made.status, made.started_at = COMPLETED, "2026-01-01T00:00:00.000000Z"
    made.postings = [Posting("A00000001", "CASH.EUR", Decimal(1), "EUR", Decimal(0), None)]
    made.claims, made.error = ["x"], InsufficientFunds()
    made.attempted = ("A00000001", "CASH.EUR", Decimal(1))
    made.undecide()
    assert (made.status, made.started_at) == (PENDING, "")
    assert [made.error, made.attempted] == [None, None]
    assert (list(made.postings), list(made.puts), list(made.claims)) == ([], [], [])


def test_the_time_and_value_date_are_those_of_the_commit() -> None:
    made = ticket("deposit", account="A00000001", amount="1", value_date="2020-02-29")
    made.status, made.completed_at = FAILED, "2026-01-02T00:00:00.000000Z"
    assert made.transaction().value_date == "2020-02-29"
    plain = ticket("deposit", account="A00000001", amount="1")
    plain.status, plain.completed_at = FAILED, "2026-01-03T00:00:00.000000Z"
    assert plain.transaction().value_date == "2026-01-03"
    assert plain.transaction().target == "A00000001"


def test_a_refusal_has_no_transaction() -> None:
    made = ticket("deposit", account="A00000001", amount="1")
    made.refusal = Busy()
    with pytest.raises(Busy):
        made.transaction()


def test_the_transaction_that_a_repeated_key_answers_stands_for_its_own() -> None:
    first, again = (ticket("deposit", account="A00000001", amount="1") for _ in range(2))
    again.recorded = first.transaction()
    assert again.transaction() is again.recorded
