"""Restoring a backup: the old books or the new ones, never neither, and nothing is deleted."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from SimpleBankingSystem.ledger.errors import (
    DataDamaged,
    InUse,
    InvalidCommand,
    InvalidSettings,
)
from SimpleBankingSystem.stores.csv_files.backup import back_up
from SimpleBankingSystem.stores.csv_files.disk import Disk, File
from SimpleBankingSystem.stores.csv_files.restore import restore
from SimpleBankingSystem.stores.csv_files.verify import verify_folder
from tests.banks import TickingClock, done
from tests.stores.csv_books import EXPECTED, JOURNAL, kept, made, opened, report


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """Books that went on after their backup."""
    folder = made(tmp_path / "books")
    back_up(folder, tmp_path / "backup", TickingClock())
    with opened(folder) as bank:
        done(bank, "deposit", account="ADA", amount="7.00")
    return folder


@pytest.fixture
def backup(books: Path) -> Path:
    return books.with_name("backup")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_backup_takes_the_place_of_the_books_which_are_kept(books: Path, backup: Path) -> None:
    facts = restore(backup, books, TickingClock()).facts
    assert facts["books"] == str(books)
    assert facts["rows"] == 3
    aside = Path(str(facts["moved_aside"]))
    assert aside.name == "books.replaced-2026-01-01T000000000000Z"
    assert names(books.parent) == ["backup", "books", aside.name]
    with opened(books) as bank:
        assert kept(bank) == EXPECTED
        assert report(bank) == []
    with opened(aside) as bank:
        assert str(bank.account("ADA").balance) == "97.00"
    assert verify_folder(backup).problems == []


def test_lost_books_come_back(books: Path, backup: Path) -> None:
    shutil.rmtree(books)
    assert restore(backup, books, TickingClock()).facts["moved_aside"] is None
    with opened(books) as bank:
        assert kept(bank) == EXPECTED


def test_books_behind_a_symbolic_link_stay_behind_it(books: Path, backup: Path) -> None:
    link = books.with_name("link")
    link.symlink_to(books)
    restore(backup, link, TickingClock())
    assert link.is_symlink()
    with opened(link) as bank:
        assert kept(bank) == EXPECTED


def test_damaged_books_are_replaced_too(books: Path, backup: Path) -> None:
    (books / "head.csv").write_bytes(b"")
    restore(backup, books, TickingClock())
    opened(books).close()


def test_a_damaged_backup_is_refused_by_name(books: Path, backup: Path) -> None:
    path = backup / JOURNAL
    path.write_bytes(path.read_bytes().replace(b"10.00,EUR", b"11.00,EUR"))
    before = names(books.parent)
    with pytest.raises(DataDamaged, match="column amount: reads"):
        restore(backup, books, TickingClock())
    assert names(books.parent) == before
    with opened(books) as bank:
        assert str(bank.account("ADA").balance) == "97.00"


def test_what_is_no_backup_is_refused(books: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for source in (tmp_path / "empty", tmp_path / "nowhere"):
        with pytest.raises(DataDamaged, match="no books"):
            restore(source, books, TickingClock())
    with pytest.raises(InvalidCommand, match="a backup of them"):
        restore(books, tmp_path / "empty" / ".." / "books", TickingClock())


def test_nobody_may_hold_the_books_nor_the_backup(books: Path, backup: Path) -> None:
    with opened(books), pytest.raises(InUse):
        restore(backup, books, TickingClock())
    with opened(backup), pytest.raises(InUse):
        restore(backup, books, TickingClock())


class Crash(BaseException):
    """The power goes."""


class WatchedFile(File):
    """A file of ``WatchedDisk``."""

    disk: WatchedDisk

    def append(self, data: bytes) -> None:
        self.disk.called()
        self.disk.unsynced.add(self.path)
        super().append(data)

    def sync(self) -> None:
        self.disk.called()
        super().sync()
        self.disk.unsynced.discard(self.path)


class WatchedDisk(Disk):
    """Breaks off at a call that changes something, and knows what is not durable yet."""

    def __init__(self, last: int) -> None:
        self.calls = count()
        self.last = last
        self.unsynced: set[Path] = set()

    def called(self) -> None:
        if next(self.calls) >= self.last:
            raise Crash

    def create(self, path: Path) -> File:
        self.called()
        self.unsynced |= {path, path.parent}
        file = WatchedFile(path, os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT))
        file.disk = self
        return file

    def make_folder(self, path: Path) -> None:
        self.called()
        super().make_folder(path)

    def sync_folder(self, path: Path) -> None:
        self.called()
        super().sync_folder(path)
        self.unsynced.discard(path)

    def rename(self, old: Path, new: Path) -> None:
        self.called()
        assert not self.unsynced
        super().rename(old, new)
        self.unsynced.add(new.parent)

    def exchange(self, one: Path, other: Path) -> None:
        self.called()
        assert not self.unsynced
        super().exchange(one, other)
        self.unsynced.add(other.parent)


@pytest.mark.parametrize("exist", [True, False])
def test_a_crash_leaves_the_old_books_or_the_new_ones(
    books: Path, backup: Path, tmp_path: Path, exist: bool
) -> None:
    """Before each call that changes something the power goes; everything written arrives."""
    found: list[int] = []
    for last in count():
        folder = tmp_path / f"attempt {last}" / "books"
        if exist:
            shutil.copytree(books, folder)
        disk = WatchedDisk(last)
        try:
            restore(backup, folder, TickingClock(), disk=disk)
        except Crash:
            if exist or folder.exists():
                found.append(rows(folder))
                assert not exist or 4 in map(rows, folder.parent.iterdir())
        else:
            assert not disk.unsynced
            break
    assert set(found) == ({3, 4} if exist else {3})
    assert found == sorted(found, reverse=True)
    assert last > 15


def rows(folder: Path) -> int:
    """Return how many rows sound books have, 0 if they are not sound."""
    try:
        found = verify_folder(folder)
    except DataDamaged:
        return 0
    return 0 if found.problems else int(str(found.facts["rows"]))


def test_where_folders_cannot_be_exchanged_the_way_on_is_named(
    books: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("SimpleBankingSystem.stores.csv_files.disk._exchange", lambda *_: 1)
    monkeypatch.setattr("ctypes.get_errno", lambda: errno.EINVAL)
    with pytest.raises(InvalidSettings, match=r"Invalid argument.*ready in .*restoring-"):
        restore(backup, books, TickingClock())
    (fresh,) = books.parent.glob("books.restoring-*")
    assert verify_folder(fresh).facts["rows"] == 3
    assert verify_folder(books).facts["rows"] == 4


def test_a_system_without_the_call_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda *_, **__: object())
    with pytest.raises(OSError, match="not implemented"):
        Disk().exchange(tmp_path, tmp_path)


def test_what_could_not_be_copied_is_not_left(
    books: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Disk, "copy", fail)
    before = names(books.parent)
    with pytest.raises(OSError, match="No space"):
        restore(backup, books, TickingClock())
    assert names(books.parent) == before
    with closing(opened(books)) as bank:
        assert str(bank.account("ADA").balance) == "97.00"
