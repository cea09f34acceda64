"""The start of a run, which only the bank itself commands."""

from __future__ import annotations

from SimpleBankingSystem.commands.base import REGISTRY
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.run import Run
from tests.banks import done
from tests.commands.tables import answer

RUN = {"run_id": "R000001", "name": "day.csv", "digest": "d" * 64, "first_line": "f" * 64}


def test_a_run_is_noted_as_running(bank: Bank) -> None:
    transaction = done(bank, "start_run", **RUN)
    assert bank.runs() == [
        Run("R000001", "day.csv", "d" * 64, "f" * 64, "running", transaction.started_at)
    ]
    assert (transaction.source, transaction.target, transaction.postings) == ("", "", ())


def test_a_run_starts_once(bank: Bank) -> None:
    done(bank, "start_run", **RUN)
    words = " ".join(f"{name}={text}" for name, text in RUN.items())
    assert answer(bank, "start_run", words) == "run_refused"


def test_no_surface_offers_it() -> None:
    assert not REGISTRY["start_run"].surfaces


def test_an_account_may_have_a_run_s_id(bank: Bank) -> None:
    done(bank, "start_run", **RUN)
    done(bank, "open_account", name="Ada", account="R000001")
    assert bank.account("R000001").name == "Ada"
    assert bank.runs()[0].name == "day.csv"
