"""Guarantees 1 and 10: nobody is answered, and no balance is seen, before it is durable."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.stores.csv_files.head import Head
from tests.banks import DEADLINE, TickingClock, done, ticket
from tests.proofs.day_on_disk import opened
from tests.proofs.simulated_disk import SimulatedDisk


def test_nothing_is_told_or_shown_before_it_is_durable(tmp_path: Path) -> None:
    disk, clock = SimulatedDisk({tmp_path: None}), TickingClock()
    with Bank(opened(tmp_path, disk, clock), clock=clock) as bank:
        done(bank, "open_account", name="Ada", account="ADA", initial_deposit="5")
        deposit = ticket("deposit", account="ADA", amount="1")
        disk.moments.clear()
        disk.watch = lambda: (
            deposit.latch is not None and not deposit.latch.count,
            bank.account("ADA").balance,
        )
        assert bank.submit([deposit]).wait(DEADLINE)
        assert [(each.call, each.seen) for each in disk.moments] == [
            (call, (False, Decimal(5))) for call in ("append", "sync_data", "write_at")
        ]
        assert bank.account("ADA").balance == 6
        # A killed process leaves this; it tells a tear from damage.
        assert Head(disk, tmp_path / "head.csv").anchor.last_seq == deposit.seq
