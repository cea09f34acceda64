"""Commands and questions: what is answered, to a person and to a program."""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import pytest

from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.cli.verbs import command_name
from SimpleBankingSystem.commands.base import REGISTRY
from SimpleBankingSystem.questions.base import QUESTIONS
from tests.cli.conftest import Say


def test_a_day_at_the_counter(club: Say) -> None:
    assert club("deposit", "BOB", "20", "--description", "birthday money").status == 0
    assert club("withdraw", "ADA", "0.50").status == 0
    transfer = club("transfer", "ADA", "BOB", "10.00", "--reference", "R-1", "--tags", "a b")
    assert transfer.status == 0
    facts = dict(line.split(maxsplit=1) for line in transfer.out.splitlines())
    assert facts["status"] == "COMPLETED"
    assert (facts["source_balance"], facts["target_balance"]) == ("89.50", "30.00")
    assert club("balance", "ADA").out == "89.50\n"
    assert club("account", "BOB", "--json").json()["available"] == "30.00"
    assert club("transaction", facts["id"]).out == transfer.out


def test_accounts_are_a_table_for_a_person_and_shapes_for_a_program(club: Say) -> None:
    header, ada, bob = club("accounts").out.splitlines()
    assert header.split()[:3] == ["id", "name", "type"]
    assert ada.startswith("ADA  Ada Lovelace")
    assert "100.00" in ada
    assert bob.startswith("BOB  Bob ")
    shapes = club("accounts", "--json").json()
    assert [each["id"] for each in shapes["items"]] == ["ADA", "BOB"]
    assert shapes["next"] is None
    assert shapes["items"][0]["overdraft_limit"] == "0.00"
    own = club("accounts", "--internal", "--json").json()["items"]
    assert [(each["id"], each["balance"]) for each in own if each["type"] == "internal"] == [
        ("CASH.EUR", "-100.00")
    ]
    assert club("account", "CASH.EUR").status == 0


def test_a_history_has_signs_and_the_balance_after_each(club: Say) -> None:
    club("transfer", "ADA", "BOB", "30.00")
    club("withdraw", "ADA", "99.00")
    club("reverse", "T00000000003")
    rows = [line.split() for line in club("history", "ADA").out.splitlines()]
    at = {name: rows[0].index(name) for name in ("command", "status", "amount", "balance", "other")}
    assert at["amount"] < at["balance"]
    reversal, failed, transfer, opening = rows[1:]
    assert [reversal[at[name]] for name in ("amount", "balance")] == ["30.00", "100.00"]
    assert failed[at["status"]] == "FAILED"
    assert "99.00" not in failed
    assert [transfer[at[name]] for name in ("amount", "balance")] == ["-30.00", "70.00"]
    assert "BOB" in transfer
    assert [opening[at[name]] for name in ("amount", "balance")] == ["100.00", "100.00"]
    oldest = club("history", "ADA", "--order", "oldest", "--limit", "1", "--json").json()
    assert oldest["items"][0]["command"] == "open_account"


def test_transactions_can_be_filtered_and_turned_page_by_page(club: Say) -> None:
    for amount in ("1.00", "2.00", "3.00", "4.00", "500.00"):
        club("withdraw", "ADA", amount, "--reference", f"W{amount[0]}")

    def amounts(*words: str) -> list[str]:
        items = club("transactions", "--command", "withdraw", *words, "--json").json()["items"]
        return [each["amount"] for each in items]

    assert amounts() == ["500.00", "4.00", "3.00", "2.00", "1.00"]
    assert amounts("--status", "FAILED") == ["500.00"]
    assert amounts("--amount-min", "2", "--amount-max", "3.00") == ["3.00", "2.00"]
    assert amounts("--reference", "W4") == ["4.00"]
    assert amounts("--account", "BOB") == []
    assert amounts("--since", "2001-01-01", "--until", "2001-01-02T00:00:00Z") == []
    page = club("transactions", "--limit", "2")
    assert len(page.out.splitlines()) == 3
    cursor = re.fullmatch(r"There is more: (--cursor) ([0-9]+)\n", page.err)
    assert cursor is not None
    assert (
        club("transactions", *cursor.groups(), "--limit", "1", "--json").json()["items"][0][
            "amount"
        ]
        == "3.00"
    )


def test_csv_is_for_a_sheet_and_for_a_pipe(club: Say) -> None:
    refused = club("withdraw", "ADA", "500", "--description", "=1+1", "--csv")
    header, row = csv.reader(refused.out.splitlines())
    found = dict(zip(header, row, strict=True))
    assert (refused.status, found["status"], found["amount"]) == (1, "FAILED", "500")
    assert (found["description"], found["source_balance"]) == ("'=1+1", "")
    assert "insufficient_funds" in refused.err
    page = club("--csv", "history", "ADA", "--limit", "1")
    assert page.out.startswith("completed_at,id,command,status,amount,")
    assert page.err == "There is more: --cursor 3\n"
    settings = [*csv.DictReader(club("settings", "--csv").out.splitlines())]
    assert {"setting": "queue", "value": "10000"}.items() <= settings[4].items()
    assert club("backup", "monday", "--csv").out.startswith('fact,value\n"backup","monday"\n')
    both = club("accounts", "--csv", "--json")
    assert (both.status, both.out) == (2, "")
    assert "Give either --json or --csv." in both.problem()["detail"]


def test_a_balance_can_be_asked_for_as_it_was(club: Say) -> None:
    opened = club("account", "ADA", "--json").json()["opened_at"]
    club("withdraw", "ADA", "25.00")
    assert club("balance", "ADA", "--at", opened[:10]).out == "75.00\n"
    asked = club("balance", "ADA", "--at", "9999-01-01T00:00:00Z", "--json").json()
    assert asked == {
        "account": "ADA",
        "balance": "75.00",
        "currency": "EUR",
        "at": "9999-01-01T00:00:00.000000Z",
    }
    early = club("balance", "ADA", "--at", "2001-01-01")
    assert (early.status, early.out) == (1, "")
    assert "There was no account ADA" in early.err


def test_a_key_carries_a_command_out_once(club: Say) -> None:
    first = club("deposit", "BOB", "5.00", "--key", "k-1")
    again = club("deposit", "BOB", "5.00", "--key", "k-1")
    assert (again.status, again.out, first.err) == (0, first.out, "")
    assert again.err == "The key k-1 was used before: this is what happened then.\n"
    assert club("deposit", "BOB", "5.00", "--key", "k-1", "--json").err == ""
    assert club("balance", "BOB").out == "5.00\n"
    assert club("transaction", "--key", "k-1") == first
    other = club("deposit", "BOB", "6.00", "--key", "k-1")
    assert (other.status, other.out) == (1, "")
    assert "key_reused; trying again cannot help" in other.err


def test_a_failed_transaction_says_why_and_can_be_retried(club: Say) -> None:
    rent = club("withdraw", "BOB", "20.00")
    assert rent.status == 1
    assert "FAILED" in rent.out
    assert rent.err == (
        "BOB has 0.00 EUR available, 20.00 needed. (insufficient_funds; "
        "trying again later may help: bank retry T00000000003)\n"
    )
    club("withdraw", "BOB", "30.00")
    assert club("retry", "T00000000003").status == 1
    club("deposit", "BOB", "30.00")
    some = club("retry", "--all", "--json")
    assert (some.status, some.err) == (1, "")
    assert some.json() == {"retried": 2, "completed": 1, "failed": 1}
    club("deposit", "BOB", "20.00")
    retried = club("retry", "T00000000003", "--json")
    assert retried.status == 0
    assert (retried.json()["status"], retried.json()["attempt"]) == ("COMPLETED", 4)
    none = club("retry-all", "--json")
    assert (none.status, none.json()["retried"]) == (0, 0)
    done = club("retry", "T00000000003")
    assert done.status == 1
    assert "not_failed; trying again cannot help" in done.err


def test_upkeep_answers_facts(club: Say) -> None:
    assert club("snapshot", "--json").json()["accounts"] == 3
    assert club("archive", "--json").json()["archived"] > 0
    assert re.search(r"^accounts +3$", club("snapshot").out, re.MULTILINE)
    assert club("history", "ADA", "--json").json()["items"][0]["command"] == "open_account"


def test_verify_ends_well_on_good_books_and_with_65_on_changed_ones(club: Say) -> None:
    club("transfer", "ADA", "BOB", "12.34")
    good = club("verify")
    assert (good.status, good.err) == (0, "")
    assert club("verify", "--json").json()["problems"] == []
    journal = Path("data/transactions.csv")
    journal.write_bytes(journal.read_bytes().replace(b"12.34", b"92.34", 1))
    bad = club("verify")
    assert bad.status == 65
    assert "transactions.csv" in bad.out + bad.err


def test_verify_can_ask_for_a_hash_that_was_kept_elsewhere(club: Say) -> None:
    kept = club("verify", "--chain", "--json").json()["facts"]["last_hash"]
    club("deposit", "BOB", "1.00")
    assert club("verify", "--expect", kept).status == 0
    lost = club("verify", "--expect", kept[:-1] + ("0" if kept[-1] != "0" else "1"))
    assert lost.status == 65
    assert "is not in the chain" in lost.out
    assert club("verify", "--store", "memory:").status == 78
    assert club("verify", "--store", "csv:nowhere").status == 65


def test_what_a_start_mended_is_said_beside_the_answer(club: Say) -> None:
    accounts = Path("data/accounts.csv")
    accounts.write_bytes(accounts.read_bytes().replace(b"100.00", b"900.00", 1))
    asked = club("balance", "ADA")
    assert (asked.status, asked.out) == (0, "100.00\n")
    assert "WARNING accounts.csv" in asked.err
    assert club("balance", "ADA").err == ""


def test_books_in_use_end_with_75(club: Say) -> None:
    with Bank.open("csv:data"):
        answer = club("accounts")
    assert (answer.status, answer.out) == (75, "")
    assert "in_use; trying again later may help" in answer.err


def test_a_fact_that_is_a_list_is_a_table_below(club: Say) -> None:
    club("open-account", "Tokyo", "--account", "TOKYO", "--currency", "JPY")
    lines = club("exchange", "ADA", "TOKYO", "10", "163.777").out.splitlines()
    assert "rate            163.777" in lines
    *_, blank, header, paid, got = lines
    assert blank == ""
    assert header.split() == [
        "source",
        "target",
        "amount",
        "currency",
        "source_balance",
        "target_balance",
    ]
    assert paid.split() == ["ADA", "EXCHANGE.EUR", "10.00", "EUR", "90.00", "10.00"]
    assert got.split() == ["EXCHANGE.JPY", "TOKYO", "1638", "JPY", "-1638", "1638"]
    assert max(map(len, lines)) <= 80


def test_wide_letters_and_marks_leave_columns_straight(bank: Say) -> None:
    names = {"李小龍": 6, "Zoe\u0308": 3, "Siân O'Neill-Ørsted": 19}
    for name in names:
        bank("register-customer", name, "--address", "here")
    lines = bank("customers").out.splitlines()[1:]
    columns = [
        line.index("here") - len(name) + names[name]
        for line, name in zip(lines, names, strict=True)
    ]
    assert len(set(columns)) == 1


def test_the_help_of_every_verb_says_all_and_fits_a_terminal(bank: Say) -> None:
    for kind in (*REGISTRY.values(), *QUESTIONS.values()):
        if kind.surfaces and not kind.verb.endswith("_all"):
            shown = bank(command_name(kind.verb), "-h")
            assert max(map(len, shown.out.splitlines())) <= 80
            assert " ".join((kind.__doc__ or "").split()) in " ".join(shown.out.split())


def test_a_fact_below_its_row_is_not_torn_from_its_name(
    bank: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank("define-product", "wallet", "--transfer-percent", "0.5")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    lines = bank("products").out.splitlines()
    below = [line.split() for line in lines if line.startswith("    ")]
    assert below
    assert all(len(words) % 2 == 0 for words in below)
    assert ["transfer_percent", "0.5"] in below


def test_a_drawn_table_is_never_wider_than_its_terminal(
    club: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    club("transfer", "ADA", "BOB", "1", "--description", "hotel, three nights")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    shapes = set()
    for width in range(60, 150):
        monkeypatch.setenv("COLUMNS", str(width))
        drawn = re.sub(r"\x1b\[[0-9;]*m", "", club("transactions").out)
        widths = [len(line) for line in drawn.splitlines()]
        assert max(widths) <= width
        shapes.add(len(widths))
    assert len(shapes) > 2
