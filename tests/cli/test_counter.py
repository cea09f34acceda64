"""The menu in this very process: a person's lines come from a list, and no terminal is there."""

from __future__ import annotations

import builtins
import re
import termios
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from SimpleBankingSystem import config
from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.cli import prompts
from SimpleBankingSystem.cli.menu import Counter
from SimpleBankingSystem.cli.prompts import Quit
from SimpleBankingSystem.cli.session import Session
from tests.cli.conftest import Say
from tests.cli.desks import LINES

INTERRUPT = "Ctrl-C"
"""A line of the list that stands for the key."""

Talk = Callable[..., str]


@pytest.fixture
def talk(club: Say, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Talk:
    """Say lines at a counter whose books have ADA with 100.00 and BOB with nothing."""

    def say(*lines: str) -> str:
        left = [*lines, "quit"]

        def answer(prompt: str) -> str:
            line = left.pop(0)
            click.echo(prompt + line)
            if line == INTERRUPT:
                raise KeyboardInterrupt
            return line

        monkeypatch.setattr(builtins, "input", answer)
        monkeypatch.setattr(termios, "tcflush", lambda *_: None)
        with pytest.raises(Quit):
            Counter(Session(config.load({}), as_json=False)).open()
        assert not left
        shown = capsys.readouterr()
        return re.sub(r"\s+", " ", shown.out + shown.err)

    return say


def test_a_customer_an_account_and_their_money(talk: Talk) -> None:
    shown = talk("register customer", "Zoë O'Brien-Šimůnek 李小龍", "1", "Na Příkopě 1", "y")
    assert "COMPLETED, new customer C00000001" in shown
    shown = talk("open account", "Zoë", "1 3 5 6", "ZOE", "100", "savings", "?zo", "C00000001", "y")
    assert "owners: ?zo id name address registered_at C00000001 Zoë O'Brien" in shown
    assert "product savings: minimum balance 5, daily limit 1000" in shown
    shown = talk("transfer", "ZOE", "ADA", "20", "", "", "transfer", "ZOE", "ADA", "20", "", "y")
    assert shown.count("Nothing was done.") == 1
    assert "ZOE Zoë -20.00 80.00 EUR ADA Ada Lovelace 20.00 120.00 EUR" in shown
    shown = talk("place hold", "ZOE", "50", "", "y", "capture hold", "H00000000006", "2", "30", "y")
    assert "ZOE Zoë -30.00 50.00 EUR" in shown
    shown = talk("merge accounts", "BOB", "ADA", "", "y", "close account", "ZOE", "1", "BOB", "y")
    assert "sweep to BOB: merged into ADA: Ada Lovelace, balance 120.00 EUR" in shown
    assert "ZOE Zoë -50.00 0.00 EUR ADA Ada Lovelace 50.00 170.00 EUR" in shown
    assert "closing 170.00" in talk("accounts", "statement", "ADA", "")
    assert "ADA Ada Lovelace" not in talk("top spenders", "2", "1")


def test_groups_explain_and_lead_back(talk: Talk) -> None:
    shown = talk("?1", "money", "?", "?transfer", "77", "5", INTERRUPT, "back", "?")
    assert "close account: Close an account for good; refused while there is money" in shown
    assert "Move money from one account to another. source: an account's id, such" in shown
    assert "amount: an amount of money above zero, such as 10.00" in shown
    assert "77 is none of them: give a number from 1 to 6, or a name." in shown
    assert "Left: nothing was done." in shown


def test_answers_that_do_not_go_together_are_asked_again(talk: Talk) -> None:
    wrong = ("transfer", "?", "ada", "", "ADA", "ADA", "5", "x", "9", "?", "1", "rent")
    shown = talk(*wrong, "", "BOB", "", "1", "-", "c", "", "", "7", "", "y")
    assert "target is the source itself, ADA" in shown
    assert "Enter keeps ADA" in shown
    assert "Enter keeps rent, - takes it away" in shown
    assert "BOB Bob 7.00 7.00 EUR" in shown


def test_parts_statuses_and_upkeep(talk: Talk) -> None:
    talk("open account", "Eve", "1", "EVE", "y")
    shown = talk("split", "ADA", "EVE=1 BOB=2", "1", "9", "y")
    assert "parts 2 shares to BOB: Bob, balance 0.00 EUR" in shown
    assert "parts 1 share to EVE: Eve, balance 0.00 EUR" in shown
    assert "BOB Bob 6.00 6.00 EUR" in shown
    shown = talk("set status", "BOB", "?", "frozen", "card lost", "", "y")
    assert "One of: active, debits_blocked, credits_blocked, frozen" in shown
    assert "BOB: Bob, frozen, balance 6.00 EUR" in talk("deposit", "BOB", "1", "", "n")
    assert "Do it? [y/N] y accounts 4 as_of" in talk("snapshot", "y")
    assert "sum_EUR 0.00" in talk("verify", "")


def test_a_refusal_can_be_tried_again_and_a_reversal_tells_what_it_undoes(
    talk: Talk, bank: Say
) -> None:
    shown = talk("withdraw", "BOB", "20", "", "y", "y", "n")
    assert shown.count("T00000000003 withdraw: FAILED") == 2
    assert "BOB has 0.00 EUR available, 20.00 needed. (insufficient_funds)" in shown
    bank("deposit", "BOB", "20")
    assert "BOB Bob -20.00 0.00 EUR" in talk("retry", "T00000000003", "y")
    assert "(not_failed)" in talk("retry", "T00000000003", "y")
    undone = talk("reverse", "T00000000003", "", "y", "reverse", "T00000000003", "", "y")
    assert "withdraw, COMPLETED, 20.00 EUR, from BOB (Bob)" in undone
    assert "was reversed already. (already_reversed) Trying the same again cannot help." in undone


def test_long_lists_turn_their_pages(talk: Talk, bank: Say) -> None:
    Path("many.csv").write_text("command,name\n" + "open_account,Somebody\n" * 60)
    bank("run", "many.csv")
    shown = talk("transactions", "transactions", "", *[""] * 7, "back")
    found = re.findall(r" (T\d{11}) 2026", shown)
    assert found == sorted(set(found), reverse=True)
    assert len(found) > 50
    first, *_ = shown.partition("Enter shows more")
    assert len(re.findall(r" T\d{11} 2026", first)) * 2 < LINES


def test_what_goes_wrong_is_a_sentence(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "There is no account NOBODY. (not_found)" in talk("account", "NOBODY")
    with Bank.open("csv:data"):
        shown = talk("balance", "ADA", "", "y", "n", "deposit", "ADA", "1", "", INTERRUPT)
        assert shown.count("(in_use)") == 3

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(prompts, "answered", broken)
    assert "A fault of the program, incident" in talk("balance")
