"""A command file carried out by a server: sent, followed to its end, its results fetched."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import urlencode

from SimpleBankingSystem.ledger.errors import InUse, OutcomeUnknown
from SimpleBankingSystem.ledger.run import FINISHED, Run
from SimpleBankingSystem.questions.base import EVERYTHING
from SimpleBankingSystem.questions.runs import OneRun, Runs
from SimpleBankingSystem.remote.bank import RemoteBank
from SimpleBankingSystem.remote.connection import read
from SimpleBankingSystem.remote.refusals import Shape, error_from
from SimpleBankingSystem.runs.running import (
    LinesProgress,
    Options,
    Outcome,
    earlier,
    results_of,
    start_of,
    unseen,
)
from SimpleBankingSystem.runs.source import Source
from SimpleBankingSystem.wire import KINDS

log = logging.getLogger(__name__)

BETWEEN_LOOKS = (0.01, 0.2)
"""Seconds between two looks at a run: the first, and the longest."""


def run_file(
    bank: RemoteBank, source: str | Path, options: Options, progress: LinesProgress = unseen
) -> Outcome:
    """Have a server carry out a command file, as ``runs.run_file`` does on a bank of our own.

    The server goes on with it even if nobody follows it any more.

    Raises:
        InvalidFile: RunRefused: as there.
        OutcomeUnknown: the server ended meanwhile; it goes on with the run at its next start.
    """
    with Source(source, options.name) as opened:
        runs = [Run(**each) for each in bank.ask(Runs().onward(limit=EVERYTHING))["items"]]
        run = earlier(runs, opened, again=options.again)
        if run is not None and run.status == FINISHED:
            return Outcome(run.id, run.name, finished_before=True)
        if run is None:
            start_of(opened, len(runs) + 1)
        results = results_of(opened, options, resumed=run is not None)
        taken = _send(bank, opened, options)
        log.info("run %s of %s begins at %s", taken["id"], opened.name, bank.connection.url)
    ended = taken["ended"] if options.dry_run else _follow(bank, taken["id"], progress)
    if results is not None:
        texts = _rehearsed(taken) if options.dry_run else _fetched(bank, taken["id"])
        with texts as (rows, lines):
            next(rows, None)
            if opened.layout.lines.header:
                next(lines, None)
            results.take_over(rows, lines)
    if "error" in ended:
        raise error_from(ended["error"])
    if not ended["stopped"]:
        counts = [ended[name] for name in ("completed", "failed", "rejected")]
        progress(opened.size, opened.size, sum(counts) + ended["already_done"], *counts)
    refused = results.refused if results and results.any_refused else None
    return Outcome(taken["id"], opened.name, refused_file=refused, **ended)


def _send(bank: RemoteBank, source: Source, options: Options) -> Any:
    """Send the file; return the run that the server takes it for, or what a dry run came to."""
    flags = {name: getattr(options, name) for name in ("again", "stop_on_error", "dry_run")}
    asked = {"name": source.name, **{name: "true" for name, flag in flags.items() if flag}}
    kinds = {extension: kind for kind, extension in KINDS.items()}
    headers = {"Content-Type": kinds[source.layout.lines.extension]}
    path = f"/runs?{urlencode(asked)}"
    connection = bank.connection
    try:
        with connection.answer("POST", path, source.content(), source.size, headers) as response:
            return read(response)
    except OutcomeUnknown as lost:
        hint = "If it has taken the file, it carries it out; the same command tells."
        raise OutcomeUnknown(f"{lost.message} {hint}") from lost


def _follow(bank: RemoteBank, run_id: str, progress: LinesProgress) -> Shape:
    """Look at a run until it has ended; return how."""
    pause, longest = BETWEEN_LOOKS
    try:
        while "ended" not in (run := bank.ask(OneRun(run_id))):
            if "progress" in run:
                progress(*run["progress"].values())
            sleep(pause)
            pause = min(2 * pause, longest)
    except InUse as lost:
        hint = f"It goes on with the run {run_id} when it is started again; the same command too."
        raise OutcomeUnknown(f"{lost.message} {hint}") from lost
    ended: Shape = run["ended"]
    return ended


@contextmanager
def _fetched(bank: RemoteBank, run_id: str) -> Iterator[tuple[Iterator[str], Iterator[str]]]:
    """Fetch the results file of a run and the file of its refused lines, line by line."""
    answer = bank.connection.answer
    with (
        answer("GET", f"/runs/{run_id}/results") as rows,
        answer("GET", f"/runs/{run_id}/refused") as lines,
    ):
        if rows.status != HTTPStatus.OK:
            read(rows)
        # Where no line was refused there is no such file.
        yield _lines(rows), _lines(lines if lines.status == HTTPStatus.OK else ())


@contextmanager
def _rehearsed(taken: Shape) -> Iterator[tuple[Iterator[str], Iterator[str]]]:
    """Return the same of a dry run, whose answer has it all."""
    yield iter(taken["results"].split("\n")[:-1]), iter(taken["refused"].split("\n")[:-1])


def _lines(content: Iterable[bytes]) -> Iterator[str]:
    """Return lines without their ends; bytes that are no UTF-8 stay what they are."""
    for line in content:
        yield line.decode(errors="surrogateescape").removesuffix("\n")
