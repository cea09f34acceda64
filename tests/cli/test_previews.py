"""What the menu says before something is done, and how it is asked; without a terminal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.cli import prompts
from SimpleBankingSystem.cli.previews import Known, list_of, search
from SimpleBankingSystem.cli.prompts import Choice, listed
from SimpleBankingSystem.ledger.fields import CUSTOMER_IDS, HOLD_ID, PARTS, PRODUCT_ID, TEXT
from SimpleBankingSystem.questions.customers import Customers
from SimpleBankingSystem.questions.holds import Holds
from tests.banks import asked, done


@pytest.fixture
def bank() -> Iterator[Bank]:
    """LEE has terms that cost something and belongs to a customer, ZOE is a plain account."""
    with Bank.open("memory:") as opened:
        done(opened, "register_customer", name="李小龍", address="Na Příkopě 1")
        terms = {"transfer_fee": "0.10", "transfer_percent": "0.5", "withdrawal_fee": "2"}
        done(opened, "define_product", product="wallet", daily_limit="200", **terms)
        lee = {"account": "LEE", "owners": "C00000001", "product": "wallet"}
        done(opened, "open_account", name="Dragon", initial_deposit="500", **lee)
        done(opened, "open_account", name="Zoë", account="ZOE")
        yield opened


def told(bank: Bank, verb: str, **texts: str) -> list[tuple[str, str]]:
    return [*Known(bank).preview(asked(verb, **texts))]


LEE = "LEE: Dragon, of 李小龍, balance 500.00 EUR"
ZOE = "ZOE: Zoë, balance 0.00 EUR"


def test_the_fee_is_told_before_it_is_taken(bank: Bank) -> None:
    paid = told(bank, "transfer", source="LEE", target="ZOE", amount="20")
    assert paid == [
        ("source", LEE),
        ("target", ZOE),
        ("amount", "20.00 EUR"),
        ("fee", "0.20 EUR by the terms of wallet"),
    ]
    withdrawn = told(bank, "withdraw", account="LEE", amount="20")
    assert withdrawn[-1] == ("fee", "2.00 EUR by the terms of wallet")
    for verb, texts in (
        ("transfer", {"source": "ZOE", "target": "LEE", "amount": "20"}),
        ("deposit", {"account": "LEE", "amount": "20"}),
        ("place_hold", {"account": "LEE", "amount": "20"}),
        ("transfer", {"source": "NOBODY", "target": "LEE", "amount": "20"}),
    ):
        assert "fee" not in dict(told(bank, verb, **texts))


def test_what_the_fee_was_told_to_be_is_what_is_taken(bank: Bank) -> None:
    for verb, texts in (
        ("transfer", {"target": "ZOE", "amount": "0.99"}),
        ("split", {"parts": "ZOE=1 BOB=2", "amount": "9"}),
        ("split", {"parts": "ZOE=1.01 BOB=2.02"}),
    ):
        if verb == "split" and "amount" in texts:
            done(bank, "open_account", name="Bob", account="BOB")
        fee = dict(told(bank, verb, source="LEE", **texts))["fee"].split()[0]
        postings = done(bank, verb, source="LEE", **texts).postings
        assert [f"{each.amount}" for each in postings if each.target == "FEES.EUR"] == [fee]


def test_the_account_that_took_another_over_is_told(bank: Bank) -> None:
    done(bank, "open_account", name="Old", account="OLD")
    done(bank, "merge_accounts", source="OLD", target="LEE")
    paid = dict(told(bank, "transfer", source="OLD", target="ZOE", amount="20"))
    assert paid["source"] == f"OLD: merged into {LEE}"
    assert paid["fee"].startswith("0.20 EUR")


def test_products_are_told_by_the_terms_that_they_have(bank: Bank) -> None:
    opened = dict(told(bank, "open_account", name="Eve", product="wallet", initial_deposit="5"))
    assert opened["product"] == (
        "wallet: daily limit 200, withdrawal fee 2, transfer fee 0.10, transfer percent 0.5"
    )
    assert opened["initial deposit"] == "5.00 EUR"
    changed = dict(told(bank, "change_product", account="ZOE", product="standard"))
    assert changed["product"] == "standard: no limits, no fees"
    assert told(bank, "define_product", product="new") == [
        ("product", "new: there is no such product yet")
    ]


def test_holds_statuses_and_transactions_are_told(bank: Bank) -> None:
    done(bank, "place_hold", account="LEE", amount="60")
    done(bank, "set_status", account="ZOE", status="credits_blocked", reason="moved")
    assert told(bank, "void_hold", hold="H00000000005") == [
        ("hold", f"H00000000005: 60.00 EUR held on {LEE}, available 440.00 EUR")
    ]
    assert told(bank, "deposit", account="ZOE", amount="1.001") == [
        ("account", "ZOE: Zoë, credits blocked, balance 0.00 EUR"),
        ("amount", "1.001 EUR"),
    ]
    opened = dict(told(bank, "reverse", transaction="T00000000003"))["transaction"]
    assert opened.startswith("T00000000003: open account, COMPLETED, 500.00 EUR, from CASH.EUR")
    assert opened.endswith(", to LEE (Dragon)")
    assert told(bank, "open_account", name="Again", account="ZOE")[1] == (
        "account",
        "ZOE, but there is one already",
    )


def test_a_word_finds_whatever_a_field_names(bank: Bank) -> None:
    assert list_of(CUSTOMER_IDS) is Customers
    assert list_of(HOLD_ID) is Holds
    assert list_of(TEXT) is None
    for kind, word, found in (
        (CUSTOMER_IDS, "příkopě", "C00000001"),
        (PARTS, "DRAGON", "LEE"),
        (PRODUCT_ID, "wall", "wallet"),
    ):
        listing = list_of(kind)
        assert listing is not None
        assert [row["id"] for row in search(bank, listing, word)] == [found]


def test_choices_that_have_no_room_are_cut_to_a_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = "Block money going out of an account, or coming in, or both; or free it again."
    choices = [Choice("set status", sentence, print)] * 12
    for lines, count, end in ((60, 24, "it again."), (24, 12, "or both; …")):
        monkeypatch.setattr(prompts, "height", lambda lines=lines: lines)
        shown = listed(choices)
        assert (len(shown), max(map(len, shown)) < 80) == (count, True)
        assert shown[-1].endswith(end)
    assert (
        shown[0] == "  1  set status  Block money going out of an account, or coming in, or both; …"
    )


def test_wide_letters_have_room(capsys: pytest.CaptureFixture[str]) -> None:
    prompts.tell("balance 100.00 " + "李小龍 " * 20, "  ", "    ")
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) + sum(letter in "李小龍" for letter in line) for line in lines) < 80
    assert "".join(lines).count("李小龍") == 20
