"""What verifying found to be wrong: each thing said once, with its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WAYS_ON = (
    "The bank stops rather than guesses; bank verify lists all that is wrong. Three ways on: "
    "restore a backup (bank restore DIR); if a spreadsheet saved a file and changed no value, give "
    "the file its own bytes back (bank repair --cosmetic); or export the rows that are whole, and "
    "begin a new ledger with a row that says where the old one broke."
)
"""What a person can do whose books are refused."""

AT_MOST = 100
"""Problems that are listed; the rest is counted."""

SHOWN = 3
"""Problems that are named in a refusal."""


@dataclass(slots=True)
class Span:
    """The same problem in one line, or in many of a file."""

    file: str
    text: str
    line: int
    seq: int
    last_line: int
    last_seq: int
    count: int = 1

    def __str__(self) -> str:
        place = [self.file]
        if self.line:
            place.append(_range("line", self.line, self.last_line))
        if self.seq:
            place.append(_range("seq", self.seq, self.last_seq))
        if self.count < self.last_line - self.line + 1:
            place.append(f"{self.count} of these lines")
        return ", ".join(place) + self.text


def _range(word: str, first: int, last: int) -> str:
    if first == last:
        return f"{word} {first}"
    return f"{word}s {first} to {last}" if word == "line" else f"{word} {first} to {last}"


def missing_rows(first: int, last: int) -> str:
    """Return which rows are missing, in words."""
    rows = f"row {first} is" if first == last else f"rows {first} to {last} are"
    return f"{rows} missing"


def shortened(problems: Sequence[str]) -> str:
    """Return the first problems in a row, and how many more there are."""
    more = len(problems) - SHOWN
    return " ".join([*problems[:SHOWN], *([f"({more} more.)"] if more > 0 else [])])


class Problems:
    """Problems in the order in which they were found.

    One that is found again in the next line is not listed again; one that is ``scattered`` over a
    file is not listed again for that file at all.
    """

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._scattered: dict[tuple[str, str], Span] = {}
        self._unlisted = 0

    def add(
        self, file: str, text: str, line: int = 0, seq: int = 0, *, scattered: bool = False
    ) -> None:
        """Note a problem; ``text`` is the rest of the sentence behind its place."""
        span = self._scattered.get((file, text)) if scattered else self._before(file, text, line)
        if span is not None:
            span.last_line, span.last_seq, span.count = line, seq, span.count + 1
            span.seq = span.seq or seq
        elif self.full:
            self._unlisted += 1
        else:
            self._spans.append(Span(file, text, line, seq, line, seq))
            if scattered:
                self._scattered[file, text] = self._spans[-1]

    def _before(self, file: str, text: str, line: int) -> Span | None:
        """Return the last problem if it is this one, in the line before."""
        if not self._spans or not line:
            return None
        span = self._spans[-1]
        same = (span.file, span.text, span.last_line + 1) == (file, text, line)
        return span if same else None

    @property
    def full(self) -> bool:
        """Tell whether no more is listed."""
        return len(self._spans) >= AT_MOST

    @property
    def scattered(self) -> frozenset[str]:
        """The files that have a problem of the kind that is scattered."""
        return frozenset(file for file, _ in self._scattered)

    def texts(self, *, scattered: bool = True) -> list[str]:
        """Return a sentence for each problem, with or without the scattered ones."""
        left_out = set() if scattered else {id(span) for span in self._scattered.values()}
        texts = [str(span) for span in self._spans if id(span) not in left_out]
        if self._unlisted:
            texts.append(f"{self._unlisted} more problems are not listed.")
        return texts

    def __bool__(self) -> bool:
        return bool(self._spans)
