"""``bank`` while a server holds the books: every answer is the one that the books give."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from urllib.request import urlopen

import click
import pytest

from SimpleBankingSystem import cli
from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.cli.session import Verb
from tests.banks import wait_until
from tests.cli.conftest import PROGRAM, Answer, Say
from tests.servers import free_port

DAY = """\
command,account,name,amount,target,source,description
open_account,DAY,Day,,,,
open_account,NIGHT,Night,,,,
deposit,DAY,,50.00,,,"käse, and more"
transfer,,,20.00,NIGHT,DAY,
transfer,,,2000.00,NIGHT,DAY,
deposit,DAY,,nothing,,,
"""

ALONE = {"serve", "verify", "backup", "restore", "repair"}
"""What needs the books for itself."""


@contextmanager
def serving(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Serve the books in ``data`` of a folder, by a process of its own."""
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [*PROGRAM, "serve", "--port", "0"], cwd=folder, stdout=log, stderr=log
        )
    lock = folder / "data" / ".lock"
    try:
        wait_until(
            lambda: (
                server.poll() is not None
                or re.match(f"{server.pid} .* http:", lock.read_text() if lock.exists() else "")
            )
        )
        assert server.poll() is None, (folder / "server.log").read_text()
        yield server
    finally:
        server.terminate()
        server.wait(60)


def settled(text: str) -> str:
    """Return an answer without what no two executions have in common."""
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", "TIME", text)
    # The milliseconds of the statistics: in a table, in CSV and in JSON.
    text = re.sub(r"(?m)( \d+\.\d)( +\d+\.\d+){4}$", r"\1", text)
    text = re.sub(r"(?m)(,\d+\.\d)(,\d+\.\d+){4}$", r"\1", text)
    # Only who serves has made commits since the start.
    text = re.sub(r'(?m)^"?commits"?[ ,].*\n', "", text)
    text = re.sub(r'("since_start": ){[^}]*}', r"\1", text)
    text = re.sub(r'("(queued|durable)_(mean|longest)": )[0-9.]+', r"\1", text)
    return re.sub(r"((seconds|lines_per_second|rows_per_second)\W+)([0-9.]+|null)?", r"\1", text)


Both = Callable[..., Answer]


@pytest.fixture
def both(club: Say, alone: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Both]:
    """Type the same words twice, to a server and to equal books without one; compare."""
    for amount in ("1.00", "200.00", "2.00"):
        club("withdraw", "ADA", amount, "--key", f"w{amount[0]}")
    club("open-account", "Cid")
    club("open-account", "Dot", "--initial-deposit", "9.00")
    served, own = alone / "served", alone / "own"
    for folder in (served, own):
        shutil.copytree("data", folder / "data")
        (folder / "day.csv").write_text(DAY, encoding="utf-8")

    def say(*words: str) -> Answer:
        answers = []
        for folder in (served, own):
            monkeypatch.chdir(folder)
            answers.append(club(*words))
        first, second = answers
        assert first.status == second.status, first
        assert settled(first.out) == settled(second.out)
        assert settled(first.err) == settled(second.err)
        return first

    with serving(served):
        yield say


def same_file(name: str) -> bytes:
    """Return a file that is the same in both folders."""
    served, own = (Path("..", folder, name).read_bytes() for folder in ("served", "own"))
    assert served == own
    return served


def test_every_command_works_while_a_server_holds_the_books(both: Both) -> None:
    context = click.Context(cli.bank)
    for name in cli.bank.list_commands(context):
        found = cli.bank.get_command(context, name)
        assert isinstance(found, Verb)
        if name not in ALONE:
            both(*shlex.split(found.example))
            both(*shlex.split(found.example), "--json")
            both(*shlex.split(found.example), "--csv")
    assert same_file("results.csv").count(b"\n") == 7
    assert both("accounts", "--json").json()["items"][-1]["id"] == "NIGHT"


def test_questions_have_the_same_answers(both: Both) -> None:
    both("deposit", "ADA", "1.00", "--tags", "a b", "--value-date", "2026-02-03")
    for words in (
        "accounts --internal",
        "account CASH.EUR",
        "account NOBODY",
        "history ADA --order oldest --limit 2 --json",
        "history NOBODY",
        "balance ADA --at 2001-01-01",
        "balance ADA --at 9999-01-01T00:00:00Z --json",
        "transactions --status FAILED --amount-min 0 --reference R",
        "transactions --amount-min 0 --amount-max 2.00 --json",
        "transactions --command withdraw --limit 1",
        "transactions --status NONSENSE",
        "transaction --key w2",
        "transaction --key never",
        "transaction T00000000099",
        "transaction T00000000099 --json",
        "runs --json",
    ):
        both(*words.split())


def test_a_list_in_memory_comes_whole(both: Both) -> None:
    both("accounts")
    for folder in ("served", "own"):
        Path("..", folder, "many.csv").write_text("command,name\n" + "open_account,Eve\n" * 1000)
    both("run", "many.csv")
    assert len(both("accounts", "--json").json()["items"]) > 1000
    assert both("accounts", "--csv").out.count("\n") > 1000


def test_commands_have_the_same_answers(both: Both) -> None:
    for words in (
        "withdraw BOB 5.00",
        "withdraw BOB 5.00 --json",
        "deposit NOBODY 5.00 --key nobody",
        "open-account Ada --account ADA",
        "open-account Yen --currency JPY --json",
        "transfer ADA ADA 1.00",
        "deposit BOB 5.001",
        "deposit BOB 7.00 --key käse --description §%25",
        "transaction --key käse",
        "retry T00000000001",
        "retry T00000000099",
        "retry --all",
        "reverse T00000000003 --reference back --tags one",
        "reverse T00000000003",
        "retry-all --json",
        # A process that goes on passes over the number that a key used again was given.
        "deposit BOB 7.00 --key käse --description §%25",
        "deposit BOB 8.00 --key käse",
    ):
        both(*shlex.split(words))


def test_a_command_file_has_the_same_outcome(both: Both) -> None:
    dry = both("run", "day.csv", "--dry-run", "--results", "dry.csv")
    assert "kept              False" in dry.out
    assert same_file("dry.csv").count(b"REJECTED") == 1
    same_file("dry.refused.csv")
    stopped = both("run", "day.csv", "--stop-on-error", "--results", "results.csv")
    assert "Stopped there" in stopped.err
    assert same_file("results.csv").count(b"\n") == 6
    again = both("run", "day.csv", "--results", "results.csv", "--json").json()
    assert (again["already_done"], again["rejected"]) == (5, 1)
    assert same_file("results.csv").count(b"\n") == 7
    assert b"deposit,DAY,,nothing" in same_file("results.refused.csv")
    assert "nothing to do without --again" in both("run", "day.csv").err
    both("run", "day.csv", "--again")
    both("runs")


def test_command_files_are_refused_alike(both: Both) -> None:
    both("run", "day.csv")
    for folder in ("served", "own"):
        Path("..", folder, "day.csv").write_text(DAY.replace("50.00", "51.00"), encoding="utf-8")
        Path("..", folder, "empty.csv").write_text("")
        Path("..", folder, "lines.jsonl").write_text(
            '{"command": "deposit", "account": "ADA", "amount": "1.00"}\n{"command": 1}\n'
        )
    assert "the same data line as run R000001" in both("run", "day.csv").err
    assert both("run", "empty.csv").status == 2
    assert both("run", "lines.jsonl", "--results", "lines.jsonl").status == 2
    assert both("run", "day.csv", "--run", "A\nB").status == 2
    assert both("run", "lines.jsonl", "--results", "out.csv").status == 1
    assert same_file("out.refused.jsonl") == b'{"command": 1}\n'


def test_standard_input_is_sent_to_the_server(both: Both) -> None:
    both("accounts")
    for folder in ("served", "own"):
        done = subprocess.run(
            [*PROGRAM, "run", "-", "--run", "pipe"],
            cwd=Path("..", folder),
            input=DAY.encode(),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 1, done.stderr
    assert "pipe" in both("runs").out


def test_verify_checks_the_books_while_they_are_served(both: Both) -> None:
    assert "sum_EUR          0" in both("verify").out
    assert '"problems": []' in both("verify", "--chain", "--json").out
    wrong = both("verify", "--expect", f"h{'f' * 32}")
    assert wrong.status == 65
    assert "f" * 32 in wrong.out


def test_a_server_that_was_killed_is_asked_no_more(club: Say, alone: Path) -> None:
    with serving(alone) as server:
        assert club("balance", "ADA").out == "100.00\n"
        server.kill()
        server.wait(20)
    assert ":" in (alone / "data/.lock").read_text()
    assert club("deposit", "ADA", "1.00").status == 0
    with Bank.open("csv:data"):
        held = club("balance", "ADA")
    assert (held.status, held.out) == (75, "")
    assert re.search(r"in use by process \d+ on \S+; one process at a time", held.err)


def many(lines: int) -> None:
    """Write a command file that takes a while."""
    head = "command,account,name,amount\nopen_account,MANY,Many,\n"
    Path("many.csv").write_text(head + "deposit,MANY,,0.01\n" * lines)


def running(*words: str) -> subprocess.Popen[str]:
    """Start a run, and wait until it has begun."""
    started = subprocess.Popen(
        [*PROGRAM, "-v", "run", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert started.stderr is not None
    next(line for line in started.stderr if "begins at http" in line)
    return started


def test_a_run_goes_on_at_the_server_when_nobody_follows_it(club: Say, alone: Path) -> None:
    many(30_000)
    with serving(alone):
        with running("many.csv") as follower:
            follower.send_signal(signal.SIGINT)
            _, said = follower.communicate(timeout=60)
        assert (follower.returncode, "Traceback" in said) == (130, False)
        assert "the server goes on with the rest. The same command follows it." in said
        done = club("run", "many.csv", "--results", "many.results.csv", "--json")
        assert done.status == 0
        assert club("balance", "MANY").out == "300.00\n"
        assert done.json()["finished_before"] or done.json()["completed"] == 30_001


def test_a_run_goes_on_when_its_server_is_started_again(club: Say, alone: Path) -> None:
    many(60_000)
    with serving(alone) as server, running("many.csv") as follower:
        server.kill()
        _, said = follower.communicate(timeout=60)
        assert (follower.returncode, "Traceback" in said) == (74, False)
        assert "goes on with the run R000001 when it is started again" in said
    with serving(alone):
        assert club("run", "many.csv").status == 0
        assert club("balance", "MANY").out == "600.00\n"


def test_a_development_server_is_asked_too(club: Say, alone: Path) -> None:
    port = free_port()
    flask = [sys.executable, "-m", "flask", "--app", "SimpleBankingSystem", "run"]
    with (alone / "server.log").open("wb") as log:
        server = subprocess.Popen([*flask, "--port", str(port)], stdout=log, stderr=log)
    try:
        wait_until(lambda: is_ready(port))
        assert f":{port}" in (alone / "data/.lock").read_text()
        assert club("deposit", "ADA", "1.00").status == 0
        assert club("balance", "ADA").out == "101.00\n"
    finally:
        server.terminate()
        server.wait(60)


def is_ready(port: int) -> bool:
    """Tell whether a server answers; the first question makes it open its books."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/api/v1/health", timeout=20) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_a_server_that_does_not_answer_is_named(club: Say) -> None:
    port = free_port()
    with Bank.open("csv:data") as bank:
        bank.store.announce(f"http://127.0.0.1:{port}")
        for words in ("accounts", "deposit ADA 1.00"):
            answer = club(*words.split())
            assert (answer.status, answer.out) == (75, "")
            assert f"http://127.0.0.1:{port} holds the books, but does not answer" in answer.err


def test_another_server_at_the_same_place_gets_nothing(club: Say, alone: Path) -> None:
    shutil.copytree("data", "other/data")
    with serving(alone / "other"), Bank.open("csv:data") as bank:
        bank.store.announce(Path("other/data/.lock").read_text().split()[-1])
        answer = club("deposit", "ADA", "1.00")
        assert (answer.status, answer.out) == (75, "")
        assert "another process answers there" in answer.err
    assert club("balance", "ADA", "--store", "csv:other/data").out == "100.00\n"


@contextmanager
def answering(content: bytes) -> Iterator[str]:
    """Answer whatever is asked with some bytes; hand out the URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            while True:
                try:
                    connection = listening.accept()[0]
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(content)

        thread = Thread(target=answer)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_a_command_without_an_answer_has_an_unknown_outcome(club: Say) -> None:
    Path("day.csv").write_text(DAY, encoding="utf-8")
    with Bank.open("csv:data") as bank, answering(b"") as url:
        bank.store.announce(url)
        keyed = club("deposit", "ADA", "1.00", "--key", "k 1")
        assert (keyed.status, keyed.out) == (74, "")
        assert "to see it: bank transaction --key 'k 1' (outcome_unknown" in keyed.err
        blind = club("snapshot", "--json").problem()
        assert (blind["code"], blind["retryable"]) == ("outcome_unknown", True)
        assert blind["detail"].endswith("to see it: bank transactions")
        asked = club("accounts")
        assert (asked.status, asked.out) == (75, "")
        assert club("run", "day.csv").status == 75


@pytest.mark.parametrize(
    ("status", "content"),
    [("200 OK", b"hello"), ("200 OK", b"[1]"), ("404 Not Found", b"{}"), ("502 No", b"hello")],
)
def test_an_answer_that_is_none_of_the_bank_is_refused(
    club: Say, status: str, content: bytes
) -> None:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n\r\n"
    with Bank.open("csv:data") as bank, answering(head.encode() + content) as url:
        bank.store.announce(url)
        answer = club("accounts")
    assert (answer.status, answer.out) == (1, "")
    assert "nothing that is known. (internal_error" in answer.err
