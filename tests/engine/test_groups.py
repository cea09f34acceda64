"""Groups: their members succeed or fail together."""

from __future__ import annotations

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.engine.tickets import grouped
from SimpleBankingSystem.ledger.errors import KeyReused, NotRetryable
from tests.banks import DEADLINE, balances, code, done, submitted, ticket


def test_all_members_are_carried_out(bank: Bank) -> None:
    members = submitted(
        bank,
        ticket("deposit", group="g", account="POOR", amount="5"),
        ticket("transfer", group="g", source="POOR", target="RICH", amount="5"),
        ticket("open_account", group="g", name="New", account="NEW"),
        ticket("deposit", group="g", account="NEW", amount="1"),
    )
    assert [code(each) for each in members] == ["COMPLETED"] * 4
    assert len({each.completed_at for each in members}) == 1
    assert bank.account("NEW").balance == 1


@pytest.mark.parametrize("refused", [0, 1, 2])
def test_or_none(bank: Bank, refused: int) -> None:
    """Guarantee 2."""
    before = balances(bank)
    members = [ticket("deposit", group="g", account="POOR", amount="5") for _ in range(2)]
    members.insert(refused, ticket("withdraw", group="g", account="RICH", amount="500"))
    alone = ticket("deposit", account="RICH", amount="1")
    *outcomes, after = submitted(bank, *members, alone)
    assert [code(each) for each in outcomes] == [
        "insufficient_funds" if at == refused else "group_failed" for at in range(3)
    ]
    assert all(not each.postings for each in outcomes)
    assert outcomes[refused].id in str(outcomes[refused - 1].error)
    assert code(after) == "COMPLETED"
    assert balances(bank) == {**before, "RICH": before["RICH"] + 1, "CASH.EUR": -101}


def test_what_a_group_made_is_gone_with_it(bank: Bank) -> None:
    submitted(
        bank,
        ticket("open_account", group="g", name="New"),
        ticket("reverse", group="g", transaction="T00000000001"),
        ticket("withdraw", group="g", account="RICH", amount="1"),
    )
    assert bank.store.account("A00000001") is None
    assert done(bank, "reverse", transaction="T00000000001")
    assert done(bank, "open_account", name="New").target == "A00000001"


def test_retrying_a_member_retries_the_group(bank: Bank) -> None:
    members = submitted(
        bank,
        ticket("deposit", group="g", account="RICH", amount="5"),
        ticket("withdraw", group="g", account="POOR", amount="5"),
    )
    done(bank, "deposit", account="POOR", amount="5")
    assert code(bank.retry(members[0].id)) == "COMPLETED"
    again = [bank.transaction(each.id) for each in members]
    assert [(code(each), each.attempt) for each in again] == [("COMPLETED", 2)] * 2
    assert balances(bank) == {"RICH": 105, "POOR": 0, "CASH.EUR": -105}


def test_retry_all_tries_a_group_once(bank: Bank) -> None:
    submitted(
        bank,
        ticket("deposit", group="g", account="RICH", amount="5"),
        ticket("withdraw", group="g", account="POOR", amount="5"),
        ticket("withdraw", group="h", account="POOR", amount="5"),
        ticket("close_account", group="h", account="POOR"),
    )
    assert bank.retry_all() == {"retried": 2, "completed": 0, "failed": 2}
    done(bank, "deposit", account="POOR", amount="12")
    assert bank.retry_all() == {"retried": 2, "completed": 1, "failed": 1}
    assert bank.account("POOR").balance == 7


def test_a_group_that_cannot_be_mended_cannot_be_retried(bank: Bank) -> None:
    members = submitted(
        bank,
        ticket("deposit", group="g", account="RICH", amount="5"),
        ticket("open_account", group="g", name="Rich", account="RICH"),
    )
    with pytest.raises(NotRetryable, match="account_exists"):
        bank.retry(members[0].id)
    assert bank.retry_all() == {"retried": 0, "completed": 0, "failed": 0}


def test_groups_of_the_same_name_are_each_their_own(bank: Bank) -> None:
    for amount in ("500", "600"):
        submitted(
            bank,
            ticket("deposit", group="g", account="POOR", amount="1"),
            ticket("withdraw", group="g", account="RICH", amount=amount),
        )
    first = next(each for each in bank.store.failed() if code(each) == "insufficient_funds")
    done(bank, "deposit", account="RICH", amount="400")
    assert code(bank.retry(first.id)) == "COMPLETED"
    assert bank.account("POOR").balance == 1
    assert [each.attempt for each in bank.store.failed()] == [1, 1]


def test_a_group_given_before_answers_what_happened_then(bank: Bank) -> None:
    def members() -> list[object]:
        return [
            ticket("deposit", group="g", key="k1", account="POOR", amount="5"),
            ticket("withdraw", group="g", key="k2", account="POOR", amount="5"),
        ]

    def give() -> object:
        return submitted(bank, *members())  # type: ignore[arg-type]

    assert give() == give()


def test_half_a_group_is_never_carried_out_whatever_its_keys_say(bank: Bank) -> None:
    done(bank, "deposit", key="old", account="RICH", amount="1")
    before = balances(bank)
    torn = [
        ticket("deposit", group="g", key="new", account="POOR", amount="5"),
        ticket("deposit", group="g", key="old", account="RICH", amount="1"),
        ticket("deposit", group="g", account="POOR", amount="5"),
    ]
    other = ticket("deposit", group="h", key="h", account="POOR", amount="2")
    alone = ticket("deposit", account="POOR", amount="2")
    assert bank.submit([*torn, other, alone]).wait(DEADLINE)
    for each in (torn[0], torn[2]):
        with pytest.raises(KeyReused, match="A part of the group g was given before"):
            each.transaction()
    assert code(torn[1].transaction()) == code(alone.transaction()) == "COMPLETED"
    assert code(other.transaction()) == "COMPLETED"
    assert balances(bank)["POOR"] == before["POOR"] + 4
    assert code(submitted(bank, ticket("deposit", key="new", account="POOR", amount="5"))[0])


def test_members_follow_each_other() -> None:
    tickets = [ticket("deposit", group=name, account="A00000001", amount="1") for name in "gg-hhg"]
    tickets[2].group = ""
    for number, each in enumerate(tickets):
        each.names = (f"N{number}",)
    queued = grouped(tickets)
    assert [len(each.members) for each in queued] == [2, 0, 2, 1]
    assert [sorted(each.names) for each in queued] == [["N0", "N1"], ["N2"], ["N3", "N4"], ["N5"]]


def test_groups_of_two_runs_or_two_moments_are_told_apart() -> None:
    tickets = [ticket("deposit", group="g", account="A00000001", amount="1") for _ in range(4)]
    tickets[1].run = "R000001"
    tickets[2].run = tickets[3].run = "R000002"
    tickets[3].created_at = "2026-01-01T00:00:00.000000Z"
    assert [len(each.members) for each in grouped(tickets)] == [1, 1, 1, 1]
