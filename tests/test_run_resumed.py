"""Runs that broke off and go on, and dry runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event, Thread

import pytest

from SimpleBankingSystem.commands.base import REGISTRY, Command, command
from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.errors import (
    Busy,
    DiskFull,
    InvalidFile,
    OutcomeUnknown,
)
from SimpleBankingSystem.ledger.run import LINES_AT_ONCE, RUNNING
from SimpleBankingSystem.ledger.transaction import COMPLETED, PENDING
from SimpleBankingSystem.ledger.working_copy import Look
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


def test_a_resumed_run_knows_what_was_refused_long_before(tmp_path: Path) -> None:
    keyed = [
        "deposit,ANNA,1.00,once",
        "deposit,ANNA,2.00,once",
        "deposit,BERT,3.00,twice",
        "deposit,BERT,3.00,twice",
    ]
    lines = ["command,account,amount,key", *keyed, *["deposit,CARL,0.01,"] * 2500, ""]
    store = FailingStore(DiskFull("full"))
    with opened_bank(store) as bank:
        run_file(bank, write(tmp_path / "openings.csv", OPENINGS))
        store.fail(after=3)
        with pytest.raises(DiskFull):
            run_file(bank, write(tmp_path / "many.csv", "\n".join(lines)))
        assert bank.lines_done("R000002").highest > 3 + LINES_AT_ONCE
        store.fail(after=0, times=0)
        outcome = run_file(bank, tmp_path / "many.csv")
        (problem,) = outcome.problems
        assert problem.startswith("line 3: key_reused: ")
        run = bank.runs()[1]
        assert (run.completed, run.failed, run.rejected) == (2503, 0, 1)
        assert outcome.completed + outcome.already_done == 2503
        assert balances(bank) == {"ANNA": "1001.00", "BERT": "1003.00", "CARL": "25.00"}


def test_what_stops_a_run_is_never_hidden_by_the_count_of_its_lines(
    bank: Bank, tmp_path: Path
) -> None:
    reasons: list[BaseException] = [KeyboardInterrupt(), SystemExit()]

    @command("stumble")
    class Stumble(Command):
        """Be stopped where the ticket is not queued yet."""

        def accounts(self, look: Look) -> Collection[str]:
            if reasons:
                raise reasons.pop()
            return ()

        def apply(self, book: Book) -> None:
            """Do nothing."""

    file = write(tmp_path / "in.csv", "command\nstumble\nstumble\n")
    try:
        for reason in (SystemExit, KeyboardInterrupt):
            with pytest.raises(reason):
                run_file(bank, file)
        assert run_file(bank, file).completed == 2
    finally:
        del REGISTRY["stumble"]


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


def test_a_resumed_run_writes_its_results_on(tmp_path: Path) -> None:
    store = FailingStore(DiskFull("full"))
    lines = transfers(2500).splitlines(keepends=True)
    lines[5] = "transfer,ANNA,CARL,x\n"
    lines[1400] = "transfer,ANNA,CARL,y\n"
    lines[2400] = "transfer,ANNA,CARL,z\n"
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
    assert sorted(found) == list(range(2, 2502))
    assert outcome.refused_file is not None
    assert outcome.refused_file.read_text("utf-8-sig").splitlines()[1:] == [
        "transfer,ANNA,CARL,x",
        "transfer,ANNA,CARL,y",
        "transfer,ANNA,CARL,z",
    ]


class GatedStore(MemoryStore):
    """A store whose next commit of lines, once it is armed, waits until some are kept PENDING."""

    def __init__(self) -> None:
        super().__init__(ticking())
        self.armed = False
        self.entered, self.gate = Event(), Event()

    def commit(self, tickets: Sequence[Ticket], accounts: Mapping[str, Account]) -> None:
        if self.armed and tickets[0].line:
            self.armed = False
            self.entered.set()
            assert self.gate.wait(30)
        super().commit(tickets, accounts)
        if any(ticket.status == PENDING for ticket in tickets):
            self.gate.set()


def test_a_stop_in_the_middle_of_a_run_loses_and_repeats_nothing(tmp_path: Path) -> None:
    store = GatedStore()
    file = write(tmp_path / "many.csv", "\n" * 5 + transfers(1500))
    with opened_bank(store, batch=100) as bank:
        run_file(bank, write(tmp_path / "openings.csv", OPENINGS))

        def stop() -> None:
            assert store.entered.wait(30)
            bank.close(0)

        stopper = Thread(target=stop)
        stopper.start()
        store.armed = True
        with pytest.raises(Busy, match="was stopped"):
            run_file(bank, file)
        stopper.join(30)
    with opened_bank(store, batch=100) as bank:
        outcome = run_file(bank, file)
    assert (outcome.already_done, outcome.completed) == (1000, 500)
    assert lines_of(bank, "R000002") == list(range(7, 1507))
    assert balances(bank)["CARL"] == "15.00"
