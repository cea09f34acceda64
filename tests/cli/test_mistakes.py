"""Mistakes are explained in a sentence, and touch nothing."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from SimpleBankingSystem.commands.base import REGISTRY, Action, Maintenance, command
from tests.cli.conftest import Say


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("deposit A1 -5", "No amount is negative"),
        ("deposit A1 -0.5", "No amount is negative"),
        ("deposit A1 1,00", "amount: must be plain digits"),
        ("deposit A1 1e3", "amount: must be plain digits"),
        ("deposit A1 \uff10", "amount: must be plain digits"),
        ("deposit A1 0", "amount: must be more than zero"),
        ("deposit a1 x", "account: must be 2 to 32 capital letters"),
        ("deposit a1 x", "amount: must be plain digits"),
        ("deposit A1", "is missing: give an amount of money"),
        ("deposit A1 1 2", "unexpected extra argument"),
        ("deposit A1 1 --tag x", "No such option '--tag'"),
        ("deposit A1 1 --value-date 2026-02-30", "2026-02-30 is not a day"),
        ("transfer A1 A1 1.00", "target"),
        ("transfer CASH.EUR A1 1.00", "source: must be 2 to 32"),
        ("retry", "Give either a transaction's id or --all."),
        ("retry T00000000001 --all", "Give either a transaction's id or --all."),
        ("account a1", "must be 2 to 32 capital letters"),
        ("balance A1 --at yesterday", "must be a day written as 2026-11-20"),
        ("balance A1 --at 2026-11-20T25:00:00Z", "must be a day, or a UTC time"),
        ("balance A1 --at 2026-11-20T23:00:00", "must be a day, or a UTC time"),
        ("transactions --limit 0 --status DONE", "limit: must be a whole number from 1 to 500"),
        ("transactions --limit 0 --status DONE", "status: must be COMPLETED, FAILED"),
        ("transactions --command dance", "command: must be"),
        ("transaction", "either a transaction's id or --key"),
        ("transaction T00000000001 --key k", "either a transaction's id or --key"),
        ("run", "Missing argument 'FILE'"),
        ("run nowhere.csv", "nowhere.csv"),
        ("run -", "give --run NAME"),
        ("dance", "No such command 'dance'"),
        ("start-run", "No such command 'start-run'."),
        ("open_account Ada", "No such command 'open_account'. Did you mean open-account?"),
        ("Transfer A1 A2 1.00", "No such command 'Transfer'. Did you mean transfer?"),
        ("trasnfer A1 A2 1.00", "No such command 'trasnfer'. Did you mean transfer?"),
        ("vrify", "No such command 'vrify'. Did you mean verify?"),
        ("completion csh", "csh"),
    ],
)
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_mistake_is_explained_and_touches_nothing(
    words: str, sentence: str, form: list[str], bank: Say
) -> None:
    answer = bank(*words.split(), *form)
    assert (answer.status, answer.out) == (2, "")
    assert sentence in " ".join(answer.err.split())
    if form:
        assert (answer.problem()["code"], answer.problem()["status"]) == ("invalid_command", 400)
    assert not Path("data").exists()


@pytest.mark.parametrize(
    "amount",
    ["1.00\n", "1e400", "NaN", "Infinity", "\u0661", "\uff11", "\udced", "1_0", "9" * 60_000],
)
def test_what_looks_like_a_sum_of_money_is_none(amount: str, club: Say) -> None:
    answer = club("deposit", "BOB", amount)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith("amount: must be plain digits")


@pytest.mark.parametrize(
    ("text", "character"),
    [
        ("a\udc80", "U+DC80"),
        ("\ud800", "U+D800"),
        ("a\nb", "U+000A"),
        ("\u202eevil", "U+202E"),
        ("\x1b[2J", "U+001B"),
    ],
)
def test_a_text_that_the_books_cannot_keep_is_refused(text: str, character: str, club: Say) -> None:
    answer = club("deposit", "BOB", "1.00", "--description", text)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith("description: ")
    assert character in answer.err


def test_a_program_gets_a_problem_with_the_failed_transaction(club: Say) -> None:
    answer = club("withdraw", "BOB", "20.00", "--json")
    assert answer.status == 1
    problem = answer.problem()
    assert problem["transaction"] == answer.json()
    assert (problem["code"], problem["status"]) == ("insufficient_funds", 422)
    assert problem["retryable"] is True
    assert problem["detail"] == answer.json()["error"]["message"]
    unknown = club("--json", "account", "CHARLES")
    assert (unknown.status, unknown.out) == (1, "")
    assert (unknown.problem()["code"], unknown.problem()["status"]) == ("not_found", 404)
    wrong = club("deposit", "bob", "-", "--json").problem()
    assert wrong["errors"].keys() == {"account", "amount"}


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ("account a", "account"),
        ("history a", "account"),
        ("balance a", "account"),
        ("balance A1 --at x", "at"),
        ("transaction x", "transaction"),
        (f"transaction --key {'k' * 141}", "key"),
        (f"deposit A1 1.00 --key {'k' * 141}", "key"),
        (f"run {__file__} --run {'n' * 141}", "run"),
        ("deposit a 1.00", "account"),
    ],
)
def test_a_bad_value_is_refused_under_its_name_by_every_command(
    words: str, field: str, bank: Say
) -> None:
    answer = bank(*words.split())
    assert (answer.status, answer.out) == (2, "")
    refusal, end = answer.err.splitlines()
    assert refusal.startswith(f"{field}: ")
    assert end == "Nothing was done (invalid_command)."
    assert bank(*words.split(), "--json").problem()["errors"].keys() == {field}


def test_a_folder_that_is_a_file_ends_without_a_traceback(bank: Say) -> None:
    Path("data").write_text("no folder")
    answer = bank("accounts")
    assert (answer.status, answer.out) == (74, "")
    assert f"data: {os.strerror(errno.EEXIST)}" in answer.err


def test_an_interrupted_command_says_where_to_look(bank: Say) -> None:
    @command("interrupt")
    class Interrupt(Action):
        """Be interrupted while the bank works."""

        def perform(self, bank: Maintenance) -> object:
            bank.snapshot()
            raise KeyboardInterrupt

    try:
        answer = bank("interrupt")
    finally:
        del REGISTRY["interrupt"]
    assert (answer.status, answer.out) == (130, "")
    assert "done whole or not at all; to see it: bank transactions" in answer.err
    assert bank("accounts").err == ""
