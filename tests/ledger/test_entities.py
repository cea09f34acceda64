"""Entities: every kind by its word, and the ids that belong together."""

from __future__ import annotations

from decimal import Decimal

import pytest

from SimpleBankingSystem.ledger.entities import ENTITIES
from SimpleBankingSystem.ledger.entity import CHOSEN_AT_MOST, made_id, made_number, no_room_after
from SimpleBankingSystem.ledger.hold import CAPTURED, OPEN, VOIDED, Hold, hold_id, placing


def test_every_kind_is_known_by_its_word() -> None:
    assert {*ENTITIES} == {"account", "run", "customer", "hold", "product", "spent"}
    assert all(record.kind == kind for kind, record in ENTITIES.items())
    letters = [record.letter for record in ENTITIES.values() if record.letter]
    assert len(letters) == len(set(letters))


def test_a_hold_and_the_transaction_that_placed_it_have_one_number() -> None:
    assert hold_id("T00000000012") == "H00000000012"
    assert placing(hold_id("T123456789012")) == "T123456789012"


@pytest.mark.parametrize(("status", "is_open"), [(OPEN, True), (CAPTURED, False), (VOIDED, False)])
def test_only_an_open_hold_sets_money_aside(status: str, is_open: bool) -> None:
    hold = Hold("H1", "ADA", Decimal(1), "EUR", status, Decimal(0), "", "now")
    assert hold.is_open == is_open


def test_ids_that_are_chosen_leave_room_for_those_that_are_made() -> None:
    assert no_room_after("A", made_id("A", CHOSEN_AT_MOST)) == ""
    assert no_room_after("A", "ADA") == no_room_after("A", made_id("C", 10**14)) == ""
    assert "choose another" in no_room_after("A", made_id("A", CHOSEN_AT_MOST + 1))
    last = made_id("A", CHOSEN_AT_MOST + 998 * 10**12)
    assert made_number("A", last) == CHOSEN_AT_MOST + 998 * 10**12
