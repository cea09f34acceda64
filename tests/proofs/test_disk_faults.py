"""Guarantees 7 and 8: after a disk error nothing more is acknowledged; a full disk is refused."""

from __future__ import annotations

import errno
from collections.abc import Collection
from pathlib import Path
from random import Random

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import BankError, DataDamaged, DiskFull, OutcomeUnknown
from SimpleBankingSystem.stores.csv_files import archiver
from SimpleBankingSystem.stores.csv_files.files import Files
from SimpleBankingSystem.stores.csv_files.snapshot import SNAPSHOTS
from SimpleBankingSystem.stores.csv_files.verify import verify
from tests.banks import TickingClock, asked
from tests.guarantees import Proved
from tests.proof_level import figure, proof_level
from tests.proofs.day_on_disk import Action, Told, a_day, opened
from tests.proofs.simulated_disk import CHANGES, SYNCS, Fault, Image, SimulatedDisk
from tests.proofs.test_crash_images import check

CALLS = 300
"""About how many changes a day has."""

ERRORS = [errno.EIO, errno.ENOSPC]
if proof_level() != "test":
    ERRORS += [errno.EDQUOT, errno.EFBIG]


WAYS = [(number, for_good) for number in ERRORS for for_good in (False, True)]
"""How a call fails: with which error, and whether once or for good."""

EVERY = len(WAYS) if proof_level() == "test" else 1
"""At the test level the ways take turns: each call fails in one of them."""


def twice(action: Action) -> object:
    """Do something, and once more if it is refused, as anybody would; then go on without it.

    Whatever is refused was not promised; but nobody changed the files, whatever the disk did.
    """
    for _ in range(2):
        try:
            return action()
        except DataDamaged:
            raise
        except BankError:
            continue
    return None


@pytest.mark.parametrize("calls", [CHANGES, {"write_at"}], ids=["changes", "head"])
@pytest.mark.parametrize(("number", "for_good"), WAYS)
def test_the_kth_call_fails(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    calls: Collection[str],
    proved: Proved,
    *,
    for_good: bool,
) -> None:
    """Guarantees 7 and 8: whatever fails, what was acknowledged is there after the next start.

    The day goes on after an error, and what was refused is tried again.
    """
    monkeypatch.setattr(archiver, "ROWS_PER_ARCHIVE", 8)
    at, struck = WAYS.index((number, for_good)) % EVERY + 1 - EVERY, True
    while struck:
        at += EVERY
        disk = SimulatedDisk({tmp_path: None})
        disk.record = False
        disk.fault = fault = Fault(number, at, calls, for_good)
        told = Told()
        a_day(tmp_path, disk, told, attempt=twice)
        struck = bool(fault.raised)
        check(tmp_path, disk.visible(), told.answers)
    assert at > 20
    ways = f"{len(WAYS)} ways" if EVERY == 1 else "one way"
    proved(f"each change of a day fails in {ways}")


def test_two_calls_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proved: Proved) -> None:
    """Guarantees 7 and 8: also when the disk fails while an error is dealt with."""
    monkeypatch.setattr(archiver, "ROWS_PER_ARCHIVE", 8)
    pairs = figure("pairs of faults")
    random = Random(pairs)
    struck = 0
    for _ in range(pairs):
        disk = SimulatedDisk({tmp_path: None})
        disk.record = False
        second = Fault(random.choice(ERRORS), random.randint(1, 10), CHANGES)
        first = random.randint(1, CALLS)
        disk.fault = Fault(random.choice(ERRORS), first, CHANGES, then=second)
        told = Told()
        a_day(tmp_path, disk, told, attempt=twice)
        check(tmp_path, disk.visible(), told.answers)
        struck += bool(second.raised)
    assert struck > pairs / 2
    proved(f"{struck:,} pairs of failing calls")


def test_after_a_failed_sync_nothing_more_is_acknowledged(tmp_path: Path) -> None:
    """Guarantee 7."""
    disk, clock = SimulatedDisk({tmp_path: None}), TickingClock()
    with Bank(opened(tmp_path, disk, clock), clock=clock) as bank:
        bank.execute(asked("open_account", name="Ada", account="ADA", initial_deposit="5"))
        disk.fault = Fault(errno.EIO, 1, {"sync_data"})
        for _ in range(2):
            with pytest.raises(OutcomeUnknown):
                bank.execute(asked("deposit", account="ADA", amount="1"))
        assert str(bank.account("ADA").balance) == "5.00"


def test_no_sync_follows_one_that_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guarantee 7: whatever is tried, until the next start."""
    monkeypatch.setattr(archiver, "ROWS_PER_ARCHIVE", 8)
    at, struck = 0, True
    while struck:
        at += 1
        disk = NotingDisk({tmp_path: None})
        disk.record = False
        disk.fault = fault = Fault(errno.ENOSPC, at, SYNCS)
        a_day(tmp_path, disk, Told(), attempt=twice)
        struck = bool(fault.raised)
        assert not disk.late_syncs, (fault.raised, disk.late_syncs)
    assert at > 20


class NotingDisk(SimulatedDisk):
    """A disk that notes which syncs follow one that failed, unless books are being opened."""

    def __init__(self, image: Image) -> None:
        super().__init__(image)
        self.late_syncs: list[str] = []

    def called(self, call: str, path: Path, data: bytes = b"") -> None:
        has_failed = self.fault is not None and bool(self.fault.raised)
        if has_failed and call in SYNCS and not self.phase.startswith("open"):
            self.late_syncs.append(f"{call} {path.name}")
        if self.phase.startswith("open") and has_failed:
            self.fault = None
        super().called(call, path, data)


def test_a_bank_that_lost_its_disk_stays_so(tmp_path: Path) -> None:
    """Guarantee 7: no archiving puts a new journal in the place of one that failed."""
    disk, clock = SimulatedDisk({tmp_path: None}), TickingClock()
    with Bank(opened(tmp_path, disk, clock), clock=clock) as bank:
        bank.execute(asked("open_account", name="Ada", account="ADA", initial_deposit="5"))
        disk.fault = Fault(errno.ENOSPC, len(SNAPSHOTS) + 1, {"create"})  # The new journal's.
        with pytest.raises(DiskFull):
            bank.archive()
        assert disk.fault.raised == ["create transactions.csv.new"]
        disk.fault = Fault(errno.EIO, 1, {"sync_data"})
        for action in (pay, Bank.archive, pay, Bank.snapshot):
            with pytest.raises(OutcomeUnknown):
                action(bank)


@pytest.mark.parametrize("has_runs", [False, True])
def test_a_snapshot_that_is_refused_half_way_accuses_nobody(
    tmp_path: Path, *, has_runs: bool
) -> None:
    """Guarantee 8: also where the next one is refused before it has begun."""
    disk, clock = SimulatedDisk({tmp_path: None}), TickingClock()
    with Bank(opened(tmp_path, disk, clock), clock=clock) as bank:
        bank.execute(asked("open_account", name="Ada", account="ADA", initial_deposit="5"))
        bank.snapshot()
        if has_runs:
            run = {"run_id": "R000001", "name": "a", "digest": "d", "first_line": "f"}
            bank.execute(asked("start_run", **run))
        for at, call in enumerate(("rename", "create")):
            pay(bank)
            disk.fault = Fault(errno.ENOSPC, 2 - at, {call})
            with pytest.raises(DiskFull):
                bank.snapshot()
            seen = SimulatedDisk(disk.visible())
            assert verify(seen, Files(tmp_path)).problems == []
    check(tmp_path, disk.visible(), [])


def pay(bank: Bank) -> object:
    return bank.execute(asked("deposit", account="ADA", amount="1"))


def test_refusing_again_and_again_takes_no_memory(tmp_path: Path) -> None:
    disk, clock = SimulatedDisk({tmp_path: None}), TickingClock()
    store = opened(tmp_path, disk, clock)
    disk.fault = Fault(errno.EIO, 1, {"sync_data"}, for_good=True)
    depths: list[int] = []
    for _ in range(10):
        with pytest.raises(OutcomeUnknown) as refusal:
            store.snapshot()
        depths.append(len(refusal.traceback))
    assert depths[1] == depths[-1]
    store.close()


def test_a_full_disk_is_refused_and_the_bank_lives_on(tmp_path: Path) -> None:
    """Guarantee 8."""
    disk, clock = SimulatedDisk({tmp_path: None}), TickingClock()
    with Bank(opened(tmp_path, disk, clock), clock=clock) as bank:
        bank.execute(asked("open_account", name="Ada", account="ADA", initial_deposit="5"))
        disk.fault = Fault(errno.ENOSPC, 1, {"append"})
        with pytest.raises(DiskFull):
            bank.execute(asked("deposit", account="ADA", amount="1"))
        assert str(bank.account("ADA").balance) == "5.00"
        bank.execute(asked("deposit", account="ADA", amount="2"))
        assert str(bank.account("ADA").balance) == "7.00"
    check(tmp_path, disk.visible(), [])
