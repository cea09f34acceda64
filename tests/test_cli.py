"""The command line, as a person types it and as a program reads it."""

from __future__ import annotations

import errno
import json
import logging
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from SimpleBankingSystem import __version__, cli
from SimpleBankingSystem.bootstrap import Bank

ROOT = Path(__file__).parent.parent
PROGRAM = (sys.executable, "-m", "SimpleBankingSystem")
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff " * 3 + "[bold]the Elder[/bold] :smile:"


class Answer(NamedTuple):
    status: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    def problem(self) -> Any:
        return json.loads(self.err)


Say = Callable[..., Answer]


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of our own, in which nothing is set."""
    for name in [each for each in os.environ if each.startswith("BANK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def bank(alone: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Say]:
    """Type words after ``bank``, with the books in ``data`` of the working directory."""
    root = logging.getLogger()
    before = root.handlers[:], root.level

    def say(*words: str) -> Answer:
        status = cli.answer(words)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Answer(status, out, err)

    yield say
    root.handlers[:], root.level = before


@pytest.fixture
def club(bank: Say) -> Say:
    """Two accounts: ADA with 100.00, BOB with nothing."""
    bank("open-account", "Ada Lovelace", "--account", "ADA", "--initial-deposit", "100.00")
    bank("open-account", "Bob", "--account", "BOB")
    return bank


# --- Commands and questions


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
    assert club("deposit", "BOB", "5.00", "--key", "k-1") == first
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
    club("deposit", "BOB", "50.00")
    retried = club("retry", "T00000000003", "--json")
    assert retried.status == 0
    assert (retried.json()["status"], retried.json()["attempt"]) == ("COMPLETED", 3)
    assert club("retry", "--all", "--json").json() == {"retried": 1, "completed": 1, "failed": 0}
    assert club("retry-all", "--json").json()["retried"] == 0
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


# --- Mistakes


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
        ("retry", "transaction: is missing"),
        ("retry T00000000001 --all", "transaction: retry_all has no such field"),
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
        ("start-run", "No such command 'start-run'"),
        ("open_account Ada", "No such command 'open_account'"),
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


def test_a_folder_that_is_a_file_ends_without_a_traceback(bank: Say) -> None:
    Path("data").write_text("no folder")
    answer = bank("accounts")
    assert (answer.status, answer.out) == (74, "")
    assert f"data: {os.strerror(errno.EEXIST)}" in answer.err


# --- Shared options, settings, logs


def test_shared_options_stand_before_or_behind_the_verb(bank: Say) -> None:
    for words in (["--store", "memory:", "accounts"], ["accounts", "--store", "memory:"]):
        assert bank(*words).status == 0
        assert bank("--json", *words).json()["items"] == []
    assert not Path("data").exists()
    opened = bank("--currency", "JPY", "open-account", "Ada", "--account", "ADA")
    assert "JPY" not in opened.err
    bank("open-account", "Bob", "--account", "BOB", "--currency", "CZK")
    currencies = [each["currency"] for each in bank("accounts", "--json").json()["items"]]
    assert currencies == ["JPY", "CZK"]


def test_settings_show_where_each_value_comes_from(
    bank: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("bank.toml").write_text('currency = "CZK"\n')
    monkeypatch.setenv("BANK_QUEUE", "50")
    items = bank("settings", "--workers", "2", "--json").json()["items"]
    found = {each["setting"]: (each["value"], each["from"]) for each in items}
    assert found == {
        "store": ("csv:data", "default"),
        "currency": ("CZK", "bank.toml"),
        "archive_after": (100_000, "default"),
        "workers": (2, "flag --workers"),
        "queue": (50, "variable BANK_QUEUE"),
        "batch": (1_000, "default"),
        "log": ("text", "default"),
    }
    assert "BANK_ARCHIVE_AFTER" in bank("settings").out
    assert not Path("data").exists()


def test_settings_that_do_not_work_end_with_78(bank: Say) -> None:
    for words in (["--queue", "many"], ["--store", "sql:x"]):
        answer = bank("accounts", *words)
        assert (answer.status, answer.out) == (78, "")
        assert f"flag {words[0]}" in answer.err
        assert "invalid_settings" in answer.err


def test_the_log_is_on_standard_error_and_names_the_transaction(club: Say) -> None:
    quiet = club("deposit", "ADA", "1.00")
    assert quiet.err == ""
    said = club("deposit", "ADA", "1.00", "-v")
    assert "INFO T00000000004 deposit is COMPLETED" in said.err
    lines = club("-v", "--log", "json", "deposit", "ADA", "1.00", "--json")
    assert lines.json()["status"] == "COMPLETED"
    records = [json.loads(line) for line in lines.err.splitlines()]
    (mine,) = [each for each in records if each.get("transaction") == "T00000000005"]
    assert mine["level"] == "info"
    assert mine["time"].endswith("+00:00")


# --- Command files


DAY = """\
command,account,name,amount,target,source
open_account,ADA,Ada Lovelace,,,
open_account,BOB,Bob,,,
deposit,ADA,,50.00,,
transfer,,,20.00,BOB,ADA
transfer,,,2000.00,BOB,ADA
deposit,ADA,,nothing,,
"""


def test_a_command_file_ends_with_a_summary(bank: Say) -> None:
    Path("day.csv").write_text(DAY)
    answer = bank("run", "day.csv", "--results", "results.csv")
    assert answer.status == 1
    facts = dict(line.split(maxsplit=1) for line in answer.out.splitlines())
    assert (facts["completed"], facts["failed"], facts["rejected"]) == ("4", "1", "1")
    assert facts["refused_lines"] == "results.refused.csv"
    assert "line 6: insufficient_funds" in answer.err
    assert "line 7: invalid_command" in answer.err
    assert Path("results.csv").read_text("utf-8-sig").count("\n") == 7
    assert bank("balance", "BOB").out == "20.00\n"

    again = bank("run", "day.csv")
    assert again.status == 0
    assert "was finished before: nothing to do without --again" in again.err
    assert bank("balance", "BOB").out == "20.00\n"
    (listed,) = bank("runs", "--json").json()["items"]
    assert (listed["id"], listed["name"], listed["status"]) == ("R000001", "day.csv", "finished")
    assert "day.csv" in bank("runs").out


def test_a_program_gets_the_summary_as_json(bank: Say) -> None:
    Path("day.csv").write_text(DAY)
    answer = bank("run", "day.csv", "--dry-run", "--stop-on-error", "--run", "rehearsal", "--json")
    assert (answer.status, answer.err) == (1, "")
    summary = answer.json()
    assert (summary["kept"], summary["stopped"], summary["name"]) == (False, True, "rehearsal")
    assert (summary["completed"], summary["failed"], summary["rejected"]) == (4, 1, 0)
    assert summary["problems"][0].startswith("line 6: ")
    assert bank("accounts", "--json").json()["items"] == []


def test_a_file_that_is_no_command_file_is_refused(bank: Say) -> None:
    Path("notes.txt").write_text("some notes\n")
    answer = bank("run", "notes.txt")
    assert (answer.status, answer.out) == (2, "")
    assert "invalid_file" in answer.err


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """See to it that what a test starts can be interrupted.

    A shell lets its background jobs, and all that they start, ignore Ctrl-C.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_says_what_is_kept_and_goes_on(
    how: signal.Signals, bank: Say, ctrl_c: None
) -> None:
    lines = 60_000
    Path("many.csv").write_text(
        "command,account,name,amount\nopen_account,ADA,Ada,\n" + "deposit,ADA,,0.01\n" * lines
    )
    with subprocess.Popen(
        [*PROGRAM, "-v", "run", "many.csv"],
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        said = next(line for line in running.stderr if "begins" in line)
        running.send_signal(how)
        said += running.stderr.read()
    assert running.returncode == 130
    assert "Traceback" not in said
    assert "they and what was under way are kept" in said
    resumed = bank("run", "many.csv", "--json")
    assert resumed.status == 0
    assert resumed.json()["already_done"] < lines
    assert resumed.json()["already_done"] + resumed.json()["completed"] == lines + 1
    assert bank("balance", "ADA").out == "600.00\n"


# --- The process


def run(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *words], capture_output=True, text=True, check=False, timeout=60, **more
    )


def test_a_pipe_gets_neither_colour_nor_cut_columns(bank: Say) -> None:
    assert bank("open-account", LONG_NAME, "--account", "LONG").status == 0
    piped = run("accounts", env={**os.environ, "COLUMNS": "40", "FORCE_COLOR": "1"})
    assert (piped.returncode, piped.stderr) == (0, "")
    assert "\x1b" not in piped.stdout
    assert f"LONG  {LONG_NAME}  standard" in piped.stdout


def on_a_terminal(*words: str, **environment: str) -> str:
    """Run the program with a terminal as its standard output and error."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*PROGRAM, *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "60", **environment},
    ) as running:
        os.close(theirs)
        shown = b""
        try:
            while block := os.read(ours, 65536):
                shown += block
        except OSError as error:
            # So a terminal says that nobody is left on its other side.
            if error.errno != errno.EIO:
                raise
    os.close(ours)
    assert running.returncode == 0, shown
    return shown.decode()


def test_a_terminal_gets_a_drawn_table_that_folds_and_never_cuts(bank: Say) -> None:
    bank("open-account", LONG_NAME, "--account", "LONG")
    shown = on_a_terminal("accounts")
    assert "─" in shown
    assert "…" not in shown
    plain = on_a_terminal("accounts", NO_COLOR="1", COLUMNS="400")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", plain)
    assert LONG_NAME in plain


def test_a_terminal_gets_a_progress_bar(bank: Say) -> None:
    Path("day.csv").write_text("".join(DAY.splitlines(keepends=True)[:5]))
    shown = on_a_terminal("run", "day.csv")
    assert "Running" in shown
    assert "100%" in shown
    assert "lines/s" in shown


def test_a_broken_pipe_is_no_news(bank: Say) -> None:
    with subprocess.Popen(
        [*PROGRAM, "settings"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        said = running.stderr.read()
    assert (running.returncode, said) == (1, "")


def test_a_verb_starts_without_what_only_a_server_or_a_table_needs(alone: Path) -> None:
    program = (
        "import sys; from SimpleBankingSystem import cli; cli.answer(['accounts', '--help']); "
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    started = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(started.stdout.splitlines()[-1].split())
    assert "click" in loaded
    assert not loaded & {"flask", "flask_restx", "granian", "rich", "sqlite3", "asyncio"}


def test_importing_the_package_imports_nothing_of_it(alone: Path) -> None:
    program = (
        "import sys, SimpleBankingSystem; "
        "print(*(name for name in sys.modules if name.startswith('SimpleBankingSystem.')))"
    )
    started = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert started.stdout == "\n"


def test_the_process_has_a_version_a_help_and_statuses(alone: Path) -> None:
    assert run("--version").stdout == f"bank {__version__}\n"
    helped = run("-h")
    assert helped.returncode == 0
    assert "Commands:" in helped.stdout
    assert run().returncode == 2
    assert run("account", "NOBODY", "--store", "memory:").returncode == 1
    assert run("deposit", "A1", "-5").returncode == 2
    assert run("accounts", "--queue", "0").returncode == 78


def test_a_terminal_without_a_letter_gets_it_spelled(alone: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    named = run("open-account", "Łukasz", "--store", "memory:", env=environment)
    assert named.returncode == 0
    assert "\\u0141ukasz" in named.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_can_complete_the_words(shell: str, bank: Say) -> None:
    assert "_BANK_COMPLETE" in bank("completion", shell).out


def test_completion_knows_the_derived_verbs(alone: Path) -> None:
    environment = {**os.environ, "_BANK_COMPLETE": "bash_complete", "COMP_CWORD": "1"}
    words = run(env={**environment, "COMP_WORDS": "bank tra"}).stdout.split()
    assert words == ["plain,transfer", "plain,transactions", "plain,transaction"]
