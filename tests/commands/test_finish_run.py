"""The end of a run, which only the bank itself commands."""

from __future__ import annotations

from SimpleBankingSystem.commands.base import REGISTRY
from SimpleBankingSystem.engine.bank import Bank
from tests.banks import done
from tests.commands.tables import answer

COUNTS = {"completed": "7", "failed": "2", "rejected": "4"}


def test_a_run_is_noted_as_finished_with_its_counts(bank: Bank) -> None:
    done(bank, "start_run", run_id="R000001", name="day.csv", digest="d", first_line="f")
    (started,) = bank.runs()
    transaction = done(bank, "finish_run", run_id="R000001", **COUNTS)
    (run,) = bank.runs()
    assert (run.status, run.finished_at) == ("finished", transaction.started_at)
    assert (run.completed, run.failed, run.rejected) == (7, 2, 4)
    assert (run.id, run.name, run.started_at) == (started.id, started.name, started.started_at)


def test_a_run_that_never_started_cannot_end(bank: Bank) -> None:
    words = " ".join(f"{name}={text}" for name, text in COUNTS.items())
    assert answer(bank, "finish_run", f"run_id=R000009 {words}") == "not_found"


def test_no_surface_offers_it() -> None:
    assert not REGISTRY["finish_run"].surfaces
