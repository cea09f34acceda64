"""Checking the books against themselves: every row, every hash, every balance, every snapshot.

Nothing is changed on the disk. One streaming pass over the archive and the journal; what goes
wrong is said once, with file, line, seq and, where it can be proved, the column.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from pathlib import Path
from time import monotonic

from SimpleBankingSystem.ledger.errors import DataDamaged
from SimpleBankingSystem.ledger.transaction import ATTEMPTS_AT_MOST, COMPLETED, FAILED, PENDING
from SimpleBankingSystem.stores.base import Progress, Report, silent
from SimpleBankingSystem.stores.csv_files.disk import Disk
from SimpleBankingSystem.stores.csv_files.files import START, Files
from SimpleBankingSystem.stores.csv_files.fold import Fold
from SimpleBankingSystem.stores.csv_files.format import (
    AMOUNT,
    ATTEMPT,
    COLUMNS,
    COMMIT_FIRST,
    COMMIT_LAST,
    COMPLETED_AT,
    DETAILS,
    FIRST_HASH,
    JOURNAL_HEADER,
    SEQ,
    SOURCE,
    SOURCE_BALANCE,
    STATUS,
    TARGET,
    TARGET_BALANCE,
    TRANSACTION,
    records,
)
from SimpleBankingSystem.stores.csv_files.head import Anchor, Head
from SimpleBankingSystem.stores.csv_files.lock import Lock
from SimpleBankingSystem.stores.csv_files.recovery import differences
from SimpleBankingSystem.stores.csv_files.rows import MARK, lines_of
from SimpleBankingSystem.stores.csv_files.snapshot import (
    digest,
    encode_accounts,
    encode_runs,
    table,
)
from SimpleBankingSystem.stores.csv_files.suspects import Known, explain
from SimpleBankingSystem.stores.state import State, total

PROBLEMS_AT_MOST = 100


def verify_folder(
    folder: Path, progress: Progress = silent, *, chain_only: bool = False, expect: str = ""
) -> Report:
    """Check books that nobody has open, also such as are too damaged to be opened.

    Raises:
        InUse: somebody has them open.
        DataDamaged: there are no books here.
    """
    files, disk = Files(folder), Disk()
    if not disk.exists(files.head):
        raise DataDamaged(f"{files.head} is missing: these are no books, or no longer whole.")
    lock = Lock(folder)
    try:
        head = Head(disk, files.head)
        try:
            anchor = head.anchor
        finally:
            head.close()
        return verify(disk, files, anchor, progress, chain_only=chain_only, expect=expect)
    finally:
        lock.release()


def verify(
    disk: Disk,
    files: Files,
    anchor: Anchor,
    progress: Progress = silent,
    *,
    chain_only: bool = False,
    expect: str = "",
) -> Report:
    """Check the files up to where the anchor says that they reach.

    ``chain_only`` checks the hashes alone, several times faster; ``expect`` is a hash that was
    kept elsewhere and must be in the chain.
    """
    started = monotonic()
    audit = Audit(disk, files, anchor, progress, expect)
    if chain_only:
        audit.chain()
    else:
        audit.everything()
    seconds = max(monotonic() - started, 1e-9)
    report = audit.report
    report.facts["seconds"] = round(seconds, 3)
    report.facts["rows_per_second"] = round(audit.rows / seconds)
    return report


class Audit:
    """One check of the books: the place in the chain, what is known so far, what is wrong."""

    def __init__(
        self, disk: Disk, files: Files, anchor: Anchor, progress: Progress, expect: str
    ) -> None:
        self._disk = disk
        self._files = files
        self._anchor = anchor
        self._progress = progress
        self._expect = expect
        self._expected_at = 0
        self._mark = FIRST_HASH.encode()
        self._seq = 0
        self._commit = (0, 0)
        self._time = ""
        self._balances: dict[str, Decimal] = {}
        self._currencies: dict[str, str] = {}
        self._states = bytearray()
        self._state = State()
        self._fold = Fold(self._state)
        self._snapshot_done = False
        self._rejected = 0
        self.rows = 0
        self.report = Report()

    # The walk over the files

    def chain(self) -> None:
        """Check the hashes alone."""
        for path, end in self._parts():
            mark = self._mark
            line_number = 1
            for line in self._lines(path, end):
                line_number += 1
                mark = b"h" + sha256(mark + line[: -MARK - 1]).hexdigest()[:32].encode()
                if line[-MARK - 1 :] != mark + b"\n":
                    printed = line[-MARK - 1 : -1]
                    self._problem(f"{path.name}, line {line_number}: the chain breaks here.")
                    mark = printed
            self.rows += line_number - 1
            self._mark = mark
        self._check_end()

    def everything(self) -> None:
        """Check all there is to check."""
        for path, end in self._parts():
            batch: list[list[str]] = []
            for number, line in enumerate(self._lines(path, end), start=2):
                row = self._checked(path.name, number, line)
                if row is not None:
                    batch.append(row)
                    if len(batch) >= 1000 or self._seq == self._anchor.accounts_as_of:
                        self._folded(batch)
                        batch = []
            self._folded(batch)
        self._folded([])
        self._check_end()
        self._check_sums()

    def _parts(self) -> Iterator[tuple[Path, int]]:
        """Yield each file with rows, once its header is right, and where it ends."""
        anchor, files = self._anchor, self._files
        rolled = [files.rolled(number + 1) for number in range(anchor.archive_files)]
        parts = [(path, 0) for path in rolled]
        parts += [(files.archive, anchor.archive_bytes), (files.journal, anchor.journal_bytes)]
        for path, length in parts:
            if not self._disk.exists(path):
                self._problem(f"{path.name} is missing.")
                continue
            file = self._disk.open(path)
            try:
                size = file.size()
                header = next(lines_of([file.read_at(0, 4 * START)]), b"")
            finally:
                file.close()
            if header != JOURNAL_HEADER:
                self._problem(f"{path.name}, line 1: {_header_trouble(header)}")
            if length and size != length:
                self._problem(f"{path.name} is {size} bytes long, not {length} as it was.")
            yield path, size

    def _lines(self, path: Path, end: int) -> Iterator[bytes]:
        file = self._disk.open(path)
        try:
            lines = lines_of(self._disk.blocks(file, 0, end))
            next(lines, b"")
            done = 0
            for number, line in enumerate(lines):
                yield line
                done += len(line)
                if number % 20_000 == 0:
                    self._progress(done, end)
            self._progress(end, end)
        finally:
            file.close()

    def _problem(self, text: str) -> None:
        problems = self.report.problems
        if len(problems) < PROBLEMS_AT_MOST:
            problems.append(text)
        elif len(problems) == PROBLEMS_AT_MOST:
            problems.append("There are more problems; these are the first.")

    # One row

    def _checked(self, name: str, number: int, line: bytes) -> list[str] | None:
        """Check a row; return its cells if they can be believed."""
        self.rows += 1
        before, printed = self._mark, line[-MARK - 1 : -1]
        mark = b"h" + sha256(before + line[: -MARK - 1]).hexdigest()[:32].encode()
        row = _cells(line)
        if mark != printed or row is None or not line.endswith(b"\n"):
            self._rejected += 1
            self._changed(name, number, line, row)
            self._mark = printed if printed.startswith(b"h") else mark
            return None
        self._mark = mark
        if self._expect and printed.decode() == self._expect:
            self._expected_at = int(row[SEQ])
        trouble = self._contradiction(row)
        if trouble:
            self._problem(f"{name}, line {number}, seq {row[SEQ]}: {trouble}")
        self._learn(row)
        return row

    def _changed(self, name: str, number: int, line: bytes, row: list[str] | None) -> None:
        """Say of a row that is not what was written what can be said."""
        where = f"{name}, line {number}, seq {self._seq + 1}"
        if row is not None and row[SEQ].isdigit() and int(row[SEQ]) != self._seq + 1:
            found = int(row[SEQ])
            if found > self._seq + 1:
                self._problem(f"{where}: rows {self._seq + 1} to {found - 1} are missing here.")
            else:
                self._problem(f"{where}: row {found} stands here, doubled or out of order.")
            self._learn(row)
            return
        known = Known(self._seq + 1, self._balances, self._currencies)
        self._problem(f"{where}{explain(line, self._mark, known)}")
        if row is None:
            self._seq += 1
        else:
            self._learn(row)

    def _contradiction(self, row: list[str]) -> str:
        """Return what a row with a right hash contradicts, nothing if all is well."""
        seq = int(row[SEQ])
        if seq != self._seq + 1:
            return f"follows seq {self._seq}."
        commit = int(row[COMMIT_FIRST]), int(row[COMMIT_LAST])
        if commit != self._commit and (self._commit[1] != self._seq or commit[0] != seq):
            return "begins a commit before the last one is whole."
        if row[COMPLETED_AT] and row[COMPLETED_AT] < self._time:
            return f"completed_at runs backwards from {self._time}."
        trouble = self._wrong_move(row)
        if trouble or row[STATUS] != COMPLETED or not row[SOURCE_BALANCE]:
            return trouble
        return self._wrong_balance(row)

    def _wrong_balance(self, row: list[str]) -> str:
        amount = Decimal(row[AMOUNT])
        if amount <= 0:
            return f"amount: {amount} is not more than zero."
        for name, column, change in (
            (row[SOURCE], SOURCE_BALANCE, -amount),
            (row[TARGET], TARGET_BALANCE, amount),
        ):
            before = self._balances.get(name, Decimal(0))
            if before + change != Decimal(row[column]):
                return f"{COLUMNS[column]}: {row[column]} does not follow from {before}."
        return ""

    def _wrong_move(self, row: list[str]) -> str:
        """Check the transaction's move; one byte per transaction is kept: state and attempt."""
        number, attempt = int(row[TRANSACTION][1:]), int(row[ATTEMPT])
        if number >= len(self._states):
            self._states.extend(bytes(number + 10_000 - len(self._states)))
        state = self._states[number]
        code = {PENDING: 1, FAILED: 2, COMPLETED: 3}.get(row[STATUS], 0)
        if row[COMMIT_FIRST] != row[SEQ] and state == code << 4 | attempt:
            return ""
        self._states[number] = code << 4 | attempt
        before, tried = state >> 4, state & 15
        legal = (
            (before == 0 and attempt == 1)
            or (before == 1 and code != 1 and attempt == tried)
            or (before == 2 and attempt == tried + 1 <= ATTEMPTS_AT_MOST)
        )
        return "" if legal and code else f"{row[TRANSACTION]} may not become {row[STATUS]} now."

    def _learn(self, row: list[str]) -> None:
        """Take the row as what is so from now on."""
        try:
            self._seq = int(row[SEQ])
            self._commit = int(row[COMMIT_FIRST]), int(row[COMMIT_LAST])
            self._time = row[COMPLETED_AT] or self._time
            if row[STATUS] == COMPLETED and row[TARGET_BALANCE]:
                if row[SOURCE_BALANCE]:
                    self._balances[row[SOURCE]] = Decimal(row[SOURCE_BALANCE])
                self._balances[row[TARGET]] = Decimal(row[TARGET_BALANCE])
        except (ValueError, InvalidOperation):
            # The row was said to be changed already; its neighbours tell more than it does.
            self._seq += 1

    # The end

    def _folded(self, rows: list[list[str]]) -> None:
        """Add rows to the fold; where the snapshots were taken, compare them with it."""
        if not self._snapshot_done and not self._anchor.accounts_as_of:
            self._compare_snapshots()
        try:
            self._fold.add(rows)
        except (ValueError, KeyError, TypeError) as error:
            self._problem(f"{COLUMNS[DETAILS]}, up to seq {self._seq}: {error}")
        if not self._snapshot_done and self._seq >= self._anchor.accounts_as_of:
            self._compare_snapshots()

    def _compare_snapshots(self) -> None:
        self._snapshot_done = True
        if self._rejected:
            # What the rows add up to is not known, so nothing can be held against it.
            return
        self._fold.finish()
        anchor, files, state = self._anchor, self._files, self._state
        accounts = encode_accounts(state.accounts.values(), anchor.accounts_as_of)
        runs = encode_runs(list(state.runs.values()), state.lines, anchor.accounts_as_of)
        for path, kept, rebuilt in (
            (files.accounts, anchor.accounts_digest, accounts),
            (files.runs, anchor.runs_digest, runs),
        ):
            data = self._disk.read(path) if self._disk.exists(path) else b""
            found = differences(path.name, table(rebuilt), data)
            for problem in found:
                self._problem(problem)
            if not found and digest(data) != kept:
                self._problem(f"{path.name} was saved by another program; its values are right.")

    def _check_end(self) -> None:
        anchor = self._anchor
        facts = self.report.facts
        facts["rows"] = self.rows
        facts["last_hash"] = self._mark.decode(errors="replace")
        if facts["last_hash"] != anchor.last_hash and not self.report.problems:
            self._problem(f"The chain ends at seq {self._seq}, the head knows {anchor.last_seq}.")
        elif self._seq < anchor.last_seq and self._seq:
            self._problem(f"Rows {self._seq + 1} to {anchor.last_seq} are missing at the end.")
        if self._expect:
            facts["expected_hash_at_seq"] = self._expected_at or None
            if not self._expected_at:
                self._problem(f"The hash {self._expect} is not in the chain.")
        if self._disk.exists(self._files.quarantine):
            facts["quarantine"] = len(self._disk.names(self._files.quarantine))

    def _check_sums(self) -> None:
        if self._rejected:
            return
        self._fold.finish()
        accounts = list(self._state.accounts.values())
        self.report.facts["last_seq"] = self._seq
        self.report.facts["accounts"] = sum(each.type != "internal" for each in accounts)
        for currency, money in sorted(total(accounts).items()):
            self.report.facts[f"sum_{currency}"] = str(money)
            if money and not self.report.problems:
                self._problem(f"{currency} sums to {money}, not to zero.")


def _cells(line: bytes) -> list[str] | None:
    try:
        row = next(records((line.decode(),)))
    except (UnicodeDecodeError, csv.Error, StopIteration):
        return None
    return row if len(row) == len(COLUMNS) else None


def _header_trouble(header: bytes) -> str:
    if header.rstrip(b"\r\n") == JOURNAL_HEADER.rstrip(b"\n"):
        return "lines end with CR and LF; a spreadsheet saved the file."
    if header.count(b";") >= len(COLUMNS) - 1:
        return "cells are cut by semicolons; a spreadsheet saved the file."
    if header == JOURNAL_HEADER[3:]:
        return "the byte order mark is gone; another program saved the file."
    return "the header is not the one that the bank wrote."
