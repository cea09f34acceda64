"""Guarantees 4, 8 and 11: a command comes back from the books exactly as it was given.

Whoever repeats it under its key, whatever was accepted before a stop, and whatever is tried again
after one, means the same as on the first day.
"""

from __future__ import annotations

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import BankError
from SimpleBankingSystem.ledger.transaction import COMPLETED, FAILED, PENDING, Transaction
from SimpleBankingSystem.stores.memory import MemoryStore
from tests.banks import DEADLINE, TickingClock, asked, do, done, ticket
from tests.stores.conftest import Books

HOLD, PAID = "H00000000011", "T00000000012"
Asked = tuple[str, dict[str, str]]

MOVING: list[Asked] = [
    ("deposit", {"account": "OLD", "amount": "10", "tags": "a b"}),
    ("withdraw", {"account": "OLD", "amount": "10"}),
    ("transfer", {"source": "OLD", "target": "POOR", "amount": "10"}),
    ("transfer", {"source": "POOR", "target": "OLD", "amount": "1"}),
    ("transfer", {"source": "RICH", "target": "POOR", "amount": "10.0"}),
    ("charge_fee", {"account": "OLD", "amount": "2"}),
    ("place_hold", {"account": "RICH", "amount": "5", "description": "=hotel"}),
    ("capture_hold", {"hold": HOLD}),
    ("capture_hold", {"hold": HOLD, "amount": "10"}),
    ("capture_hold", {"hold": HOLD, "amount": "3.5", "target": "POOR"}),
    ("split", {"source": "RICH", "parts": "YES=1 POOR=2"}),
    ("split", {"source": "OLD", "parts": "POOR=2"}),
    ("split", {"source": "RICH", "parts": "YES=1 POOR=2 AND=3.5", "amount": "100"}),
    ("split", {"source": "RICH", "parts": "POOR=2", "amount": "10"}),
    ("exchange", {"source": "OLD", "target": "YEN", "amount": "10", "rate": "160.1"}),
    ("exchange", {"source": "YEN", "target": "OLD", "amount": "10", "rate": "0.006"}),
    ("merge_accounts", {"source": "OLD", "target": "POOR"}),
    ("merge_accounts", {"source": "POOR", "target": "OLD"}),
    ("close_account", {"account": "YES", "sweep_to": "OLD"}),
    ("reverse", {"transaction": PAID}),
]
OTHERS: list[Asked] = [
    ("register_customer", {"name": "Zo\u00eb", "address": "'=1;=2\"3"}),
    ("register_customer", {"name": "Eve", "customer": "C00000009"}),
    ("change_customer", {"customer": "C00000001", "address": "0012"}),
    ("open_account", {"name": "=x", "owners": "C00000002 C00000001", "product": "club"}),
    ("open_account", {"name": "x", "account": "NEW", "users": "C00000001", "currency": "BHD"}),
    ("open_account", {"name": "x", "product": "reward", "overdraft_limit": "0"}),
    ("set_owners", {"account": "OLD", "owners": "C00000002 C00000001", "users": "C00000001"}),
    ("set_owners", {"account": "POOR"}),
    ("set_status", {"account": "OLD", "status": "dormant", "reason": "TRUE"}),
    ("set_overdraft_limit", {"account": "OLD", "overdraft_limit": "0"}),
    ("define_product", {"product": "new", "transfer_percent": "0.0001", "currency": "JPY"}),
    ("define_product", {"product": "club"}),
    ("change_product", {"account": "OLD", "product": "reward"}),
    ("void_hold", {"hold": HOLD}),
]
VERBS = [f"{verb} {number}" for number, (verb, _) in enumerate(MOVING + OTHERS)]


def begin(bank: Bank) -> None:
    """OLD was merged into RICH, of whose 1000.00 10.00 are set aside and 5.00 were paid."""
    for name in ("Ada", "Bob"):
        done(bank, "register_customer", name=name)
    terms = {"daily_limit": "500", "transfer_fee": "0.10", "withdrawal_percent": "1"}
    done(bank, "define_product", product="club", **terms)
    for name, money in {"RICH": "1000", "POOR": "10", "YES": "7", "AND": "0", "OLD": "0"}.items():
        done(bank, "open_account", name=name, account=name, initial_deposit=money, product="club")
    opening = {"currency": "JPY", "initial_deposit": "1000"}
    done(bank, "open_account", name="Yen", account="YEN", **opening)
    done(bank, "merge_accounts", source="OLD", target="RICH")
    assert done(bank, "place_hold", account="RICH", amount="10").made == ("hold", HOLD)
    assert done(bank, "transfer", source="RICH", target="POOR", amount="5").id == PAID


def outcome(transaction: Transaction) -> object:
    """Return what a command came to."""
    legs = [leg[:4] for leg in transaction.postings]
    return transaction.status, legs, transaction.made, dict(transaction.fields)


def directly(verb: str, texts: dict[str, str]) -> object:
    """Return what it comes to in a bank that never stops."""
    clock = TickingClock()
    with Bank(MemoryStore(clock), clock=clock) as bank:
        begin(bank)
        return outcome(done(bank, verb, **texts))


@pytest.mark.parametrize(("verb", "texts"), MOVING + OTHERS, ids=VERBS)
def test_under_its_key_it_is_the_same_command_for_ever(
    books: Books, verb: str, texts: dict[str, str]
) -> None:
    begin(books.bank)
    first = done(books.bank, verb, key="k", **texts)
    books.bank.archive()
    for bank in books.before_and_after():
        assert do(bank, verb, key="k", **texts) == bank.transaction(first.id)
        assert outcome(bank.transaction(first.id)) == outcome(first)
        with pytest.raises(BankError, match="another command"):
            do(bank, verb, key="k", **{**texts, "reference": "x"})


@pytest.mark.parametrize(("verb", "texts"), MOVING + OTHERS, ids=VERBS)
def test_accepted_before_a_stop_it_is_carried_out_after_it(
    books: Books, verb: str, texts: dict[str, str]
) -> None:
    begin(books.bank)
    command = asked(verb, **texts)
    accepted = books.reopen(workers=0).accept(command, key="k")
    pending = books.reopen(workers=0).transaction(accepted.id)
    assert (pending.status, dict(pending.fields)) == (PENDING, command.given())
    bank = books.reopen()
    assert bank._queue.wait_idle(DEADLINE)
    carried_out = bank.transaction(accepted.id)
    assert carried_out.status == COMPLETED, carried_out.error
    assert outcome(carried_out) == directly(verb, texts)


@pytest.mark.parametrize(("verb", "texts"), MOVING, ids=VERBS[: len(MOVING)])
def test_refused_before_a_stop_it_is_tried_again_after_it(
    books: Books, verb: str, texts: dict[str, str]
) -> None:
    begin(books.bank)
    for name in ("RICH", "YES"):
        done(books.bank, "set_status", account=name, status="frozen", reason="court")
    failed = do(books.bank, verb, **texts)
    assert failed.status == FAILED
    books.bank.archive()
    bank = books.reopen()
    recorded = bank.transaction(failed.id)
    assert recorded.to_dict() == failed.to_dict()
    assert dict(recorded.fields) == asked(verb, **texts).given()
    for name in ("RICH", "YES"):
        done(bank, "set_status", account=name, status="active", reason="over")
    retried = bank.retry(failed.id)
    assert retried.status == COMPLETED, retried.error
    expected = directly(verb, texts)
    if verb == "place_hold":
        # Its hold has the number of its transaction.
        assert retried.made == ("hold", f"H{failed.id[1:]}")
    else:
        assert outcome(retried) == expected


def test_what_could_not_pay_its_fee_is_tried_again_as_it_was_asked(books: Books) -> None:
    begin(books.bank)
    asking = {"source": "POOR", "target": "YES", "amount": "15"}
    failed = do(books.bank, "transfer", key="k", **asking)
    assert (failed.status, failed.source, failed.target) == (FAILED, "POOR", "YES")
    bank = books.reopen()
    assert do(bank, "transfer", key="k", **asking).to_dict() == failed.to_dict()
    done(bank, "deposit", account="POOR", amount="0.10")
    legs = [(leg.source, leg.target, str(leg.amount)) for leg in bank.retry(failed.id).postings]
    assert legs == [("POOR", "YES", "15.00"), ("POOR", "FEES.EUR", "0.10")]


def test_a_group_that_was_refused_is_tried_again_as_a_whole(books: Books) -> None:
    begin(books.bank)
    members = [
        ticket("split", group="g", source="RICH", parts="YES=1 AND=1", amount="5"),
        ticket("capture_hold", group="g", hold=HOLD, target="POOR"),
        ticket("transfer", group="g", source="AND", target="POOR", amount="7"),
    ]
    books.bank.carry_out(members)
    assert [each.status for each in members] == [FAILED] * 3
    bank = books.reopen()
    done(bank, "deposit", account="AND", amount="5")
    assert bank.retry(members[1].id).status == COMPLETED
    assert str(bank.account("POOR").balance) == "32.00"
    assert [bank.transaction(each.id).status for each in members] == [COMPLETED] * 3
