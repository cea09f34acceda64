"""Questions about command files, and about the books as a whole."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import NotFound
from SimpleBankingSystem.questions.books import Verify
from SimpleBankingSystem.questions.runs import OneRun, Runs
from tests.banks import done


def test_runs_are_listed_and_shown(bank: Bank) -> None:
    start = {"run_id": "R000001", "name": "+day.csv", "digest": "d" * 64, "first_line": "f" * 64}
    done(bank, "start_run", **start)
    (run,) = bank.runs()
    assert Runs().answer(bank) == {"items": [asdict(run)], "next": None}
    assert OneRun(run.id).answer(bank) == asdict(run)
    assert Runs().csv(Runs().answer(bank)).splitlines()[1].startswith('R000001,"\'+day.csv",')
    with pytest.raises(NotFound, match="R000002"):
        OneRun("R000002").answer(bank)


def test_verify_has_a_row_for_each_fact_and_problem(bank: Bank) -> None:
    answer = Verify().answer(bank)
    assert answer["problems"] == []
    found = {"facts": {"rows": 3, "sum_EUR": "0.00"}, "problems": ["=1 is wrong"]}
    assert Verify().csv(found) == (
        'fact,value\n"rows",3\n"sum_EUR",0.00\n"problem","\'=1 is wrong"\n'
    )
    assert Verify(chain=True, expect="h0").path() == "/verify?chain=true&expect=h0"
