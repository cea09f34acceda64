"""Reading rows back and checking that they are the chain that the bank wrote."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from SimpleBankingSystem.stores.csv_files.format import (
    COLUMNS,
    COMMIT_FIRST,
    COMMIT_LAST,
    FIRST_HASH,
    SEQ,
    chained,
    records,
)

MARK = len(FIRST_HASH)
"""The length of a printed hash."""


@dataclass(slots=True, frozen=True)
class Place:
    """A place in the chain: after the row ``seq`` with its hash; ``offset`` bytes into the file."""

    seq: int
    mark: str
    offset: int

    def moved(self, distance: int) -> Place:
        """Return the same place after so many bytes before it have gone."""
        return replace(self, offset=self.offset - distance)


class BrokenRow(Exception):
    """The chain breaks at a row; ``place`` is the end of the last whole commit before it."""

    def __init__(self, place: Place, seq: int, line: int, reason: str, start: int) -> None:
        super().__init__(reason)
        self.place = place
        self.seq = seq
        self.line = line
        self.reason = reason
        self.start = start


def lines_of(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut blocks into lines that keep their end; the last one may have none."""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            yield line + b"\n"
    if rest:
        yield rest


def unbroken(lines: Sequence[bytes], mark: bytes) -> int:
    """Return how many lines chain to each other, the first of them to ``mark``.

    The lines are without their ends. Millions of them are checked, so ``chained`` stands here in
    full: a call would cost more than the hash.
    """
    count = 0
    for line in lines:
        mark = b"h" + sha256(mark + line[:-MARK]).hexdigest()[: MARK - 1].encode()
        if line[-MARK:] != mark:
            return count
        count += 1
    return count


class Chain:
    """Walks over the lines of one file and yields the rows of whole commits that chain.

    ``place`` is the end of the last whole commit that was yielded; rows of a commit that turns
    out to be broken are never yielded, so whoever folds the rows sees commits only.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.line = 1

    def rows(self, lines: Iterable[bytes]) -> Iterator[list[str]]:
        """Yield the cells of every row, commit by commit.

        Raises:
            BrokenRow: a row does not chain, or the last commit is not whole.
        """
        place = self.place
        offset, mark = place.offset, place.mark.encode()
        expected = place.seq + 1
        commit: list[list[str]] = []
        first = last = 0
        for line in lines:
            self.line += 1
            if line[-MARK - 2 : -MARK - 1] != b"," or line[-1:] != b"\n":
                raise self._broken(expected, "the row is not whole", offset)
            mark = chained(mark, line[: -MARK - 1])
            if line[-MARK - 1 : -1] != mark:
                raise self._broken(expected, "the row is not what was written", offset)
            try:
                row = next(records((line.decode(),)))
                if len(row) != len(COLUMNS) or row[SEQ] != str(expected):
                    raise self._broken(expected, "the row is out of order", offset)
            except (UnicodeDecodeError, csv.Error) as error:
                raise self._broken(expected, str(error), offset) from error
            if not commit:
                first, last = int(row[COMMIT_FIRST]), int(row[COMMIT_LAST])
                if first != expected or last < first:
                    raise self._broken(expected, "the commit does not begin here", offset)
            commit.append(row)
            offset += len(line)
            if expected == last:
                self.place = Place(expected, mark.decode(), offset)
                yield from commit
                commit = []
            expected += 1
        if commit:
            raise self._broken(expected, "the last commit is not whole", offset)

    def _broken(self, seq: int, reason: str, start: int) -> BrokenRow:
        return BrokenRow(self.place, seq, self.line, reason, start)


def ends_commit(line: bytes) -> bool:
    """Tell whether a row is the last of its commit."""
    cells = line.split(b",", COMMIT_LAST + 1)
    return cells[SEQ : SEQ + 1] == cells[COMMIT_LAST : COMMIT_LAST + 1]


def later_commit_follows(lines: Iterable[bytes], broken_seq: int) -> bool:
    """Tell whether a row of a later commit stands behind a broken one.

    No commit is written before the one before it is synced, so a later commit proves that the
    broken one was durable: it is damage, not a tear. A row counts if it chains to the line before
    it, whatever that line's own state.
    """
    before = b""
    for line in lines:
        body, mark = line[: -MARK - 1], line[-MARK - 1 : -1]
        if before and mark == chained(before[-MARK - 1 : -1], body):
            cells = body.split(b",", 3)
            if cells[COMMIT_FIRST].isdigit() and int(cells[COMMIT_FIRST]) > broken_seq:
                return True
        before = line
    return False
