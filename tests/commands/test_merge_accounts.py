"""Merging an account into another."""

from __future__ import annotations

from decimal import Decimal

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.hold import Hold
from SimpleBankingSystem.stores.base import Query
from tests.banks import balances, code, do, done, submitted, ticket
from tests.commands.tables import Row, answer, money

RULES: list[Row] = [
    ("source=RICH target=POOR", ""),
    ("source=EMPTY target=POOR", ""),
    ("source=OWING target=RICH", ""),
    ("", "source target"),
    ("source=RICH target=RICH", "target"),
    ("source=CASH.EUR target=RICH", "source"),
    ("source=NOBODY target=SHUT", "account_not_found"),
    ("source=RICH target=NOBODY", "account_not_found"),
    ("source=SHUT target=NOBODY", "account_closed"),
    ("source=RICH target=SHUT", "account_closed"),
    ("source=RICH target=YEN", "currency_mismatch"),
    ("source=OWING target=POOR", "insufficient_funds"),
]


@pytest.mark.parametrize(("words", "expected"), RULES)
def test_the_rules_in_their_order(bank: Bank, words: str, expected: str) -> None:
    assert answer(bank, "merge_accounts", words) == expected


@pytest.mark.seed("D6")
def test_balance_and_holds_move_and_the_old_account_is_closed(bank: Bank) -> None:
    done(bank, "place_hold", account="RICH", amount="30")
    done(bank, "place_hold", account="OWING", amount="1")
    merged = done(bank, "merge_accounts", source="RICH", target="OWING")
    assert merged.postings[0][:3] == ("RICH", "OWING", Decimal("100.00"))
    old = bank.account("RICH")
    assert (old.status, old.merged_into, old.balance) == ("closed", "OWING", Decimal("0.00"))
    assert money(bank, "RICH") == "0.00 0.00 0.00"
    assert money(bank, "OWING") == "80.00 31.00 99.00"
    assert {each.account for each in bank.store.every(Hold)} == {"OWING"}
    done(bank, "capture_hold", hold="H00000000011")
    assert money(bank, "OWING") == "50.00 1.00 99.00"


def test_an_account_with_nothing_on_it_knows_that_it_was_merged(bank: Bank) -> None:
    done(bank, "open_account", name="New", account="NEW")
    merged = done(bank, "merge_accounts", source="NEW", target="RICH")
    assert merged.to_dict()["source"] == "NEW"
    assert (merged.source, merged.target, merged.postings) == ("NEW", "RICH", ())
    assert bank.transaction(merged.id) == merged
    assert bank.transactions(Query(account="NEW", limit=1)).items == [merged]
    assert bank.transactions(Query(account="RICH", limit=1)).items == [merged]


VALID = [
    ("deposit", {"account": "RICH", "amount": "1"}, 1),
    ("withdraw", {"account": "RICH", "amount": "1"}, -1),
    ("transfer", {"source": "RICH", "target": "EMPTY", "amount": "1"}, -1),
    ("transfer", {"source": "OWING", "target": "RICH", "amount": "1"}, 1),
    ("split", {"source": "RICH", "parts": "EMPTY=1 OWING=1"}, -2),
    ("split", {"source": "OWING", "parts": "EMPTY=1 RICH=1"}, 1),
    ("exchange", {"source": "RICH", "target": "YEN", "amount": "1", "rate": "100"}, -1),
    ("exchange", {"source": "YEN", "target": "RICH", "amount": "100", "rate": "0.01"}, 1),
    ("charge_fee", {"account": "RICH", "amount": "1"}, -1),
    ("place_hold", {"account": "RICH", "amount": "1"}, 0),
    ("set_status", {"account": "RICH", "status": "dormant", "reason": "gone"}, 0),
    ("set_overdraft_limit", {"account": "RICH", "overdraft_limit": "1"}, 0),
    ("set_owners", {"account": "RICH"}, 0),
    ("change_product", {"account": "RICH", "product": "reward"}, 0),
    ("close_account", {"account": "RICH", "sweep_to": "EMPTY"}, -100),
    ("close_account", {"account": "EMPTY", "sweep_to": "RICH"}, 0),
    ("merge_accounts", {"source": "RICH", "target": "EMPTY"}, -100),
    ("merge_accounts", {"source": "EMPTY", "target": "RICH"}, 0),
    ("reverse", {"transaction": "T00000000001"}, -100),
]


@pytest.mark.seed("D6")
@pytest.mark.parametrize(("verb", "texts", "change"), VALID, ids=[verb for verb, *_ in VALID])
def test_old_ids_stay_valid_for_every_verb_along_a_chain(
    bank: Bank, verb: str, texts: dict[str, str], change: int
) -> None:
    """RICH was merged into POOR and that one into LAST: RICH means LAST, as POOR does."""
    done(bank, "open_account", name="Last", account="LAST")
    done(bank, "merge_accounts", source="RICH", target="POOR")
    done(bank, "merge_accounts", source="POOR", target="LAST")
    before = balances(bank)
    transaction = done(bank, verb, **texts)
    assert balances(bank)["LAST"] - before["LAST"] == change
    assert balances(bank)["RICH"] == balances(bank)["POOR"] == 0
    assert (bank.account("RICH").merged_into, bank.account("POOR").merged_into) == ("POOR", "LAST")
    assert transaction.fields == dict(bank.transaction(transaction.id).fields)


@pytest.mark.parametrize(
    ("verb", "texts"),
    [
        ("transfer", {"source": "RICH", "target": "POOR", "amount": "1"}),
        ("transfer", {"source": "POOR", "target": "RICH", "amount": "1"}),
        ("merge_accounts", {"source": "RICH", "target": "POOR"}),
        ("merge_accounts", {"source": "POOR", "target": "RICH"}),
        ("capture_hold", {"hold": "H00000000011", "target": "RICH"}),
        ("capture_hold", {"hold": "H00000000011", "target": "POOR"}),
        ("split", {"source": "RICH", "parts": "POOR=1"}),
    ],
)
def test_both_are_one_account_afterwards(bank: Bank, verb: str, texts: dict[str, str]) -> None:
    done(bank, "place_hold", account="RICH", amount="1")
    done(bank, "set_overdraft_limit", account="POOR", overdraft_limit="1")
    done(bank, "merge_accounts", source="RICH", target="POOR")
    before = [each.to_dict() for each in bank.accounts(internal=True)]
    assert code(do(bank, verb, **texts)) == "same_account"
    assert [each.to_dict() for each in bank.accounts(internal=True)] == before


def test_it_is_not_swept_to_itself_either(bank: Bank) -> None:
    done(bank, "merge_accounts", source="RICH", target="POOR")
    for words in ("account=RICH sweep_to=POOR", "account=POOR sweep_to=RICH"):
        assert answer(bank, "close_account", words) == "same_account"


@pytest.mark.seed("D6")
def test_what_failed_before_follows_when_it_is_tried_again(bank: Bank) -> None:
    failed = do(bank, "withdraw", account="EMPTY", amount="40")
    placed = do(bank, "place_hold", account="EMPTY", amount="40")
    done(bank, "merge_accounts", source="EMPTY", target="RICH")
    assert code(bank.retry(failed.id)) == "COMPLETED"
    assert code(bank.retry(placed.id)) == "COMPLETED"
    assert money(bank, "RICH") == "60.00 40.00 20.00"


def test_what_happened_before_is_undone_on_the_other_account(bank: Bank) -> None:
    paid = done(bank, "transfer", source="RICH", target="EMPTY", amount="40")
    fed = done(bank, "deposit", account="EMPTY", amount="2")
    done(bank, "merge_accounts", source="EMPTY", target="POOR")
    done(bank, "reverse", transaction=fed.id)
    undone = done(bank, "reverse", transaction=paid.id)
    assert undone.postings[0][:2] == ("POOR", "RICH")
    assert balances(bank)["POOR"] == 0
    merged = done(bank, "merge_accounts", source="RICH", target="POOR")
    paid_again = answer(bank, "reverse", f"transaction={paid.id}")
    assert paid_again == "already_reversed"
    assert answer(bank, "reverse", f"transaction={merged.id}") == "same_account"


@pytest.mark.parametrize("balance", ["0", "1", "30"])
def test_holds_move_only_to_where_there_is_money_for_them(bank: Bank, balance: str) -> None:
    deposit = {"overdraft_limit": "90", "initial_deposit": balance}
    done(bank, "open_account", name="Lent", account="LENT", **deposit)
    done(bank, "place_hold", account="LENT", amount="31")
    needed = 31 - int(balance)
    done(bank, "deposit", account="POOR", amount=f"{needed - 1}.99")
    assert answer(bank, "merge_accounts", "source=LENT target=POOR") == "insufficient_funds"
    done(bank, "deposit", account="POOR", amount="0.01")
    done(bank, "merge_accounts", source="LENT", target="POOR")
    assert money(bank, "POOR") == "31.00 31.00 0.00"


@pytest.mark.parametrize(
    ("blocked", "status", "expected"),
    [
        ("EMPTY", "frozen", "debits_blocked"),
        ("EMPTY", "credits_blocked", ""),
        ("POOR", "frozen", "credits_blocked"),
        ("POOR", "debits_blocked", ""),
    ],
)
def test_a_block_is_not_lost_by_it_though_there_is_no_money(
    bank: Bank, blocked: str, status: str, expected: str
) -> None:
    done(bank, "set_status", account=blocked, status=status, reason="court")
    assert answer(bank, "merge_accounts", "source=EMPTY target=POOR") == expected


def test_an_overdrawn_account_is_balanced_by_the_other(bank: Bank) -> None:
    merged = done(bank, "merge_accounts", source="OWING", target="RICH")
    assert merged.postings[0][:3] == ("RICH", "OWING", Decimal("20.00"))
    assert balances(bank)["RICH"] == 80


def test_two_merges_of_the_same_account_in_one_batch(bank: Bank) -> None:
    answers = submitted(
        bank,
        ticket("merge_accounts", source="RICH", target="POOR"),
        ticket("merge_accounts", source="RICH", target="EMPTY"),
        ticket("withdraw", account="RICH", amount="100"),
        ticket("merge_accounts", source="EMPTY", target="RICH"),
    )
    codes = [*map(code, answers)]
    assert codes == ["COMPLETED", "COMPLETED", "COMPLETED", "same_account"]
    assert bank.account("POOR").merged_into == "EMPTY"
    assert answers[2].postings[0].source == "EMPTY"


def test_limits_and_a_minimum_do_not_stand_in_its_way(bank: Bank) -> None:
    done(bank, "define_product", product="tight", daily_limit="1", minimum_balance="50")
    done(bank, "change_product", account="RICH", product="tight")
    done(bank, "merge_accounts", source="RICH", target="POOR")
    assert balances(bank)["POOR"] == 100


def test_a_group_that_fails_merges_nothing(bank: Bank) -> None:
    done(bank, "place_hold", account="RICH", amount="30")
    before = [each.to_dict() for each in bank.accounts(internal=True)]
    submitted(
        bank,
        ticket("merge_accounts", group="g", source="RICH", target="POOR"),
        ticket("capture_hold", group="g", hold="H00000000011"),
        ticket("withdraw", group="g", account="RICH", amount="70.01"),
    )
    assert [each.to_dict() for each in bank.accounts(internal=True)] == before
    assert [each.account for each in bank.store.every(Hold)] == ["RICH"]
