"""What ``dev.py mutate`` tries and tells."""

from __future__ import annotations

import pytest

import dev
from tests import mutants

PLACE = "SimpleBankingSystem/ledger/money.py"
NAME = "SimpleBankingSystem.ledger.money.x_in_units__mutmut_{}"


def test_the_share_of_each_place_is_told_and_whatever_nobody_noticed() -> None:
    names = [NAME.format(number) for number in range(10)]
    became = {**dict.fromkeys(names, "killed"), names[3]: "timeout", names[4]: "survived"}
    lines, enough = mutants.report({PLACE: names}, became)
    assert lines == [
        f"survived: .venv/bin/mutmut show {names[4]}",
        "",
        f"{PLACE}: 90.0 % noticed of 10 changes (8 killed, 1 survived, 1 timeout)",
    ]
    assert enough
    _, enough = mutants.report({PLACE: names}, {**became, names[5]: "no tests"})
    assert not enough


def test_a_sample_is_the_same_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(dev.ROOT)
    names = mutants.changes(PLACE)
    assert NAME.format(1) in names
    monkeypatch.setattr(mutants, "AT_MOST", 3)
    sample = mutants.changes(PLACE)
    assert len(sample) == 3
    assert set(sample) < set(names)
    assert mutants.changes(PLACE) == sample
