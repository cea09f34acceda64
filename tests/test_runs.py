"""Runs: begun once, refused where somebody might be paid twice, counted and told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Timer

import pytest

from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import (
    InvalidFile,
    RunRefused,
)
from SimpleBankingSystem.ledger.run import FINISHED, RUNNING
from SimpleBankingSystem.runs import Options, run_file
from SimpleBankingSystem.stores.memory import MemoryStore
from tests.banks import ticket
from tests.command_files import (
    OPENINGS,
    balances,
    journal,
    lines_of,
    opened_bank,
    rows,
    statuses,
    ticking,
    transfers,
    write,
)


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    with opened_bank() as bank:
        run_file(bank, write(tmp_path / "openings.csv", OPENINGS))
        yield bank


def test_every_line_is_carried_out_and_recorded_with_its_run_and_number(
    bank: Bank, tmp_path: Path
) -> None:
    outcome = run_file(bank, write(tmp_path / "may.csv", transfers(2500)))
    assert (outcome.run_id, outcome.name, outcome.completed) == ("R000002", "may.csv", 2500)
    assert balances(bank) == {"ANNA": "975.00", "BERT": "1000.00", "CARL": "25.00"}
    assert lines_of(bank, "R000002") == list(range(2, 2502))
    run = bank.runs()[1]
    assert (run.status, run.completed, run.failed, run.rejected) == (FINISHED, 2500, 0, 0)


def test_a_bad_line_is_named_and_stops_no_other(bank: Bank, tmp_path: Path) -> None:
    file = write(
        tmp_path / "mixed.csv",
        "command,source,target,amount,account,name\n"
        "transfer,ANNA,CARL,10.00,,\n"
        "transfer,ANNA,CARL,ten,,\n"
        "transfer,ANNA,CARL,9999.00,,\n"
        "pay,ANNA,CARL,1.00,,\n"
        "\n"
        ",,,,,\n"
        "open_account,,,,,Dora\n"
        "transfer,ANNA,CARL,1.00,BERT,\n",
    )
    outcome = run_file(bank, file, Options(results=tmp_path / "out.csv"))
    assert (outcome.completed, outcome.failed, outcome.rejected) == (2, 1, 3)
    assert statuses(tmp_path / "out.csv") == {
        2: "COMPLETED",
        3: "invalid_command",
        4: "insufficient_funds",
        5: "invalid_command",
        8: "COMPLETED",
        9: "invalid_command",
    }
    assert outcome.problems[0].startswith("line 3: invalid_command: amount: must be plain digits")
    assert "line 5: invalid_command: command: there is no 'pay'" in outcome.problems[2]


# Known by its digest


def test_a_finished_file_is_not_carried_out_again_under_any_name(
    bank: Bank, tmp_path: Path
) -> None:
    text = transfers(3)
    run_file(bank, write(tmp_path / "may.csv", text))
    before = len(journal(bank))
    outcome = run_file(bank, write(tmp_path / "copy of may.csv", text))
    assert (outcome.finished_before, outcome.run_id, outcome.name) == (True, "R000002", "may.csv")
    assert len(journal(bank)) == before


def test_again_makes_a_new_run_of_a_finished_file(bank: Bank, tmp_path: Path) -> None:
    file = write(tmp_path / "may.csv", transfers(3))
    run_file(bank, file)
    outcome = run_file(bank, file, Options(again=True))
    assert (outcome.run_id, outcome.completed) == ("R000003", 3)
    assert lines_of(bank, "R000002") == lines_of(bank, "R000003") == [2, 3, 4]


@pytest.mark.parametrize(
    ("name", "text", "likeness"),
    [
        ("may.csv", transfers(3).replace("0.01", "0.02"), "has the name of run R000002"),
        ("june.csv", transfers(4), "begins with the same data line as run R000002"),
    ],
)
def test_a_changed_file_is_refused_unless_it_is_meant(
    bank: Bank, tmp_path: Path, name: str, text: str, likeness: str
) -> None:
    run_file(bank, write(tmp_path / "may.csv", transfers(3)))
    before = balances(bank)
    changed = write(tmp_path / name, text)
    with pytest.raises(RunRefused, match=likeness) as refusal:
        run_file(bank, changed)
    assert "--again" in refusal.value.message
    assert balances(bank) == before
    assert run_file(bank, changed, Options(again=True)).run_id == "R000003"


def test_a_run_can_be_called_otherwise_than_its_file(bank: Bank, tmp_path: Path) -> None:
    run_file(bank, write(tmp_path / "pay.csv", transfers(3)), Options(name="May"))
    changed = write(tmp_path / "pay.csv", transfers(3, "0.02"))
    assert run_file(bank, changed, Options(name="June")).completed == 3
    assert [run.name for run in bank.runs()] == ["openings.csv", "May", "June"]


def test_a_name_that_the_books_cannot_hold_is_refused_with_a_way_out(
    bank: Bank, tmp_path: Path
) -> None:
    file = write(tmp_path / "line\nend.csv", transfers(1))
    with pytest.raises(InvalidFile, match="--run NAME"):
        run_file(bank, file)
    assert run_file(bank, file, Options(name="line end")).completed == 1


# Options


def test_stop_on_error_carries_out_nothing_after_the_first_bad_line(
    bank: Bank, tmp_path: Path
) -> None:
    file = write(
        tmp_path / "in.csv",
        "command,source,target,amount\n"
        "transfer,ANNA,CARL,1.00\n"
        "transfer,ANNA,CARL,5000\n"
        "transfer,ANNA,CARL,1.00\n"
        "transfer,ANNA,CARL,x\n"
        "transfer,ANNA,CARL,1.00\n",
    )
    stop = Options(stop_on_error=True)
    first = run_file(bank, file, stop)
    assert (first.completed, first.failed, first.rejected, first.stopped) == (1, 1, 0, True)
    assert lines_of(bank, "R000002") == [2, 3]
    assert bank.runs()[1].status == RUNNING
    second = run_file(bank, file, stop)
    assert (second.already_done, second.completed, second.rejected) == (2, 1, 1)
    assert lines_of(bank, "R000002") == [2, 3, 4]
    last = run_file(bank, file)
    assert (last.already_done, last.completed, last.rejected, last.stopped) == (3, 1, 1, False)
    assert bank.runs()[1].status == FINISHED


def test_progress_ends_with_everything_told(bank: Bank, tmp_path: Path) -> None:
    file = write(tmp_path / "in.csv", transfers(3000).replace("0.01", "x", 1))
    told: list[tuple[int, ...]] = []
    run_file(bank, file, progress=lambda *counts: told.append(counts))
    size = file.stat().st_size
    assert told[-1] == (size, size, 3000, 2999, 0, 1)
    assert told == sorted(told)


# Keys and actions


def test_a_key_answers_what_happened_then(bank: Bank, tmp_path: Path) -> None:
    text = (
        "command,source,target,amount,key\n"
        "transfer,ANNA,CARL,1.00,rent\n"
        "transfer,ANNA,CARL,1.00,rent\n"
        "transfer,ANNA,CARL,2.00,rent\n"
    )
    file = write(tmp_path / "in.csv", text)
    options = Options(results=tmp_path / "out.csv")
    outcome = run_file(bank, file, options)
    assert balances(bank)["CARL"] == "1.00"
    assert statuses(tmp_path / "out.csv") == {2: "COMPLETED", 3: "COMPLETED", 4: "key_reused"}
    found = rows(tmp_path / "out.csv")
    assert found[0]["transaction"] == found[1]["transaction"]
    assert outcome.refused_file is not None
    assert outcome.refused_file.read_text("utf-8-sig").splitlines()[1:] == [text.splitlines()[3]]
    assert run_file(bank, file, Options(again=True)).completed == 2
    assert balances(bank)["CARL"] == "1.00"


def test_actions_come_after_the_lines_above_them(bank: Bank, tmp_path: Path) -> None:
    text = (
        "command,source,target,amount,account,transaction\n"
        "transfer,CARL,ANNA,50.00,,\n"
        "transfer,ANNA,CARL,60.00,,\n"
        "retry_all,,,,,\n"
        "retry,,,,,T00000000001\n"
        "snapshot,,,,,\n"
        "transfer,CARL,BERT,10.00,,\n"
    )
    options = Options(results=tmp_path / "out.csv")
    run_file(bank, write(tmp_path / "in.csv", text), options)
    assert statuses(tmp_path / "out.csv") == {
        2: "insufficient_funds",
        3: "COMPLETED",
        4: "COMPLETED",
        5: "not_failed",
        6: "COMPLETED",
        7: "COMPLETED",
    }
    assert balances(bank) == {"ANNA": "990.00", "BERT": "1010.00", "CARL": "0.00"}


def test_a_retry_shows_the_transaction(bank: Bank, tmp_path: Path) -> None:
    text = "command,source,target,amount\ntransfer,CARL,ANNA,50.00\n"
    run_file(bank, write(tmp_path / "in.csv", text))
    failed = journal(bank)[-2]
    text = f"command,transaction,account,amount\nretry,{failed.id},,\ndeposit,,CARL,50\n"
    text += f"retry,{failed.id},,\n"
    options = Options(results=tmp_path / "out.csv")
    outcome = run_file(bank, write(tmp_path / "retry.csv", text), options)
    assert (outcome.completed, outcome.failed) == (2, 1)
    assert statuses(tmp_path / "out.csv") == {
        2: "insufficient_funds",
        3: "COMPLETED",
        4: "COMPLETED",
    }
    assert {row["transaction"] for row in rows(tmp_path / "out.csv")} >= {failed.id}


class Beset(Bank):
    """A bank whose queue is full whenever somebody comes, but not for long."""

    def carry_out(self, tickets: Sequence[Ticket], *, wait: bool = False) -> None:
        self._queued([ticket("open_account", name="Somebody")], wait=True)
        Timer(0.02, self._queue.rouse).start()
        super().carry_out(tickets, wait=wait)


def test_a_run_waits_for_room_also_when_it_begins_and_ends(tmp_path: Path) -> None:
    with Beset(MemoryStore(ticking()), queue=1, clock=ticking()) as bank:
        outcome = run_file(bank, write(tmp_path / "openings.csv", OPENINGS))
        assert outcome.completed == 3
        assert bank.runs()[0].status == FINISHED
