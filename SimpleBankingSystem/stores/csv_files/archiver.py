"""Snapshots and the archive: what is moved out of the journal, and in which order that is safe."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from itertools import zip_longest
from pathlib import Path

from SimpleBankingSystem.stores.csv_files.disk import Disk, File
from SimpleBankingSystem.stores.csv_files.files import ROWS_PER_ARCHIVE, START, Files
from SimpleBankingSystem.stores.csv_files.format import JOURNAL_HEADER
from SimpleBankingSystem.stores.csv_files.head import Anchor, Head
from SimpleBankingSystem.stores.csv_files.journal import Journal
from SimpleBankingSystem.stores.csv_files.rows import Place, lines_of
from SimpleBankingSystem.stores.csv_files.shelf import Shelf
from SimpleBankingSystem.stores.csv_files.snapshot import SNAPSHOTS, UNKNOWN, digest
from SimpleBankingSystem.stores.state import State

Section = Callable[[], AbstractContextManager[object]]
"""What keeps commits out while it is held."""


class Archiver:
    """Writes snapshots and moves the journal's oldest part out, one at a time."""

    def __init__(self, disk: Disk, files: Files, head: Head, shelf: Shelf) -> None:
        self._disk = disk
        self._files = files
        self._head = head
        self._shelf = shelf

    def snapshot(
        self,
        state: State,
        as_of: int,
        section: Section,
    ) -> None:
        """Replace all snapshots by a state that is that after ``as_of``.

        The head knows the new digests before the files have them, so that a crash in between
        leaves files that are one or the other, also where an earlier attempt ended between the
        two. ``section`` guards the head against commits, and raises once nothing may be written
        any more.
        """
        made = {self._files.folder / each.name: each.encode(state, as_of) for each in SNAPSHOTS}
        digests = " ".join(map(digest, made.values()))
        with section():
            self._head.write(**self._put_already(), next_as_of=as_of, next_digests=digests)
            self._head.sync()
        for path, content in made.items():
            self._disk.replace(path, content)
        with section():
            self._head.write(snapshots_as_of=as_of, digests=digests, next_as_of=0, next_digests="")
            self._head.sync()

    def _put_already(self) -> dict[str, object]:
        """Return, for the head, the files that an attempt which ended early has put in place.

        If it ended between them, nobody can say any more up to where the others reach.
        """
        anchor = self._head.anchor
        pairs = zip(SNAPSHOTS, anchor.digests.split(), anchor.next_digests.split(), strict=False)
        now = [
            kept if kept == begun or not self._has(each.name, begun) else begun
            for each, kept, begun in pairs
        ]
        if " ".join(now) in {"", anchor.digests}:
            return {}
        known = zip(now, anchor.next_digests.split(), strict=True)
        digests = " ".join(each if each == begun else UNKNOWN for each, begun in known)
        return {"snapshots_as_of": anchor.next_as_of, "digests": digests}

    def _has(self, name: str, wanted: str) -> bool:
        """Tell whether a snapshot is there with a digest."""
        path = self._files.folder / name
        return self._disk.exists(path) and digest(self._disk.read(path)) == wanted

    def copy(self, journal: Journal, cut: Place, section: Section) -> None:
        """Copy the journal up to the cut to the archive, durably.

        Commits go on meanwhile: they only add to the journal behind the cut.
        """
        rows = cut.seq - self._head.anchor.archive_seq
        self._make_ready(rows, section)
        anchor = self._head.anchor
        with closing(self._disk.open(self._files.archive)) as archive:
            self._disk.copy(journal.file, START, cut.offset, archive)
            archive.sync()
        with section():
            self._head.write(
                archive_seq=cut.seq,
                archive_hash=cut.mark,
                archive_bytes=anchor.archive_bytes + cut.offset - START,
                archived_rows=anchor.archived_rows + rows,
            )
            self._head.sync()

    def _make_ready(self, rows: int, section: Section) -> None:
        """Give the archive the length that the head knows, and number it if it becomes too full.

        Each step may be repeated: an earlier attempt may have ended behind any of them for want
        of room. A file is cut before it is numbered, since nobody looks at its end afterwards.
        """
        disk, files, anchor = self._disk, self._files, self._head.anchor
        rolled = files.rolled(anchor.archive_files + 1)
        if not disk.exists(rolled):
            with closing(disk.open(files.archive)) as archive:
                if archive.size() > anchor.archive_bytes:
                    archive.cut(anchor.archive_bytes)
                    archive.sync()
            if not anchor.archived_rows or anchor.archived_rows + rows <= ROWS_PER_ARCHIVE:
                return
            disk.rename(files.archive, rolled)
        begin_next_file(disk, files, self._head, section)

    def swap(self, journal: Journal, cut: Place) -> Journal:
        """Put a journal without the archived rows in place; the caller keeps commits out."""
        tail = self._disk.blocks(journal.file, cut.offset, journal.length)
        self._disk.replace(self._files.journal, JOURNAL_HEADER, *tail)
        fresh = journal.reopened()
        anchor = self._head.anchor
        self._shelf.place(anchor.archive_files, anchor.archive_bytes, fresh.file, fresh.length)
        return fresh


def begin_next_file(disk: Disk, files: Files, head: Head, section: Section) -> None:
    """Begin a new archive file behind one that was just numbered, perhaps before a crash.

    ``section`` guards the head.
    """
    # A new file of the old name must not be durable before the old file's new name is.
    disk.sync_folder(files.folder)
    if not disk.exists(files.archive):
        disk.replace(files.archive, JOURNAL_HEADER)
    with section():
        number = head.anchor.archive_files + 1
        head.write(archive_files=number, archive_bytes=START, archived_rows=0)
        head.sync()


def repeated(disk: Disk, archive: Path, journal: Path, anchor: Anchor) -> tuple[int, bool]:
    """Return how many bytes of archived rows the journal begins with, and if they are the same.

    A crash between the archive's head and the swap of the journal leaves rows in both files,
    which is legal only if they are byte-identical.
    """
    length = 0
    with closing(disk.open_to_read(journal)) as ours:
        for line in lines_of(disk.blocks(ours, START)):
            number = line.partition(b",")[0]
            # The beginning of a torn row, such as the 1 of 12, is no archived row.
            if not line.endswith(b"\n") or not number.isdigit():
                break
            # A damaged seq may have more digits than an int is read from.
            if int(number[:19]) > anchor.archive_seq:
                break
            length += len(line)
        start = anchor.archive_bytes - length
        if not length or start < START or not disk.exists(archive):
            return length, not length
        with closing(disk.open_to_read(archive)) as theirs:
            return length, disk.are_alike(ours, START, theirs, start, length)


def is_begun_copy(disk: Disk, archive: File, start: int, journal: Path) -> bool:
    """Tell whether all of an archive from ``start`` on is a copy of the journal's first rows.

    Archiving was broken off then before the head knew of it, and the rows may be copied again.
    """
    if not disk.exists(journal):
        return False
    with closing(disk.open_to_read(journal)) as ours:
        copied = disk.blocks(archive, start)
        rows = disk.blocks(ours, START, START + archive.size() - start)
        return all(_has_arrived(*blocks) for blocks in zip_longest(copied, rows, fillvalue=b""))


def _has_arrived(copied: bytes, rows: bytes) -> bool:
    """Tell whether bytes were copied from others, as far as a crash let them arrive.

    What did not reads as zeros, of which no row has one.
    """
    if copied == rows:
        return True
    return len(copied) == len(rows) and all(a in (0, b) for a, b in zip(copied, rows, strict=True))
