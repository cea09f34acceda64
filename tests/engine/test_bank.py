"""The bank's questions, and what it says to what does not exist."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.engine.tickets import name_locks
from SimpleBankingSystem.ledger.entity import numbering
from SimpleBankingSystem.ledger.errors import NotFound
from SimpleBankingSystem.stores.base import Query
from SimpleBankingSystem.stores.memory import MemoryStore
from tests.banks import TickingClock, asked, code, do, done, submitted, ticket


def test_what_does_not_exist_is_not_found(bank: Bank) -> None:
    questions: list[Callable[[], object]] = [
        lambda: bank.account("NOBODY"),
        lambda: bank.balance("NOBODY"),
        lambda: bank.balance("NOBODY", at="2030-01-01"),
        lambda: bank.balance("RICH", at="2000-01-01"),
        lambda: bank.transaction("T00000099999"),
        lambda: bank.by_key("unused"),
        lambda: bank.transactions(Query(account="NOBODY")),
    ]
    for question in questions:
        with pytest.raises(NotFound):
            question()


def test_what_exists_is_answered(bank: Bank, clock: TickingClock) -> None:
    before = clock()
    done(bank, "withdraw", account="RICH", amount="1")
    assert bank.balance("RICH") == Decimal("99.00")
    assert bank.balance("RICH", at=before) == Decimal("100.00")
    assert [each.id for each in bank.accounts()] == ["RICH", "POOR"]
    assert {each.id for each in bank.accounts(internal=True)} == {"RICH", "POOR", "CASH.EUR"}
    page = bank.transactions(Query(account="RICH"))
    assert [each.command for each in page.items] == ["withdraw", "open_account"]
    assert 1 not in bank.lines_done("R000001")
    assert bank.verify().problems == []


def test_the_default_currency_is_the_bank_s() -> None:
    clock = TickingClock()
    with Bank(MemoryStore(clock), currency="JPY", clock=clock) as bank:
        done(bank, "open_account", name="Ada", account="ADA", initial_deposit="5")
        assert (bank.account("ADA").currency, str(bank.account("ADA").balance)) == ("JPY", "5")


def test_who_guesses_an_id_that_is_about_to_be_made_comes_after_its_opening(bank: Bank) -> None:
    def names(verb: str, **texts: str) -> set[str]:
        ticket = Ticket(asked(verb, **texts))
        name_locks([ticket], bank.store)
        return set(ticket.names)

    assert names("deposit", account="A00000001", amount="1") == {"A00000001", numbering("A")}
    assert names("deposit", account="RICH", amount="1") == {"RICH"}
    assert names("deposit", account="NOBODY", amount="1") == {"NOBODY"}
    assert names("open_account", name="Ada") == {numbering("A")}
    done(bank, "open_account", name="Ada")
    assert names("deposit", account="A00000001", amount="1") == {"A00000001"}


def test_ids_are_made_alike_however_the_commands_are_cut_into_batches() -> None:
    made: list[list[str]] = []
    for batch in (1, 2, 100):
        clock = TickingClock()
        with Bank(MemoryStore(clock), batch=batch, clock=clock) as bank:
            outcomes = submitted(
                bank,
                ticket("open_account", name="One"),
                ticket("open_account", name="Bad", initial_deposit="0.001"),
                ticket("open_account", name="Two"),
                ticket("open_account", name="Nine", account="A00000009"),
                ticket("open_account", name="Ten"),
                ticket("deposit", account="A00000010", amount="1"),
            )
            made.append([each.target for each in outcomes if code(each) == "COMPLETED"])
    assert made[0] == ["A00000001", "A00000002", "A00000009", "A00000010", "A00000010"]
    assert made[0] == made[1] == made[2]


@pytest.mark.seed("B9")
def test_a_refusal_is_no_reason_to_log(bank: Bank, caplog: pytest.LogCaptureFixture) -> None:
    do(bank, "withdraw", account="POOR", amount="1")
    assert not caplog.records
