"""What is asked about command files."""

from __future__ import annotations

from dataclasses import asdict

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.fields import RunId
from SimpleBankingSystem.ledger.run import Run
from SimpleBankingSystem.questions.base import Answer, Question, WholeList, question
from SimpleBankingSystem.shapes import COUNT, FLAG, TEXT, TIME, Schema, page_of, record

LIVE = ("progress", "ended")
"""What only the server that carries a run out knows of it."""

ENDED: Schema = {
    "type": "object",
    "description": "what came of the execution: counts, or the error that broke it off; a run "
    "that is stopped goes on when its file is given again",
    "properties": {
        **dict.fromkeys(("completed", "failed", "rejected", "already_done"), COUNT),
        "seconds": {"type": "number"},
        "finished_before": FLAG,
        "stopped": FLAG,
        "problems": {"type": "array", "items": TEXT},
        "error": {"type": "object"},
    },
}

RUN = record(
    {
        "id": {**TEXT, "example": "R000001"},
        "name": {**TEXT, "example": "day.csv"},
        "digest": TEXT,
        "first_line": TEXT,
        "status": {**TEXT, "enum": ["running", "finished"]},
        "started_at": TIME,
        "finished_at": TEXT,
        "completed": COUNT,
        "failed": COUNT,
        "rejected": COUNT,
        "progress": {"type": "object", "additionalProperties": COUNT},
        "ended": ENDED,
    },
    title="Run",
    optional=LIVE,
)


@question("runs", route="/runs", answers=page_of(RUN))
class Runs(WholeList):
    """List the runs of command files, the oldest first."""

    columns = (
        *("id", "name", "status", "started_at", "finished_at"),
        *("completed", "failed", "rejected"),
    )

    def answer(self, bank: Bank) -> Answer:
        return self.page(bank.every(Run), asdict)


@question("one_run", route="/runs/{run}", answers=RUN, typed=False)
class OneRun(Question):
    """Show one run of a command file."""

    run: RunId

    def answer(self, bank: Bank) -> Answer:
        return asdict(bank.find(Run, self.run))
