"""Questions about the business: statements, who spends most, the trial balance, statistics."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import InvalidCommand, NotFound
from SimpleBankingSystem.questions.reports import Statistics, TopSpenders, TrialBalance
from SimpleBankingSystem.questions.statement import Statement
from tests.banks import do, done, ticket


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_statement_has_opening_rows_with_balances_and_closing(bank: Bank) -> None:
    done(bank, "withdraw", account="ADA", amount="7", value_date="2025-12-30", description="=cash")
    question = Statement("ADA", since="2025-12-01", until="2026-01-01")
    answer = question.answer(bank)
    assert (answer["opening"], answer["closing"], answer["next"]) == ("0.00", "-7.00", None)
    (row,) = answer["items"]
    assert row == {
        "value_date": "2025-12-30",
        "transaction": "T00000000006",
        "command": "withdraw",
        "other": "CASH.EUR",
        "reference": "",
        "description": "=cash",
        "amount": "-7.00",
        "balance": "-7.00",
    }
    assert question.csv(answer) == (
        "value_date,transaction,command,other,reference,description,amount,balance\n"
        '2025-12-01,,"opening",,,,,0.00\n'
        '2025-12-30,T00000000006,"withdraw","CASH.EUR",,"\'=cash",-7.00,-7.00\n'
        '2026-01-01,,"closing",,,,,-7.00\n'
    )
    now = Statement("ADA", since="2026-01-01").answer(bank)
    assert (now["opening"], now["since"], now["until"]) == ("-7.00", "2026-01-01", None)
    assert [(each["amount"], each["balance"]) for each in now["items"]] == [
        ("100.00", "93.00"),
        ("-30.00", "63.00"),
    ]
    assert now["closing"] == str(bank.account("ADA").balance) == "63.00"


def test_pages_of_a_statement_joined_are_the_whole(bank: Bank) -> None:
    for amount in "12345":
        done(bank, "deposit", account="BOB", amount=amount)
    whole = Statement("BOB")
    rows = table(whole.csv(whole.answer(bank)))
    assert [row["balance"] for row in rows] == [
        f"{each}.00" for each in (0, 30, 31, 33, 36, 40, 45, 45)
    ]
    for limit in (1, 2, 4, 6):
        question: Statement | None = Statement("BOB", limit=limit)
        joined = []
        while question:
            answer = question.answer(bank)
            joined += table(question.csv(answer))
            question = question.onward(cursor=answer["next"]) if answer["next"] else None
        assert joined == rows


def test_a_statement_names_the_other_end_of_what_the_account_itself_posted(bank: Bank) -> None:
    done(bank, "open_account", name="Eve", account="EVE")
    done(bank, "split", source="ADA", parts="BOB=1 EVE=2")
    done(bank, "merge_accounts", source="EVE", target="BOB")
    done(bank, "deposit", account="EVE", amount="3")
    others = [each["other"] for each in Statement("BOB").answer(bank)["items"]]
    assert others == ["ADA", "ADA", "EVE", "CASH.EUR"]
    assert Statement("ADA").answer(bank)["items"][-1]["other"] == "BOB EVE"
    eve = Statement("EVE").answer(bank)
    assert ([each["amount"] for each in eve["items"]], eve["closing"]) == (
        ["2.00", "-2.00"],
        "0.00",
    )


def test_a_period_ends_after_it_begins_and_its_days_are_days(bank: Bank) -> None:
    for until in ("2026-01-01", "2025-12-31"):
        with pytest.raises(InvalidCommand, match="until"):
            Statement("ADA", since="2026-01-01", until=until).answer(bank)
    with pytest.raises(InvalidCommand, match="since"):
        Statement.parse({"account": "ADA", "since": "2026-02-30"})
    with pytest.raises(InvalidCommand, match="account"):
        Statement.parse({"account": "CASH.EUR"})
    with pytest.raises(NotFound, match="NOBODY"):
        Statement("NOBODY").answer(bank)


def test_top_spenders_have_names_and_a_currency(bank: Bank) -> None:
    done(bank, "open_account", name="Yen", account="YEN", currency="JPY", initial_deposit="9")
    done(bank, "withdraw", account="YEN", amount="2")
    done(bank, "withdraw", account="BOB", amount="30")
    answer = TopSpenders().answer(bank)
    assert answer == {
        "items": [
            {"account": "ADA", "name": "=Ada", "spent": "30.00", "currency": "EUR"},
            {"account": "BOB", "name": "Bob", "spent": "30.00", "currency": "EUR"},
        ]
    }
    assert TopSpenders().csv(answer) == (
        'account,name,spent,currency\nADA,"\'=Ada",30.00,EUR\nBOB,"Bob",30.00,EUR\n'
    )
    assert TopSpenders(limit=1).answer(bank)["items"] == answer["items"][:1]
    (yen,) = TopSpenders("JPY").answer(bank)["items"]
    assert (yen["spent"], yen["currency"]) == ("2", "JPY")


def test_the_trial_balance_is_equal_on_both_sides_in_each_currency(bank: Bank) -> None:
    done(bank, "open_account", name="Yen", account="YEN", currency="JPY", initial_deposit="9")
    done(bank, "open_account", name="Owing", account="OWING", product="reward")
    done(bank, "withdraw", account="OWING", amount="50")
    done(bank, "charge_fee", account="ADA", amount="1.50")
    done(bank, "exchange", source="ADA", target="YEN", amount="0.51", rate="150.3")
    answer = TrialBalance().answer(bank)
    sides: dict[str, tuple[Decimal, Decimal]] = {}
    for each in answer["items"]:
        debit, credit = sides.get(each["currency"], (Decimal(0), Decimal(0)))
        sides[each["currency"]] = debit + Decimal(each["debit"]), credit + Decimal(each["credit"])
        assert "0" in {each["debit"].strip(".0") or "0", each["credit"].strip(".0") or "0"}
    assert all(debit == credit > 0 for debit, credit in sides.values())
    assert list(sides) == ["EUR", "JPY"]
    lines = TrialBalance().csv(answer).splitlines()
    assert lines[0] == "account,currency,accounts,debit,credit"
    assert [line.replace('"', "") for line in lines[1:]] == [
        "CASH.EUR,EUR,1,50.00,0.00",
        "EXCHANGE.EUR,EUR,1,0.00,0.51",
        "FEES.EUR,EUR,1,0.00,1.50",
        "reward,EUR,1,50.00,0.00",
        "standard,EUR,2,0.00,97.99",
        "CASH.JPY,JPY,1,9,0",
        "EXCHANGE.JPY,JPY,1,77,0",
        "standard,JPY,1,0,86",
    ]


def test_statistics_say_how_often_why_and_how_long(bank: Bank) -> None:
    do(bank, "withdraw", account="BOB", amount="900")
    failed = do(bank, "withdraw", account="NOBODY", amount="1")
    bank.retry(failed.id)
    done(bank, "withdraw", account="BOB", amount="1")
    shown = {(each["command"], each["code"]): each for each in Statistics().answer(bank)["items"]}
    rates = {name[1]: (each["count"], each["percent"]) for name, each in shown.items() if
             name[0] == "withdraw"}  # fmt: skip
    assert rates == {
        "": (1, 20.0),
        "account_not_found": (2, 40.0),
        "insufficient_funds": (2, 40.0),
    }
    paid = shown["withdraw", ""]
    assert paid["status"] == "COMPLETED"
    # Clock ticks of a microsecond.
    assert 0 < paid["queued_mean"] == paid["queued_longest"] < paid["durable_mean"] < 0.1
    assert len(Statistics(since="2026-01-02").answer(bank)["items"]) == 0
    answer = Statistics().answer(bank)
    assert Statistics("2026-01-01", "2026-01-02").answer(bank)["items"] == answer["items"]
    header, *lines = Statistics().csv(answer).splitlines()
    assert header.split(",") == [*Statistics.columns]
    assert lines[0].startswith('"deposit",COMPLETED,,1,100.0,0.00')


def test_statistics_tell_how_long_commits_took_since_the_start(bank: Bank) -> None:
    before = Statistics().answer(bank)["since_start"]
    accounts = ["ADA", "BOB"] * 5
    bank.carry_out([ticket("deposit", account=each, amount="1") for each in accounts])
    answer = Statistics().answer(bank)
    after = answer["since_start"]
    assert (after["commits"] - before["commits"], after["outcomes"] - before["outcomes"]) == (1, 10)
    assert 0 < after["commit_mean"] <= after["commit_longest"]
    assert after["per_second"] > 0
    last = table(Statistics().csv(answer))[-1]
    assert (last["command"], last["count"]) == ("commits", str(after["commits"]))
    assert float(last["durable_longest"]) == after["commit_longest"]


def test_a_bank_that_has_done_nothing_yet_has_no_times_of_commits(bank: Bank) -> None:
    with Bank(bank.store) as other:
        answer = Statistics().answer(other)
    assert answer["since_start"] == {
        "commits": 0,
        "outcomes": 0,
        "per_second": 0.0,
        "commit_mean": None,
        "commit_longest": None,
    }
    assert len([*Statistics().rows(answer)]) == len(answer["items"]) > 0


def test_where_all_were_retries_there_are_no_times(bank: Bank) -> None:
    done(bank, "open_account", name="Late", account="LATE")
    failed = do(bank, "charge_fee", account="LATE", amount="1")
    done(bank, "deposit", account="LATE", amount="1")
    bank.retry(failed.id)
    answer = Statistics().answer(bank)
    found = answer["items"]
    retried, first = (each for each in found if each["command"] == "charge_fee")
    assert (retried["status"], first["status"]) == ("COMPLETED", "FAILED")
    assert (first["count"], first["queued_mean"] > 0) == (1, True)
    assert (retried["count"], retried["percent"]) == (1, 50.0)
    assert retried["queued_mean"] is retried["durable_longest"] is None
    assert ",1,50.0,,,,\n" in Statistics().csv({**answer, "items": [retried]})
