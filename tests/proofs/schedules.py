"""Schedules: who takes the next step, what time it is and what the disk does, all from a seed.

They are steps of one thread over books on a simulated disk, so that a seed is the whole story:
``python3 dev.py python -m tests.proofs.schedules SEED`` plays it again and shows every step and
every call of the disk.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from errno import EDQUOT, EFBIG, EIO, ENOSPC
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.engine.tickets import members_of
from SimpleBankingSystem.ledger.errors import DiskFull, OutcomeUnknown
from SimpleBankingSystem.ledger.transaction import COMPLETED, FAILED, PENDING, Transaction
from SimpleBankingSystem.stores.csv_files import archiver
from SimpleBankingSystem.stores.csv_files.files import Files
from SimpleBankingSystem.stores.csv_files.store import CsvStore
from SimpleBankingSystem.stores.csv_files.verify import verify
from tests.banks import TickingClock
from tests.proofs.day_on_disk import opened
from tests.proofs.players import (
    PowerLoss,
    ScheduledDisk,
    Submission,
    assert_in_order,
    staffed,
    submissions,
)
from tests.proofs.simulated_disk import CHANGES, Fault, SimulatedDisk
from tests.proofs.test_crash_images import abandon, balances_after, check_books

ERRORS = (EIO, ENOSPC, EDQUOT, EFBIG)
NAME = "tests.proofs.schedules"
KILLED, SYNCED, EVERYTHING = "process killed", "what was synced is kept", "everything is kept"
KEPT = (KILLED, SYNCED, EVERYTHING, *["something is kept"] * 3)
"""What a crash may leave; a killed process leaves what it wrote, but not all of it durable."""

OUTCOMES = {COMPLETED, FAILED}
MANY = 1_000
"""Steps after which whatever is under way must have come to its end."""


class Schedule:
    """The books, everybody who uses them, and what the world was told so far."""

    def __init__(self, seed: int, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.random = Random(seed)
        self.clock = TickingClock()
        self.trace: list[str] = []
        self.disk = ScheduledDisk({folder: None}, self.trace, self.others)
        self.everything = submissions(self.random)
        self.to_come = list(self.everything)
        self.asked: dict[str, Ticket] = {}
        self.told: dict[str, Transaction] = {}
        self.seen: dict[int, dict[str, Decimal]] = {}
        self.in_upkeep = False

    def play(self) -> None:
        """Take steps, each drawn, then let everything come to its end."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(archiver, "ROWS_PER_ARCHIVE", self.random.choice((8, 1_000_000)))
            self.start()
            for _ in range(self.random.randint(40, 160)):
                self.take(*self.random.choices([*STEPS], [*STEPS.values()]))
            self.come_to_an_end()

    def take(self, step: Callable[[Schedule], None]) -> None:
        """Take a step, whatever the disk does about it, and see what has become of the bank."""
        self.trace.append(step.__name__)
        with suppress(PowerLoss):
            self.attempt(lambda: step(self))
        self.hear()
        if self.disk.lost is not None:
            self.crash()
        elif self.store.fault is not None:
            self.random.choice((self.stop, self.crash))()

    def attempt(self, action: Callable[[], None]) -> None:
        """Do something that may be refused, though only because of the disk."""
        try:
            action()
        except (DiskFull, OutcomeUnknown) as refusal:
            self.trace.append(f"  {refusal.code}")

    def others(self) -> None:
        """While files are copied and checked, clients and workers go on."""
        if not self.in_upkeep or self.is_held() or self.random.random() > 0.1:
            return
        self.in_upkeep = False
        self.trace.append(" meanwhile")
        self.attempt(self.random.choice((self.work, self.work, self.ask)))
        self.hear()
        self.in_upkeep = True

    def is_held(self) -> bool:
        """Tell whether somebody holds what another thread would wait for."""
        index: Any = self.store._index._lock
        return self.store._section.locked() or bool(index._is_owned())

    # Steps

    def work(self) -> None:
        """A worker takes a step."""
        number = self.random.randrange(len(self.workers))
        self.trace.append(f" {number}: {self.workers[number].step()}")

    def ask(self) -> None:
        """A client asks for something, or once more for what it has asked for already."""
        if self.to_come and self.random.random() < 0.7:
            self.ask_for(self.to_come.pop(0))
        elif len(self.to_come) < len(self.everything):
            self.ask_for(self.random.choice(self.everything[: -len(self.to_come) or None]))

    def ask_for(self, submission: Submission) -> None:
        self.trace.append(f" {' '.join(submission.keys)}")
        tickets = submission.tickets()
        if submission.accepted:
            (one,) = tickets
            self.note(self.bank.accept(one.command, key=one.key))
            tickets = [each for each in self.bank._queue._tickets if each.key == one.key]
        else:
            self.bank.submit(tickets)
        for each in tickets:
            if each.recorded is not None:
                self.note(each.recorded)
            elif each.leader is None:
                self.asked[each.id] = each

    def jump(self) -> None:
        """Somebody sets the clock."""
        self.clock.move(self.random.choice((-400, -1, -0.0001, 0.0001, 1, 30)))

    def upkeep(self) -> None:
        """The bank looks after its files, and others go on meanwhile."""
        self.in_upkeep = True
        try:
            work = self.random.choice(
                (self.bank.snapshot, self.bank.archive, self.tidy, self.verify)
            )
            self.trace.append(f" {work.__name__}")
            work()
        finally:
            self.in_upkeep = False

    def tidy(self) -> None:
        with self.store._stopping_at_faults():
            self.store._head.sync()
        self.store._catch_up()

    def verify(self) -> None:
        assert self.bank.verify().problems == []

    def read(self) -> None:
        """Somebody reads all balances: no crash may take them back."""
        found = {each.id: each.balance for each in self.bank.accounts(internal=True)}
        self.seen[self.store._state.last_seq] = found

    def break_something(self) -> None:
        """One of the next calls fails, or the machine does."""
        at = self.random.randint(1, 20)
        if self.random.random() < 0.6:
            self.disk.changes_left = at
        else:
            number, for_good = self.random.choice(ERRORS), self.random.random() < 0.3
            self.disk.fault = Fault(number, at, CHANGES, for_good)

    def stop(self) -> None:
        """Stop the bank as it is meant to be stopped, and start it again."""
        self.trace.append("stop")
        with suppress(PowerLoss):
            while any(each.at_work for each in self.workers):
                for each in self.workers:
                    if each.at_work:
                        each.step()
            self.attempt(lambda: self.bank.close(0))
        self.hear()
        if self.disk.lost is not None:
            self.crash()
        else:
            self.disk.mend()
            self.start()

    # Starts and ends

    def crash(self) -> None:
        """The process is gone, or the machine with all that its disk had not kept."""
        if self.store._lock._file_lock.is_locked:
            abandon(self.store)
        self.fall()
        self.start()

    def fall(self) -> None:
        """Find the disk, and perhaps the index, as the crash has left them."""
        lost = self.disk.lost or self.disk.moment()
        kept = self.random.choice(KEPT)
        self.trace.append(f"crash: {kept}")
        if kept == KILLED:
            self.disk.mend()
        else:
            images = {SYNCED: lost.nothing, EVERYTHING: lost.everything}
            image = images[kept]() if kept in images else lost.sample(self.random)
            self.disk = ScheduledDisk(image, self.trace, self.others)
        if self.random.random() < 0.3:
            self.disk.changes_left = self.random.randint(1, 12)
        if self.random.random() < 0.3:
            for leftover in self.folder.glob("index.db*"):
                leftover.unlink()

    def start(self) -> None:
        """Open the books, however often it takes, and hold them against what was told."""
        answered = [each for each in self.asked.values() if self.is_answered(each)]
        assert_in_order(each for each in answered if each.status in OUTCOMES)
        while not self.is_started():
            pass
        self.workers = staffed(self.bank, self.random.randint(1, 4))
        self.asked = {each.id: each for each in members_of(self.bank._queue._tickets)}
        self.check()

    def is_started(self) -> bool:
        self.trace.append("start")
        image, files = self.disk.visible(), Files(self.folder)
        if files.head in image:
            problems = verify(SimulatedDisk(image), files).problems
            assert not problems, problems
        store: CsvStore | None = None
        try:
            store = opened(self.folder, self.disk, self.clock)
            bank = Bank(store, workers=0, batch=self.random.randint(1, 8), clock=self.clock)
        except PowerLoss:
            pass
        except (DiskFull, OutcomeUnknown) as refusal:
            self.trace.append(f"  {refusal.code}")
        else:
            self.store, self.bank = store, bank
            return True
        if store is not None:
            abandon(store)
        if self.disk.lost is not None:
            self.fall()
        else:
            self.disk.mend()
        return False

    def come_to_an_end(self) -> None:
        """Nothing breaks any more: every client gets its answer, and the books are whole."""
        self.disk.mend()
        for _ in range(MANY):
            open_ones = [
                each
                for each in self.everything
                if any(self.status(key) not in OUTCOMES for key in each.keys)
            ]
            if not open_ones:
                break
            for each in open_ones:
                self.ask_for(each)
            for _ in range(MANY):
                if self.bank._queue.wait_idle(0):
                    break
                self.work()
            self.hear()
        else:
            raise AssertionError("somebody waits for ever")
        self.verify()
        self.stop()
        self.bank.close()

    def status(self, key: str) -> str:
        return self.told[key].status if key in self.told else ""

    def story(self) -> Iterator[str]:
        """Yield, as lines, every step and call, and at last what the files contain."""
        for line in self.trace:
            yield f"{line}\n"
        for path, content in self.disk.visible().items():
            yield f"{path.name} {sha256(content or b'').hexdigest()}\n"

    # What must be true

    def hear(self) -> None:
        """Take note of what clients were told since."""
        for each in list(self.asked.values()):
            if not self.is_answered(each):
                continue
            if each.refusal is not None:
                assert isinstance(each.refusal, DiskFull | OutcomeUnknown), each.refusal
                del self.asked[each.id]
            else:
                self.note(each.transaction())

    def is_answered(self, ticket: Ticket) -> bool:
        return ticket.latch is not None and ticket.latch.wait(0)

    def note(self, transaction: Transaction) -> None:
        """Take note of an answer, which no later one may contradict."""
        before = self.told.setdefault(transaction.key, transaction)
        assert before.id == transaction.id
        if before.status != PENDING:
            assert (before.status, before.postings) == (transaction.status, transaction.postings)
        self.told[transaction.key] = transaction

    def check(self) -> None:
        """Hold the books against what the world was told and has seen."""
        rows = check_books(self.folder, self.disk, self.store, list(self.told.values()))
        for seq, balances in enumerate(balances_after(rows)):
            assert self.seen.get(seq, balances) == balances
        assert max(self.seen, default=0) <= len(rows)


STEPS = {
    Schedule.work: 50,
    Schedule.ask: 20,
    Schedule.read: 10,
    Schedule.upkeep: 10,
    Schedule.jump: 3,
    Schedule.break_something: 4,
    Schedule.stop: 1,
}
"""Which steps there are, and how often each is drawn."""


def played(seed: int, folder: Path) -> Schedule:
    """Play a seed's schedule below a folder; one that fails says how to play it again."""
    schedule = Schedule(seed, folder / str(seed))
    try:
        schedule.play()
    except BaseException as failure:
        failure.add_note(f"To play it again: python3 dev.py python -m {NAME} {seed}")
        raise
    return schedule


def main() -> None:
    """Play the seed that the command line names, and show its story."""
    with TemporaryDirectory() as folder:
        schedule = Schedule(int(sys.argv[1]), Path(folder, sys.argv[1]))
        try:
            schedule.play()
        finally:
            sys.stdout.writelines(schedule.story())


if __name__ == "__main__":
    main()
