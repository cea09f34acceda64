"""A backup is what the books were at one moment, also while they grow and are archived."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path
from threading import Event, Thread

import pytest

from SimpleBankingSystem.ledger.errors import DataDamaged, InvalidCommand
from SimpleBankingSystem.stores.csv_files import archiver
from SimpleBankingSystem.stores.csv_files.backup import Backup, back_up
from SimpleBankingSystem.stores.csv_files.disk import Disk
from SimpleBankingSystem.stores.csv_files.files import START, Files
from SimpleBankingSystem.stores.csv_files.snapshot import SNAPSHOTS
from SimpleBankingSystem.stores.csv_files.verify import verify_folder
from tests.banks import TickingClock, balances, done, wait_until
from tests.stores.csv_books import (
    ARCHIVE,
    EXPECTED,
    JOURNAL,
    TORN,
    crash,
    kept,
    made,
    opened,
    report,
)


@pytest.fixture
def books(tmp_path: Path) -> Path:
    return made(tmp_path / "books")


def backed_up(books: Path, target: Path, patience: float = 0.02) -> dict[str, object]:
    found = back_up(books, target, TickingClock(), patience=patience)
    assert found.problems == []
    return found.facts


def test_a_backup_is_the_books_byte_for_byte(books: Path, tmp_path: Path) -> None:
    facts = backed_up(books, tmp_path / "new" / "backup")
    for path in books.glob("*.csv"):
        if path.name != "head.csv":
            assert (tmp_path / "new" / "backup" / path.name).read_bytes() == path.read_bytes()
    assert facts["last_hash"] == verify_folder(books).facts["last_hash"]
    with opened(tmp_path / "new" / "backup") as bank:
        assert kept(bank) == EXPECTED
        assert report(bank) == []


def test_a_backup_is_made_while_the_books_grow_and_are_archived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiver, "ROWS_PER_ARCHIVE", 20)
    stop, acknowledged = Event(), [0]
    with opened(tmp_path / "books") as bank:
        done(bank, "open_account", name="Ada", account="ADA", initial_deposit="1000.00")
        done(bank, "open_account", name="Bob", account="BOB")

        def work() -> None:
            for number in count():
                seq = done(bank, "transfer", source="ADA", target="BOB", amount="0.01").seq
                acknowledged[0] = seq
                if number % 7 == 6:
                    bank.archive()
                if stop.is_set():
                    return

        worker = Thread(target=work)
        worker.start()
        try:
            for number in range(8):
                wait_until(lambda: acknowledged[0] > 20 * number)  # noqa: B023
                before = acknowledged[0]
                target = tmp_path / f"backup {number}"
                facts = backed_up(tmp_path / "books", target, patience=30)
                assert facts["sum_EUR"] == "0.00"
                assert int(str(facts["rows"])) >= before
                with opened(target) as copy:
                    moved = int(str(facts["rows"])) - 2
                    assert balances(copy)["BOB"] * 100 == moved
        finally:
            stop.set()
            worker.join()
    assert len(list((tmp_path / "books").glob("archived_transactions_*.csv"))) > 1


def between_reads(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen once, between the first reading of the head and the second."""
    copy_journal = Backup._copy_journal
    times = count()

    def copied(self: Backup, *given: object) -> bool:
        if next(times) == 0:
            happens()
        return copy_journal(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Backup, "_copy_journal", copied)


@pytest.mark.parametrize("rolled_at", [1_000_000, 2])
def test_a_backup_begins_again_when_the_journal_is_archived(
    books: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rolled_at: int
) -> None:
    monkeypatch.setattr(archiver, "ROWS_PER_ARCHIVE", rolled_at)
    with opened(books) as bank:
        between_reads(monkeypatch, bank.archive)
        facts = backed_up(books, tmp_path / "backup")
    assert facts["rows"] == 3
    journal = (tmp_path / "backup" / JOURNAL).read_bytes()
    assert len(journal) == START
    names = [path.name for path in (tmp_path / "backup").glob("archived*")]
    assert len(names) == (1 if rolled_at > 2 else 2)


def test_rows_that_come_meanwhile_are_not_in_it(
    books: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(books) as bank:
        between_reads(monkeypatch, lambda: done(bank, "deposit", account="ADA", amount="1"))
        assert backed_up(books, tmp_path / "backup")["rows"] == 3
    assert (tmp_path / "backup" / JOURNAL).read_bytes() != (books / JOURNAL).read_bytes()


@pytest.mark.parametrize("name", ["accounts.csv", "runs.csv"])
def test_a_snapshot_that_does_not_fit_is_made_anew(books: Path, tmp_path: Path, name: str) -> None:
    sound = (books / name).read_bytes()
    (books / name).write_bytes(sound + b"\n")
    backed_up(books, tmp_path / "backup")
    assert (tmp_path / "backup" / name).read_bytes() == sound
    assert not (tmp_path / "backup" / "quarantine").exists()


@pytest.mark.parametrize("last", [SNAPSHOTS[0].name, "runs.csv", SNAPSHOTS[-1].name])
def test_snapshots_that_are_just_being_replaced_are_taken_or_made_anew(
    books: Path, tmp_path: Path, last: str
) -> None:
    """Once all are replaced they belong together again; the head does not know that yet."""
    with opened(books) as bank:
        done(bank, "deposit", account="ADA", amount="1")
        store = bank.store
        replace = Disk.replace
        disk = store._archiver._disk  # type: ignore[attr-defined]

        def replaced(path: Path, *parts: bytes) -> None:
            replace(disk, path, *parts)
            if path.name == last:
                backed_up(books, tmp_path / "backup")

        disk.replace = replaced
        bank.snapshot()
        del disk.replace
    for snapshot in SNAPSHOTS:
        found = (tmp_path / "backup" / snapshot.name).read_bytes()
        assert found == (books / snapshot.name).read_bytes()
    made_anew = (tmp_path / "backup" / ".lock").exists()
    assert made_anew == (last != SNAPSHOTS[-1].name)


def test_what_a_crash_left_is_recovered_first(books: Path, tmp_path: Path) -> None:
    """Only a start tells rows that count from a torn commit."""
    path = books / JOURNAL
    path.write_bytes(path.read_bytes() + TORN)
    crash(books)
    with pytest.raises(DataDamaged, match="any command recovers them"):
        backed_up(books, tmp_path / "torn")
    assert not (tmp_path / "torn" / "head.csv").exists()
    opened(books).close()
    assert backed_up(books, tmp_path / "backup")["rows"] == 3


def test_what_kill_left_between_two_commits_is_whole(tmp_path: Path) -> None:
    with opened(tmp_path / "served") as bank:
        done(bank, "open_account", name="Ada", account="ADA")
        shutil.copytree(tmp_path / "served", tmp_path / "killed")
    assert backed_up(tmp_path / "killed", tmp_path / "backup")["rows"] == 1


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        (JOURNAL, lambda data: data[:-5]),
        (JOURNAL, lambda data: data.replace(b"\n", b"\r\n")),
        (ARCHIVE, lambda data: data[:-5]),
        ("head.csv", lambda _: b""),
    ],
)
def test_files_that_do_not_belong_together_are_refused(
    books: Path, tmp_path: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    (books / name).write_bytes(damage((books / name).read_bytes()))
    with pytest.raises(DataDamaged, match="bank restore DIR"):
        backed_up(books, tmp_path / "backup")


@pytest.mark.parametrize("name", [JOURNAL, ARCHIVE])
def test_a_file_that_is_missing_is_waited_for_and_then_missed(
    books: Path, tmp_path: Path, name: str
) -> None:
    (books / name).unlink()
    with pytest.raises(DataDamaged, match="do not belong together"):
        backed_up(books, tmp_path / "backup")


def test_damage_that_only_verifying_sees_is_reported(books: Path, tmp_path: Path) -> None:
    path = books / JOURNAL
    path.write_bytes(path.read_bytes().replace(b"10.00,EUR", b"11.00,EUR"))
    found = back_up(books, tmp_path / "backup", TickingClock())
    assert "column amount: reads 11.00, was 10.00" in found.problems[0]


def test_a_folder_that_has_something_in_it_is_refused(books: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert backed_up(books, tmp_path / "empty")["rows"] == 3
    for target in (tmp_path / "empty", Files(books).head):
        with pytest.raises(InvalidCommand, match="does not exist yet"):
            backed_up(books, target)
    with pytest.raises(DataDamaged, match="no books"):
        backed_up(tmp_path / "nowhere", tmp_path / "backup")
