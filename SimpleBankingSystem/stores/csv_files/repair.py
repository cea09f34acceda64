"""Undoing what another program did to the look of a file, and to nothing else.

The hash in each row proves which bytes it had: a row that has it again, written as the bank writes
the same values, is the row that was there. Nothing is put in place before every row has.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import closing
from pathlib import Path

from SimpleBankingSystem.clock import Clock
from SimpleBankingSystem.ledger.errors import DataDamaged
from SimpleBankingSystem.stores.base import Progress, Report, silent
from SimpleBankingSystem.stores.csv_files.disk import Disk, File
from SimpleBankingSystem.stores.csv_files.files import Files
from SimpleBankingSystem.stores.csv_files.format import JOURNAL_HEADER
from SimpleBankingSystem.stores.csv_files.lock import Lock
from SimpleBankingSystem.stores.csv_files.problems import WAYS_ON, shortened
from SimpleBankingSystem.stores.csv_files.quarantine import Quarantine
from SimpleBankingSystem.stores.csv_files.snapshot import SNAPSHOTS
from SimpleBankingSystem.stores.csv_files.verify import Check


def repair_looks(folder: Path, clock: Clock, progress: Progress = silent) -> Report:
    """Give each file with rows of which only the look was changed its own bytes back.

    The file as it was saved goes to quarantine/. Snapshots are not repaired: the next start makes
    them of the rows. The report names what was ``repaired``, and where the saved file is.

    Raises:
        InUse: a process holds the books.
        DataDamaged: there are no books, or more than the look was changed: nothing is repaired.
        OSError: a file cannot be read or written.
    """
    disk, files = Disk(), Files(folder)
    if not disk.exists(files.head):
        raise DataDamaged(f"There are no books in {folder}: {files.head.name} is missing.")
    lock = Lock(folder)
    try:
        found = Proof(disk, files, (), progress)
        checked = found.insist()
        facts: dict[str, object] = {"repaired": sorted(found.changed)}
        if found.changed:
            Proof(disk, files, found.changed, progress).write_down()
            quarantine = Quarantine(disk, files.quarantine, clock)
            facts["saved_files"] = [
                str(_put_in_place(disk, folder / name, quarantine))
                for name in sorted(found.changed)
            ]
        return Report({**facts, **{name: checked[name] for name in ("rows", "last_hash")}})
    finally:
        lock.release()


def _put_in_place(disk: Disk, path: Path, quarantine: Quarantine) -> Path:
    """Put the proven bytes in place of a file; return where that is kept."""
    with closing(disk.open_to_read(path)) as saved:
        kept = quarantine.keep(saved, 0, saved.size(), f"saved-{path.stem}")
    disk.rename(_proven(path), path)
    disk.sync_folder(path.parent)
    return kept


def _proven(path: Path) -> Path:
    return path.with_name(path.name + ".new")


class Proof(Check):
    """A check of the books that can write down the rows that it has proved.

    ``names`` are the files of which it does so.
    """

    def __init__(
        self, disk: Disk, files: Files, names: Collection[str], progress: Progress
    ) -> None:
        super().__init__(disk, files, None, progress, "", whole=True)
        self._copies: dict[str, File] = {
            name: disk.create(_proven(files.folder / name)) for name in names
        }

    @property
    def changed(self) -> frozenset[str]:
        """The files of which the look was changed."""
        return self._problems.scattered

    def insist(self) -> dict[str, object]:
        """Check everything; return the facts.

        Raises:
            DataDamaged: something else than the look of rows was changed, or is in doubt.
        """
        facts = self.report().facts
        unfinished = facts.get("unfinished")
        snapshots = tuple(each.name for each in SNAPSHOTS)
        others = self._problems.texts(scattered=False)
        serious = [text for text in others if not text.startswith(snapshots)]
        if unfinished and self.changed:
            serious.append(f"A crash left {unfinished}, which nothing proves.")
        if serious:
            message = f"More than the look was changed: {shortened(serious)}"
            raise DataDamaged(f"{message} {WAYS_ON}")
        return facts

    def write_down(self) -> None:
        """Write the proven rows of the files to new ones beside them, durably."""
        for copy in self._copies.values():
            copy.append(JOURNAL_HEADER)
        self.report()
        for copy in self._copies.values():
            copy.sync()
            copy.close()

    def _take(self, name: str, number: int, lines: Sequence[bytes]) -> None:
        super()._take(name, number, lines)
        if name in self._copies:
            self._copies[name].append(b"\n".join([*lines, b""]))
