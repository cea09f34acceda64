"""Guarantees 1, 2, 3, 6 and 10: whatever a crash leaves on the disk is recovered, and rightly.

A day of banking runs on a simulated disk. Before each of its calls, and in the middle of those
that append, images of what a loss of power may leave there are made; each is recovered, and what
comes out is held against what the bank had promised by then.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from errno import EIO
from io import StringIO
from pathlib import Path
from random import Random

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import BankError
from SimpleBankingSystem.ledger.transaction import COMPLETED, FAILED, PENDING, Transaction
from SimpleBankingSystem.stores.base import Query
from SimpleBankingSystem.stores.csv_files import archiver
from SimpleBankingSystem.stores.csv_files.files import Files
from SimpleBankingSystem.stores.csv_files.store import CsvStore
from SimpleBankingSystem.stores.csv_files.verify import verify
from SimpleBankingSystem.stores.state import total
from tests.banks import TickingClock
from tests.guarantees import Proved
from tests.proof_level import figure
from tests.proofs.crash_points import Hits, is_quarantine
from tests.proofs.day_on_disk import Action, Told, a_day, opened
from tests.proofs.recorded_entities import entities_in, entities_of
from tests.proofs.simulated_disk import Fault, Image, Moment, SimulatedDisk

ROLLED_AT = 8

ANSWERS = 30
"""What a day on which nothing fails is told."""


def rows_of(folder: Path, image: Image) -> list[dict[str, str]]:
    """Return the rows of archive and journal, read as anybody would."""
    files = Files(folder)
    rolled = sorted(path for path in image if path.name.startswith("archived_transactions_"))
    found: list[dict[str, str]] = []
    for path in (*rolled, files.archive, files.journal):
        content = image.get(path)
        assert content is not None, f"{path.name} is gone"
        found += csv.DictReader(StringIO(content.decode("utf-8-sig")), strict=True)
    return found


def check(
    folder: Path,
    image: Image,
    promised: Sequence[Transaction],
    index: Mapping[str, bytes] | None = None,
) -> SimulatedDisk:
    """Recover an image and hold it against what was promised; return the disk it is on now.

    ``index`` are the files of the index that the crash left; None asks nothing of it.
    """
    for leftover in folder.glob("index.db*"):
        leftover.unlink()
    for name, content in (index or {}).items():
        (folder / name).write_bytes(content)
    if Files(folder).head in image:
        assert verify(SimulatedDisk(image), Files(folder)).problems == []
    disk = SimulatedDisk(image)
    store = opened(folder, disk, TickingClock())
    check_books(folder, disk, store, promised)
    if index is not None:
        for transaction in promised:
            known = store.by_key(transaction.key) if transaction.key else transaction
            assert known is not None
            assert known.id == transaction.id
    abandon(store)
    return disk


def check_books(
    folder: Path, disk: SimulatedDisk, store: CsvStore, promised: Sequence[Transaction]
) -> list[dict[str, str]]:
    """Hold open books against what was promised and against their rows; return those."""
    rows = rows_of(folder, disk.visible())
    assert [row["seq"] for row in rows] == [str(at) for at in range(1, len(rows) + 1)]
    check_promises(rows, promised)
    check_commits(rows)
    accounts = store.accounts(internal=True)
    assert not any(total(accounts).values())
    *_, balances = balances_after(rows)
    assert {each.id: each.balance for each in accounts} == balances
    assert entities_of(store) == entities_in(rows)
    return rows


def balances_after(rows: Iterable[dict[str, str]]) -> Iterator[dict[str, Decimal]]:
    """Yield what every balance is before the first row, and after each."""
    balances: dict[str, Decimal] = {}
    yield balances
    for row in rows:
        if row["status"] == COMPLETED and row["target_balance"]:
            balances[row["target"]] = Decimal(row["target_balance"])
            if row["source_balance"]:
                balances[row["source"]] = Decimal(row["source_balance"])
        yield balances


def abandon(store: CsvStore) -> None:
    """Let go of the folder as a crash would, without a word to the disk."""
    store._index.close()
    store._lock.release()


def check_promises(rows: Sequence[dict[str, str]], promised: Sequence[Transaction]) -> None:
    """Everything acknowledged is there, and a transaction is completed once at the most."""
    commits: dict[str, dict[str, str]] = {}
    for row in rows:
        commits.setdefault(row["transaction"], {})[row["commit_first"]] = row["status"]
    outcomes = {name: list(statuses.values()) for name, statuses in commits.items()}
    done = {(row["key"], row["transaction"]) for row in rows if row["status"] == COMPLETED}
    keys = [key for key, _ in done if key]
    assert len(keys) == len(set(keys))
    for statuses in outcomes.values():
        assert statuses.count(COMPLETED) <= 1
        assert COMPLETED not in statuses[:-1]
    for transaction in promised:
        statuses = outcomes.get(transaction.id, [])
        assert transaction.status in statuses or transaction.status == PENDING in statuses
        if transaction.status in {COMPLETED, FAILED}:
            assert transaction.status in statuses


def check_commits(rows: Sequence[dict[str, str]]) -> None:
    """Every commit is whole, and so is every group."""
    for row in rows:
        first, last = int(row["commit_first"]), int(row["commit_last"])
        assert first <= int(row["seq"]) <= last <= len(rows)
        assert {rows[at - 1]["commit_last"] for at in range(first, last + 1)} == {str(last)}
    groups = Counter((row["group"], row["status"]) for row in rows if row["group"])
    assert set(groups.values()) <= {2}
    assert ("refused", COMPLETED) not in groups


def test_what_a_restart_showed_survives_a_loss_of_power(tmp_path: Path) -> None:
    """Guarantees 1 and 10: also rows that a killed bank had written, but not yet synced."""
    random = Random(1)
    at, struck = 0, True
    while struck:
        at += 1
        disk = SimulatedDisk({tmp_path: None})
        disk.record = False
        disk.fault = fault = Fault(EIO, at, {"sync_data"}, for_good=True)
        a_day(tmp_path, disk, Told(), attempt=at_most_refused)
        struck, disk.fault = bool(fault.raised), None
        abandon(opened(tmp_path, disk, TickingClock()))
        shown = rows_of(tmp_path, disk.visible())
        after = disk.moment()
        for image in (after.nothing(), after.everything(), after.sample(random)):
            recovered = check(tmp_path, image, ()).visible()
            assert rows_of(tmp_path, recovered) == shown
    assert at > 20


def at_most_refused(action: Action) -> object:
    """Do something that a broken disk may hinder."""
    with suppress(BankError):
        return action()
    return None


def images(
    moments: Sequence[Moment], number: int, random: Random
) -> Iterator[tuple[Moment, Image]]:
    """Yield images of all moments: the two extremes, then as many others as are wanted."""
    for moment in moments:
        yield moment, moment.nothing()
        yield moment, moment.everything()
    for _ in range(max(0, number - 2 * len(moments))):
        moment = random.choice(moments)
        yield moment, moment.sample(random)


def test_every_image_that_a_crash_can_leave_is_recovered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proved: Proved
) -> None:
    """Guarantees 1, 2, 3, 4, 6, 10."""
    monkeypatch.setattr(archiver, "ROWS_PER_ARCHIVE", ROLLED_AT)
    number = figure("crash images")
    random = Random(number)
    disk = SimulatedDisk({tmp_path: None})
    told = Told()
    indexes = Indexes(tmp_path, told)
    a_day(tmp_path, disk, told, attempt=indexes.attempt)
    assert len(told.answers) == ANSWERS
    hits = Hits()
    again = 0
    for at, (moment, image) in enumerate(images(disk.moments, number, random)):
        hits.note(moment)
        promised = moment.seen
        assert isinstance(promised, tuple)
        index = random.choice(indexes.left_before(promised)) if at % 5 == 1 else None
        hits.by_point["index"] += bool(index)
        recovered = check(tmp_path, image, promised, index)
        if at % 10 == 0:
            # A crash during the recovery, and the recovery of that.
            aside = [each for each in recovered.moments if is_quarantine(each)]
            second = random.choice(aside or recovered.moments)
            hits.note(second)
            check(tmp_path, second.sample(random), promised)
            again += 1
        if at % 10 == 5:
            before = recovered.visible()
            assert books(check(tmp_path, before, promised).visible()) == books(before)
    assert not hits.missed()
    proved(
        f"{at + 1:,} crash images, and {again:,} of crashes during recovery",
        beside=f"Crashes by what was going on: {hits}.",
    )


class Indexes:
    """What index.db was after each thing that a day brought: a crash may leave any older one."""

    def __init__(self, folder: Path, told: Told) -> None:
        self._folder = folder
        self._told = told
        self._kept: list[tuple[int, dict[str, bytes]]] = []
        self._bank: Bank | None = None

    def attempt(self, action: Action) -> object:
        """Do something, then bring the index up to date and keep it, while the bank is open."""
        result = action()
        if isinstance(result, Bank):
            self._bank = result
        if self._bank is not None and not self._bank._closed:
            self._bank.transactions(Query(limit=1))
            files = {path.name: path.read_bytes() for path in self._folder.glob("index.db*")}
            self._kept.append((len(self._told.answers), files))
        return result

    def left_before(self, promised: Sequence[Transaction]) -> list[dict[str, bytes]]:
        """Return the files of those that are older than the last promise, and of none."""
        return [{}, *(files for count, files in self._kept if count < len(promised))]


def books(image: Image) -> Image:
    """Return what a recovery must not change when it is run again: all but the head's counter."""
    return {path: content for path, content in image.items() if path.name != "head.csv"}
