"""The results file: a row per line, and beside it the refused lines as they were."""

from __future__ import annotations

import errno
import logging
import os
import re
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.ledger.account import is_internal
from SimpleBankingSystem.ledger.errors import BankError, DiskFull, InvalidFile
from SimpleBankingSystem.ledger.run import LINES_AT_ONCE, LinesDone
from SimpleBankingSystem.ledger.transaction import COMPLETED, Transaction
from SimpleBankingSystem.runs.lines import REASON_AT_MOST, RefusedLine, reason
from SimpleBankingSystem.stores.csv_files.format import BOM, quoted

log = logging.getLogger(__name__)

HEADER = "line,transaction,status,code,reason,balance\n"
REJECTED = "REJECTED"
"""The status of a line that did not become a transaction."""

ROW_AT_MOST = 10 * REASON_AT_MOST
"""Bytes of a row, amply."""

_row = re.compile(rb"(?<=\n)([0-9]+),")


class Results:
    """Writes what became of each line, in the order of the lines.

    ``path`` is the results file; ``refused`` is the file of refused lines beside it, which is made
    when the first of them comes, with the command file's ``header`` on top. A resumed run writes
    on below the last row, and writes no line again that has a row; the few lines that were done
    when it broke off, but had no row yet, stay without one.
    """

    def __init__(self, path: Path, header: str, extension: str, *, resumed: bool) -> None:
        """Open the results file.

        Raises:
            InvalidFile: it cannot be written, or it is some other file.
        """
        self.path = path
        self.refused = refused_path(path, extension)
        self.any_refused = False
        self._header = header
        self._resumed = resumed
        self._written = LinesDone()
        try:
            self._rows = self._opened()
        except (OSError, ValueError) as error:
            raise InvalidFile(f"{path} cannot be written: {error}.") from None
        self._refused: TextIOWrapper | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._rows.close()
            if self._refused is not None:
                self._refused.close()
        except OSError as failure:
            if error is None:
                raise self._lost(failure) from None
            log.error("%s", self._lost(failure).message)

    def _opened(self) -> TextIOWrapper:
        """Open the file where rows are to be added; it must be new or hold results already."""
        start = BOM + HEADER.encode()
        if self.path.exists() and not self.path.is_file():
            raise ValueError("it is no file")
        if not self.path.exists() or not self.path.stat().st_size:
            file: BinaryIO = self.path.open("wb")
        else:
            file = self.path.open("r+b")
            if file.read(len(start)) != start:
                file.close()
                raise ValueError("it exists and holds no results")
            if self._resumed:
                self._written = _to_last_row(file)
                return _texts(file)
            file.seek(0)
            file.truncate()
        file.write(start)
        return _texts(file)

    def done(self, line: int, outcome: Ticket | Transaction) -> None:
        """Write the row of a line that became a transaction."""
        if line not in self._written:
            error, balance = outcome.error, ""
            if outcome.postings:
                source, _, _, _, source_balance, target_balance = outcome.postings[0]
                balance = f"{target_balance if is_internal(source) else source_balance}"
            self._write(line, outcome.id, outcome.status, error, balance)

    def performed(self, line: int) -> None:
        """Write the row of an action that was carried out."""
        if line not in self._written:
            self._write(line, "", COMPLETED, None, "")

    def rejected(self, entry: RefusedLine) -> None:
        """Write the row of a line that was refused, and the line itself to the other file."""
        self.any_refused = True
        if entry.line not in self._written:
            self._write(entry.line, "", REJECTED, entry.error, "")
            if self._refused is None:
                self._refused = self._opened_refused()
            self._refused.write(entry.text + "\n")

    def _write(
        self, line: int, transaction: str, status: str, error: BankError | None, balance: str
    ) -> None:
        why = f"{error.code},{quoted(reason(error))}" if error else ","
        self._rows.write(f"{line},{transaction},{status},{why},{balance}\n")

    def _opened_refused(self) -> TextIOWrapper:
        try:
            if self._resumed and self.refused.is_file():
                return _texts(self.refused.open("ab"))
            file = self.refused.open("wb")
        except OSError as error:
            raise InvalidFile(f"{self.refused} cannot be written: {error}.") from None
        if self._header:
            file.write(BOM + self._header.encode() + b"\n")
        return _texts(file)

    def flush(self) -> None:
        """Hand all rows to the machine.

        Raises:
            DiskFull: InvalidFile: it does not take them.
        """
        try:
            self._rows.flush()
            if self._refused is not None:
                self._refused.flush()
        except OSError as error:
            raise self._lost(error) from None

    def _lost(self, error: OSError) -> BankError:
        kind = DiskFull if error.errno in {errno.ENOSPC, errno.EDQUOT} else InvalidFile
        return kind(f"{self.path} cannot be written: {error.strerror}.")


def refused_path(results: Path, extension: str) -> Path:
    """Return the file of refused lines beside a results file."""
    return results.with_name(f"{results.stem}.refused.{extension}")


def _texts(file: BinaryIO) -> TextIOWrapper:
    """Return a file to write texts to; bytes that were no UTF-8 come out as they were."""
    return TextIOWrapper(file, "utf-8", errors="surrogateescape", newline="")


def _to_last_row(file: BinaryIO) -> LinesDone:
    """Go to the end of the last whole row, drop what is behind it; return which lines have rows.

    As far back as a line may lack its row there are ``LINES_AT_ONCE`` rows at most.
    """
    size = file.seek(0, os.SEEK_END)
    start = max(0, size - LINES_AT_ONCE * ROW_AT_MOST)
    file.seek(start)
    tail = file.read()
    end = tail.rfind(b"\n") + 1
    file.seek(start + end)
    file.truncate()
    written = LinesDone()
    begin = tail.find(b"\n") + 1
    if rows := _row.findall(tail, begin, end):
        written.note([int(line) for line in rows])
    return written
