"""Checking the books against themselves: every row, every hash, every balance, every snapshot.

Nothing is changed on the disk. One streaming pass over the archive and the journal; what goes
wrong is said once, with file, line, seq and, where it can be proved, the column. ``breaks`` says
what happened where the chain of hashes breaks, ``audit`` what does not follow in whole rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from time import monotonic

from SimpleBankingSystem.ledger.account import is_internal
from SimpleBankingSystem.ledger.errors import DataDamaged
from SimpleBankingSystem.stores.base import Progress, Report, silent
from SimpleBankingSystem.stores.csv_files.archiver import is_begun_copy
from SimpleBankingSystem.stores.csv_files.audit import Audit
from SimpleBankingSystem.stores.csv_files.breaks import WINDOW, Break, chains, explain, seq_of
from SimpleBankingSystem.stores.csv_files.differences import Expected, expected_snapshots
from SimpleBankingSystem.stores.csv_files.disk import Disk, File
from SimpleBankingSystem.stores.csv_files.files import Files
from SimpleBankingSystem.stores.csv_files.format import COLUMNS, FIRST_HASH, JOURNAL_HEADER
from SimpleBankingSystem.stores.csv_files.head import Anchor
from SimpleBankingSystem.stores.csv_files.lock import reading
from SimpleBankingSystem.stores.csv_files.looks import Style, written
from SimpleBankingSystem.stores.csv_files.parts import (
    Lines,
    Part,
    parts,
    read_head,
)
from SimpleBankingSystem.stores.csv_files.problems import Problems, missing_rows
from SimpleBankingSystem.stores.csv_files.rows import MARK, later_commit_follows, lines_of, unbroken
from SimpleBankingSystem.stores.csv_files.suspects import Known

PATIENCE = 300
"""Breaks of the chain for which an explanation is searched at length."""

NUMBERS_AHEAD = 1_000_000
"""How far behind the head's last transaction number one may be that a crash left behind."""

LEAST_ROW = 150
"""No row has fewer bytes: so many numbers can have been given out where no head tells the last."""

_PLAIN = Style(JOURNAL_HEADER[:-1])


def verify_folder(
    folder: Path, progress: Progress = silent, *, chain_only: bool = False, expect: str = ""
) -> Report:
    """Check books that nobody has open, also such as are too damaged to be opened.

    Raises:
        InUse: somebody has them open.
        DataDamaged: there are no books here.
    """
    files, disk = Files(folder), Disk()
    if not disk.exists(files.head) and not disk.exists(files.journal):
        raise DataDamaged(f"There are no books in {folder}.")
    with reading(folder):
        return verify(disk, files, None, progress, chain_only=chain_only, expect=expect)


def verify(
    disk: Disk,
    files: Files,
    anchor: Anchor | None = None,
    progress: Progress = silent,
    *,
    chain_only: bool = False,
    expect: str = "",
) -> Report:
    """Check everything in the books, or the chain of hashes alone, several times faster.

    ``anchor`` is given by who serves them: they are checked exactly as far as it reaches, and may
    grow meanwhile. Without it they must be closed, and head.csv is checked as well. ``expect`` is
    a hash that was kept elsewhere and must occur in the chain.
    """
    return Check(disk, files, anchor, progress, expect, whole=not chain_only).report()


class Check:
    """One check of the books: how far the chain was followed, and what was found."""

    def __init__(
        self,
        disk: Disk,
        files: Files,
        anchor: Anchor | None,
        progress: Progress,
        expect: str,
        *,
        whole: bool,
    ) -> None:
        self._disk, self._files, self._progress = disk, files, progress
        self._whole = whole
        self._problems = Problems()
        self._served = anchor is not None
        head = anchor or read_head(disk, files.head, self._problems)
        self._has_head = head is not None
        self._anchor = head or Anchor()
        self._closed = bool(self._anchor.clean and not self._served)
        self._parts = list(parts(disk, files, head, self._problems, served=self._served))
        self._done, self._total = 0, sum(part.size for part in self._parts)
        highest = self._anchor.last_transaction if head else self._total // LEAST_ROW
        self._audit = Audit(self._problems, highest + NUMBERS_AHEAD)
        self._seq, self._mark, self._line = 0, FIRST_HASH.encode(), b""
        self._rows = 0
        self._patience = PATIENCE
        self._expect, self._expected_at = expect.encode(), 0 if expect == FIRST_HASH else -1
        self._known_marks = {
            self._anchor.archive_seq: self._anchor.archive_hash.encode(),
            self._anchor.last_seq: self._anchor.last_hash.encode(),
        }
        self._known_marks.pop(0, None)
        self._facts: dict[str, object] = {}
        self._snapshots = expected_snapshots(disk, files, head) if whole else []

    def report(self) -> Report:
        """Do it all."""
        started = monotonic()
        self._compare_snapshots(0)
        for part in self._parts:
            self._walk(part)
        self._finish()
        self._progress(self._total, self._total)
        seconds = max(monotonic() - started, 1e-6)
        facts: dict[str, object] = {"rows": self._rows, **self._facts}
        facts |= {"seconds": round(seconds, 3), "rows_per_second": round(self._rows / seconds)}
        return Report(facts, self._problems.texts())

    # The walk over the files

    def _walk(self, part: Part) -> None:
        """Read one file, as far as the disk lets us."""
        if part.is_lost:
            self._jump(part.stop)
            return
        lines = Lines(())
        try:
            with closing(self._disk.open_to_read(part.path)) as file:
                lines = Lines(self._told(self._disk.blocks(file, 0, part.size)))
                self._follow(part, file, lines)
        except OSError as error:
            at = f"line {lines.number} on: {error.strerror}"
            self._problems.add(part.path.name, f": the file cannot be read from {at}.")

    def _follow(self, part: Part, file: File, lines: Lines) -> None:
        """Follow the chain through one file."""
        is_journal = part.path == self._files.journal
        stop = part.stop if self._closed or not is_journal else None
        has_header = lines.fill(1)[:1] == [JOURNAL_HEADER[:-1]]
        first = self._seq
        style = self._read_header(part, lines)
        while lines.fill() and (stop is None or self._seq < stop):
            ahead = lines.ahead if stop is None else lines.ahead[: stop - self._seq]
            count = unbroken(ahead, self._mark)
            if count:
                self._take(part.path.name, lines.number, ahead[:count])
                lines.skip(count)
            elif self._is_unacknowledged(part, file, lines):
                break
            else:
                self._explain(part.path.name, lines, style)
        if has_header or self._seq > first:
            self._leave(part, file, lines)
        else:
            self._jump(part.stop)

    def _told(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self._progress(self._done, self._total)
            self._done += len(block)
            yield block

    def _read_header(self, part: Part, lines: Lines) -> Style:
        """Check a file's header and pass over it, and over what the archive has as well."""
        header = next(iter(lines.fill(WINDOW)), b"")
        count = 1
        if header + b"\n" != JOURNAL_HEADER:
            count = self._wrong_header(part.path.name, header, lines)
        lines.skip(count)
        repeated = part.repeated
        while repeated > 0:
            repeated -= len(lines.fill()[0]) + 1
            lines.skip(1)
        return Style(header) if count else _PLAIN

    def _wrong_header(self, name: str, header: bytes, lines: Lines) -> int:
        """Say what is wrong with a header; return how many lines it takes up."""
        rest = header.partition(COLUMNS[-1].encode())[2]
        rest = rest if chains(self._mark, rest) else rest[1:]
        style = Style(header)
        count = 0
        if chains(self._mark, rest):
            text = ": the line end behind the header is lost."
            lines.ahead[0] = rest
        elif style.is_known:
            text, count = style.said, 1
        elif not header:
            text = ": the file is empty."
        elif header.startswith((b"\xff\xfe", b"\xfe\xff")):
            text = ": the file is in UTF-16; another program saved it."
            while lines.fill():
                lines.skip(len(lines.ahead))
        elif seq_of(header) and COLUMNS[-1].encode() not in header:
            text = ": the header is missing."
        else:
            text = ": the header is not the one that the bank wrote."
            count = next((i for i, line in enumerate(lines.ahead) if i and seq_of(line)), 1)
        self._problems.add(name, text, 1, scattered=text == style.said)
        return count

    def _take(self, name: str, number: int, lines: Sequence[bytes]) -> None:
        """Take rows with right hashes, the first of them in line ``number``."""
        first = self._seq + 1
        if self._expect and self._expected_at < 0:
            at = (i for i, line in enumerate(lines) if line[-MARK:] == self._expect)
            self._expected_at = next(at, -1 - first) + first
        if self._whole:
            self._read_rows(name, number, lines)
        elif seq_of(lines[-1]) != self._seq + len(lines):
            self._problems.add(name, ": the rows are not numbered in order.", number)
        for seq, mark in self._known_marks.items():
            if first <= seq < first + len(lines) and lines[seq - first][-MARK:] != mark:
                text = f": the row is not the one that head.csv knows by its hash {mark.decode()}."
                self._problems.add(name, text, number + seq - first, seq)
        self._rows += len(lines)
        self._line = lines[-1]
        self._mark = self._line[-MARK:]
        self._seq = seq_of(self._line) or self._seq + len(lines)

    def _read_rows(self, name: str, number: int, lines: Sequence[bytes]) -> None:
        """Check what rows say, and the snapshots where they were taken."""
        start = 0
        while self._snapshots and self._snapshots[0].as_of <= self._seq + len(lines):
            seq = self._snapshots[0].as_of
            end = max(seq - self._seq, 0)
            self._audit.add(name, number + start, lines[start:end])
            self._compare_snapshots(seq)
            start = max(start, end)
        self._audit.add(name, number + start, lines[start:])

    def _explain(self, name: str, lines: Lines, style: Style) -> None:
        """Say why the chain breaks at the next line, and go on behind it."""
        ahead = lines.fill(WINDOW)[:WINDOW]
        before = _PLAIN.cells(self._line), style.cells(ahead[1] if len(ahead) > 1 else b"")
        currencies = self._audit.currencies
        neighbours = [next(written(cells, currencies)) for cells in before if cells]
        known = Known(self._seq + 1, self._audit.balances, currencies, neighbours)
        anchored = frozenset(self._known_marks.values())
        is_torn = lines.is_torn and len(ahead) == 1
        found = Break(ahead, self._mark, known, style, anchored, is_torn)
        finding = explain(found, patient=self._patience > 0 and not self._problems.full)
        self._patience -= not finding.look_only
        for offset, seq, text in finding.said:
            number = lines.number + offset
            self._problems.add(name, text, number, seq, scattered=finding.look_only)
        if finding.rows:
            self._take(name, lines.number, finding.rows)
        elif finding.guess is not None:
            self._audit.adopt(finding.guess, gap=finding.gap)
            self._rows += 1
        elif finding.gap:
            self._audit.forget(finding.seq)
        self._seq, self._mark = finding.seq, finding.mark
        lines.skip(finding.lines)

    def _is_unacknowledged(self, part: Part, file: File, lines: Lines) -> bool:
        """Tell whether what does not chain is a commit that was torn before anybody was answered.

        No commit is written before the one before it is durable, so a later one proves damage.
        """
        in_doubt = part.path == self._files.journal and self._has_head and not self._served
        if not in_doubt or self._closed or self._seq < self._anchor.last_seq:
            return False
        rest = self._disk.blocks(file, lines.offset, part.size)
        return not later_commit_follows(lines_of(rest), self._seq + 1)

    def _is_begun_copy(self, part: Part, file: File, lines: Lines) -> bool:
        """Tell whether the rest of the archive is a copy that was broken off."""
        files = self._files
        return part.path == files.archive and is_begun_copy(
            self._disk, file, lines.offset, files.journal
        )

    def _leave(self, part: Part, file: File, lines: Lines) -> None:
        """Look at how a file ends: recovery takes the same for unfinished."""
        name, is_journal = part.path.name, part.path == self._files.journal
        ahead, seq, stop = lines.fill(), self._seq, part.stop or 0
        in_doubt = self._has_head and not self._closed
        if ahead and (in_doubt if is_journal else self._is_begun_copy(part, file, lines)):
            size = part.size - lines.offset
            self._note_unfinished(f"{size} bytes from line {lines.number} of {name}")
        elif ahead:
            text = f": there is more behind row {stop}, the last that the bank wrote here."
            self._problems.add(name, text, lines.number)
        elif lines.is_torn and self._mark and not (is_journal and in_doubt and seq > stop):
            self._problems.add(name, ": the line end is missing.", lines.number - 1, seq)
        if seq < stop:
            self._problems.add(name, f": {missing_rows(seq + 1, stop)} at the end.")
            self._jump(stop)

    def _jump(self, stop: int | None) -> None:
        """Go on behind row ``stop``: it was said already that those before it are not there."""
        if stop and stop > self._seq:
            self._seq, self._mark = stop, self._known_marks[stop]
            self._audit.forget(stop)

    def _note_unfinished(self, what: str) -> None:
        """Note what a crash left of work that nobody was told of."""
        before = self._facts.get("unfinished")
        self._facts["unfinished"] = f"{before}; {what}" if before else what

    # What is compared at the end, or in between

    def _compare_snapshots(self, seq: int) -> None:
        """Compare the snapshots that were taken after row ``seq`` with what the rows come to."""
        while self._snapshots and self._snapshots[0].as_of <= seq:
            self._compare(self._snapshots.pop(0))

    def _compare(self, snapshot: Expected) -> None:
        state = None if self._audit.doubtful else self._audit.state()
        for line, text in snapshot.troubles(self._disk, state):
            self._problems.add(snapshot.path.name, text, line)

    def _finish(self) -> None:
        """Look at the end of the chain and note the facts."""
        anchor, name = self._anchor, self._files.journal.name
        for snapshot in self._snapshots:
            self._audit.doubtful = True
            self._compare(snapshot)
        unfinished = self._audit.unfinished() if self._whole else ""
        if unfinished and self._has_head and not self._served and self._seq > anchor.last_seq:
            self._note_unfinished(f"the last commit{unfinished}")
        elif unfinished:
            self._problems.add(name, unfinished, seq=self._seq)
        if self._whole:
            self._note_books()
        self._facts["last_seq"], self._facts["last_hash"] = self._seq, self._mark.decode()
        if self._expect:
            self._facts["expected_at_seq"] = max(self._expected_at, 0)
            if self._expected_at < 0:
                self._problems.add(name, f": the hash {self._expect.decode()} is not in the chain.")
        if self._disk.exists(self._files.quarantine):
            names = self._disk.names(self._files.quarantine)
            self._facts["quarantine"] = f"{len(names)} files, the newest {max(names, default='-')}"

    def _note_books(self) -> None:
        """Note how many accounts there are, and that each currency sums to zero."""
        audit = self._audit
        self._facts["transactions"] = audit.transactions
        self._facts["accounts"] = sum(not is_internal(name) for name in audit.currencies)
        if audit.doubtful:
            return
        for currency, money in sorted(audit.sums().items()):
            self._facts[f"sum_{currency}"] = str(money)
            if money:
                self._problems.add(self._files.journal.name, f": {currency} sums to {money}.")
