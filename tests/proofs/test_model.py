"""Guarantees 4, 10, 11 and 12: every store answers what the oracle answers, whatever is asked."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.ledger.customer import Customer
from SimpleBankingSystem.ledger.errors import BankError
from SimpleBankingSystem.ledger.hold import Hold
from SimpleBankingSystem.ledger.product import Product
from SimpleBankingSystem.ledger.transaction import Transaction
from SimpleBankingSystem.stores.base import Query
from tests.banks import DEADLINE, DURABLE, STORES, TickingClock, asked, code, ticket
from tests.guarantees import Proved
from tests.oracle import Oracle
from tests.oracle_records import Record, Texts, written
from tests.proof_level import figure, proof_level
from tests.proofs.model_commands import FIRST, Asked, commands, keys, numbers

QUICK_DISK = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""A disk in memory, where there is one: this proof is about answers, others are about disks."""


def shown(account: Account) -> tuple[object, ...]:
    """Return what the oracle knows of an account beside its balance."""
    kept = account.type, account.status, account.owners, account.merged_into
    return kept, str(account.held), str(account.available)


def place_of(ticket: Ticket) -> tuple[bool, int]:
    """Return the place in the journal of what answers a ticket; refusals come last."""
    return ticket.refusal is not None, (ticket.recorded or ticket).seq


class BankModel(RuleBasedStateMachine):
    """A bank on one kind of store and the oracle beside it."""

    kind: str
    verbs: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="model", dir=QUICK_DISK))
        self.clock = TickingClock()
        self.oracle = Oracle()
        self.keys: dict[str, tuple[object, str]] = {}
        self.groups = count(1)
        self.bank = self.opened()

    def opened(self) -> Bank:
        return Bank(STORES[self.kind](self.folder, self.clock), batch=3, clock=self.clock)

    def teardown(self) -> None:
        self.verbs.update(record.verb for record in self.oracle.records.values())
        try:
            self.check_everything()
        finally:
            self.bank.close(0)
            shutil.rmtree(self.folder)

    @initialize()
    def some_accounts(self) -> None:
        for verb, texts in FIRST:
            self.one_command((verb, texts), "")

    # What may happen

    def resolved(self, command: Asked) -> tuple[str, Texts]:
        """Put the id of a transaction or a hold, or of none, in the place of its number."""
        verb, texts = command
        found = {name: value for name, value in texts.items() if isinstance(value, str)}
        if "transaction" in texts:
            found["transaction"] = self.chosen(int(texts["transaction"]), failed=False)
        if "hold" in texts:
            ids = [*reversed(list(self.oracle.world.holds)[-3:]), "H00000099999"]
            found["hold"] = ids[int(texts["hold"]) % len(ids)]
        return verb, found

    def chosen(self, number: int, *, failed: bool) -> str:
        """Return one of the last that failed, or else moved money; or the last; or none at all."""
        records = self.oracle.records
        fitting = [name for name, record in records.items() if failed == bool(record.code)]
        wanted = [name for name in fitting if failed or records[name].moves]
        ids = [*reversed(wanted[-3:]), *list(records)[-1:], "T00000099999"]
        return ids[number % len(ids)]

    def expect(self, transaction: Transaction, verb: str, texts: Texts, key: str) -> None:
        """Let the oracle carry out what the bank did, unless the key answers it."""
        known = self.keys.get(key)
        if known is None:
            self.oracle.carry_out(transaction.id, verb, texts)
            if key:
                self.keys[key] = (asked(verb, **texts), transaction.id)
        else:
            assert known == (asked(verb, **texts), transaction.id)
        self.compare(transaction, self.oracle.records[transaction.id])

    def expect_refusal(self, refusal: BankError, verb: str, texts: Texts, key: str) -> None:
        assert refusal.code == "key_reused"
        assert self.keys[key][0] != asked(verb, **texts)

    @rule(wanted=st.lists(st.tuples(commands, keys), min_size=1, max_size=6))
    def one_after_the_other(self, wanted: list[tuple[Asked, str]]) -> None:
        for command, key in wanted:
            self.one_command(command, key)

    def one_command(self, command: Asked, key: str) -> None:
        verb, texts = self.resolved(command)
        try:
            transaction = self.bank.execute(asked(verb, **texts), key=key)
        except BankError as refusal:
            self.expect_refusal(refusal, verb, texts, key)
        else:
            self.expect(transaction, verb, texts, key)

    @rule(command=commands, key=keys)
    def one_accepted(self, command: Asked, key: str) -> None:
        verb, texts = self.resolved(command)
        try:
            accepted = self.bank.accept(asked(verb, **texts), key=key)
        except BankError as refusal:
            self.expect_refusal(refusal, verb, texts, key)
            return
        assert accepted.status == "PENDING" or key in self.keys
        assert self.bank._queue.wait_idle(DEADLINE)
        self.expect(self.bank.transaction(accepted.id), verb, texts, key)

    @rule(several=st.lists(st.tuples(commands, keys), min_size=2, max_size=8))
    def several_at_once(self, several: list[tuple[Asked, str]]) -> None:
        made: list[tuple[str, Texts, str, Ticket]] = []
        for command, key in several:
            verb, texts = self.resolved(command)
            made.append((verb, texts, key, ticket(verb, key=key, **texts)))
        self.bank.carry_out([each[3] for each in made])
        # Those that touch none of the same accounts may come in any order.
        for verb, texts, key, each in sorted(made, key=lambda one: place_of(one[3])):
            try:
                transaction = each.transaction()
            except BankError as refusal:
                self.expect_refusal(refusal, verb, texts, key)
            else:
                self.expect(transaction, verb, texts, key)

    @rule(members=st.lists(commands, min_size=2, max_size=4))
    def a_group(self, members: list[Asked]) -> None:
        name = f"g{next(self.groups)}"
        wanted = [self.resolved(each) for each in members]
        tickets = [ticket(verb, group=name, **texts) for verb, texts in wanted]
        assert self.bank.submit(tickets).wait(DEADLINE)
        group = {each.id: each_wanted for each, each_wanted in zip(tickets, wanted, strict=True)}
        for id_, record in self.oracle.carry_out_group(group).items():
            self.compare(self.bank.transaction(id_), record)

    @rule(number=numbers)
    def one_retry(self, number: int) -> None:
        chosen = self.chosen(number, failed=True)
        answer = ""
        try:
            self.bank.retry(chosen)
        except BankError as refusal:
            answer = refusal.code
        assert answer == self.oracle.retry(chosen)

    @rule(upkeep=st.sampled_from(("retry all", "archive", "snapshot", "reopen", "a new day")))
    def some_upkeep(self, upkeep: str) -> None:
        if upkeep == "retry all":
            outcome = self.bank.retry_all()
            assert outcome == self.oracle.retry_all([each.id for each in self.recorded()])
        elif upkeep == "archive":
            self.bank.archive()
        elif upkeep == "snapshot":
            self.bank.snapshot()
        elif upkeep == "a new day":
            self.clock.move(1)
            self.oracle.world.day += 1
        elif self.kind in DURABLE:
            self.bank.close()
            self.bank = self.opened()

    def recorded(self) -> Sequence[Transaction]:
        """Return every transaction in the order of the journal."""
        return self.bank.transactions(Query(limit=500, order="oldest")).items

    # What must hold

    def compare(self, transaction: Transaction, record: Record) -> None:
        """Compare all that the oracle knows of a transaction."""
        assert code(transaction) == (record.code or "COMPLETED")
        assert (transaction.command, transaction.attempt) == (record.verb, record.attempt)
        moves = [
            (
                (leg.source, leg.target),
                [str(money) for money in (leg.amount, leg.source_balance, leg.target_balance)],
            )
            for leg in transaction.postings
        ]
        assert moves == [
            (
                (source, target),
                [written(money, self.oracle.world.currency_of(source)) for money in amounts],
            )
            for source, target, *amounts in record.moves
        ]

    @invariant()
    def balances_agree(self) -> None:
        accounts = self.bank.accounts(internal=True)
        world = self.oracle.world
        assert {each.id: str(each.balance) for each in accounts} == world.balances()
        assert {each.id: shown(each) for each in self.bank.accounts()} == world.accounts()
        assert [each.id for each in self.bank.accounts()] == list(world.holders)
        holds = {each.id: (each.account, str(each.amount)) for each in self.bank.store.every(Hold)}
        assert holds == world.open_holds()
        assert {each.id: each.name for each in self.bank.store.every(Customer)} == world.customers
        assert {
            each.id: each.currency for each in self.bank.store.every(Product)
        } == world.currencies
        for currency in {account.currency for account in accounts}:
            assert sum(each.balance for each in accounts if each.currency == currency) == 0

    def check_everything(self) -> None:
        """Compare every transaction, its order and every list with the oracle's."""
        assert self.bank.verify().problems == []
        whole = self.recorded()
        assert [each.id for each in whole] == list(self.oracle.records)
        for transaction in whole:
            self.compare(transaction, self.oracle.records[transaction.id])
        for name in self.oracle.world.holders:
            listed = self.bank.transactions(Query(account=name, limit=500, order="oldest")).items
            assert [each.id for each in listed] == [
                each.id for each in whole if name in each.accounts
            ]
        for key, (_, id_) in self.keys.items():
            assert self.bank.by_key(key).id == id_


@pytest.mark.seed("E5")
@pytest.mark.parametrize("kind", STORES)
def test_the_bank_answers_what_the_oracle_answers(kind: str, proved: Proved) -> None:
    verbs: Counter[str] = Counter()
    run_state_machine_as_test(
        type("BankModel", (BankModel,), {"kind": kind, "verbs": verbs}),
        settings=settings(
            max_examples=figure("model examples"),
            stateful_step_count=figure("model steps"),
            deadline=None,
            database=None,
            derandomize=proof_level() == "test",
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert len(verbs) >= 20, "some verb was never asked for"
    assert proof_level() == "test" or verbs.total() > 10_000
    examples, steps = figure("model examples"), figure("model steps")
    proved(
        f"{examples:,} × {steps} steps against a plain dict on each of {len(STORES)} stores",
        beside=f"The {kind} store carried out {verbs.total():,} commands of {len(verbs)} verbs.",
    )
