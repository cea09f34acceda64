"""The published state: what is settled in the commit section before rows are written."""

from __future__ import annotations

from decimal import Decimal

from SimpleBankingSystem.ledger.run import FINISHED, RUNNING, Run
from SimpleBankingSystem.ledger.transaction import COMPLETED, FAILED, Posting
from SimpleBankingSystem.stores.state import State
from tests.banks import ticket

NOW = "2026-01-01T00:00:00.000000Z"


def test_settling_assigns_places_times_and_the_bank_s_own_balances() -> None:
    state = State()
    state.last_seq = 4
    pending, completed, failed = (
        ticket("deposit", account="A00000001", amount="1") for _ in range(3)
    )
    one = Decimal("1.00")
    completed.status, failed.status = COMPLETED, FAILED
    completed.postings = [
        Posting("CASH.EUR", "A00000001", one, "EUR", None, one),
        Posting("CASH.EUR", "A00000001", one, "EUR", None, 2 * one),
    ]
    changed, last = state.settle([pending, completed, failed], NOW)
    assert [each.seq for each in (pending, completed, failed)] == [5, 6, 8]
    assert last == 8
    assert [each.completed_at for each in (pending, completed, failed)] == ["", NOW, NOW]
    assert [each.source_balance for each in completed.postings] == [-one, -2 * one]
    assert changed["CASH.EUR"].balance == -2 * one
    assert not state.accounts


def test_of_a_finished_run_no_lines_are_remembered() -> None:
    state = State()
    state.put(Run("R000001", "day.csv", "digest", "line", RUNNING, NOW))
    state.note_lines("R000001", [2, 3])
    assert 3 in state.lines["R000001"]
    state.put(Run("R000001", "day.csv", "digest", "line", FINISHED, NOW, NOW, 2))
    state.note_lines("R000001", [2])
    assert not state.lines
