"""Guarantees 1, 2, 3, 4, 6, 7, 8, 10 and 11: whoever takes the next step, and whatever breaks.

Workers, clients, upkeep, clock and disk take the steps that a seed draws for them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import deque
from contextlib import suppress
from pathlib import Path

import pytest

import dev
from SimpleBankingSystem.engine.bank import Bank
from tests.banks import TickingClock, code, done
from tests.guarantees import Proved
from tests.proof_level import figure
from tests.proofs.day_on_disk import opened
from tests.proofs.players import PowerLoss, ScheduledDisk
from tests.proofs.schedules import KEPT, NAME, STEPS, played
from tests.proofs.simulated_disk import SimulatedFile
from tests.proofs.test_crash_images import abandon, check

AT_ONCE = 20
"""Schedules in one test: few enough for a failure to be found, many enough to be quick."""


@pytest.mark.parametrize("first", range(0, figure("schedules on a disk"), AT_ONCE))
def test_whatever_is_drawn_the_books_are_right(first: int, tmp_path: Path, proved: Proved) -> None:
    for seed in range(first, first + AT_ONCE):
        played(seed, tmp_path)
    if first + AT_ONCE >= figure("schedules on a disk"):
        proved(f"{figure('schedules on a disk'):,} schedules of workers, clock and a failing disk")


def test_the_schedules_are_no_formality(tmp_path: Path) -> None:
    schedules = [played(seed, tmp_path) for seed in range(20)]
    trace = "\n".join(line for each in schedules for line in each.trace)
    for step in STEPS:
        assert f"\n{step.__name__}" in trace
    for word in (*KEPT, "meanwhile", "-torn-commit.csv", "rename archived_transactions_0001"):
        assert word in trace
    for error in ("disk_full", "outcome_unknown", "EIO", "ENOSPC", "EDQUOT", "EFBIG"):
        assert f"  {error}\n" in trace
    outcomes = {code(told) for each in schedules for told in each.told.values()}
    assert {"COMPLETED", "insufficient_funds", "account_not_found", "group_failed"} <= outcomes


def test_a_machine_may_lose_its_power_just_after_the_bank_was_killed(tmp_path: Path) -> None:
    """A kill at every call of an archiving; then a loss of power at every call of the start."""
    at, killed = 0, True
    while killed:
        at += 1
        disk, clock = ScheduledDisk({tmp_path: None}, [], lambda: None), TickingClock()
        store = opened(tmp_path, disk, clock)
        bank = Bank(store, clock=clock)
        promised = [done(bank, "open_account", name="Ada", account="ADA", initial_deposit="5")]
        disk.changes_left = at
        with suppress(PowerLoss):
            bank.archive()
        killed = disk.lost is not None
        abandon(store)
        disk.mend()
        disk.record = True
        abandon(opened(tmp_path, disk, clock))
        for moment in disk.moments:
            check(tmp_path, moment.nothing(), promised)
    assert at > 15


def test_a_seed_is_played_again_exactly(tmp_path: Path) -> None:
    """By another process too, whose sets have another order."""
    seed = 5
    again = subprocess.run(
        [sys.executable, "-m", NAME, str(seed)],
        cwd=dev.ROOT,
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert again.stdout == "".join(played(seed, tmp_path).story())
    assert "transactions.csv" in again.stdout


def test_a_seed_that_fails_says_how_to_play_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SimulatedFile, "sync_data", lambda _: None)
    with pytest.raises(AssertionError) as failure:
        deque(played(seed, tmp_path) for seed in range(20))
    (note,) = failure.value.__notes__
    assert re.fullmatch(rf"To play it again: python3 dev.py python -m {NAME} \d+", note)
