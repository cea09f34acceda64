"""What each status lets through, in every direction and by every way."""

from __future__ import annotations

import pytest

from SimpleBankingSystem.commands.base import REGISTRY
from SimpleBankingSystem.engine.bank import Bank
from tests.banks import balances, code, do, done
from tests.commands.tables import Row, answer

RULES: list[Row] = [
    ("account=POOR status=frozen reason=court", ""),
    ("account=POOR status=active reason=none", ""),
    ("", "account status reason"),
    ("account=POOR status=closed reason=x", "status"),
    ("account=POOR status=FROZEN reason=x", "status"),
    ("account=NOBODY status=frozen reason=x", "account_not_found"),
    ("account=SHUT status=active reason=x", "account_closed"),
    ("account=CASH.EUR status=frozen reason=x", "account"),
]

# What the issue says that each status lets out and in.
DIRECTIONS = [
    ("active", True, True),
    ("debits_blocked", False, True),
    ("credits_blocked", True, False),
    ("frozen", False, False),
    ("dormant", False, True),
]

OUT = [
    ("withdraw", {"account": "RICH", "amount": "1"}),
    ("transfer", {"source": "RICH", "target": "POOR", "amount": "1"}),
    ("split", {"source": "RICH", "parts": "POOR=1 EMPTY=2"}),
    ("exchange", {"source": "RICH", "target": "YEN", "amount": "1", "rate": "160"}),
    ("charge_fee", {"account": "RICH", "amount": "1"}),
    ("place_hold", {"account": "RICH", "amount": "1"}),
    ("capture_hold", {"hold": "H00000000011"}),
    ("close_account", {"account": "RICH", "sweep_to": "POOR"}),
    ("merge_accounts", {"source": "RICH", "target": "POOR"}),
    ("reverse", {"transaction": "T00000000001"}),
]
IN = [
    ("deposit", {"account": "RICH", "amount": "1"}),
    ("transfer", {"source": "OWING", "target": "RICH", "amount": "1"}),
    ("split", {"source": "OWING", "parts": "RICH=1 EMPTY=2"}),
    ("exchange", {"source": "YEN", "target": "RICH", "amount": "100", "rate": "0.006"}),
    ("capture_hold", {"hold": "H00000000012", "target": "RICH"}),
    ("close_account", {"account": "FULL", "sweep_to": "RICH"}),
    ("merge_accounts", {"source": "FULL", "target": "RICH"}),
    ("reverse", {"transaction": "T00000000014"}),
]
NEITHER = [
    ("void_hold", {"hold": "H00000000011"}),
    ("set_overdraft_limit", {"account": "RICH", "overdraft_limit": "5"}),
    ("change_product", {"account": "RICH", "product": "reward"}),
    ("set_owners", {"account": "RICH"}),
    ("set_status", {"account": "RICH", "status": "active", "reason": "it is over"}),
]


@pytest.fixture
def ready(bank: Bank) -> Bank:
    """T11 and T12 set money aside on RICH and OWING, T13 opens FULL, T14 takes from RICH."""
    done(bank, "place_hold", account="RICH", amount="5")
    done(bank, "place_hold", account="OWING", amount="5")
    done(bank, "open_account", name="Full", account="FULL", initial_deposit="7")
    done(bank, "withdraw", account="RICH", amount="2")
    return bank


def tried(bank: Bank, verb: str, texts: dict[str, str]) -> str:
    """Return the code of a command that needs nothing else but the status."""
    if verb in {"close_account", "reverse"} and "RICH" not in texts.get("sweep_to", ""):
        # What is set aside on RICH would stand in the way otherwise.
        done(bank, "void_hold", hold="H00000000011")
        if texts.get("transaction") == "T00000000001":
            done(bank, "set_overdraft_limit", account="RICH", overdraft_limit="9")
    return code(do(bank, verb, **texts))


@pytest.mark.parametrize(("words", "expected"), RULES)
def test_the_rules_in_their_order(bank: Bank, words: str, expected: str) -> None:
    assert answer(bank, "set_status", words) == expected


@pytest.mark.seed("C3")
@pytest.mark.parametrize(("status", "goes_out", "comes_in"), DIRECTIONS)
@pytest.mark.parametrize(("verb", "texts"), OUT, ids=[verb for verb, _ in OUT])
def test_money_goes_out_only_where_the_status_lets_it(
    ready: Bank, status: str, goes_out: bool, comes_in: bool, verb: str, texts: dict[str, str]
) -> None:
    del comes_in
    done(ready, "set_status", account="RICH", status=status, reason="a test")
    before = balances(ready)
    found = tried(ready, verb, texts)
    assert found == ("COMPLETED" if goes_out else "debits_blocked")
    assert goes_out or balances(ready) == before


@pytest.mark.seed("C3")
@pytest.mark.parametrize(("status", "goes_out", "comes_in"), DIRECTIONS)
@pytest.mark.parametrize(("verb", "texts"), IN, ids=[verb for verb, _ in IN])
def test_money_comes_in_only_where_the_status_lets_it(
    ready: Bank, status: str, goes_out: bool, comes_in: bool, verb: str, texts: dict[str, str]
) -> None:
    del goes_out
    done(ready, "set_status", account="RICH", status=status, reason="a test")
    before = balances(ready)
    found = code(do(ready, verb, **texts))
    assert found == ("COMPLETED" if comes_in else "credits_blocked")
    assert comes_in or balances(ready) == before


@pytest.mark.seed("C3")
@pytest.mark.parametrize("status", [status for status, *_ in DIRECTIONS])
@pytest.mark.parametrize(("verb", "texts"), NEITHER, ids=[verb for verb, _ in NEITHER])
def test_what_moves_no_money_is_never_blocked(
    ready: Bank, status: str, verb: str, texts: dict[str, str]
) -> None:
    done(ready, "set_status", account="RICH", status=status, reason="a test")
    assert code(do(ready, verb, **texts)) == "COMPLETED"


def test_the_reason_is_recorded_and_a_block_can_be_waited_for(bank: Bank) -> None:
    frozen = done(bank, "set_status", account="RICH", status="frozen", reason="court order 7")
    assert frozen.to_dict()["reason"] == "court order 7"
    assert bank.account("RICH").status == "frozen"
    failed = do(bank, "withdraw", account="RICH", amount="1")
    assert failed.error is not None
    assert (failed.error.code, failed.error.retryable) == ("debits_blocked", True)
    done(bank, "set_status", account="RICH", status="active", reason="lifted")
    assert code(bank.retry(failed.id)) == "COMPLETED"
    assert answer(bank, "reverse", f"transaction={frozen.id}") == "not_reversible"


def test_its_example_gives_a_reason() -> None:
    assert REGISTRY["set_status"].example()["reason"] == "the card was lost"
