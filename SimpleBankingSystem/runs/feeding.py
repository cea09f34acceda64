"""Feeding: a chunk of lines goes through the bank, and what became of each is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import (
    BankError,
    Busy,
    DataDamaged,
    DiskFull,
    InternalError,
    OutcomeUnknown,
)
from SimpleBankingSystem.ledger.run import LinesDone
from SimpleBankingSystem.ledger.transaction import COMPLETED, FAILED, PENDING, Transaction
from SimpleBankingSystem.runs.lines import ActionLine, Entry, RefusedLine, reason
from SimpleBankingSystem.runs.results import Results

PROBLEMS_KEPT = 20
"""How many of the lines that went wrong are told at the end; the results file has them all."""

BANK_FAULTS = (Busy, DataDamaged, DiskFull, InternalError, OutcomeUnknown)
"""Refusals that say nothing about a line: the run stops, and is resumed when the bank is well."""


@dataclass(slots=True)
class Tally:
    """Counts of lines: what became of them in this execution of the run."""

    completed: int = 0
    failed: int = 0
    rejected: int = 0
    already_done: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def lines(self) -> int:
        """How many lines were dealt with."""
        return self.completed + self.failed + self.rejected + self.already_done

    def problem(self, line: int, error: BankError | None) -> None:
        """Keep one of the first problems, for a person."""
        if error is not None and len(self.problems) < PROBLEMS_KEPT:
            self.problems.append(f"line {line}: {error.code}: {reason(error)}")


class Feed:
    """Carries out chunks of one run. ``done`` are the lines that the journal has already."""

    def __init__(self, bank: Bank, done: LinesDone, results: Results | None) -> None:
        self.tally = Tally()
        self._bank = bank
        self._done = done
        self._results = results

    def carry_out(self, chunk: Sequence[Entry]) -> None:
        """Carry out what is not done yet, and count what became of it once it is durable.

        Raises:
            BankError: the bank cannot go on; what it did is counted.
        """
        if isinstance(chunk[0], ActionLine):
            self._perform(chunk[0])
        else:
            tickets = [entry for entry in chunk if isinstance(entry, Ticket)]
            if self._done.highest:
                # A key answers by itself what happened then, and also that its line was refused.
                tickets = [each for each in tickets if each.key or each.line not in self._done]
            fault: BankError | None = None
            try:
                self._bank.carry_out(tickets, wait=True)
            finally:
                # Whatever stops the bank here, Ctrl-C too, is the reason and goes on by itself.
                fault = self._count(chunk)
            if fault is not None:
                raise fault
        if self._results is not None:
            self._results.write()

    def _count(self, chunk: Sequence[Entry]) -> BankError | None:
        """Note what became of each line; return the bank's own fault, if there was one."""
        fault: BankError | None = None
        completed, unwritten = 0, self._results is None
        for entry in chunk:
            if isinstance(entry, RefusedLine):
                self._rejected(entry)
            elif isinstance(entry, Ticket):
                if unwritten and entry.status == COMPLETED and entry.refusal is None:
                    completed += 1
                else:
                    fault = self._answered(entry) or fault
        self.tally.completed += completed
        return fault

    def _answered(self, ticket: Ticket) -> BankError | None:
        """Note what became of a line; return the bank's own fault, if that is what became of it."""
        refusal = ticket.refusal
        if refusal is None and ticket.line in self._done:
            self.tally.already_done += 1
            return None
        outcome = ticket.recorded or ticket
        if refusal is None and outcome.status == PENDING:
            refusal = Busy(
                "The bank was stopped; what it accepted is carried out at its next start."
            )
        if refusal is None:
            self._transacted(ticket.line, outcome)
        elif isinstance(refusal, BANK_FAULTS):
            return refusal
        else:
            self._rejected(RefusedLine(ticket.line, ticket.text, ticket.group, refusal))
        return None

    def _transacted(self, line: int, outcome: Ticket | Transaction) -> None:
        if outcome.status == FAILED:
            self.tally.failed += 1
            self.tally.problem(line, outcome.error)
        else:
            self.tally.completed += 1
        if self._results is not None:
            self._results.done(line, outcome)

    def _rejected(self, entry: RefusedLine) -> None:
        self.tally.rejected += 1
        self.tally.problem(entry.line, entry.error)
        if self._results is not None:
            self._results.rejected(entry)

    def _perform(self, entry: ActionLine) -> None:
        """Carry out an action, unless a later line is done: then so was this one.

        An action has no row in the journal, so the last one before a crash may be done twice.
        """
        if entry.line < self._done.highest:
            self.tally.already_done += 1
            return
        try:
            answer = self._bank.perform(entry.action)
        except BANK_FAULTS:
            raise
        except BankError as refusal:
            self._rejected(RefusedLine(entry.line, entry.text, "", refusal))
            return
        if isinstance(answer, Transaction):
            self._transacted(entry.line, answer)
            return
        self.tally.completed += 1
        if self._results is not None:
            self._results.performed(entry.line)
