"""The whole of a run: known by its file's digest, begun or resumed, fed to the bank, finished."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import BinaryIO

from SimpleBankingSystem.commands.base import Command
from SimpleBankingSystem.commands.run_file import FinishRun, StartRun
from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import InvalidCommand, InvalidFile, RunRefused
from SimpleBankingSystem.ledger.run import FINISHED, RUNNING, Run
from SimpleBankingSystem.runs.feeding import Feed, Tally
from SimpleBankingSystem.runs.groups import chunks, whole
from SimpleBankingSystem.runs.results import Results, refused_path
from SimpleBankingSystem.runs.source import Source
from SimpleBankingSystem.stores.memory import MemoryStore

log = logging.getLogger(__name__)

_beginning = Lock()
"""Held while a run begins: two that begin together would take the same id."""

LinesProgress = Callable[[int, int, int, int, int, int], None]
"""Told about ten times a second: bytes read, bytes in all; lines dealt with, COMPLETED, FAILED and
REJECTED."""

BETWEEN_PROGRESS = 0.1
"""Seconds."""


def unseen(*counts: int) -> None:
    """Tell nobody of the progress."""
    del counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a command file is to be carried out.

    ``name`` is what the run is called: the file's name unless given, and needed for what is no
    file. ``again`` carries out once more what was carried out already. ``results`` is the file
    that gets a row for each line that this execution deals with; refused lines go to one beside it.
    ``begun`` is told the run's id once the run is in the books.
    """

    name: str = ""
    again: bool = False
    stop_on_error: bool = False
    dry_run: bool = False
    results: Path | None = None
    begun: Callable[[str], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a run: counts of lines, of this execution.

    ``already_done`` are those that an earlier execution of the run had done. A run that was
    finished before did nothing now. One that was ``stopped`` at an error can be resumed.
    ``problems`` are the first lines that went wrong, each with its number and reason.
    """

    run_id: str
    name: str
    completed: int = 0
    failed: int = 0
    rejected: int = 0
    already_done: int = 0
    seconds: float = 0.0
    finished_before: bool = False
    stopped: bool = False
    refused_file: Path | None = None
    problems: list[str] = field(default_factory=list)


def run_file(
    bank: Bank,
    source: str | Path | BinaryIO,
    options: Options = Options(),
    progress: LinesProgress = unseen,
) -> Outcome:
    """Carry out a command file: CSV or JSON Lines, a path, ``-`` or an open stream.

    Each line is carried out once, however often the run is broken off and resumed, and a line
    that is refused stops no other. A dry run takes the same path and keeps nothing.

    Raises:
        InvalidFile: the source is no command file, or the results cannot be written.
        RunRefused: it looks like an earlier run that was changed since.
        BankError: the bank cannot go on; the run can be resumed.
    """
    with (
        rehearsal(bank) if options.dry_run else nullcontext(bank) as stage,
        Source(source, options.name) as opened,
    ):
        run = earlier(stage.runs(), opened, again=options.again)
        if run is not None and run.status == FINISHED:
            return Outcome(run.id, run.name, finished_before=True)
        return _carried_out(stage, opened, run, options, progress)


@contextmanager
def rehearsal(bank: Bank) -> Iterator[Bank]:
    """Lend a bank that begins with the same books and forgets what it does.

    Until then what it does is in memory, so this is the one thing here that grows with the file.
    """
    store = MemoryStore(bank.clock, under=bank.store)
    with Bank(store, currency=bank.currency, clock=bank.clock) as stage:
        yield stage


def earlier(runs: Sequence[Run], source: Source, *, again: bool) -> Run | None:
    """Return the earlier run of the same file: an unfinished one to resume, or a finished one.

    None means that this is a new run; ``again`` makes it one unless there is one to resume.

    Raises:
        RunRefused: the file has the name or the first data line of another run: it may be that
            run's file, corrected, and carrying it out would pay somebody twice.
    """
    same = [run for run in runs if run.digest == source.digest]
    if same and (same[-1].status == RUNNING or not again):
        return same[-1]
    if not again:
        for run in reversed(runs):
            if run.first_line == source.first_line:
                raise _like(run, source, "begins with the same data line as")
            if run.name == source.name:
                raise _like(run, source, "has the name of")
    return None


def _like(run: Run, source: Source, likeness: str) -> RunRefused:
    """Return the refusal of a file that is like an earlier run's."""
    return RunRefused(
        f"{source.name} {likeness} run {run.id} ({run.name}, {run.status}, of {run.started_at}), "
        f"but it is another file: run alone what was not carried out then, "
        f"or give --again if all of it is meant."
    )


def _carried_out(
    bank: Bank, source: Source, earlier_run: Run | None, options: Options, progress: LinesProgress
) -> Outcome:
    """Begin or resume a run, carry out its lines, and finish it unless it was stopped."""
    started = told = monotonic()
    results = results_of(source, options, resumed=earlier_run is not None)
    with _beginning:
        run_id = earlier_run.id if earlier_run else _begun(bank, source)
    options.begun(run_id)
    feed = Feed(bank, bank.lines_done(run_id).copy(), results)
    tally = feed.tally
    entries = source.layout.lines.entries(source.blocks(), run_id)
    stopped = False
    for chunk in chunks(whole(entries), singly=options.stop_on_error):
        source.check_unchanged()
        feed.carry_out(chunk)
        now = monotonic()
        if now - told >= BETWEEN_PROGRESS:
            told = now
            _tell(progress, source, tally)
        stopped = options.stop_on_error and bool(tally.problems)
        if stopped:
            break
    source.check_unchanged()
    if not stopped:
        _finish(bank, run_id, tally, resumed=earlier_run is not None)
    _tell(progress, source, tally)
    return Outcome(
        run_id,
        source.name,
        tally.completed,
        tally.failed,
        tally.rejected,
        tally.already_done,
        monotonic() - started,
        stopped=stopped,
        refused_file=results.refused if results and results.any_refused else None,
        problems=tally.problems,
    )


def results_of(source: Source, options: Options, *, resumed: bool) -> Results | None:
    """Open the results file, if one is wanted.

    Raises:
        InvalidFile: it must not be written.
    """
    path = options.results
    if path is None:
        return None
    lines = source.layout.lines
    for written in (path, refused_path(path, lines.extension)):
        if source.is_same_file(written):
            message = f"{written} is the command file itself; give another file for the results."
            raise InvalidFile(message)
    if options.dry_run and resumed and path.exists():
        raise InvalidFile(f"{path} may belong to the run that a dry run would resume.")
    return Results(path, lines.header, lines.extension, resumed=resumed)


def _begun(bank: Bank, source: Source) -> str:
    """Put a new run into the books and return its id.

    Raises:
        InvalidFile: its name is none that the books can hold.
    """
    start = start_of(source, len(bank.runs()) + 1)
    _insist(bank, start)
    log.info("run %s of %s begins, SHA-256 %s", start.run_id, source.name, source.digest)
    return start.run_id


def start_of(source: Source, number: int) -> StartRun:
    """Return the command that puts a file's run into the books as the number-th.

    Raises:
        InvalidFile: its name is none that the books can hold.
    """
    try:
        return StartRun.parse(
            {
                "run_id": f"R{number:06d}",
                "name": source.name,
                "digest": source.digest,
                "first_line": source.first_line,
            }
        )
    except InvalidCommand as error:
        message = f"A run cannot be called {source.name!a}: {error.message}. Give --run NAME."
        raise InvalidFile(message) from None


def _finish(bank: Bank, run_id: str, tally: Tally, *, resumed: bool) -> None:
    """Put the run's end into the books, with the counts of all its executions."""
    # What was done before and is not FAILED now has been completed, be it by a retry.
    lost = resumed and sum(each.run == run_id for each in bank.store.failed()) - tally.failed
    counts = {
        "completed": tally.completed + tally.already_done - lost,
        "failed": tally.failed + lost,
        "rejected": tally.rejected,
    }
    texts = {name: str(count) for name, count in counts.items()}
    _insist(bank, FinishRun.parse({"run_id": run_id, **texts}))
    log.info("run %s ends: %s", run_id, counts)


def _insist(bank: Bank, command: Command) -> None:
    """Carry out a command of the bank itself, which has no reason to fail but waits for room."""
    ticket = Ticket(command)
    bank.carry_out([ticket], wait=True)
    error = ticket.transaction().error
    if error is not None:
        raise error


def _tell(progress: LinesProgress, source: Source, tally: Tally) -> None:
    progress(
        source.position, source.size, tally.lines, tally.completed, tally.failed, tally.rejected
    )
