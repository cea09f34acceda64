"""Products: what limits and fees do, and from when on."""

from __future__ import annotations

from decimal import Decimal

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.product import DEFAULT_PRODUCTS, Product
from SimpleBankingSystem.stores.memory import MemoryStore
from tests.banks import TickingClock, balances, code, do, done, submitted, ticket
from tests.commands.tables import Row, answer

RULES: list[Row] = [
    ("product=club", ""),
    ("product=standard daily_limit=5", ""),
    ("product=club currency=JPY overdraft_limit=5 withdrawal_percent=100", ""),
    ("", "product"),
    ("product=Club currency=euro daily_limit=-1", "product currency daily_limit"),
    (
        "product=club transfer_percent=100.1 withdrawal_percent=1e1",
        "withdrawal_percent transfer_percent",
    ),
    ("product=club currency=JPY daily_limit=5.0 transfer_percent=0.5", ""),
    ("product=club currency=JPY transfer_fee=0.5", "too_many_decimals"),
    ("product=club currency=EUR daily_limit=0.001", "too_many_decimals"),
    ("product=club daily_limit=0.001", ""),
    ("product=internal", "product"),
    ("product=as_of", "product"),
    ("product=may5", "product"),
    ("product=true", "product"),
]


@pytest.mark.parametrize(("words", "expected"), RULES)
def test_the_rules(bank: Bank, words: str, expected: str) -> None:
    assert answer(bank, "define_product", words) == expected


@pytest.mark.seed("C1")
def test_there_are_three_before_anybody_defined_any(bank: Bank) -> None:
    assert bank.store.every(Product) == [*DEFAULT_PRODUCTS]
    assert [each.id for each in DEFAULT_PRODUCTS] == ["standard", "savings", "reward"]


def test_all_terms_are_stated_anew(bank: Bank) -> None:
    done(bank, "define_product", product="club", transfer_fee="1", daily_limit="5")
    made = done(bank, "define_product", product="club", currency="EUR", withdrawal_percent="1.5")
    assert made.made == ("", "")
    assert bank.store.find(Product, "club") == Product(
        "club", "EUR", withdrawal_percent=Decimal("1.5")
    )


def kept(bank: Bank, **terms: str) -> None:
    """Keep RICH, with 100.00 on it, on terms."""
    done(bank, "define_product", product="club", **terms)
    done(bank, "change_product", account="RICH", product="club")


LIMITS = [
    ("withdraw", "account=RICH amount={}"),
    ("transfer", "source=RICH target=POOR amount={}"),
    ("split", "source=RICH parts=POOR=1,EMPTY=3 amount={}"),
    ("exchange", "source=RICH target=YEN rate=160 amount={}"),
]


def asking(words: str, amount: str) -> dict[str, str]:
    texts = dict(word.split("=", 1) for word in words.format(amount).split())
    return {name: text.replace(",", " ") for name, text in texts.items()}


@pytest.mark.parametrize("limit", ["transaction_limit", "daily_limit"])
@pytest.mark.parametrize(("verb", "words"), LIMITS)
def test_what_goes_out_at_once_is_limited(bank: Bank, limit: str, verb: str, words: str) -> None:
    kept(bank, **{limit: "10"})
    failed = do(bank, verb, **asking(words, "10.01"))
    assert code(failed) == "limit_exceeded"
    assert failed.error is not None
    assert failed.error.retryable
    done(bank, verb, **asking(words, "10"))
    again = code(do(bank, verb, **asking(words, "0.04")))
    assert again == ("limit_exceeded" if limit == "daily_limit" else "COMPLETED")


def test_what_comes_in_is_not_limited(bank: Bank) -> None:
    kept(bank, transaction_limit="1", daily_limit="1")
    done(bank, "deposit", account="RICH", amount="50")
    done(bank, "transfer", source="OWING", target="RICH", amount="20")


def test_a_limit_holds_in_the_account_s_own_currency(bank: Bank) -> None:
    done(bank, "define_product", product="club", transaction_limit="10.5")
    done(bank, "change_product", account="YEN", product="club")
    assert code(do(bank, "withdraw", account="YEN", amount="11")) == "limit_exceeded"
    done(bank, "withdraw", account="YEN", amount="10")


def test_a_currency_suits_all_accounts_that_are_kept_on_it(bank: Bank) -> None:
    """Or a fee of 100 yen would be one of 100 euros."""
    done(bank, "define_product", product="club")
    done(bank, "change_product", account="YEN", product="club")
    euro, yen = "product=club currency=EUR", "product=club currency=JPY"
    assert answer(bank, "define_product", euro) == "currency_mismatch"
    assert answer(bank, "define_product", yen) == ""
    assert answer(bank, "define_product", euro) == "currency_mismatch"
    moved, defined = submitted(
        bank,
        ticket("change_product", account="YEN", product="standard"),
        ticket("define_product", product="club", currency="EUR"),
    )
    assert (code(moved), code(defined)) == ("COMPLETED", "COMPLETED")
    opened, defined = submitted(
        bank,
        ticket("open_account", name="Ada", account="ADA", product="club"),
        ticket("define_product", product="club", currency="JPY"),
    )
    assert (code(opened), code(defined)) == ("COMPLETED", "currency_mismatch")
    done(bank, "close_account", account="ADA")
    assert answer(bank, "define_product", yen) == ""


def test_a_day_ends_at_midnight_in_utc() -> None:
    clock = TickingClock()
    with Bank(MemoryStore(clock), clock=clock) as bank:
        done(bank, "define_product", product="club", daily_limit="10")
        done(bank, "open_account", name="A", account="RICH", initial_deposit="99", product="club")
        clock.move(1 - 1e-9)
        now = clock()
        assert now.startswith("2026-01-01T23:59:59.9999")
        done(bank, "withdraw", account="RICH", amount="10")
        refused = do(bank, "withdraw", account="RICH", amount="10")
        assert code(refused) == "limit_exceeded"
        clock.move(1e-8)
        assert clock().startswith("2026-01-02T00:00:00.00")
        assert code(bank.retry(refused.id)) == "COMPLETED"
        assert code(do(bank, "withdraw", account="RICH", amount="0.01")) == "limit_exceeded"
        clock.move(365)
        done(bank, "withdraw", account="RICH", amount="10")


def test_fees_and_reversals_do_not_count(bank: Bank) -> None:
    kept(bank, daily_limit="10", transaction_limit="10", withdrawal_fee="3")
    taken = done(bank, "withdraw", account="RICH", amount="6")
    done(bank, "charge_fee", account="RICH", amount="20")
    paid_in = done(bank, "deposit", account="RICH", amount="30")
    done(bank, "reverse", transaction=paid_in.id)
    done(bank, "withdraw", account="RICH", amount="4")
    done(bank, "reverse", transaction=taken.id)
    assert code(do(bank, "withdraw", account="RICH", amount="0.01")) == "limit_exceeded"


def test_what_was_refused_does_not_count(bank: Bank) -> None:
    kept(bank, daily_limit="10")
    assert code(do(bank, "split", source="RICH", parts="POOR=9 SHUT=1")) == "account_closed"
    submitted(
        bank,
        ticket("withdraw", group="g", account="RICH", amount="9"),
        ticket("withdraw", group="g", account="POOR", amount="9"),
    )
    done(bank, "withdraw", account="RICH", amount="10")


def test_a_limit_that_is_changed_in_between_holds_from_then_on(bank: Bank) -> None:
    kept(bank, daily_limit="10")
    answers = submitted(
        bank,
        ticket("withdraw", account="RICH", amount="10"),
        ticket("withdraw", account="RICH", amount="1"),
        ticket("define_product", product="club", daily_limit="12"),
        ticket("withdraw", account="RICH", amount="2"),
        ticket("withdraw", account="RICH", amount="1"),
        ticket("define_product", product="club"),
        ticket("withdraw", account="RICH", amount="50"),
    )
    assert [*map(code, answers)] == [
        *("COMPLETED", "limit_exceeded", "COMPLETED", "COMPLETED"),
        *("limit_exceeded", "COMPLETED", "COMPLETED"),
    ]
    done(bank, "define_product", product="club", daily_limit="12")
    assert code(do(bank, "withdraw", account="RICH", amount="1")) == "limit_exceeded"


def test_terms_of_a_group_that_fails_were_never_there(bank: Bank) -> None:
    kept(bank, transaction_limit="10")
    answers = submitted(
        bank,
        ticket("define_product", group="g", product="club", withdrawal_fee="5"),
        ticket("withdraw", group="g", account="RICH", amount="20"),
        ticket("withdraw", group="g", account="POOR", amount="1"),
        ticket("withdraw", account="RICH", amount="20"),
        ticket("define_product", group="h", product="club", withdrawal_fee="5"),
        ticket("withdraw", group="h", account="RICH", amount="20"),
        ticket("withdraw", account="RICH", amount="30"),
    )
    assert [*map(code, answers)] == [
        *("group_failed", "group_failed", "insufficient_funds", "limit_exceeded"),
        *("COMPLETED", "COMPLETED", "COMPLETED"),
    ]
    assert balances(bank)["RICH"] == 100 - 25 - 35


FEES = [
    ({"withdrawal_fee": "1.5"}, "withdraw", "10", "1.50"),
    ({"withdrawal_percent": "1"}, "withdraw", "10", "0.10"),
    ({"withdrawal_fee": "0.25", "withdrawal_percent": "2.5"}, "withdraw", "10", "0.50"),
    ({"transfer_percent": "100"}, "transfer", "10", "10.00"),
    ({"transfer_fee": "0.10"}, "transfer", "0.01", "0.10"),
    ({"transfer_percent": "0.5"}, "transfer", "1", "0.00"),
    ({"transfer_percent": "0.5"}, "transfer", "1.01", "0.01"),
    ({"transfer_percent": "0.5"}, "transfer", "3", "0.02"),
    ({"transfer_percent": "2.5"}, "transfer", "0.60", "0.02"),
    ({"transfer_percent": "0.0001"}, "transfer", "99", "0.00"),
    ({"transfer_fee": "0.005"}, "transfer", "1", "0.00"),
    ({"transfer_fee": "5"}, "withdraw", "10", "0.00"),
    ({"withdrawal_fee": "5"}, "transfer", "10", "0.00"),
]


@pytest.mark.parametrize(("terms", "verb", "amount", "fee"), FEES)
def test_a_fee_is_flat_plus_a_percentage_rounded_half_even(
    bank: Bank, terms: dict[str, str], verb: str, amount: str, fee: str
) -> None:
    kept(bank, **terms)
    sides = {"account": "RICH"} if verb == "withdraw" else {"source": "RICH", "target": "POOR"}
    transaction = done(bank, verb, amount=amount, **sides)
    assert balances(bank)["RICH"] == 100 - Decimal(amount) - Decimal(fee)
    charged = [leg for leg in transaction.postings if leg.target == "FEES.EUR"]
    assert [str(leg.amount) for leg in charged] == ([fee] if Decimal(fee) else [])
    done(bank, "reverse", transaction=transaction.id)
    assert balances(bank)["RICH"] == 100


@pytest.mark.parametrize(
    ("verb", "texts"),
    [
        ("withdraw", {"account": "RICH", "amount": "99.50"}),
        ("transfer", {"source": "RICH", "target": "POOR", "amount": "99.50"}),
        ("split", {"source": "RICH", "parts": "POOR=99 EMPTY=0.50"}),
    ],
)
def test_where_the_fee_is_not_covered_nothing_happens(
    bank: Bank, verb: str, texts: dict[str, str]
) -> None:
    kept(bank, withdrawal_fee="0.51", transfer_fee="0.51")
    before = balances(bank)
    failed = do(bank, verb, **texts)
    assert code(failed) == "insufficient_funds"
    assert balances(bank) == before
    done(bank, "deposit", account="RICH", amount="0.01")
    retried = bank.retry(failed.id)
    assert len(retried.postings) > 1
    assert (failed.source, failed.target) == retried.postings[0][:2]
    assert balances(bank)["RICH"] == 0


def test_one_sum_that_is_split_costs_one_fee(bank: Bank) -> None:
    kept(bank, transfer_fee="1", transfer_percent="10")
    split = done(bank, "split", source="RICH", parts="POOR=1 EMPTY=1", amount="10.01")
    assert [str(leg.amount) for leg in split.postings] == ["5.01", "5.00", "2.00"]


def test_where_no_product_costs_anything_nothing_is_charged(bank: Bank) -> None:
    done(bank, "define_product", product="reward")
    assert len(done(bank, "withdraw", account="RICH", amount="1").postings) == 1
