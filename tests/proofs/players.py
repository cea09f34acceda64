"""Who takes part in a schedule: clients, workers, and a disk that may lose its power."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from errno import errorcode
from pathlib import Path
from random import Random

from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.engine.bank import Bank
from tests.banks import ticket
from tests.proofs.simulated_disk import CHANGES, Image, Moment, SimulatedDisk

ACCOUNTS = ("ADA", "BOB", "EVE", "DAN")
GUESSED = ("A00000001", "A00000002")


def drawn_command(random: Random) -> dict[str, str]:
    """Return a verb and its fields; half of the transfers will fail."""
    source, target = random.sample((*ACCOUNTS, *GUESSED), 2)
    amount = str(random.randint(1, 60))
    match random.randrange(8):
        case 0:
            return {"verb": "open_account", "name": "New", "initial_deposit": amount}
        case 1:
            return {"verb": "withdraw", "account": source, "amount": amount}
        case 2:
            return {"verb": "deposit", "account": source, "amount": amount}
    return {"verb": "transfer", "source": source, "target": target, "amount": amount}


class Worker:
    """A worker whose four steps are taken one by one: take, decide, commit, release."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._steps = self._work()
        self.at_work = False

    def step(self) -> bool:
        """Take the next step; False if there is nothing to do at this moment."""
        return next(self._steps)

    def _work(self) -> Iterator[bool]:
        while True:
            batch = self._bank._queue.take_now()
            if batch is None:
                yield False
                continue
            self.at_work = True
            yield True
            for _ in self._bank._processor.steps(batch):
                yield True
            self.at_work = False
            yield True


def staffed(bank: Bank, workers: int) -> list[Worker]:
    """Return workers for a bank that has no threads."""
    bank._queue._workers = workers
    return [Worker(bank) for _ in range(workers)]


def assert_in_order(tickets: Iterable[Ticket]) -> None:
    """Insist that per account the order of the journal is that of submission."""
    journal: dict[str, list[int]] = defaultdict(list)
    for each in tickets:
        for name in each.transaction().accounts:
            if "." not in name:
                journal[name].append(each.seq)
    for name, order in journal.items():
        assert order == sorted(order), (name, order)


class PowerLoss(BaseException):
    """The machine is gone: nothing that comes after the call is done."""


class ScheduledDisk(SimulatedDisk):
    """Writes each call down, and lets others take steps between; may lose its power at one."""

    def __init__(self, image: Image, trace: list[str], others: Callable[[], None]) -> None:
        super().__init__(image)
        self.record = False
        self._trace = trace
        self._others = others
        self.changes_left = 0
        self.lost: Moment | None = None

    def called(self, call: str, path: Path, data: bytes = b"") -> None:
        if self.lost is not None:
            raise PowerLoss
        self._others()
        self._trace.append(f"  {call} {path.name} {len(data) or ''}".rstrip())
        if call in CHANGES and self.changes_left:
            self.changes_left -= 1
            if not self.changes_left:
                self.lost = self.moment(call, path, data)
                raise PowerLoss
        try:
            super().called(call, path, data)
        except OSError as error:
            self._trace.append(f"  {errorcode[error.errno or 0]}")
            raise

    def mend(self) -> None:
        """Let everything work from now on."""
        self.fault, self.changes_left, self.lost = None, 0, None


@dataclass(frozen=True)
class Submission:
    """What a client asks for at once, each command with a key, so that it may ask again."""

    commands: Sequence[dict[str, str]]
    group: str = ""
    accepted: bool = False

    def tickets(self) -> list[Ticket]:
        return [ticket(**each, group=self.group) for each in self.commands]

    @property
    def keys(self) -> list[str]:
        return [each["key"] for each in self.commands]


def submissions(random: Random) -> list[Submission]:
    """Return what is asked for in a schedule; first come the accounts, then a run."""
    made = [
        Submission(
            [
                {"verb": "open_account", "name": name, "account": name, "initial_deposit": "100"}
                | {"key": name}
                for name in ACCOUNTS
            ]
        )
    ]
    run = {"verb": "start_run", "run_id": "R000001", "name": "a", "digest": "d", "first_line": "f"}
    made.append(Submission([run | {"key": "run"}]))
    for number in range(random.randint(4, 12)):
        kind = random.choice(("", "", "group", "accepted"))
        size = {"": random.randint(1, 4), "group": 2, "accepted": 1}[kind]
        commands = [drawn_command(random) | {"key": f"k{number}.{at}"} for at in range(size)]
        group = f"g{number}" if kind == "group" else ""
        made.append(Submission(commands, group, kind == "accepted"))
    return made
