"""A consistent copy of the books, also while another process holds them and writes.

Nobody is asked for help: the archive and the journal are only ever added to, and head.csv says how
far they are durable. What was read together is proved by the hashes that head.csv knows.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from time import monotonic, sleep

from SimpleBankingSystem.clock import Clock
from SimpleBankingSystem.ledger.errors import DataDamaged, InvalidCommand
from SimpleBankingSystem.stores.base import Progress, Report, silent
from SimpleBankingSystem.stores.csv_files import head as heads
from SimpleBankingSystem.stores.csv_files.disk import Disk, File
from SimpleBankingSystem.stores.csv_files.files import START, Files
from SimpleBankingSystem.stores.csv_files.head import Anchor
from SimpleBankingSystem.stores.csv_files.problems import WAYS_ON
from SimpleBankingSystem.stores.csv_files.rows import MARK
from SimpleBankingSystem.stores.csv_files.snapshot import SNAPSHOTS, digest
from SimpleBankingSystem.stores.csv_files.store import CsvStore
from SimpleBankingSystem.stores.csv_files.verify import verify_folder

PATIENCE = 10.0
"""Seconds for which files that do not belong together are read again: somebody may be at work."""

MOMENT = 0.01
"""Seconds between two attempts."""


def back_up(
    folder: Path,
    target: Path,
    clock: Clock,
    progress: Progress = silent,
    *,
    patience: float = PATIENCE,
) -> Report:
    """Copy the books of a folder to another, which is new or empty, and verify the copy.

    The copy is what the books were at one moment, closed cleanly; the report is that of verifying
    it. Before its head.csv is written, which is last, it is no books to anybody.

    Raises:
        InvalidCommand: there is something in the other folder.
        DataDamaged: there are no books, or the files do not belong together.
        OSError: a file cannot be read or written.
    """
    disk = Disk()
    books, copy = Files(folder), Files(target)
    if not disk.exists(books.head):
        raise DataDamaged(f"There are no books in {folder}: {books.head.name} is missing.")
    if disk.exists(target) and (not target.is_dir() or disk.names(target)):
        reason = f"{target} is not empty; name a folder that does not exist yet"
        raise InvalidCommand({"folder": reason})
    disk.make_folder(target)
    Backup(disk, books, copy).make(patience)
    if not all(disk.exists(target / each.name) for each in SNAPSHOTS):
        # They are made of the rows, as at every start.
        CsvStore(target, clock=clock, upkeep=False).close()
    report = verify_folder(target, progress)
    return Report({"backup": str(target), **report.facts}, report.problems)


class Backup:
    """One copy on its way; ``_snapshots`` are those of the last attempt, none if none fit."""

    def __init__(self, disk: Disk, books: Files, copy: Files) -> None:
        self._disk, self._books, self._copy = disk, books, copy
        self._snapshots: dict[Path, bytes] = {}

    def make(self, patience: float) -> None:
        """Copy until all that was read belongs together; then write the copy's head."""
        anchor = self._attempt()
        # The first attempt may take long; those after it only copy what has come since.
        tried = monotonic()
        while anchor is None:
            if monotonic() - tried > patience:
                raise DataDamaged(
                    f"The files in {self._books.folder} do not belong together. After a crash, any "
                    "command recovers them, such as bank accounts; then back up again. Where that "
                    f"is refused: {WAYS_ON}"
                )
            sleep(MOMENT)
            anchor = self._attempt()
        disk, copy = self._disk, self._copy
        disk.rename(copy.rolled(anchor.archive_files + 1), copy.archive)
        for path, content in self._snapshots.items():
            disk.replace(path, content)
        disk.sync_folder(copy.folder)
        heads.create(disk, copy.head, anchor._replace(generation=0, clean=1))

    def _attempt(self) -> Anchor | None:
        """Copy all that has come since the last attempt; None if it does not belong together."""
        books = self._books
        try:
            with closing(self._disk.open_to_read(books.journal)) as journal:
                anchor = heads.newest(self._disk.read(books.head))
                if anchor is None:
                    return None
                settled = self._read_snapshots(anchor)
                copied = self._copy_archive(anchor) and self._copy_journal(journal, anchor)
                return settled if copied and self._is_still_so(journal, anchor) else None
        except FileNotFoundError:
            # A full archive file is just getting its number.
            return None

    def _read_snapshots(self, anchor: Anchor) -> Anchor:
        """Read the snapshots if they are what the head knows; return the head of the copy."""
        disk, books = self._disk, self._books
        names = [each.name for each in SNAPSHOTS if disk.exists(books.folder / each.name)]
        found = {self._copy.folder / name: disk.read(books.folder / name) for name in names}
        digests = " ".join(map(digest, found.values()))
        known = {anchor.digests: anchor.snapshots_as_of, anchor.next_digests: anchor.next_as_of}
        self._snapshots = found if digests in known else {}
        return anchor._replace(
            snapshots_as_of=known.get(digests, 0),
            digests=digests if digests in known else "",
            next_as_of=0,
            next_digests="",
        )

    def _copy_archive(self, anchor: Anchor) -> bool:
        """Bring the copy of the archive up to date; False if it does not end as the head says.

        The copy of the current file has the number already that it will get once it is full, so
        that what was copied stays where it is when that happens.
        """
        books, copy = self._books, self._copy
        for number in range(1, anchor.archive_files + 1):
            with closing(self._disk.open_to_read(books.rolled(number))) as full:
                self._go_on(full, full.size(), copy.rolled(number))
        current = copy.rolled(anchor.archive_files + 1)
        with closing(self._disk.open_to_read(books.archive)) as archive:
            self._go_on(archive, anchor.archive_bytes, current)
        if self._ends(current, anchor.archive_bytes, anchor.archive_hash):
            return True
        self._disk.create(current).close()
        return False

    def _copy_journal(self, journal: File, anchor: Anchor) -> bool:
        """Copy the journal; False if it does not end as the head says."""
        path = self._copy.journal
        self._disk.create(path).close()
        self._go_on(journal, anchor.journal_bytes, path)
        return self._ends(path, anchor.journal_bytes, anchor.last_hash)

    def _go_on(self, source: File, end: int, path: Path) -> None:
        """Add to a copy what the source has up to an end, durably."""
        disk = self._disk
        with closing(disk.open(path) if disk.exists(path) else disk.create(path)) as copied:
            if copied.size() < end:
                disk.copy(source, copied.size(), end, copied)
                copied.sync()

    def _ends(self, path: Path, size: int, mark: str) -> bool:
        """Tell whether a copy has this size and ends with the row that has this hash, if any."""
        with closing(self._disk.open_to_read(path)) as copied:
            end = copied.read_at(size - MARK - 1, MARK + 2)
            return copied.size() == size and (size == START or end == f"{mark}\n".encode())

    def _is_still_so(self, journal: File, anchor: Anchor) -> bool:
        """Tell whether nothing was moved to the archive meanwhile, and no row was overlooked.

        Bytes behind the journal's end are a commit under way. If none of theirs comes to an end,
        they may be rows that only a recovery tells from a torn commit.
        """
        later = heads.newest(self._disk.read(self._books.head))
        if later is None or later.archive_seq != anchor.archive_seq or not journal.is_named():
            return False
        return journal.size() == anchor.journal_bytes or later.last_seq > anchor.last_seq
