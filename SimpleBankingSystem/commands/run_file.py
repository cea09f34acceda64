"""The start and the end of a run, given by the bank itself when it carries out a command file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.errors import NotFound, RunRefused
from SimpleBankingSystem.ledger.fields import Count, Name, RunId, Text
from SimpleBankingSystem.ledger.run import FINISHED, RUNNING, Run
from SimpleBankingSystem.ledger.working_copy import Look


@command("start_run", surfaces=False)
class StartRun(Command):
    """Note that a command file is being carried out."""

    run_id: RunId
    name: Name
    digest: Text
    first_line: Text

    def accounts(self, look: Look) -> Collection[str]:
        """Hold the run."""
        del look
        return (self.run_id,)

    def apply(self, book: Book) -> None:
        """Put the run as running."""
        if book.find(Run, self.run_id) is not None:
            raise RunRefused(f"There is a run {self.run_id} already.")
        run = Run(self.run_id, self.name, self.digest, self.first_line, RUNNING, book.now)
        book.put(run)


@command("finish_run", surfaces=False)
class FinishRun(Command):
    """Note that a command file was carried out to its end."""

    run_id: RunId
    completed: Count
    failed: Count
    rejected: Count

    def accounts(self, look: Look) -> Collection[str]:
        """Hold the run."""
        del look
        return (self.run_id,)

    def apply(self, book: Book) -> None:
        """Put the run as finished, with its counts of lines."""
        run = book.find(Run, self.run_id)
        if run is None:
            raise NotFound(f"There is no run {self.run_id}.")
        book.put(
            replace(
                run,
                status=FINISHED,
                finished_at=book.now,
                completed=self.completed,
                failed=self.failed,
                rejected=self.rejected,
            ),
        )
