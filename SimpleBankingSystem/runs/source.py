"""The file of a run: opened with suspicion, known by its digest before a line is carried out."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from io import BufferedReader
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from types import TracebackType
from typing import BinaryIO, Self

from SimpleBankingSystem.ledger.errors import DiskFull, InvalidFile
from SimpleBankingSystem.runs.csv_lines import CsvLines
from SimpleBankingSystem.runs.json_lines import JsonLines
from SimpleBankingSystem.runs.lines import LINE_AT_MOST, Block, blocks, read
from SimpleBankingSystem.stores.csv_files.disk import BLOCK
from SimpleBankingSystem.stores.csv_files.format import BOM

STANDARD_INPUT = "-"

_FOREIGN = {
    b"\xff\xfe": "is UTF-16; save it as CSV UTF-8",
    b"\xfe\xff": "is UTF-16; save it as CSV UTF-8",
    b"PK\x03\x04": "is a spreadsheet or a ZIP file; save it as CSV UTF-8",
    b"\x1f\x8b": "is compressed; unpack it first",
    b"[": "is a JSON list; a command file in JSON has one object on every line",
}


@dataclass(slots=True)
class Layout:
    """How a file is read, and where its first data line stands."""

    lines: CsvLines | JsonLines
    start: int
    first: int


class Source:
    """An open command file: its name, its ``digest``, its first data line's, and its blocks.

    What is no regular file is first copied to a temporary one, because nothing may be carried out
    before the digest of all of it is known. ``name`` is what the run is called.
    """

    def __init__(self, source: str | Path | BinaryIO, name: str = "") -> None:
        """Open and survey.

        Raises:
            InvalidFile: it cannot be opened or is no command file.
            DiskFull: there is no room for the temporary copy.
        """
        with ExitStack() as opened:
            self._file = _opened(source, opened)
            regular = _is_regular(source, self._file)
            self.name = name or named(source, regular=regular)
            head = read(self._file, LINE_AT_MOST)
            self.layout = layout(head)
            if not regular:
                self._file = _spooled(self._file, head, opened)
            self._stamp = self._stamped()
            self.digest, self.size = _survey(self._file)
            self.first_line = self._first_line()
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()

    def blocks(self) -> Iterator[Block]:
        """Read the data lines from the first one on."""
        self._file.seek(self.layout.start)
        return blocks(self._file, self.layout.first)

    def content(self) -> Iterator[bytes]:
        """Read all of it, from its beginning."""
        self._file.seek(0)
        while block := read(self._file, BLOCK):
            yield block

    @property
    def position(self) -> int:
        """How many bytes are read."""
        return self._file.tell()

    def is_same_file(self, path: Path) -> bool:
        """Tell whether a path names this very file."""
        return path.exists() and os.path.samestat(path.stat(), os.fstat(self._file.fileno()))

    def check_unchanged(self) -> None:
        """Insist that nobody wrote to the file since it was surveyed.

        Raises:
            InvalidFile: somebody did.
        """
        if self._stamped() != self._stamp:
            raise InvalidFile(f"{self.name} was changed while it was carried out.")

    def _stamped(self) -> tuple[int, int]:
        now = os.fstat(self._file.fileno())
        return now.st_size, now.st_mtime_ns

    def _first_line(self) -> str:
        """Return the digest of the first data line; without one, that of the file."""
        for block in self.blocks():
            for text in block.lines:
                line = text.strip(" \t\r,")
                if line:
                    return sha256(line.encode(errors="surrogateescape")).hexdigest()
        return self.digest


def named(source: object, *, regular: bool) -> str:
    """Return the name of a file.

    Raises:
        InvalidFile: it is a stream, which has none.
    """
    if not regular:
        raise InvalidFile("Only a file has a name of its own: give this one with --run NAME.")
    return Path(str(source)).name


def _opened(source: str | Path | BinaryIO, opened: ExitStack) -> BinaryIO:
    """Return what is to be read; ``opened`` will close what is opened here, and nothing else."""
    if source == STANDARD_INPUT:
        return sys.stdin.buffer
    if not isinstance(source, str | Path):
        return source
    try:
        return opened.enter_context(Path(source).open("rb"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InvalidFile(f"{source} cannot be opened: {reason}.") from None


def _is_regular(source: str | Path | BinaryIO, file: BinaryIO) -> bool:
    """Tell whether a source is a file that can be read twice, which no stream of others is."""
    if source == STANDARD_INPUT or not isinstance(source, str | Path):
        return False
    return stat.S_ISREG(os.fstat(file.fileno()).st_mode)


def layout(head: bytes) -> Layout:
    """Find out from a file's beginning how it is read.

    Raises:
        InvalidFile: it is no command file.
    """
    for mark, reason in _FOREIGN.items():
        if head.startswith(mark):
            raise InvalidFile(f"The file {reason}.")
    text = head.removeprefix(BOM)
    start = len(head) - len(text.lstrip())
    if start == len(head):
        raise InvalidFile("The file is empty, or blank at its beginning.")
    if head[start : start + 1] == b"{":
        # Blank lines before the first object are passed over like all others.
        return Layout(JsonLines(), len(head) - len(text), 1)
    start = head.rfind(b"\n", 0, start) + 1 or len(head) - len(text)
    end = head.find(b"\n", start)
    end = len(head) if end < 0 else end
    header = head[start:end]
    if b"\0" in header:
        raise InvalidFile("The file is no text in UTF-8: its first line contains NUL bytes.")
    if end >= LINE_AT_MOST:
        raise InvalidFile(f"The first line is longer than {LINE_AT_MOST:,} bytes.")
    if b"\r" in header.removesuffix(b"\r"):
        raise InvalidFile("Lines end with a lone carriage return; save the file with LF or CRLF.")
    try:
        columns = header.decode().removesuffix("\r")
    except UnicodeDecodeError:
        raise InvalidFile("The header is not UTF-8; save the file as CSV UTF-8.") from None
    return Layout(CsvLines(columns), end + 1, head.count(b"\n", 0, end) + 2)


def _spooled(stream: BinaryIO, head: bytes, opened: ExitStack) -> BinaryIO:
    """Copy a stream to a temporary file that vanishes with the process.

    Raises:
        InvalidFile: a line is so long that the stream may have no end.
        DiskFull: there is no room.
    """
    try:
        # Unbuffered, so that closing it has nothing left to write where the disk is full.
        spool = opened.enter_context(TemporaryFile(buffering=0))  # noqa: SIM115
        for block in _with_lines(stream, head):
            rest = memoryview(block)
            while rest:
                rest = rest[spool.write(rest) :]
    except OSError as error:
        raise DiskFull(f"The input cannot be copied to {gettempdir()}: {error.strerror}.") from None
    return BufferedReader(spool)


def _with_lines(stream: BinaryIO, block: bytes) -> Iterator[bytes]:
    """Read a stream to its end as long as it comes in lines."""
    unended = 0
    while block:
        end = block.rfind(b"\n")
        unended += len(block) if end < 0 else block.find(b"\n")
        if unended > BLOCK:
            raise InvalidFile(f"A line is longer than {BLOCK:,} bytes: this may have no end.")
        if end >= 0:
            unended = len(block) - end - 1
        yield block
        block = read(stream, BLOCK)


def _survey(file: BinaryIO) -> tuple[str, int]:
    """Return the SHA-256 of a whole file and its size."""
    file.seek(0)
    digest, size = sha256(), 0
    while block := read(file, BLOCK):
        digest.update(block)
        size += len(block)
    return digest.hexdigest(), size
