"""A run: one execution of a command file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import ClassVar

RUNNING = "running"
FINISHED = "finished"

LINES_AT_ONCE = 1000
"""A run never has a line under way that is this many lines after its oldest unfinished one."""


@dataclass(slots=True, frozen=True)
class Run:
    """What the books know of a command file, so that it is never carried out twice.

    ``digest`` is the SHA-256 of the file and ``first_line`` that of its first data line, both in
    hexadecimal; the counts are of lines and stand once the run is finished.
    """

    kind: ClassVar[str] = "run"
    letter: ClassVar[str] = ""

    id: str
    name: str
    digest: str
    first_line: str
    status: str
    started_at: str
    finished_at: str = ""
    completed: int = 0
    failed: int = 0
    rejected: int = 0


@dataclass(slots=True)
class LinesDone:
    """Which lines of a run are in the journal: one number and a set that stays small.

    Because of ``LINES_AT_ONCE``, everything that far below the highest line is done.
    """

    highest: int = 0
    recent: set[int] = field(default_factory=set)

    def __contains__(self, line: int) -> bool:
        return line <= self.highest - LINES_AT_ONCE or line in self.recent

    def note(self, lines: Collection[int]) -> None:
        """Note lines as done."""
        self.recent.update(lines)
        self.highest = max(self.highest, *lines)
        if len(self.recent) > 2 * LINES_AT_ONCE:
            self.recent = {line for line in self.recent if line > self.highest - LINES_AT_ONCE}

    def copy(self) -> LinesDone:
        """Return what is done at this moment."""
        return LinesDone(self.highest, set(self.recent))
