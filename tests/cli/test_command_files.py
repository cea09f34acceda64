"""``bank run``: the summary, and what an interruption keeps."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import PROGRAM, Say

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
    assert "finished_before   True\n" in again.out
    assert bank("run", "day.csv", "--json").json()["finished_before"] is True
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
    assert summary["finished_before"] is False
    assert (summary["completed"], summary["failed"], summary["rejected"]) == (4, 1, 0)
    assert summary["problems"][0].startswith("line 6: ")
    assert bank("accounts", "--json").json()["items"] == []


def test_what_is_not_shown_is_said_to_be_elsewhere(bank: Say) -> None:
    Path("few.csv").write_text("command,account,amount\n" + "deposit,ADA,x\n" * 20)
    assert "more" not in bank("run", "few.csv").err
    Path("bad.csv").write_text("command,account,amount\n" + "deposit,ADA,y\n" * 1030)
    answer = bank("run", "bad.csv", "--dry-run")
    assert len(answer.err.splitlines()) == 21
    assert answer.err.endswith("… and 1,010 more: give --results FILE to have them all\n")
    answer = bank("run", "bad.csv", "--results", "out.csv")
    assert answer.err.endswith("… and 1,010 more: out.csv has them all\n")


def test_a_run_that_stops_at_a_line_says_how_it_goes_on(bank: Say) -> None:
    Path("day.csv").write_text(DAY)
    stop = ("run", "day.csv", "--stop-on-error")
    rehearsed = bank(*stop, "--dry-run").err
    assert rehearsed.startswith("line 6: insufficient_funds: ")
    assert "Stopped" not in rehearsed
    failed = bank(*stop).err.splitlines()
    assert failed[0].startswith("line 6: insufficient_funds: ")
    assert failed[1:] == ["Stopped there: the same command goes on with the line below it."]
    for _ in range(2):
        refused = bank(*stop).err.splitlines()
        assert refused[0].startswith("line 7: invalid_command: ")
        assert refused[1].startswith("Stopped there, and again each time: a refused line is never")
        assert "Without --stop-on-error" in refused[1]
    assert bank("run", "day.csv").err.splitlines() == refused[:1]


def test_a_file_that_is_no_command_file_is_refused(bank: Say) -> None:
    Path("notes.txt").write_text("some notes\n")
    answer = bank("run", "notes.txt")
    assert (answer.status, answer.out) == (2, "")
    assert "invalid_file" in answer.err


# A signal that strikes while coverage holds its own lock would stop the process for good.
@pytest.mark.no_cover
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_says_what_is_kept_and_goes_on(
    how: signal.Signals, bank: Say
) -> None:
    lines = 20_000
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
    assert bank("balance", "ADA").out == "200.00\n"
