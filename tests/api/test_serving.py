"""The server as the machine sees it: ports, signals, other processes, a kill, a container."""

from __future__ import annotations

import csv
import json
import re
import shlex
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

import dev
from SimpleBankingSystem.api.serving import Bell
from SimpleBankingSystem.ledger.run import FINISHED
from tests.banks import wait_until
from tests.processes import PREFIX, PROGRAM, SECONDS, Answer, Served, running, served, started


def is_clean(folder: Path) -> bool:
    """Tell whether the newest anchor of the books says that they were closed."""
    with (folder / "data" / "head.csv").open(encoding="utf-8", newline="") as lines:
        newest = max(csv.DictReader(lines), key=lambda row: int(row["generation"]))
    return newest["clean"] == "1"


def verified(folder: Path) -> bool:
    """Tell whether ``bank verify`` has nothing to say."""
    with running(folder, "verify") as (process, _log):
        return process.wait(SECONDS) == 0


OPENING = {"name": "Ada", "account": "ADA", "initial_deposit": "100.00"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_server_answers_until_it_is_told_to_end_and_leaves_the_books_clean(
    tmp_path: Path, number: int
) -> None:
    with served(tmp_path) as server:
        assert server.ask("/health").json() == {"alive": True, "ready": True}
        assert server.ask("/accounts", OPENING).status == 201
        assert not is_clean(tmp_path)
        assert server.ended(number) == 0
        log = server.log.read_text()
    assert is_clean(tmp_path)
    assert verified(tmp_path)
    ended, *requests = log.splitlines()
    assert ended == "Ctrl-C ends it."
    assert [json.loads(line)["status"] for line in requests] == [200, 201]


@pytest.mark.parametrize("times", [1, 3])
def test_what_is_under_way_is_finished_and_nothing_new_begins(tmp_path: Path, times: int) -> None:
    """However often somebody asks the server to end."""
    with served(tmp_path) as server:
        server.ask("/accounts", OPENING)
        body = b'{"amount": "5.00"}'
        with server.connect() as client:
            head = (
                f"POST {PREFIX}/accounts/ADA/deposit HTTP/1.1\r\nHost: bank\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            client.sendall(head.encode() + body[:5])
            # Another answer shows that the bytes before it were read.
            assert server.ask("/health").status == 200
            for _ in range(times):
                server.process.send_signal(signal.SIGTERM)
                wait_until(lambda: not server.is_heard())
            client.sendall(body[5:])
            answer = client.makefile("rb").readline()
        assert answer.startswith(b"HTTP/1.1 200")
        assert server.process.wait(SECONDS) == 0
    assert is_clean(tmp_path)


def test_a_client_that_sends_no_end_does_not_keep_the_server(tmp_path: Path) -> None:
    impatient = (
        "from SimpleBankingSystem import cli; from SimpleBankingSystem.api import serving; "
        "serving.STOP_SECONDS = 0.2; cli.main()"
    )
    with served(tmp_path, program=("-c", impatient)) as server, server.connect() as client:
        client.sendall(
            f"POST {PREFIX}/accounts HTTP/1.1\r\nHost: bank\r\n"
            "Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{".encode()
        )
        assert server.ask("/health").status == 200
        assert server.ended() == 0
    assert is_clean(tmp_path)


def test_silent_clients_keep_nobody_out(tmp_path: Path) -> None:
    with served(tmp_path, "--threads", "2") as server, ExitStack() as clients:
        for _ in range(100):
            clients.enter_context(server.connect())
        assert server.ask("/health").status == 200


def test_a_server_may_outlive_its_terminal(tmp_path: Path) -> None:
    ignoring = (
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
        "from SimpleBankingSystem import cli; cli.main()"
    )
    with served(tmp_path, program=("-c", ignoring)) as server:
        server.process.send_signal(signal.SIGHUP)
        assert server.ask("/health").status == 200
        assert server.ended() == 0


def refused(folder: Path, *words: str) -> tuple[int, str]:
    """Return the exit status of a server that does not start, and why."""
    with running(folder, "serve", *words) as (process, log):
        return process.wait(SECONDS), log.read_text()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_other_machines_are_let_in_only_on_demand(tmp_path: Path, host: str) -> None:
    status, said = refused(tmp_path, "--host", host)
    assert status == 78
    assert "--open-to-network" in said
    assert "whoever reaches the port may move money" in said
    assert not (tmp_path / "data").exists()


def test_an_address_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    status, said = refused(tmp_path, "--host", "192.0.2.1", "--open-to-network")
    assert status == 78
    assert "192.0.2.1 cannot be served" in said
    assert is_clean(tmp_path)


def test_a_port_that_is_taken_is_named_with_the_option(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        status, said = refused(tmp_path, "--port", port)
    assert status == 75
    assert f"Port {port} of 127.0.0.1 is taken" in said
    assert "--port" in said
    assert is_clean(tmp_path)


def test_one_process_holds_the_books_and_one_server_the_port(tmp_path: Path) -> None:
    others = tmp_path / "others"
    others.mkdir()
    with served(tmp_path) as server:
        status, said = refused(others, "--store", "csv:../data")
        assert status == 75
        assert f"in use by process {server.process.pid} " in said
        status, said = refused(others, "--port", str(server.port))
        assert status == 75
        assert "--port" in said


def test_damaged_books_are_not_served(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        server.ask("/accounts", OPENING)
        assert server.ended() == 0
    journal = tmp_path / "data" / "transactions.csv"
    journal.write_bytes(journal.read_bytes().replace(b"100.00", b"900.00"))
    status, said = refused(tmp_path, "--port", "0")
    assert status == 65
    assert "transactions.csv" in said


def test_a_killed_server_has_lost_nothing_and_goes_on_with_its_runs(tmp_path: Path) -> None:
    lines = ["command,account,name,amount", "open_account,ADA,Ada,"]
    file = "\n".join([*lines, *["deposit,ADA,,0.01"] * 30_000]).encode() + b"\n"
    with served(tmp_path) as server:
        opened = server.ask("/accounts", {**OPENING, "account": "BOB"}, **{"Idempotency-Key": "1"})
        run = server.ask("/runs", file, **{"Content-Type": "text/csv"}).json()["id"]
        server.process.kill()
        server.process.wait(SECONDS)
    with served(tmp_path) as server:
        replayed = server.ask(
            "/accounts", {**OPENING, "account": "BOB"}, **{"Idempotency-Key": "1"}
        )
        assert replayed.json() == opened.json()
        wait_until(lambda: server.ask(f"/runs/{run}").json()["status"] == FINISHED)
        assert server.ask("/accounts/ADA").json()["balance"] == "300.00"
        assert server.ended() == 0
    assert verified(tmp_path)


@pytest.mark.seed("A1")
def test_flask_run_serves_the_books_which_are_opened_at_the_first_request(tmp_path: Path) -> None:
    words = ("run", "--port", "PORT")
    with started(tmp_path, "flask", *words, FLASK_APP="SimpleBankingSystem") as server:
        assert not (tmp_path / "data").exists()
        page = server.ask("/swagger/")
        assert page.status == 200
        assert b"swagger-ui" in page.body
        assert not (tmp_path / "data").exists()
        assert server.ask("/accounts", OPENING).status == 201
        assert server.ask("/accounts/").json() == server.ask("/accounts").json()
        document = server.ask("/swagger.json").json()
        assert document["basePath"] == PREFIX
        assert {"Problem", "Account", "Transaction"} <= set(document["definitions"])
        server.ended(signal.SIGINT)
    assert is_clean(tmp_path)


def test_of_four_workers_one_serves_and_three_refuse_clearly(tmp_path: Path) -> None:
    application = "SimpleBankingSystem:create_app()"
    words = ("--workers", "4", "--bind", "127.0.0.1:PORT", "--no-control-socket", application)
    answers: list[Answer] = []
    with started(tmp_path, "gunicorn", *words) as server:

        def both() -> bool:
            answers.append(server.ask("/accounts"))
            return {answer.status for answer in answers} == {200, 503}

        wait_until(both)
        assert server.ended() == 0
    refused = next(answer for answer in answers if answer.status == 503).json()
    assert refused["code"] == "in_use"
    assert "in use by process" in refused["detail"]
    assert is_clean(tmp_path)


@pytest.mark.seed("A1")
@pytest.mark.seed("B10")
def test_the_container_serves_this_machine_alone() -> None:
    composed = (dev.ROOT / "docker-compose.yml").read_text("utf-8")
    assert re.findall(r'- "(.*:5000)"', composed) == ["127.0.0.1:5000:5000"]
    for line in ("read_only: true", "- ALL", "- no-new-privileges:true", "- books:/data"):
        assert line in composed
    image = (dev.ROOT / "Dockerfile").read_text("utf-8")
    assert "--require-hashes" in image
    assert re.search(r"(?m)^USER [1-9]", image)


@pytest.mark.seed("B10")
def test_the_container_command_serves_and_its_health_check_tells(tmp_path: Path) -> None:
    image = (dev.ROOT / "Dockerfile").read_text("utf-8")

    def words(before: str) -> list[str]:
        found = re.search(rf"{before} (\[.*\])", image)
        assert found, before
        return [str(word) for word in json.loads(found[1])]

    assert words("ENTRYPOINT") == ["python", *PROGRAM]
    verb, *options = words("\nCMD")
    assert verb == "serve"
    python, flag, code = words("    CMD")
    assert (python, flag) == ("python", "-c")
    with served(tmp_path, *options) as server:
        code = code.replace(":5000/", f":{server.port}/")
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
        assert server.ended() == 0
        dead = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
        assert dead.returncode == 1


@pytest.mark.needs("curl")
def test_the_requests_of_the_document_are_answered(tmp_path: Path) -> None:
    text = (dev.ROOT / "docs" / "SERVING.md").read_text("utf-8")
    requests = re.findall(r"(?m)^curl .*$", text)
    assert len(requests) == 7
    (tmp_path / "dues.csv").write_text("command,account,amount\ndeposit,ADA,1.00\n")
    with served(tmp_path) as server:
        for request in requests:
            words = shlex.split(request.replace(":5000/", f":{server.port}/"))
            done = subprocess.run(
                [*words, "--fail"], cwd=tmp_path, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done
            if "Accept: text/csv" in words:
                table = "value_date,transaction," if "statement" in request else "completed_at,id,"
                assert done.stdout.startswith(table)
            else:
                assert json.loads(done.stdout)


DEMO = ("-c", "from examples import demo; demo.PURCHASES = 400; demo.main()")
"""The demo on a day with few customers."""


def test_the_demo_is_served_at_the_next_free_port(tmp_path: Path) -> None:
    with ExitStack() as taken:
        try:
            taken.enter_context(socket.create_server(("127.0.0.1", 5000)))
        except OSError:
            # Somebody else has it, which is as good.
            pass
        with running(tmp_path, program=DEMO) as (process, log):
            assert process.stdout is not None
            shown = ""
            while "swagger  " not in shown:
                line = process.stdout.readline()
                assert line, shown + log.read_text()
                shown += line
            found = re.search(r"Port 5000 is taken by another program, so (\d+) it is", shown)
            assert found
            server = Served(process, int(found[1]), log)
            assert f"http://127.0.0.1:{found[1]}{PREFIX}/swagger/" in shown
            assert server.ask("/accounts/ADA").json()["name"] == "Ada Lovelace"
            assert server.ended() == 0


def test_the_demo_ends_before_it_is_served_if_it_is_told_to(tmp_path: Path) -> None:
    with running(tmp_path, "--exit", program=DEMO) as (process, log):
        shown, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, log.read_text()
    assert "swagger" not in shown


def test_a_request_to_end_is_heard_at_whatever_moment_it_comes() -> None:
    bell = Bell()
    before = signal.signal(signal.SIGVTALRM, lambda *_: bell.set())
    # An Event instead of the bell stops for good here: the handler waits for the lock that the
    # thread holds which it interrupts.
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.0001, 0.0001)
    try:
        for _ in range(100_000):
            bell.set()
            bell.wait()
            bell.clear()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    bell.set()
    bell.wait()
