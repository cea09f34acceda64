"""The process as the machine sees it: pipes, terminals, statuses, imports, completion."""

from __future__ import annotations

import errno
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from SimpleBankingSystem import __version__
from SimpleBankingSystem.cli import terminal
from tests.cli.conftest import PROGRAM, Say

LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff " * 3 + "[bold]the Elder[/bold] :smile:"


def test_facts_within_facts_are_lines_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    legs = [{"source": "A1", "amount": 1}, {"source": "A2", "amount": None}]
    terminal.show_facts({"id": "T1", "key": None, "error": {"code": "busy"}, "postings": legs})
    assert capsys.readouterr().out == (
        "id          T1\nerror code  busy\n\nsource  amount\nA1           1\nA2\n"
    )


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
    Path("day.csv").write_text("command,account,name\nopen_account,ADA,Ada\n")
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
        "import sys; before = set(sys.modules); "
        "from SimpleBankingSystem import cli; cli.answer(['accounts', '--help']); "
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
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
