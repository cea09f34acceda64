"""``bank menu`` in a real terminal of 80 columns and 24 lines, typed line by line."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.cli.menu import groups
from SimpleBankingSystem.commands.base import REGISTRY
from SimpleBankingSystem.questions.base import QUESTIONS
from tests.cli.conftest import Say
from tests.cli.desks import COLUMNS, DO_IT, HERE, MENU, Desk, at_a_desk
from tests.cli.test_with_server import answering, serving

PAGES = ("limit", "cursor")
"""The fields of a list that nobody is asked for: pages turn by themselves."""

CTRL_C, CTRL_D = "\x03", "\x04"


@pytest.fixture
def desk(club: Say) -> Iterator[Desk]:
    """A menu whose books have ADA with 100.00 and BOB with nothing."""
    with at_a_desk() as opened:
        opened.sees(MENU)
        yield opened


@pytest.mark.seed("B1")
def test_a_day_at_the_counter(desk: Desk, bank: Say) -> None:
    assert "name  Cyd Charisse" in desk.answers("open account", "Cyd Charisse", "", last=DO_IT)
    assert "open account: COMPLETED, new account A00000001" in desk.says("y")

    told = desk.answers("deposit", "A00000001", "12.5", "1", "birthday", last=DO_IT)
    assert re.search(r"account +A00000001: Cyd Charisse, balance 0.00 EUR\n", told)
    assert re.search(r"amount +12.50 EUR\n", told)
    assert re.search(r"description +birthday\n", told)
    done = desk.says("yes")
    assert re.search(r"A00000001 +Cyd Charisse +12.50 +12.50 +EUR", done)
    assert "CASH" not in done

    told = desk.answers("transfer", "ADA", "BOB", "900", "", last=DO_IT)
    assert "source  ADA: Ada Lovelace, balance 100.00 EUR" in told
    assert "target  BOB: Bob, balance 0.00 EUR" in told
    assert "Nothing was done." in desk.says("")
    assert bank("balance", "ADA").out == "100.00\n"

    desk.answers("transfer", "ADA", "BOB", "90", "", last=DO_IT)
    done = desk.says("y")
    assert re.search(r"ADA +Ada Lovelace +-90.00 +10.00 +EUR", done)
    assert re.search(r"BOB +Bob +90.00 +90.00 +EUR", done)

    desk.answers("place hold", "BOB", "40", "", last=DO_IT)
    assert "new hold H00000000006" in desk.says("y")
    told = desk.answers("capture hold", "H00000000006", "2", "15", last=DO_IT)
    held = "H00000000006: 40.00 EUR held on BOB: Bob, balance 90.00 EUR, available 50.00"
    assert held.split() == told.split("hold ")[1].split()[:-1][: len(held.split())]
    assert re.search(r"BOB +Bob +-15.00 +75.00", desk.says("y"))

    shown = desk.answers("statement", "BOB", "")
    assert re.search(r"opening +0\.00", shown)
    assert re.search(r"transfer +ADA +90\.00 +90\.00", shown)
    assert re.search(r"closing +75\.00", shown)
    desk.says("quit", "Goodbye. What was done is in the books.")
    assert desk.ended() == 0
    assert max(len(line) for line in desk.all.splitlines()) <= COLUMNS
    assert bank("verify").status == 0


def test_every_operation_and_question_is_in_the_menu(desk: Desk) -> None:
    public = {name for name, kind in (*REGISTRY.items(), *QUESTIONS.items()) if kind.surfaces}
    found = groups()
    assert sorted(kind.verb for members in found.values() for kind in members) == sorted(public)
    assert min(len(members) for members in found.values()) > 1
    seen = set()
    for number, (name, members) in enumerate(found.items(), 1):
        here = name.capitalize() + HERE
        shown = desk.says(str(number), here)
        seen |= {
            match.replace(" ", "_")
            for match in re.findall(r"^ +\d+  ([a-z ]+?)  ", shown, re.MULTILINE)
        }
        for place, kind in enumerate(members, 1):
            explained = desk.says(f"?{place}", here)
            assert kind.help() in " ".join(explained.split())
            is_paged = "cursor" in kind.field_names
            asked = [field for field in kind.fields if not is_paged or field.name not in PAGES]
            for field in kind.fields:
                label = f"{field.name.replace('_', ' ')}: {field.kind.help}"
                assert (label in " ".join(explained.split())) == (field in asked)
            if asked:
                desk.says(kind.verb, ": ")
                assert "Left" in desk.says("back", here)
        desk.says("back")
    assert seen == public


def test_mistakes_are_said_at_once_and_asked_again(desk: Desk) -> None:
    assert "99 is none of them" in desk.says("99")
    assert "What it can do" not in desk.says("")
    assert "such as ?1" in desk.says("?")
    desk.says("transfer", "source: ")
    assert "source must be 2 to 32 capital letters" in desk.says("ada", "source: ")
    assert "source must be" in desk.says("A\udcff", "source: ")
    assert "source is missing: give an account's id" in desk.says("", "source: ")
    assert "looks for it" in desk.says("?", "source: ")
    assert re.search(r"ADA +Ada Lovelace +standard", desk.says("?LOVELACE", "source: "))
    assert "There is none." in desk.says("?nobody", "source: ")
    desk.says("ADA", "target: ")
    desk.says("ADA", "amount: ")
    assert "amount must be plain digits" in desk.says("-5", "amount: ")
    assert "It must be given." in desk.says("?5", "amount: ")
    assert "nothing: " in desk.says("5", "nothing: ")
    assert "x is no number" in desk.says("x", "nothing: ")
    assert "Give numbers from 1 to 4." in desk.says("1 7", "nothing: ")
    assert "such as rent for May" in " ".join(desk.says("?", "nothing: ").split())
    desk.says("3", "value date: ")
    assert "is not a day of the calendar" in desk.says("2026-02-30", "value date: ")
    # What is wrong only with the answers together is asked again with those that were given.
    assert "target is the source itself, ADA" in desk.says("2026-02-03", "source: ")
    assert "Enter keeps ADA" in desk.says("", "target: ")
    assert "Enter keeps 5" in desk.says("NOBODY", "amount: ")
    desk.answers("", "3", last="value date: ")
    told = desk.says("-", DO_IT)
    assert "target  NOBODY: there is no such account yet" in told
    assert "value date" not in told
    desk.says("c", "source: ")
    desk.answers("", "BOB", "", "", last=DO_IT)
    assert re.search(r"ADA +Ada Lovelace +-5.00", desk.says("y"))


def test_ctrl_c_and_ctrl_d_leave_one_thing_at_a_time(desk: Desk, bank: Say) -> None:
    for key in (CTRL_C, CTRL_D):
        desk.says("deposit", "account: ")
        desk.says("ADA", "amount: ")
        desk.presses(key)
        assert "Left: nothing was done." in desk.sees(MENU)
        desk.answers("deposit", "ADA", "5", "", last=DO_IT)
        desk.presses(key)
        assert "Left: nothing was done." in desk.sees(MENU)
    assert "Left.\n" in desk.says("account", ": ") + desk.says("back")
    desk.says("2", f"Money{HERE}")
    desk.presses(CTRL_C)
    desk.sees(MENU)
    desk.presses(CTRL_D)
    desk.sees("Goodbye")
    assert desk.ended() == 0
    assert bank("balance", "ADA").out == "100.00\n"


def test_what_is_typed_before_a_decision_is_asked_for_decides_nothing(
    desk: Desk, bank: Say
) -> None:
    desk.says("deposit", "account: ")
    desk.says("BOB", "amount: ")
    desk.presses("5\r\ry\r")
    assert "Do it?" in desk.sees(DO_IT)
    assert "Nothing was done." in desk.says("")
    assert bank("balance", "BOB").out == "0.00\n"


def test_a_request_to_end_ends_all_of_it(desk: Desk) -> None:
    desk.says("deposit", "account: ")
    desk.process.send_signal(signal.SIGTERM)
    try:
        desk.process.wait(5)
    except subprocess.TimeoutExpired:
        # One that comes just before the line editor begins to wait is heard with the next.
        desk.process.send_signal(signal.SIGTERM)
    assert desk.ended() == 128 + signal.SIGTERM


def test_quit_ends_it_from_anywhere(desk: Desk) -> None:
    desk.answers("deposit", "ADA", "5", "", last=DO_IT)
    desk.says("quit", "Goodbye")
    assert desk.ended() == 0


def test_it_works_while_a_server_holds_the_books_and_when_it_has_gone(
    desk: Desk, bank: Say, alone: Path
) -> None:
    with serving(alone):
        told = desk.answers("transfer", "ADA", "BOB", "30", "", last=DO_IT)
        assert "ADA: Ada Lovelace, balance 100.00 EUR" in told
        assert re.search(r"BOB +Bob +30.00 +30.00", desk.says("y"))
    desk.answers("withdraw", "BOB", "10", "", last=DO_IT)
    assert re.search(r"BOB +Bob +-10.00 +20.00", desk.says("y"))
    assert bank("balance", "BOB").out == "20.00\n"


def test_a_lost_answer_is_asked_again_with_the_same_key(desk: Desk, bank: Say) -> None:
    with Bank.open("csv:data") as held:
        assert "(in_use)" in desk.answers("deposit", "BOB", "7", "", last="Ask again? [y/N] ")
    desk.says("y", DO_IT)
    with Bank.open("csv:data") as held, answering(b"") as url:
        held.store.announce(url)
        lost = desk.says("y", "Ask again? [y/N] ")
        assert "(outcome_unknown)" in lost
    assert re.search(r"BOB +Bob +7.00 +7.00", desk.says("y"))
    key = re.search(r"menu-[0-9a-f]{16}", "".join(lost.split()))
    assert key is not None
    assert bank("transaction", "--key", key[0]).status == 0
    desk.answers("deposit", "BOB", "8", "", last=DO_IT)
    with Bank.open("csv:data") as held:
        desk.says("y", "Ask again? [y/N] ")
        assert "the transactions tell" in " ".join(desk.says("n").split())


RIDDLE = """
from SimpleBankingSystem import cli
from SimpleBankingSystem.questions.base import Question, question
from SimpleBankingSystem.shapes import TEXT, record

@question("riddle", route="/riddles", answers=record({"answer": TEXT}, title="Riddle"))
class Riddle(Question):
    '''Ask what nobody knows.'''

    def answer(self, bank):
        return {"answer": [1 / len(bank.accounts())] and 1 / 0}

cli.main()
"""


def test_a_fault_is_a_sentence_and_the_menu_goes_on(club: Say) -> None:
    with at_a_desk(program=[sys.executable, "-c", RIDDLE]) as desk:
        assert "riddle" in desk.sees(MENU)
        said = desk.says("riddle")
        found = re.search(r"A fault of the program, incident ([0-9a-f]{8}): ", said)
        assert found is not None
        kept = Path("bank-menu.log")
        assert f"incident {found[1]}: riddle raised\nTraceback" in kept.read_text()
        assert "ZeroDivisionError" in kept.read_text()
        kept.unlink()
        assert re.search(r"balance +100.00\n", desk.answers("balance", "ADA", ""))
        desk.says("quit", "Goodbye")
    kept.mkdir()
    with at_a_desk(program=[sys.executable, "-c", RIDDLE]) as desk:
        desk.sees(MENU)
        assert "bank-menu.log cannot be written; this is lost: incident" in desk.says("riddle")


def test_books_that_cannot_be_opened_are_a_sentence(desk: Desk, alone: Path) -> None:
    (alone / "data").rename(alone / "away")
    (alone / "data").write_text("no folder")
    assert re.search(r"\n.*data.*\nMenu", desk.answers("account", "ADA"))
    (alone / "data").unlink()
    (alone / "away").rename(alone / "data")
    journal = alone / "data" / "transactions.csv"
    before = journal.read_bytes()
    journal.write_bytes(before.replace(b"100.00", b"900.00", 1))
    assert "(data_damaged)" in desk.answers("account", "ADA")
    assert "transactions.csv" in desk.answers("verify", "")
    journal.write_bytes(before)
    assert "100.00" in desk.answers("account", "ADA")


def test_it_needs_a_terminal_and_a_person(bank: Say) -> None:
    piped = bank("menu")
    assert piped.status == 2
    assert "The menu talks to a person in a terminal." in piped.err
    assert bank("menu", "--json").status == 2
    with at_a_desk("--store", "memory:") as desk:
        desk.sees("keeps nothing from one answer to the next")
        assert desk.ended() == 78


def test_colours_are_left_out_where_nobody_wants_them(club: Say) -> None:
    with at_a_desk(TERM="xterm", NO_COLOR="1") as desk:
        desk.sees(MENU)
        desk.answers("trial balance")
        desk.says("quit", "Goodbye")
    assert not re.search(r"\x1b\[[0-9;]*[34][0-9]m", desk.raw)
