"""Runs: begun once, resumed, refused where somebody might be paid twice, rehearsed."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper
from pathlib import Path
from threading import Thread

import pytest

from SimpleBankingSystem.commands.base import REGISTRY, Action, command
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import (
    BankError,
    DiskFull,
    InvalidFile,
    OutcomeUnknown,
    RunRefused,
)
from SimpleBankingSystem.ledger.run import FINISHED, LINES_AT_ONCE, RUNNING
from SimpleBankingSystem.ledger.transaction import COMPLETED
from SimpleBankingSystem.runs import Options, run_file
from SimpleBankingSystem.stores.memory import MemoryStore
from tests.command_files import (
    OPENINGS,
    FailingStore,
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


def test_results_say_what_became_of_each_line(bank: Bank, tmp_path: Path) -> None:
    file = write(
        tmp_path / "day.csv",
        "command,source,target,amount,account\n"
        "transfer,ANNA,CARL,10.00,\n"
        "deposit,,,5.00,CARL\n"
        "withdraw,,,2.00,ANNA\n"
        "withdraw,,,5000,ANNA\n"
        "withdraw,,,=1+1,ANNA\n",
    )
    run_file(bank, file, Options(results=tmp_path / "out.csv"))
    found = rows(tmp_path / "out.csv")
    shown = [(row["line"], row["transaction"], row["status"], row["balance"]) for row in found]
    ids = {each.line: each.id for each in journal(bank) if each.run == "R000002"}
    assert shown == [
        ("2", ids[2], "COMPLETED", "990.00"),
        ("3", ids[3], "COMPLETED", "15.00"),
        ("4", ids[4], "COMPLETED", "988.00"),
        ("5", ids[5], "FAILED", ""),
        ("6", "", "REJECTED", ""),
    ]
    assert found[3]["reason"] == "ANNA has 988.00 EUR available, 5000.00 needed."
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbfline,")


def test_no_reason_is_a_formula_in_a_spreadsheet(bank: Bank, tmp_path: Path) -> None:
    file = write(tmp_path / "evil.jsonl", '{"command": "deposit", "=1;=2": "x"}\n')
    run_file(bank, file, Options(results=tmp_path / "out.csv"))
    reason = rows(tmp_path / "out.csv")[0]["reason"]
    assert reason.startswith("'=1;'=2: deposit has no such field")


def test_refused_lines_stand_as_they_were_in_a_file_that_can_be_mended(
    bank: Bank, tmp_path: Path
) -> None:
    content = (
        b"command,account,amount,description\r\n"
        b"deposit,ANNA,1.00,fine\r\n"
        b'deposit,ANNA,1.0O,"caf\xc3\xa9"\r\n'
        b"deposit,ANNA,1.00,caf\xe9\r\n"
    )
    options = Options(results=tmp_path / "out.csv")
    outcome = run_file(bank, write(tmp_path / "in.csv", content), options)
    assert outcome.refused_file == tmp_path / "out.refused.csv"
    refused = outcome.refused_file.read_bytes()
    assert refused == (
        b"\xef\xbb\xbfcommand,account,amount,description\n"
        b'deposit,ANNA,1.0O,"caf\xc3\xa9"\r\n'
        b"deposit,ANNA,1.00,caf\xe9\r\n"
    )
    mended = refused.replace(b"1.0O", b"1.00").replace(b"\xe9\r", b"\xc3\xa9\r")
    again = run_file(bank, write(outcome.refused_file, mended))
    assert (again.completed, again.rejected) == (2, 0)


def test_without_a_refused_line_there_is_no_such_file(bank: Bank, tmp_path: Path) -> None:
    options = Options(results=tmp_path / "out.csv")
    outcome = run_file(bank, write(tmp_path / "in.csv", transfers(3)), options)
    assert outcome.refused_file is None
    assert sorted(each.name for each in tmp_path.iterdir()) == ["in.csv", "openings.csv", "out.csv"]


def test_only_the_first_problems_are_kept_in_memory(bank: Bank, tmp_path: Path) -> None:
    outcome = run_file(bank, write(tmp_path / "bad.csv", transfers(500, "x")))
    assert outcome.rejected == 500
    assert len(outcome.problems) == 20
    assert outcome.problems[0].startswith("line 2: ")


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


# Resumed


@pytest.mark.parametrize("good", [1, 2, 3, 5, 9, 20])
@pytest.mark.parametrize("workers", [1, 3])
def test_a_broken_run_is_resumed_and_each_line_carried_out_once(
    tmp_path: Path, good: int, workers: int
) -> None:
    lines = 2 * LINES_AT_ONCE + 500
    names = ["ANNA", "BERT", "CARL"]
    text = "command,source,target,amount\n" + "".join(
        f"transfer,{names[at % 3]},{names[(at + 1 + at % 2) % 3]},0.01\n" for at in range(lines)
    )
    file = write(tmp_path / "many.csv", text.replace("0.01", "bad", 2))
    store = FailingStore(DiskFull("full"))
    with opened_bank(store, workers=workers, batch=100) as bank:
        run_file(bank, write(tmp_path / "openings.csv", OPENINGS))
        store.fail(after=good)
        with pytest.raises(DiskFull):
            run_file(bank, file)
        store.fail(after=0, times=0)
    done = 0
    with opened_bank(store, workers=workers, batch=100) as bank:
        if len(bank.runs()) == 2:
            assert bank.runs()[1].status == RUNNING
            done = len(lines_of(bank, "R000002"))
            assert done > 0 or good == 1
        outcome = run_file(bank, file)
        assert outcome.run_id == "R000002"
        assert (outcome.already_done, outcome.rejected) == (done, 2)
        assert outcome.completed + outcome.failed == lines - 2 - done
        assert lines_of(bank, "R000002") == list(range(4, lines + 2))
        run = bank.runs()[1]
        assert (run.completed + run.failed, run.rejected) == (lines - 2, 2)
        failed = [each for each in journal(bank) if each.run and each.status != COMPLETED]
        assert run.failed == len(failed)
        assert run_file(bank, file).finished_before


def test_one_refused_commit_stops_the_run_though_the_next_would_do(tmp_path: Path) -> None:
    store = FailingStore(DiskFull("full"))
    file = write(tmp_path / "many.csv", transfers(3500))
    with opened_bank(store) as bank:
        run_file(bank, write(tmp_path / "openings.csv", OPENINGS))
        store.fail(after=2, times=1)
        with pytest.raises(DiskFull):
            run_file(bank, file)
        assert lines_of(bank, "R000002") == list(range(2, 1002))
        outcome = run_file(bank, file)
        assert (outcome.already_done, outcome.completed) == (1000, 2500)
        assert lines_of(bank, "R000002") == list(range(2, 3502))


def test_a_resumed_run_knows_what_failed_before(tmp_path: Path) -> None:
    text = transfers(1200).replace("0.01", "5000", 3)
    store = FailingStore(OutcomeUnknown("lost"))
    with opened_bank(store) as bank:
        run_file(bank, write(tmp_path / "openings.csv", OPENINGS))
        store.fail(after=2)
        with pytest.raises(OutcomeUnknown):
            run_file(bank, write(tmp_path / "many.csv", text))
        store.fail(after=0, times=0)
        outcome = run_file(bank, tmp_path / "many.csv")
        assert (outcome.already_done, outcome.completed, outcome.failed) == (1000, 200, 0)
        run = bank.runs()[1]
        assert (run.completed, run.failed) == (1197, 3)


def test_again_resumes_what_again_began(tmp_path: Path) -> None:
    store = FailingStore(DiskFull("full"))
    file = write(tmp_path / "many.csv", transfers(1500))
    with opened_bank(store) as bank:
        run_file(bank, write(tmp_path / "openings.csv", OPENINGS))
        run_file(bank, file)
        store.fail(after=2)
        with pytest.raises(DiskFull):
            run_file(bank, file, Options(again=True))
        store.fail(after=0, times=0)
        outcome = run_file(bank, file, Options(again=True))
        assert (outcome.run_id, outcome.already_done, outcome.completed) == ("R000003", 1000, 500)


def test_a_resumed_run_writes_its_results_on(tmp_path: Path) -> None:
    store = FailingStore(DiskFull("full"))
    lines = transfers(1500).splitlines(keepends=True)
    lines[5] = "transfer,ANNA,CARL,x\n"
    lines[1400] = "transfer,ANNA,CARL,y\n"
    file = write(tmp_path / "many.csv", "".join(lines))
    options = Options(results=tmp_path / "out.csv")
    with opened_bank(store) as bank:
        run_file(bank, write(tmp_path / "openings.csv", OPENINGS))
        store.fail(after=2)
        with pytest.raises(DiskFull):
            run_file(bank, file, options)
        with (tmp_path / "out.csv").open("ab") as torn:
            torn.write(b"1002,T0000")
        store.fail(after=0, times=0)
        outcome = run_file(bank, file, options)
    # A line that is refused has its row before the lines around it are durable, and only once.
    found = [int(row["line"]) for row in rows(tmp_path / "out.csv")]
    assert sorted(found) == list(range(2, 1502))
    assert outcome.refused_file is not None
    assert outcome.refused_file.read_text("utf-8-sig").splitlines()[1:] == [
        "transfer,ANNA,CARL,x",
        "transfer,ANNA,CARL,y",
    ]


def test_the_fault_of_the_bank_is_no_line_s_fault(tmp_path: Path) -> None:
    store = FailingStore(DiskFull("full"))
    with opened_bank(store) as bank:
        run_file(bank, write(tmp_path / "openings.csv", OPENINGS))
        store.fail(after=1)
        with pytest.raises(DiskFull):
            run_file(
                bank,
                write(tmp_path / "in.csv", transfers(10)),
                Options(results=tmp_path / "out.csv"),
            )
        assert rows(tmp_path / "out.csv") == []
        store.fail(after=0, times=0)


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


def test_a_dry_run_answers_the_same_and_keeps_nothing(bank: Bank, tmp_path: Path) -> None:
    text = (
        "command,source,target,amount,account,name,transaction\n"
        "open_account,,,,,Dora,\n"
        "transfer,ANNA,A00000001,600.00,,,\n"
        "transfer,ANNA,CARL,600.00,,,\n"
        f"reverse,,,,,,{journal(bank)[2].id}\n"
        "deposit,,,1.00,ANNA,,\n"
        "close_account,,,,ANNA,,\n"
    )
    file = write(tmp_path / "in.csv", text)
    before = (balances(bank), len(journal(bank)), len(bank.runs()))
    results = tmp_path / "rehearsal.csv"
    outcome = run_file(bank, file, Options(dry_run=True, results=results))
    assert (outcome.completed, outcome.failed) == (4, 2)
    assert (balances(bank), len(journal(bank)), len(bank.runs())) == before
    real = run_file(bank, file, Options(results=tmp_path / "real.csv"))
    assert (real.completed, real.failed, real.finished_before) == (4, 2, False)
    assert statuses(results) == statuses(tmp_path / "real.csv")
    assert [row["balance"] for row in rows(results)] == [
        row["balance"] for row in rows(tmp_path / "real.csv")
    ]


def test_a_dry_run_sees_keys_runs_and_failures_of_the_books(bank: Bank, tmp_path: Path) -> None:
    text = (
        "command,source,target,amount,key\n"
        "transfer,ANNA,CARL,1.00,rent-05\n"
        "transfer,CARL,ANNA,50.00,rent-06\n"
    )
    run_file(bank, write(tmp_path / "in.csv", text))
    repeated = write(
        tmp_path / "repeated.csv",
        "command,source,target,amount,key\n"
        "transfer,ANNA,CARL,100.00,\n"
        "transfer,ANNA,CARL,1.00,rent-05\n"
        "retry_all,,,,\n",
    )
    outcome = run_file(bank, repeated, Options(dry_run=True, results=tmp_path / "out.csv"))
    assert outcome.completed == 3
    found = rows(tmp_path / "out.csv")
    recorded = bank.by_key("rent-05")
    assert (found[1]["transaction"], found[1]["balance"]) == (recorded.id, "999.00")
    assert bank.by_key("rent-06").status == "FAILED"
    assert run_file(bank, tmp_path / "in.csv", Options(dry_run=True)).finished_before


def test_a_dry_run_of_a_broken_run_rehearses_the_rest(tmp_path: Path) -> None:
    store = FailingStore(DiskFull("full"))
    file = write(tmp_path / "many.csv", transfers(1500))
    results = Options(results=tmp_path / "out.csv")
    with opened_bank(store) as bank:
        run_file(bank, write(tmp_path / "openings.csv", OPENINGS))
        store.fail(after=2)
        with pytest.raises(DiskFull):
            run_file(bank, file, results)
        outcome = run_file(bank, file, Options(dry_run=True))
        assert (outcome.run_id, outcome.already_done, outcome.completed) == ("R000002", 1000, 500)
        with pytest.raises(InvalidFile, match="would resume"):
            run_file(bank, file, Options(dry_run=True, results=tmp_path / "out.csv"))
        store.fail(after=0, times=0)
        assert run_file(bank, file, results).already_done == 1000


def test_a_store_over_another_reads_through_and_writes_to_itself(bank: Bank) -> None:
    over = MemoryStore(ticking(), under=bank.store)
    assert over.account("ANNA") == bank.account("ANNA")
    assert over.number(1) == bank.store.number(1)
    assert over.runs() == bank.runs()
    assert over.run("R000001") == bank.runs()[0]
    assert over.transaction(journal(bank)[0].id) == journal(bank)[0]
    assert over.lines_done("R000001").highest == 4
    assert not over.claimed("nothing")
    assert over.verify().problems == []


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


def test_an_action_is_not_done_again_once_a_later_line_is_done(tmp_path: Path) -> None:
    store = FailingStore(DiskFull("full"))
    text = "command,source,target,amount\n"
    text += "transfer,CARL,ANNA,1.00\nretry_all,,,\ntransfer,ANNA,CARL,1.00\nretry_all,,,\n"
    text += "transfer,ANNA,CARL,2.00\n"
    file = write(tmp_path / "in.csv", text)
    with opened_bank(store) as bank:
        run_file(bank, write(tmp_path / "openings.csv", OPENINGS))
        # Begin, line 2, its retry, line 4; the second retry's commit is refused.
        store.fail(after=4)
        with pytest.raises(DiskFull):
            run_file(bank, file)
        assert lines_of(bank, "R000002")[-1] == 4
        store.fail(after=0, times=0)
        outcome = run_file(bank, file)
        assert (outcome.already_done, outcome.completed) == (3, 2)
        assert balances(bank) == {"ANNA": "998.00", "BERT": "1000.00", "CARL": "2.00"}
        assert bank.transaction(journal(bank)[5].id).attempt <= 3


# What is no file


def test_standard_input_needs_a_name_and_is_known_by_its_content(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    def feed(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(text.encode())))

    feed(transfers(3))
    with pytest.raises(InvalidFile, match="--run NAME"):
        run_file(bank, "-")
    feed(transfers(3))
    assert run_file(bank, "-", Options(name="May")).completed == 3
    feed(transfers(3))
    assert run_file(bank, "-", Options(name="May")).finished_before
    feed(transfers(3, "0.02"))
    with pytest.raises(RunRefused, match="has the name of"):
        run_file(bank, "-", Options(name="May"))


def test_an_open_stream_is_left_open(bank: Bank) -> None:
    stream = BytesIO(transfers(3).encode())
    assert run_file(bank, stream, Options(name="May")).completed == 3
    assert not stream.closed


def test_a_pipe_in_the_file_system_is_read_to_its_end_first(bank: Bank, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_bytes, args=(transfers(5000).encode(),))
    writer.start()
    outcome = run_file(bank, pipe, Options(name="piped"))
    writer.join()
    assert outcome.completed == 5000


def test_a_file_that_changes_meanwhile_stops_the_run(bank: Bank, tmp_path: Path) -> None:
    file = write(tmp_path / "in.csv", transfers(3) + "meddle,,,\n" + transfers(3)[29:])

    @command("meddle")
    class Meddle(Action):
        """Change the file while it is carried out."""

        def perform(self, bank: object) -> None:
            with file.open("ab") as more:
                more.write(b"transfer,ANNA,CARL,1.00\n")

    try:
        with pytest.raises(InvalidFile, match="was changed"):
            run_file(bank, file)
    finally:
        del REGISTRY[Meddle.verb]
    assert lines_of(bank, "R000002") == [2, 3, 4]


# The results file


@pytest.mark.parametrize("content", ["anything", "line,transaction\n", "seq,commit_first"])
def test_a_file_that_holds_no_results_is_never_overwritten(
    bank: Bank, tmp_path: Path, content: str
) -> None:
    precious = write(tmp_path / "precious.csv", content)
    with pytest.raises(InvalidFile, match="holds no results"):
        run_file(bank, write(tmp_path / "in.csv", transfers(1)), Options(results=precious))
    assert precious.read_text() == content
    assert len(bank.runs()) == 1


def test_the_command_file_is_never_its_own_results_file(bank: Bank, tmp_path: Path) -> None:
    file = write(tmp_path / "in.csv", transfers(1))
    with pytest.raises(InvalidFile, match="itself"):
        run_file(bank, file, Options(results=file))
    mended = write(tmp_path / "out.refused.csv", transfers(1, "x"))
    with pytest.raises(InvalidFile, match="itself"):
        run_file(bank, mended, Options(results=tmp_path / "out.csv"))
    assert (file.read_text(), mended.read_text()) == (transfers(1), transfers(1, "x"))


@pytest.mark.parametrize("place", ["missing/out.csv", "."])
def test_results_that_cannot_be_written_are_refused_first(
    bank: Bank, tmp_path: Path, place: str
) -> None:
    file = write(tmp_path / "in.csv", transfers(1))
    with pytest.raises(BankError, match="cannot be written"):
        run_file(bank, file, Options(results=tmp_path / place))
    assert len(bank.runs()) == 1


def test_old_results_make_room_for_new_ones(bank: Bank, tmp_path: Path) -> None:
    options = Options(results=tmp_path / "out.csv")
    run_file(bank, write(tmp_path / "one.csv", transfers(9)), options)
    run_file(bank, write(tmp_path / "two.csv", transfers(2, "0.02")), options)
    assert list(statuses(tmp_path / "out.csv")) == [2, 3]


def test_results_are_one_physical_line_each(bank: Bank, tmp_path: Path) -> None:
    text = "command,account,amount\n" + 'deposit,ANNA,"1\x0b;""=x"\n' + "deposit,ANNA,=2\n"
    options = Options(results=tmp_path / "out.csv")
    run_file(bank, write(tmp_path / "in.csv", text), options)
    lines = (tmp_path / "out.csv").read_bytes().decode("utf-8-sig").split("\n")
    assert len(lines) == 4
    assert all(len(row) == 6 for row in csv.reader(lines[:3], strict=True))
