"""The rows of all files as one stream: the archive's files one after the other, then the journal.

A row keeps its position in the stream for ever: archiving moves it to another file, not to
another position. So the index stores positions and never has to be rewritten.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from SimpleBankingSystem.stores.csv_files.disk import BLOCK, Disk, File
from SimpleBankingSystem.stores.csv_files.files import START, Files
from SimpleBankingSystem.stores.csv_files.format import FIRST_HASH
from SimpleBankingSystem.stores.csv_files.rows import MARK


@dataclass(slots=True, frozen=True)
class Extent:
    """A file's rows: positions from ``start`` up to ``end``, ``offset`` bytes into the file."""

    start: int
    end: int
    file: File
    offset: int = START

    def read(self, position: int, size: int) -> bytes:
        """Read bytes of this file's rows."""
        size = min(size, self.end - position)
        return self.file.read_at(position - self.start + self.offset, size)


class Shelf:
    """All extents, in order. They are replaced as a whole, so a reader needs no lock."""

    def __init__(self, disk: Disk, files: Files) -> None:
        self._disk = disk
        self._files = files
        self._archived: list[Extent] = []
        self._extents: tuple[Extent, ...] = ()

    def place(
        self,
        archive_files: int,
        archive_bytes: int,
        journal: File,
        length: int,
        offset: int = START,
    ) -> None:
        """Take note of the files as they are now: after opening and after each archiving.

        The journal's rows begin at ``offset`` and end at ``length``.
        """
        while len(self._archived) < archive_files:
            path = self._files.rolled(len(self._archived) + 1)
            file = self._disk.open_to_read(path)
            self._archived.append(self._extent(self._archived, file, file.size()))
        archive = self._disk.open_to_read(self._files.archive)
        current = self._extent(self._archived, archive, archive_bytes)
        tail = Extent(current.end, current.end + length - offset, journal, offset)
        self._extents = (*self._archived, current, tail)

    def _extent(self, before: list[Extent], file: File, length: int) -> Extent:
        start = before[-1].end if before else 0
        return Extent(start, start + length - START, file)

    def grow(self, length: int) -> None:
        """Take note that the journal has this many durable bytes now."""
        *others, tail = self._extents
        end = tail.start + length - tail.offset
        self._extents = (*others, Extent(tail.start, end, tail.file, tail.offset))

    @property
    def end(self) -> int:
        """The position after the last durable row."""
        return self._extents[-1].end

    def lines(self, position: int, end: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Yield rows from a position on, each with its own position and its line end."""
        limit = self.end if end is None else end
        rest = b""
        while position + len(rest) < limit:
            block = self._read(position + len(rest), limit)
            if not block:
                return
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                yield position, line + b"\n"
                position += len(line) + 1

    def mark(self, position: int) -> bytes:
        """Return the hash that the row at a position follows."""
        return self._read(position - MARK - 1, position - 1) if position else FIRST_HASH.encode()

    def line(self, position: int) -> bytes:
        """Return the row at a position."""
        size = 1024
        while True:
            data = self._read(position, position + size)
            line, end, _ = data.partition(b"\n")
            if end or len(data) < size:
                return line + end
            size *= 4

    def _read(self, position: int, limit: int) -> bytes:
        for extent in self._extents:
            if extent.start <= position < extent.end:
                return extent.read(position, min(BLOCK, limit - position))
        return b""
