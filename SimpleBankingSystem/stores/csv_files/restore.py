"""The way back from a backup: the whole folder at once, and nothing is deleted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count, takewhile
from pathlib import Path

from SimpleBankingSystem.clock import Clock
from SimpleBankingSystem.ledger.errors import DataDamaged, InvalidCommand, InvalidSettings
from SimpleBankingSystem.stores.base import Progress, Report, silent
from SimpleBankingSystem.stores.csv_files.disk import Disk
from SimpleBankingSystem.stores.csv_files.files import Files
from SimpleBankingSystem.stores.csv_files.lock import Lock
from SimpleBankingSystem.stores.csv_files.problems import shortened
from SimpleBankingSystem.stores.csv_files.quarantine import stamp
from SimpleBankingSystem.stores.csv_files.snapshot import SNAPSHOTS
from SimpleBankingSystem.stores.csv_files.verify import verify_folder


def restore(
    backup: Path, folder: Path, clock: Clock, progress: Progress = silent, disk: Disk | None = None
) -> Report:
    """Put a verified copy of a backup in place of the books in a folder.

    The old books, if there are any, are afterwards in a folder beside it, which the report names
    as ``moved_aside``. A crash leaves either the old books in place or the new ones.

    Raises:
        InvalidCommand: the backup is the folder itself.
        InUse: a process holds the books, or the backup.
        DataDamaged: the backup is damaged, or there are no books in it.
        InvalidSettings: the system cannot put one folder in place of another.
        OSError: a file cannot be read or written.
    """
    disk = disk or Disk()
    # Where the folder is a symbolic link, what it leads to is replaced.
    folder = folder.resolve()
    if folder == backup.resolve():
        raise InvalidCommand({"folder": f"{backup} is where the books are; name a backup of them"})
    with _held(disk, folder):
        report = verify_folder(backup, progress)
        if report.problems:
            problems = shortened(report.problems)
            message = f"The backup in {backup} is damaged, and was not restored: {problems}"
            raise DataDamaged(f"{message} Nothing was changed; restore another backup.")
        time = stamp(clock)
        fresh = folder.with_name(f"{folder.name}.restoring-{time}")
        _copy(disk, Files(backup), Files(fresh))
        aside = _put_in_place(disk, fresh, folder, time)
    facts: dict[str, object] = {
        "books": _from_here(folder),
        "moved_aside": aside and _from_here(aside),
    }
    return Report({**facts, **report.facts})


def _from_here(path: Path) -> str:
    """Return a path as a person would write it in the working directory."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


@contextmanager
def _held(disk: Disk, folder: Path) -> Iterator[None]:
    """Keep everybody else from the books, if there are any."""
    if not disk.exists(folder):
        yield
        return
    lock = Lock(folder)
    try:
        yield
    finally:
        lock.release()


def _copy(disk: Disk, source: Files, target: Files) -> None:
    """Copy the books durably, the head last; where that fails, nothing is left of it."""
    rolled = takewhile(disk.exists, (source.rolled(number) for number in count(1)))
    snapshots = (source.folder / each.name for each in SNAPSHOTS)
    others = (source.archive, source.journal, *snapshots, source.head)
    try:
        disk.make_folder(target.folder)
        for path in [*rolled, *filter(disk.exists, others)]:
            with (
                closing(disk.open_to_read(path)) as original,
                closing(disk.create(target.folder / path.name)) as copied,
            ):
                disk.copy(original, 0, original.size(), copied)
                copied.sync()
        disk.sync_folder(target.folder)
    except (OSError, KeyboardInterrupt):
        shutil.rmtree(target.folder, ignore_errors=True)
        raise


def _put_in_place(disk: Disk, fresh: Path, folder: Path, time: str) -> Path | None:
    """Give the new books the name of the old ones, and those another; return that."""
    if not disk.exists(folder):
        disk.rename(fresh, folder)
        disk.sync_folder(folder.parent)
        return None
    try:
        disk.exchange(fresh, folder)
    except OSError as error:
        raise InvalidSettings(
            f"{folder} cannot be exchanged for another folder here ({error.strerror}). The "
            f"restored books are ready in {fresh}: while no bank runs, move what is in {folder} "
            "away, and them there."
        ) from error
    disk.sync_folder(folder.parent)
    aside = folder.with_name(f"{folder.name}.replaced-{time}")
    disk.rename(fresh, aside)
    disk.sync_folder(folder.parent)
    return aside
