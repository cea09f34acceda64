"""``bank run``: a command file, with a progress bar, a summary and the outcome of each line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.cli import terminal
from SimpleBankingSystem.cli.session import INTERRUPTED, NOT_ALL_DONE, KindType, Session, Verb
from SimpleBankingSystem.ledger.fields import NAME

if TYPE_CHECKING:
    from SimpleBankingSystem.remote import RemoteBank
    from SimpleBankingSystem.runs import Options, Outcome
    from SimpleBankingSystem.runs.running import LinesProgress


@click.command("run", cls=Verb, example="run day.csv --results results.csv")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--results",
    type=click.Path(dir_okay=False, path_type=Path),
    help="write what became of each line here, and refused lines to a file beside it",
)
@click.option("--dry-run", is_flag=True, help="take the same path, and keep nothing")
@click.option("--stop-on-error", is_flag=True, help="stop at the first line that goes wrong")
@click.option("--again", is_flag=True, help="carry out once more what was carried out already")
@click.option(
    "--run",
    type=KindType(NAME),
    help="what the run is called, if not like the file; - needs it",
)
@click.pass_obj
def run(
    session: Session,
    file: str,
    results: Path | None,
    *,
    dry_run: bool,
    stop_on_error: bool,
    again: bool,
    run: str | None,
) -> int:
    """Carry out a command file, or standard input (-).

    CSV or JSON Lines: a column for the verb, called command, and one for each field. Each line is
    carried out once, however often the run is stopped and started again. Ends with 1 if a line
    failed or was rejected.
    """
    from SimpleBankingSystem.runs import Options

    if file == "-" and not run:
        raise click.UsageError("Standard input has no name: give --run NAME.")
    options = Options(
        name=run or "", again=again, stop_on_error=stop_on_error, dry_run=dry_run, results=results
    )
    lines = 0
    with session.books() as bank:
        try:
            with terminal.progress_bar("Running", unit="lines") as bar:

                def tell(read: int, size: int, dealt: int, *_: int) -> None:
                    nonlocal lines
                    lines = dealt
                    bar(read, size, dealt)

                outcome = carry_out(bank, file, options, tell)
        except KeyboardInterrupt:
            terminal.say(f"Stopped after {lines:,} lines: {kept(bank, dry_run=dry_run)}")
            return INTERRUPTED
    return show(session, outcome, results, dry_run=dry_run)


def carry_out(
    bank: Bank | RemoteBank, file: str, options: Options, progress: LinesProgress
) -> Outcome:
    """Carry out a command file, or have the server do so that holds the books."""
    if isinstance(bank, Bank):
        from SimpleBankingSystem.runs import run_file

        return run_file(bank, file, options, progress)
    from SimpleBankingSystem.remote.running import run_file as have_run

    return have_run(bank, file, options, progress)


def kept(bank: Bank | RemoteBank, *, dry_run: bool) -> str:
    """Tell what is kept of a command file that was broken off, and how it goes on."""
    if dry_run:
        return "nothing is kept. The same command goes on there."
    if isinstance(bank, Bank):
        return "they and what was under way are kept. The same command goes on there."
    return "the server goes on with the rest. The same command follows it."


def show(session: Session, outcome: Outcome, results: Path | None, *, dry_run: bool) -> int:
    """Show the summary of a run; return the exit status that it stands for."""
    if outcome.finished_before:
        terminal.say(f"Run {outcome.run_id} was finished before: nothing to do without --again.")
    lines = outcome.completed + outcome.failed + outcome.rejected
    summary: dict[str, object] = {
        "run": outcome.run_id,
        "name": outcome.name,
        "kept": not dry_run,
        "completed": outcome.completed,
        "failed": outcome.failed,
        "rejected": outcome.rejected,
        "already_done": outcome.already_done,
        "finished_before": outcome.finished_before,
        "stopped": outcome.stopped,
        "seconds": round(outcome.seconds, 3),
        "lines_per_second": round(lines / outcome.seconds) if outcome.seconds else None,
        "refused_lines": str(outcome.refused_file) if outcome.refused_file else None,
    }
    if session.as_json:
        summary["problems"] = outcome.problems
    else:
        for problem in problems(outcome, results, dry_run=dry_run):
            terminal.say(problem)
    session.show(summary)
    return NOT_ALL_DONE if outcome.failed or outcome.rejected else 0


def problems(outcome: Outcome, results: Path | None, *, dry_run: bool) -> Iterator[str]:
    """Tell a person which lines went wrong, and what can be done about it."""
    yield from outcome.problems
    more = outcome.failed + outcome.rejected - len(outcome.problems)
    if more:
        where = f"{results} has them all" if results else "give --results FILE to have them all"
        yield f"… and {more:,} more: {where}"
    if outcome.stopped and outcome.rejected:
        yield (
            "Stopped there, and again each time: a refused line is never done. Without "
            "--stop-on-error the lines below it are carried out, and --results FILE puts it into "
            "a file where it can be mended and run by itself."
        )
    elif outcome.stopped and not dry_run:
        yield "Stopped there: the same command goes on with the line below it."
