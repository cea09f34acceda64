"""Undoing a transaction by a new, opposite one."""

from __future__ import annotations

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.working_copy import NotHeldError
from tests.banks import asked, balances, code, do, done, submitted, ticket
from tests.commands.tables import Row, answer

UNKNOWN = "T00000099999"

# The transactions are those of the fixture: T1 opened RICH, T2 opened POOR, T4 opened SHUT.
RULES: list[Row] = [
    ("transaction=T00000000001", ""),
    ("transaction=T00000000007", ""),
    ("transaction=T00000000010", ""),
    ("", "transaction"),
    ("transaction=T1", "transaction"),
    (f"transaction={UNKNOWN}", "transaction_not_found"),
    ("transaction=T00000000002", "not_reversible"),
    ("transaction=T00000000009", "not_reversible"),
    ("transaction=T00000000008", "account_closed"),
]


@pytest.mark.parametrize(("words", "expected"), RULES)
def test_the_rules_in_their_order(bank: Bank, words: str, expected: str) -> None:
    assert answer(bank, "reverse", words) == expected


@pytest.mark.seed("A4")
def test_a_reversal_undoes_once_and_is_not_undone_itself(bank: Bank) -> None:
    before = balances(bank)
    paid = done(bank, "transfer", source="RICH", target="POOR", amount="60")
    undone = done(bank, "reverse", transaction=paid.id, description="wrong account")
    assert balances(bank) == before
    assert undone.fields["transaction"] == paid.id
    assert [leg[:3] for leg in undone.postings] == [("POOR", "RICH", paid.postings[0].amount)]
    assert answer(bank, "reverse", f"transaction={paid.id}") == "already_reversed"
    assert answer(bank, "reverse", f"transaction={undone.id}") == "not_reversible"
    assert bank.transaction(paid.id) == paid


def test_it_is_refused_where_the_money_is_gone_and_can_be_tried_again(bank: Bank) -> None:
    paid = done(bank, "transfer", source="RICH", target="POOR", amount="60")
    done(bank, "withdraw", account="POOR", amount="1")
    failed = do(bank, "reverse", transaction=paid.id)
    assert code(failed) == "insufficient_funds"
    done(bank, "deposit", account="POOR", amount="1")
    assert code(bank.retry(failed.id)) == "COMPLETED"
    assert answer(bank, "reverse", f"transaction={paid.id}") == "already_reversed"


def test_what_a_merge_has_brought_back_is_not_undone_again(bank: Bank) -> None:
    done(bank, "define_product", product="club", transfer_fee="1")
    done(bank, "change_product", account="RICH", product="club")
    paid = done(bank, "split", source="RICH", parts="POOR=5 EMPTY=6")
    alone = done(bank, "transfer", source="RICH", target="POOR", amount="3")
    done(bank, "merge_accounts", source="POOR", target="RICH")
    before = balances(bank)
    undone = done(bank, "reverse", transaction=paid.id)
    assert [str(leg.amount) for leg in undone.postings] == ["1.00", "6.00"]
    done(bank, "reverse", transaction=alone.id)
    after = balances(bank)
    assert after["EMPTY"] == after["FEES.EUR"] == 0
    assert after["RICH"] == before["RICH"] + 8


def test_where_a_merge_has_brought_back_all_nothing_is_to_undo(bank: Bank) -> None:
    paid = done(bank, "transfer", source="RICH", target="POOR", amount="3")
    done(bank, "merge_accounts", source="POOR", target="RICH")
    assert answer(bank, "reverse", f"transaction={paid.id}") == "same_account"


def test_what_failed_has_nothing_to_undo(bank: Bank) -> None:
    failed = do(bank, "withdraw", account="POOR", amount="1")
    assert answer(bank, "reverse", f"transaction={failed.id}") == "not_reversible"


def test_undoing_one_stands_in_no_other_s_way(bank: Bank) -> None:
    before = balances(bank)
    paid = [done(bank, "transfer", source="RICH", target="POOR", amount="30") for _ in range(2)]
    for each in paid:
        assert answer(bank, "reverse", f"transaction={each.id}") == ""
    assert balances(bank) == before


def test_it_holds_what_it_undoes_and_the_customers_accounts(bank: Bank) -> None:
    paid = done(bank, "withdraw", account="RICH", amount="1")
    reversal = asked("reverse", transaction=paid.id)
    store = bank.store
    assert set(reversal.accounts(store)) == {paid.id, "RICH"}
    assert set(asked("reverse", transaction=UNKNOWN).accounts(store)) == {UNKNOWN}
    with pytest.raises(NotHeldError, match=paid.id):
        reversal.apply(Book(store, {"RICH"}, "EUR", ""))


def test_two_reversals_in_one_batch(bank: Bank) -> None:
    paid = done(bank, "transfer", source="RICH", target="POOR", amount="60")
    first, second = submitted(
        bank, ticket("reverse", transaction=paid.id), ticket("reverse", transaction=paid.id)
    )
    assert (code(first), code(second)) == ("COMPLETED", "already_reversed")


def test_no_client_s_key_can_stand_in_its_way(bank: Bank) -> None:
    paid = done(bank, "transfer", source="RICH", target="POOR", amount="60")
    done(bank, "deposit", account="RICH", amount="1", key=f"reversal of {paid.id}")
    done(bank, "deposit", account="RICH", amount="1", key=f"reversal {paid.id}")
    assert answer(bank, "reverse", f"transaction={paid.id}") == ""
