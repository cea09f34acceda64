"""A store in memory over another: it begins with what that one has, and changes nothing there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.run import LinesDone
from SimpleBankingSystem.stores.memory import MemoryStore
from tests.banks import TickingClock, balances, code, do, done, submitted, ticket


@pytest.fixture
def below() -> Iterator[Bank]:
    """ADA has 5.00, one deposit is undone, one withdrawal and one group have failed."""
    clock = TickingClock()
    with Bank(MemoryStore(clock), clock=clock) as bank:
        done(bank, "start_run", run_id="R000001", name="day.csv", digest="d", first_line="f")
        done(bank, "open_account", name="Ada", account="ADA", initial_deposit="5", key="k1")
        done(bank, "open_account", name="Made")
        paid = done(bank, "deposit", account="ADA", amount="1")
        done(bank, "reverse", transaction=paid.id)
        do(bank, "withdraw", account="ADA", amount="6")
        submitted(bank, *(ticket("withdraw", account="ADA", amount="6", group="g") for _ in "12"))
        line = ticket("deposit", account="ADA", amount="0.001")
        line.run, line.line = "R000001", 2
        submitted(bank, line)
        yield bank


@pytest.fixture
def over(below: Bank) -> Iterator[Bank]:
    clock = TickingClock()
    with Bank(MemoryStore(clock, under=below.store), clock=clock) as bank:
        yield bank


def test_it_knows_what_was_before(below: Bank, over: Bank) -> None:
    assert balances(over) == balances(below)
    assert [each.to_dict() for each in over.accounts()] == [
        each.to_dict() for each in below.accounts()
    ]
    first = below.by_key("k1")
    assert first is not None
    assert (over.by_key("k1"), over.transaction(first.id)) == (first, first)
    assert over.store.by_key("k2") is None
    assert over.runs() == below.runs()
    assert over.verify().problems == []
    members = below.store.group_of(next(each for each in below.store.failed() if each.group))
    assert len(members) == 2
    assert list(over.store.group_of(members[1])) == members
    assert 2 in over.lines_done("R000001")
    assert over.lines_done("R000002") == LinesDone()


def test_it_goes_on_where_that_one_was(over: Bank, below: Bank) -> None:
    undone = code(do(over, "reverse", transaction="T00000000004"))
    assert undone == "already_reversed"
    opened = done(over, "open_account", name="Next")
    assert opened.to_dict()["account"] == "A00000002"
    assert opened.id == f"T{below.store.number(0) + 1:011d}"


def test_what_failed_there_may_be_tried_here_and_stays_as_it_was_there(
    over: Bank, below: Bank
) -> None:
    before = balances(below)
    first, *others = below.store.failed()
    assert list(over.store.failed()) == [first, *others]
    done(over, "deposit", account="ADA", amount="100")
    assert code(over.retry(first.id)) == "COMPLETED"
    assert list(over.store.failed()) == others
    assert list(below.store.failed()) == [first, *others]
    assert balances(below) == before
    assert below.transaction(first.id) == first
