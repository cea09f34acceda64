"""A day of banking on a simulated disk, to be interrupted anywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.transaction import Transaction
from SimpleBankingSystem.stores.csv_files.store import CsvStore
from tests.banks import TickingClock, asked, ticket
from tests.proofs.simulated_disk import SimulatedDisk

Action = Callable[[], object]


@dataclass
class Told:
    """What the world was told so far: the outcomes, and the ids that were asked for."""

    answers: list[Transaction] = field(default_factory=list)

    def now(self) -> tuple[Transaction, ...]:
        return tuple(self.answers)


def opened(folder: Path, disk: SimulatedDisk, clock: TickingClock) -> CsvStore:
    return CsvStore(folder, clock=clock, disk=disk, upkeep=False)


def plainly(action: Action) -> object:
    """Do something that nothing hinders."""
    return action()


def grouped(name: str, *amounts: str) -> list[Ticket]:
    members = [ticket("transfer", source="ADA", target="BOB", amount=each) for each in amounts]
    for member in members:
        member.group = name
    return members


def a_day(
    folder: Path, disk: SimulatedDisk, told: Told, attempt: Callable[[Action], object] = plainly
) -> None:
    """Bank for a day: every kind of commit, a snapshot, two archivings, a stop and a start.

    ``attempt`` does each thing, and may go on where it is refused.
    """
    clock = TickingClock()
    disk.watch = told.now
    disk.phase = "open"
    bank = attempt(lambda: Bank(opened(folder, disk, clock), clock=clock))
    if isinstance(bank, Bank):
        morning(bank, disk, told, attempt)
        disk.phase = "shutdown"
        attempt(bank.close)
    disk.phase = "open again"
    bank = attempt(lambda: Bank(opened(folder, disk, clock), clock=clock))
    if isinstance(bank, Bank):
        disk.phase = "append"
        carry_out(bank, told, attempt, moved("BOB", "ADA", "3.00", "last"))
        disk.phase = "shutdown"
        attempt(bank.close)


def morning(
    bank: Bank, disk: SimulatedDisk, told: Told, attempt: Callable[[Action], object]
) -> None:
    """Do all but the stop and the start."""
    disk.phase = "append"
    carry_out(bank, told, attempt, people)
    carry_out(bank, told, attempt, moved("ADA", "BOB", "5.00", "first"))
    carry_out(bank, told, attempt, refused_and_paid)
    carry_out(bank, told, attempt, lambda: grouped("whole", "1.00", "2.00"))
    carry_out(bank, told, attempt, lambda: grouped("refused", "1.00", "900.00"))
    carry_out(bank, told, attempt, newcomers)
    carry_out(bank, told, attempt, set_aside_and_parted)
    later = asked("deposit", account="BOB", amount="4.00")
    attempt(lambda: told.answers.append(bank.accept(later, key="later")))
    disk.phase = "snapshot"
    attempt(bank.snapshot)
    disk.phase = "archive"
    attempt(bank.archive)
    disk.phase = "append"
    for each in [each for each in told.answers if each.key == "refused"]:
        attempt(lambda: told.answers.append(bank.retry(each.id)))  # noqa: B023
    limit = {"account": "ADA", "overdraft_limit": "9"}
    carry_out(bank, told, attempt, lambda: [ticket("set_overdraft_limit", **limit)])
    carry_out(bank, told, attempt, lambda: captured_merged_and_swept(told))
    disk.phase = "archive"
    attempt(bank.archive)


def carry_out(
    bank: Bank,
    told: Told,
    attempt: Callable[[Action], object],
    tickets: Callable[[], list[Ticket]],
) -> None:
    """Carry tickets out, made anew for each attempt, and take note of the answers."""

    def action() -> None:
        batch = tickets()
        bank.submit(batch).wait()
        told.answers += [each.transaction() for each in batch if each.refusal is None]
        for each in batch:
            if each.refusal is not None:
                raise each.refusal

    attempt(action)


def people() -> list[Ticket]:
    return [
        ticket("open_account", name=name, account=name, initial_deposit="50.00", key=name)
        for name in ("ADA", "BOB", "EVE")
    ]


def moved(source: str, target: str, amount: str, key: str) -> Callable[[], list[Ticket]]:
    way = {"source": source, "target": target}
    return lambda: [ticket("transfer", amount=amount, key=key, **way)]


def refused_and_paid() -> list[Ticket]:
    return [
        ticket("withdraw", account="EVE", amount="70.00", key="refused"),
        ticket("deposit", account="EVE", amount="30.00", key="paid"),
    ]


def newcomers() -> list[Ticket]:
    return [
        ticket("register_customer", name="Ada", address="Paris", key="customer"),
        ticket("define_product", product="club", daily_limit="60", transfer_fee="0.50"),
        ticket("open_account", name="Y", account="YEN", currency="JPY", owners="C00000001"),
        ticket("open_account", name="O", account="OLD", product="savings", initial_deposit="7"),
        ticket("change_product", account="BOB", product="club"),
    ]


def set_aside_and_parted() -> list[Ticket]:
    return [
        ticket("place_hold", account="ADA", amount="5", key="hold"),
        ticket("place_hold", account="EVE", amount="6"),
        ticket("split", source="BOB", parts="ADA=1 EVE=1 OLD=1", amount="10", key="split"),
        ticket("exchange", source="BOB", target="YEN", amount="3.01", rate="0.509"),
        ticket("set_status", account="YEN", status="dormant", reason="nobody came"),
        ticket("charge_fee", account="ADA", amount="0.25"),
    ]


def captured_merged_and_swept(told: Told) -> list[Ticket]:
    holds = [each.made[1] for each in told.answers if each.key == "hold" and each.made[1]]
    return [
        ticket("capture_hold", hold=(holds or ["H00000099999"])[0], amount="4", target="OLD"),
        ticket("merge_accounts", source="EVE", target="BOB", key="merged"),
        ticket("transfer", source="EVE", target="ADA", amount="1"),
        ticket("close_account", account="OLD", sweep_to="ADA", key="swept"),
        ticket("change_customer", customer="C00000001", address="Rome"),
    ]
