"""Keys: the same key never moves money twice, and tells what happened the first time."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Thread

import pytest

from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.engine import tickets as keys
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import (
    BankError,
    Busy,
    InvalidCommand,
    KeyReused,
    KeyRunning,
)
from SimpleBankingSystem.ledger.transaction import Transaction
from SimpleBankingSystem.stores.memory import MemoryStore
from tests.banks import DEADLINE, TickingClock, asked, balances, code, do, done, submitted, ticket
from tests.engine.conftest import Gate


def test_the_same_command_with_the_same_key_answers_what_happened_then(bank: Bank) -> None:
    first = done(bank, "deposit", key="k", account="POOR", amount="1")
    before = balances(bank)
    assert do(bank, "deposit", key="k", account="POOR", amount="1.00") == first
    assert bank.by_key("k") == first
    assert balances(bank) == before


@pytest.mark.parametrize(
    ("verb", "texts"),
    [
        ("deposit", {"account": "POOR", "amount": "2"}),
        ("deposit", {"account": "RICH", "amount": "1"}),
        ("deposit", {"account": "POOR", "amount": "1", "description": "tea"}),
        ("withdraw", {"account": "POOR", "amount": "1"}),
    ],
)
def test_the_key_of_another_command_is_refused(
    bank: Bank, verb: str, texts: dict[str, str]
) -> None:
    first = done(bank, "deposit", key="k", account="POOR", amount="1")
    before = balances(bank)
    with pytest.raises(KeyReused, match=f"The key k is that of {first.id}, another command"):
        do(bank, verb, key="k", **texts)
    assert balances(bank) == before


def test_the_key_of_one_that_failed_answers_its_failure(bank: Bank) -> None:
    failed = do(bank, "withdraw", key="k", account="POOR", amount="1")
    done(bank, "deposit", account="POOR", amount="5")
    assert do(bank, "withdraw", key="k", account="POOR", amount="1") == failed
    retried = bank.retry(failed.id)
    assert code(retried) == "COMPLETED"
    assert do(bank, "withdraw", key="k", account="POOR", amount="1") == retried
    assert bank.by_key("k") == retried


def test_a_key_lives_on_in_the_store(bank: Bank, store: MemoryStore, clock: TickingClock) -> None:
    first = done(bank, "deposit", key="k", account="POOR", amount="1")
    bank.close()
    with Bank(store, clock=clock) as reopened:
        assert do(reopened, "deposit", key="k", account="POOR", amount="1") == first
        with pytest.raises(KeyReused):
            do(reopened, "deposit", key="k", account="POOR", amount="2")


def test_the_same_key_twice_in_one_submission(bank: Bank) -> None:
    first, second, other = submitted(
        bank,
        ticket("deposit", key="k", account="POOR", amount="1"),
        ticket("deposit", key="k", account="POOR", amount="1"),
        ticket("deposit", key="other", account="POOR", amount="1"),
    )
    assert first == second
    assert other.id > first.id
    assert bank.account("POOR").balance == 2
    tickets = [
        ticket("deposit", key="new", account="POOR", amount="1"),
        ticket("deposit", key="new", account="POOR", amount="2"),
    ]
    assert bank.submit(tickets).wait(DEADLINE)
    assert code(tickets[0].transaction()) == "COMPLETED"
    with pytest.raises(KeyReused, match="another command's"):
        tickets[1].transaction()


def repeated(bank: Bank, answers: list[Transaction | BankError], amount: str = "1") -> Thread:
    """Repeat the keyed deposit of these tests in a thread of its own."""

    def repeat() -> None:
        try:
            answers.append(do(bank, "deposit", key="k", account="POOR", amount=amount))
        except BankError as refusal:
            answers.append(refusal)

    thread = Thread(target=repeat, daemon=True)
    thread.start()
    return thread


def test_a_key_under_way_elsewhere_is_waited_for(bank: Bank, gate: Gate) -> None:
    holding = ticket("pause", account="POOR")
    leader = ticket("deposit", key="k", account="POOR", amount="1")
    bank.submit([holding])
    gate.wait_reached()
    latch = bank.submit([leader])
    answers: list[Transaction | BankError] = []
    threads = [repeated(bank, answers) for _ in range(3)]
    with pytest.raises(KeyReused):
        do(bank, "deposit", key="k", account="POOR", amount="2")
    gate.opened.set()
    assert latch.wait(DEADLINE)
    for thread in threads:
        thread.join(DEADLINE)
    assert answers == [leader.transaction()] * 3
    assert bank.account("POOR").balance == 1


def test_who_carries_out_for_many_waits_for_nobody_else(bank: Bank, gate: Gate) -> None:
    bank.submit([ticket("pause", account="POOR")])
    gate.wait_reached()
    leader = ticket("deposit", key="k", account="POOR", amount="1")
    latch = bank.submit([leader])
    repeating = ticket("deposit", key="k", account="POOR", amount="1")
    bank.carry_out_fresh([repeating])
    assert repeating.leader is leader
    gate.opened.set()
    assert latch.wait(DEADLINE)
    keys.follow([repeating])
    assert repeating.transaction() == leader.transaction()


def test_many_clients_with_one_key_move_the_money_once(store: MemoryStore) -> None:
    """Guarantee 4."""
    clock = TickingClock()
    with Bank(store, workers=3, clock=clock) as bank:
        done(bank, "open_account", name="Poor", account="POOR")
        answers: list[Transaction | BankError] = []
        threads = [repeated(bank, answers) for _ in range(16)]
        for thread in threads:
            thread.join(DEADLINE)
        assert answers == [bank.by_key("k")] * 16
        assert bank.account("POOR").balance == 1


def test_a_key_that_stays_under_way_is_said_to_be(
    bank: Bank, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "KEY_SECONDS", 0)
    bank.submit([ticket("pause", account="POOR")])
    gate.wait_reached()
    bank.submit([ticket("deposit", key="k", account="POOR", amount="1")])
    with pytest.raises(KeyRunning):
        do(bank, "deposit", key="k", account="POOR", amount="1")


def test_who_is_turned_away_lets_go_of_the_key_and_tells_who_waits(gate: Gate) -> None:
    clock = TickingClock()
    with Bank(MemoryStore(clock), queue=1, clock=clock) as bank:
        done(bank, "open_account", name="Poor", account="POOR")
        bank.submit([ticket("pause", account="POOR")])
        gate.wait_reached()
        waiting = bank.submit([ticket("deposit", account="POOR", amount="5")])
        tickets = [
            ticket("deposit", key="k", account="POOR", amount="1"),
            ticket("deposit", key="k", account="POOR", amount="1"),
        ]
        with pytest.raises(Busy):
            bank.submit(tickets)
        with pytest.raises(Busy):
            tickets[0].transaction()
        gate.opened.set()
        assert waiting.wait(DEADLINE)
        assert code(do(bank, "deposit", key="k", account="POOR", amount="1")) == "COMPLETED"
        assert bank.account("POOR").balance == 6


class ForgetfulStore(MemoryStore):
    """Cannot look up the key ``lost``."""

    def by_key(self, key: str) -> Transaction | None:
        if key == "lost":
            raise OSError(5, "by a test")
        return super().by_key(key)


def test_where_one_key_cannot_be_looked_up_none_is_taken() -> None:
    clock = TickingClock()
    with Bank(ForgetfulStore(clock), clock=clock) as bank:
        done(bank, "open_account", name="Poor", account="POOR")
        tickets = [ticket("deposit", key=key, account="POOR", amount="1") for key in ("k", "lost")]
        with pytest.raises(OSError, match="by a test"):
            bank.submit(tickets)
        assert code(do(bank, "deposit", key="k", account="POOR", amount="1")) == "COMPLETED"


@pytest.mark.parametrize("key", ["a\nb", "x" * 141, "\u202e"])
def test_a_key_is_a_text_that_the_books_can_keep(bank: Bank, key: str) -> None:
    with pytest.raises(InvalidCommand, match=r"^key: "):
        do(bank, "deposit", key=key, account="POOR", amount="1")
    with pytest.raises(InvalidCommand, match=r"^key: "):
        bank.accept(asked("deposit", account="POOR", amount="1"), key=key)


@pytest.mark.parametrize("actor", ["", "a,b", "a b", 'a"', "x" * 65])
def test_so_is_the_name_of_who_acts(bank: Bank, actor: str) -> None:
    with pytest.raises(InvalidCommand, match=r"^actor: "):
        bank.execute(asked("deposit", account="POOR", amount="1"), actor=actor)
    made = bank.execute(asked("deposit", account="POOR", amount="1"), actor="ada@club.example")
    assert made.actor == "ada@club.example"


def test_a_client_that_is_stopped_at_the_door_lets_go_of_its_key(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(tickets: Sequence[Ticket], *, wait: bool) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(bank._queue, "put", interrupted)
        with pytest.raises(KeyboardInterrupt):
            do(bank, "deposit", key="k", account="POOR", amount="1")
    done(bank, "deposit", key="k", account="POOR", amount="1")


def test_where_a_key_cannot_be_looked_up_the_others_are_let_go(clock: TickingClock) -> None:
    class Forgetful(MemoryStore):
        """Cannot look a key up, the second time it is asked."""

        asked = 0

        def by_key(self, key: str) -> Transaction | None:
            self.asked += 1
            if self.asked == 2:
                raise OSError(5, "by a test")
            return super().by_key(key)

    with Bank(Forgetful(clock), clock=clock) as bank:
        tickets = [ticket("open_account", name="Ada", key=key) for key in ("k", "l")]
        with pytest.raises(OSError, match="by a test"):
            bank.carry_out(tickets)
        done(bank, "open_account", name="Ada", key="k")


def test_a_key_that_is_used_while_it_is_looked_up_is_found(clock: TickingClock) -> None:
    class Slow(MemoryStore):
        """Somebody else uses a key while it is looked up for the first time."""

        others: list[Ticket]

        def by_key(self, key: str) -> Transaction | None:
            found = super().by_key(key)
            if not self.others:
                self.others.append(ticket("open_account", name="Ada", key=key))
                somebody = Thread(target=bank.carry_out, args=[self.others])
                somebody.start()
                somebody.join()
            return found

    store = Slow(clock)
    store.others = []
    with Bank(store, clock=clock) as bank:
        mine = done(bank, "open_account", name="Ada", key="k")
        assert mine == store.others[0].transaction()
        assert len(bank.accounts()) == 1
        assert not bank._under_way._lately, "nobody looks any more"
