"""Command files over HTTP: kept before they are carried out, followed, resumed, never doubled."""

from __future__ import annotations

import csv
import errno
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from SimpleBankingSystem import wire
from SimpleBankingSystem.api import run_files
from SimpleBankingSystem.api.books import NAME
from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.commands.base import REGISTRY
from SimpleBankingSystem.engine.bank import Bank as Engine
from SimpleBankingSystem.stores.csv_files.disk import Disk
from tests.api.conftest import Client, problem
from tests.banks import DEADLINE, wait_until

FILE = """\
command,account,name,amount
open_account,ADA,Ada,
deposit,ADA,,10.00
withdraw,ADA,,99
foo,,,
"""
LINES = """\
{"command":"open_account","account":"BOB","name":"Bob"}
{"command":"deposit","account":"BOB","amount":2.50}
"""
STOPPING = "command,account,name,amount\nopen_account,ADA,Ada,\nwithdraw,ADA,,1\ndeposit,ADA,,5\n"

Open = Callable[..., Client]


def finished(api: Client, place: str) -> Any:
    """Wait for the end of a run, and until the server tells how it ended, and return it."""
    wait_until(lambda: "ended" in api.flask.get(place).get_json())
    return api.flask.get(place).get_json()


def kept(folder: Path) -> list[str]:
    return sorted(each.name for each in (folder / "data" / "runs").glob("*"))


@pytest.mark.seed("C7")
def test_a_command_file_is_taken_followed_and_answered_line_by_line(
    opened: Open, tmp_path: Path
) -> None:
    api = opened()
    taken = api.run(FILE, name="day.csv")
    assert taken.status_code == 202
    assert taken.headers["Location"] == "/api/v1/runs/R000001"
    run = finished(api, taken.headers["Location"])
    assert (run["name"], run["completed"], run["failed"], run["rejected"]) == ("day.csv", 2, 1, 1)
    assert f"{run['digest']}.csv" in kept(tmp_path)

    fetched = api.get("/runs/R000001/results")
    assert fetched.content_type == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(fetched.data.decode("utf-8-sig"))))
    assert [(row["line"], row["status"], row["code"]) for row in rows] == [
        ("2", "COMPLETED", ""),
        ("3", "COMPLETED", ""),
        ("4", "FAILED", "insufficient_funds"),
        ("5", "REJECTED", "invalid_command"),
    ]
    assert api.get(f"/transactions/{rows[1]['transaction']}").get_json()["line"] == 3
    assert api.get("/runs").get_json() == {"items": [run], "next": None}


def test_json_lines(opened: Open) -> None:
    api = opened()
    taken = api.run(LINES, "application/x-ndjson")
    assert finished(api, taken.headers["Location"])["completed"] == 2
    assert api.get("/accounts/BOB/balance").get_json()["balance"] == "2.50"


def test_the_same_file_again_is_the_same_run_unless_again_is_meant(opened: Open) -> None:
    api = opened()
    first = api.run(LINES, "application/x-ndjson", name="one")
    finished(api, first.headers["Location"])
    second = api.run(LINES, "application/x-ndjson", name="one")
    assert (second.status_code, second.get_json()["id"]) == (202, "R000001")
    assert second.get_json()["status"] == "finished"
    third = api.run(LINES, "application/x-ndjson", name="one", again="true")
    assert third.get_json()["id"] == "R000002"
    finished(api, third.headers["Location"])
    assert api.get("/accounts/BOB/balance").get_json()["balance"] == "5.00"


def test_a_corrected_file_is_refused_by_the_name_of_the_earlier_run(
    opened: Open, tmp_path: Path
) -> None:
    api = opened()
    finished(api, api.run(FILE).headers["Location"])
    before = kept(tmp_path)
    found = problem(api.run(FILE.replace("99", "9")), 409, "run_refused")
    assert "R000001" in found["detail"]
    assert kept(tmp_path) == before


def test_the_same_file_from_many_clients_at_once_is_one_run(opened: Open) -> None:
    api = opened()
    many = FILE + "deposit,ADA,,0.01\n" * 500

    def give(_: int) -> str:
        answer = Client(api.app).run(many, name="day")
        assert answer.status_code == 202, answer.text
        return str(answer.get_json()["id"])

    with ThreadPoolExecutor(8) as clients:
        assert set(clients.map(give, range(8))) == {"R000001"}
    finished(api, "/api/v1/runs/R000001")
    assert api.get("/accounts/ADA/balance").get_json()["balance"] == "15.00"


def test_a_run_can_stop_at_the_first_error_and_go_on(opened: Open) -> None:
    api = opened()
    place = api.run(STOPPING, stop_on_error="true").headers["Location"]
    runs = api.app.extensions[NAME].runs
    wait_until(lambda: not runs._running)
    assert api.get("/accounts/ADA/balance").get_json()["balance"] == "0.00"
    assert api.flask.get(place).get_json()["status"] == "running"
    assert api.run(STOPPING).headers["Location"] == place
    assert finished(api, place)["completed"] == 2
    assert api.get("/accounts/ADA/balance").get_json()["balance"] == "5.00"


@pytest.mark.parametrize(
    ("text", "kind", "status", "code"),
    [
        ("", "text/csv", 411, "length_required"),
        (" \n", "text/csv", 400, "invalid_file"),
        ("colour,size\nred,5\n", "text/csv", 400, "invalid_file"),
        (b"PK\x03\x04rest", "text/csv", 400, "invalid_file"),
        ("\xff\xfe", "text/csv", 400, "invalid_file"),
        ("[{}]", "application/x-ndjson", 400, "invalid_file"),
        (FILE, "text/plain", 415, "unsupported_media_type"),
        (FILE, "application/json", 415, "unsupported_media_type"),
    ],
)
def test_what_is_no_command_file_is_refused_and_not_kept(
    opened: Open, tmp_path: Path, text: str, kind: str, status: int, code: str
) -> None:
    api = opened()
    problem(api.run(text, kind), status, code)
    assert kept(tmp_path) == []
    assert api.get("/runs").get_json()["items"] == []


def test_options_are_checked_before_the_file_is_read(opened: Open, tmp_path: Path) -> None:
    api = opened()
    found = problem(api.run(FILE, again="yes", wet_run="true"), 400, "invalid_command")
    assert set(found["errors"]) == {"again", "wet_run"}
    assert kept(tmp_path) == []


def test_a_file_that_is_too_large_is_refused_and_not_kept(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_files, "FILE_AT_MOST", 1_000)
    api = opened()
    problem(api.run(FILE + " " * 1_000), 413, "request_entity_too_large")
    assert kept(tmp_path) == []


def test_a_file_may_be_larger_than_other_bodies(opened: Open) -> None:
    api = opened()
    text = FILE + "deposit,ADA,,1.00\n" + "\n" * (1 << 20)
    assert finished(api, api.run(text).headers["Location"])["completed"] == 3


def test_a_full_disk_is_a_problem_and_leaves_nothing(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = opened()
    assert api.get("/health").status_code == 200

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Disk, "rename", full)
    answer = api.run(FILE)
    assert answer.headers["Retry-After"] == "1"
    assert "No space left" in problem(answer, 503, "disk_full")["detail"]
    assert kept(tmp_path) == []


def test_the_results_of_a_run_from_elsewhere_are_not_kept_here(
    opened: Open, tmp_path: Path
) -> None:
    with Bank.open(f"csv:{tmp_path / 'data'}") as bank:
        bank.execute(  # what `bank run` puts into the books
            REGISTRY["start_run"].parse(
                {"run_id": "R000001", "name": "day", "digest": "0" * 64, "first_line": "0" * 64}
            )  # type: ignore[arg-type]
        )
    api = opened()
    assert api.get("/runs/R000001").get_json()["status"] == "running"
    problem(api.get("/runs/R000001/results"), 404, "not_found")


def test_progress_is_told_and_a_broken_off_run_is_resumed_at_the_next_start(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first server is closed in the middle of the file, the second one ends it by itself."""
    api = opened()
    lines = 4_000
    text = FILE + "deposit,ADA,,0.01\n" * lines
    gate, reached = Event(), Event()
    carry_out = Engine.carry_out
    chunks: list[int] = []

    def at_the_gate(self: Engine, tickets: Any, **how: Any) -> None:
        chunks.append(len(tickets))
        if len(chunks) == 3:  # the start of the run and one chunk are done
            reached.set()
            assert gate.wait(DEADLINE)
        carry_out(self, tickets, **how)

    monkeypatch.setattr(Engine, "carry_out", at_the_gate)
    monkeypatch.setattr("SimpleBankingSystem.runs.running.BETWEEN_PROGRESS", 0.0)
    place = api.run(text, name="day.csv").headers["Location"]
    assert reached.wait(DEADLINE)
    shown = api.flask.get(place).get_json()
    assert shown["status"] == "running"
    progress = shown["progress"]
    assert progress["bytes_in_all"] == len(text)
    assert 0 < progress["lines"] < lines
    assert progress["completed"] + progress["failed"] + progress["rejected"] == progress["lines"]

    bank = api.app.extensions[NAME].bank
    bank._queue.close()
    gate.set()
    api = opened()
    assert finished(api, place)["completed"] == lines + 2
    assert api.get("/accounts/ADA/balance").get_json()["balance"] == "50.00"
    assert api.get("/runs").get_json()["items"][0]["name"] == "day.csv"


def test_a_run_that_stopped_at_an_error_is_not_resumed_by_itself(opened: Open) -> None:
    api = opened()
    place = api.run(STOPPING, stop_on_error="true").headers["Location"]
    wait_until(lambda: "ended" in api.flask.get(place).get_json())
    api = opened()
    run = api.flask.get(place).get_json()
    assert (run["status"], run["ended"]) == ("running", {"stopped": True})
    assert not api.app.extensions[NAME].runs._threads
    assert api.get("/accounts/ADA/balance").get_json()["balance"] == "0.00"
    assert api.run(STOPPING).headers["Location"] == place
    assert finished(api, place)["completed"] == 2
    assert api.get("/accounts/ADA/balance").get_json()["balance"] == "5.00"


def test_the_file_of_an_unfinished_run_survives_a_beginning_that_fails(
    opened: Open, tmp_path: Path
) -> None:
    api = opened()
    place = api.run(STOPPING, stop_on_error="true").headers["Location"]
    wait_until(lambda: "ended" in api.flask.get(place).get_json())
    digest = api.flask.get(place).get_json()["digest"]
    results = tmp_path / "data" / "runs" / f"{digest}.results.csv"
    results.unlink()
    results.mkdir()  # it cannot be opened
    problem(api.run(STOPPING), 400, "invalid_file")
    assert f"{digest}.csv" in kept(tmp_path)
    results.rmdir()
    api = opened()
    assert finished(api, place)["completed"] == 2


def test_kinds_of_files_are_told_by_their_content_types() -> None:
    assert wire.KINDS == {"text/csv": "csv", "application/x-ndjson": "jsonl"}


def test_a_dry_run_is_broken_off_when_nobody_is_left_to_hear_of_it(club: Client) -> None:
    club.app.extensions[NAME].runs.break_off()
    answer = club.run("command,account,amount\ndeposit,ADA,1\n", dry_run="true")
    problem(answer, 503, "busy")
