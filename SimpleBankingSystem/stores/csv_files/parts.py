"""The files that verifying walks over: their lines with a look ahead, and where each must end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from SimpleBankingSystem.stores.csv_files import head as heads
from SimpleBankingSystem.stores.csv_files.archiver import repeated
from SimpleBankingSystem.stores.csv_files.disk import Disk
from SimpleBankingSystem.stores.csv_files.files import START, Files
from SimpleBankingSystem.stores.csv_files.head import HEADER, SECTOR, Anchor
from SimpleBankingSystem.stores.csv_files.problems import Problems

PIECE = 1 << 16
"""Bytes that are cut into lines at once: few enough to stay in the processor's cache."""


class Lines:
    """A file's lines without their ends; ``ahead`` are the next ones, ``number`` that of the first.

    ``is_torn`` tells, once the last line is read, that it has no end.
    """

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._pieces = _pieces(blocks)
        self._read = 0
        self._rest = b""
        self.ahead: list[bytes] = []
        self.number = 1
        self.is_torn = False

    def fill(self, count: int = 1) -> list[bytes]:
        """Return the next lines: ``count`` or more, fewer only at the file's end."""
        while len(self.ahead) < count:
            piece = next(self._pieces, b"")
            if not piece:
                if self._rest:
                    self.ahead.append(self._rest)
                    self._rest, self.is_torn = b"", True
                break
            self._read += len(piece)
            *lines, self._rest = (self._rest + piece).split(b"\n")
            self.ahead += lines
        return self.ahead

    def skip(self, count: int) -> None:
        """Pass over lines that were dealt with."""
        del self.ahead[:count]
        self.number += count

    @property
    def offset(self) -> int:
        """Where in the file the next line begins."""
        ahead = sum(len(line) + 1 for line in self.ahead) - self.is_torn * bool(self.ahead)
        return self._read - len(self._rest) - ahead


def _pieces(blocks: Iterable[bytes]) -> Iterator[bytes]:
    for block in blocks:
        for start in range(0, len(block), PIECE):
            yield block[start : start + PIECE]


@dataclass(slots=True, frozen=True)
class Part:
    """A file with rows, of which ``size`` bytes are looked at.

    Its rows go up to ``stop``, None if that is not known. ``repeated`` bytes at their beginning
    stand at the end of the archive as well. ``is_lost`` tells that there is no such file.
    """

    path: Path
    size: int
    stop: int | None = None
    repeated: int = 0
    is_lost: bool = False


def parts(
    disk: Disk, files: Files, head: Anchor | None, problems: Problems, *, served: bool
) -> Iterator[Part]:
    """Yield the archive's files, then the journal.

    Files that are ``served`` are looked at as far as the anchor reaches.
    """
    anchor = head or anchor_without_head(disk, files)
    rolled = [files.rolled(number + 1) for number in range(anchor.archive_files)]
    numbered, archive = files.rolled(anchor.archive_files + 1), files.archive
    if disk.exists(numbered):
        # It was broken off between numbering the full file and noting that in the head.
        archive = numbered
    begun = [files.archive] if archive == numbered and disk.exists(files.archive) else []
    for path in [*rolled, archive, *begun, files.journal]:
        if not disk.exists(path):
            problems.add(path.name, ": the file is missing.")
            stop = head and head.archive_seq if path == archive else None
            yield Part(path, 0, stop, is_lost=True)
            continue
        try:
            size = disk.size(path)
            if path == archive:
                size = min(size, anchor.archive_bytes) if served else size
                yield Part(path, size, head and head.archive_seq)
            elif path == files.journal:
                size = min(size, anchor.journal_bytes) if served else size
                length, is_same = repeated(disk, archive, path, anchor)
                yield Part(path, size, head and head.last_seq, length if is_same else 0)
            elif path in begun:
                yield Part(path, START if served else size, head and head.archive_seq)
            else:
                yield Part(path, size)
        except OSError as error:
            problems.add(path.name, f": the file cannot be read: {error.strerror}.")


def read_head(disk: Disk, path: Path, problems: Problems) -> Anchor | None:
    """Return the newest whole slot of head.csv and say what is wrong with the file."""
    if not disk.exists(path):
        problems.add(path.name, ": the file is missing.")
        return None
    data = disk.read(path)
    has_header = data[:SECTOR] == HEADER
    slots = [heads.decode(data[at : at + SECTOR]) for at in (SECTOR, 2 * SECTOR)]
    if not has_header and not any(slots):
        problems.add(path.name, ": the file is not what the bank wrote.")
        return None
    if not has_header:
        problems.add(path.name, ": the header is not the one that the bank wrote.", 1)
    for line, anchor in enumerate(slots, 2):
        sector = data[(line - 1) * SECTOR : line * SECTOR]
        if anchor is None or heads.encode(anchor) != sector or anchor.generation % 2 != line - 2:
            problems.add(path.name, ": this slot is not what the bank wrote.", line)
    if len(data) > 3 * SECTOR:
        problems.add(path.name, f": {len(data) - 3 * SECTOR} bytes stand behind the slots.")
    return max(filter(None, slots), key=lambda anchor: anchor.generation, default=None)


def anchor_without_head(disk: Disk, files: Files) -> Anchor:
    """Return what the files themselves tell where head.csv cannot."""
    number = 0
    while disk.exists(files.rolled(number + 1)):
        number += 1
    return Anchor(archive_files=number)
