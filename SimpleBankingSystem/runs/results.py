"""The results file: a row per line, and beside it the refused lines as they were."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.ledger.account import is_internal
from SimpleBankingSystem.ledger.errors import BankError, DiskFull, InvalidFile
from SimpleBankingSystem.ledger.run import LINES_AT_ONCE, LinesDone
from SimpleBankingSystem.ledger.transaction import COMPLETED, Posting, Transaction
from SimpleBankingSystem.runs.lines import LINE_AT_MOST, REASON_AT_MOST, RefusedLine, reason
from SimpleBankingSystem.runs.source import layout
from SimpleBankingSystem.stores.csv_files.format import BOM, quoted

START = BOM + b"line,transaction,status,code,reason,balance\n"
"""What a results file begins with."""

REJECTED = "REJECTED"
"""The status of a line that did not become a transaction."""

ROW_AT_MOST = 10 * REASON_AT_MOST
"""Bytes of a row, amply."""

_row = re.compile(rb"(?<=\n)([0-9]+),")


def _left(postings: Sequence[Posting]) -> Decimal | None:
    """Return what is left, after all postings, on the account that the first of them is about."""
    source, target, *_ = postings[0]
    account = target if is_internal(source) else source
    return next(
        each.source_balance if each.source == account else each.target_balance
        for each in reversed(postings)
        if account in (each.source, each.target)
    )


class Results:
    """Writes what became of each line, a chunk of lines at a time.

    ``path`` is the results file; ``refused`` is the file of refused lines beside it, which is made
    when the first of them comes, with the command file's ``header`` on top; an older one makes
    room, so that none of its lines is taken for one of this run. A resumed run writes on below
    the last row, and writes no line again that has a row; the few lines that were done when it
    broke off, but had no row yet, stay without one.
    """

    def __init__(self, path: Path, header: str, extension: str, *, resumed: bool) -> None:
        """Begin the results file.

        Raises:
            InvalidFile: it cannot be written, or it is some other file.
        """
        self.path = path
        self.refused = refused_path(path, extension)
        self.any_refused = False
        self._header = f"{BOM.decode()}{header}\n" if header else ""
        self._written = LinesDone()
        self._rows: list[str] = []
        self._lines: list[str] = []
        with _writing(path):
            goes_on = self._holds_results() and resumed
            if goes_on:
                with path.open("r+b") as file:
                    self._written = _to_last_row(file)
        if not goes_on:
            with _writing(self.refused):
                make_room(self.refused, extension)
            with _writing(path):
                path.write_bytes(START)

    def _holds_results(self) -> bool:
        """Tell whether there are results already.

        Raises:
            ValueError: it is some other file.
        """
        if not _has_content(self.path):
            return False
        with self.path.open("rb") as file:
            if file.read(len(START)) != START:
                raise ValueError("it exists and holds no results")
        return True

    def done(self, line: int, outcome: Ticket | Transaction) -> None:
        """Note a line that became a transaction."""
        balance = f"{_left(outcome.postings)}" if outcome.postings else ""
        self._add(line, outcome.id, outcome.status, outcome.error, balance)

    def performed(self, line: int) -> None:
        """Note an action that was carried out."""
        self._add(line, "", COMPLETED, None, "")

    def rejected(self, entry: RefusedLine) -> None:
        """Note a line that was refused."""
        self.any_refused = True
        if self._add(entry.line, "", REJECTED, entry.error, ""):
            self._lines.append(entry.text + "\n")

    def _add(
        self, line: int, transaction: str, status: str, error: BankError | None, balance: str
    ) -> bool:
        """Add a row, unless the line has one; tell which."""
        if line in self._written:
            return False
        why = f"{error.code},{quoted(reason(error))}" if error else ","
        self._rows.append(f"{line},{transaction},{status},{why},{balance}\n")
        return True

    def take_over(self, rows: Iterable[str], refused: Iterator[str]) -> None:
        """Write what another process noted: the rows of its results file, and its refused lines.

        The rows come without their ends; ``refused`` are the lines that belong to those REJECTED.
        """
        for row in rows:
            line, _, status, _ = row.split(",", 3)
            is_refused = status == REJECTED
            text = next(refused) if is_refused else ""
            self.any_refused = self.any_refused or is_refused
            if int(line) not in self._written:
                self._rows.append(f"{row}\n")
                self._lines += [f"{text}\n"] if is_refused else []
            if len(self._rows) >= LINES_AT_ONCE:
                self.write()
        self.write()

    def write(self) -> None:
        """Write what was noted.

        Raises:
            DiskFull: InvalidFile: the machine does not take it.
        """
        self._append(self.path, self._rows)
        if self._lines:
            if not self.refused.exists():
                self._lines.insert(0, self._header)
            self._append(self.refused, self._lines)

    def _append(self, path: Path, texts: list[str]) -> None:
        """Write texts to a file; bytes that were no UTF-8 come out as they were."""
        with _writing(path), path.open("ab") as file:
            file.write("".join(texts).encode(errors="surrogateescape"))
        texts.clear()


def refused_path(results: Path, extension: str) -> Path:
    """Return the file of refused lines beside a results file."""
    return results.with_name(f"{results.stem}.refused.{extension}")


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Say of which file it is that it cannot be written.

    Raises:
        DiskFull: InvalidFile: the machine does not take it, or it is some other file.
    """
    try:
        yield
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        full = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
        kind = DiskFull if full else InvalidFile
        raise kind(f"{path} cannot be written: {reason}.") from None


def _has_content(path: Path) -> bool:
    """Tell whether a file exists and is not empty.

    Raises:
        ValueError: it is no file.
    """
    if path.exists() and not path.is_file():
        raise ValueError("it is no file")
    return path.exists() and path.stat().st_size > 0


def make_room(refused: Path, extension: str) -> None:
    """Remove an older file of refused lines, which begins as a command file does.

    Raises:
        ValueError: it is some other file.
    """
    if _has_content(refused):
        with refused.open("rb") as file:
            head = file.read(LINE_AT_MOST)
        try:
            known = layout(head).lines.extension == extension
        except InvalidFile:
            known = False
        if not known:
            raise ValueError("it exists and begins as no command file does")
    refused.unlink(missing_ok=True)


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
