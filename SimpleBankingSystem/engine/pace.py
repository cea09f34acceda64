"""How quickly commits become durable: what no row can tell, since it is written before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock
from time import perf_counter


@dataclass(slots=True, frozen=True)
class Commits:
    """The commits of a bank since it was started, and the seconds until they were durable.

    ``outcomes`` are the transactions in them, ``seconds`` their writing and syncing together, and
    ``since_start`` the seconds that have passed.
    """

    count: int = 0
    outcomes: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    since_start: float = 0.0


class Pace:
    """Takes note of commits, from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._started = perf_counter()
        self._commits = Commits()

    def note(self, outcomes: int, seconds: float) -> None:
        """Take note of a commit of some transactions, which took so many seconds."""
        with self._lock:
            known = self._commits
            self._commits = Commits(
                known.count + 1,
                known.outcomes + outcomes,
                known.seconds + seconds,
                max(known.longest, seconds),
            )

    def commits(self) -> Commits:
        """Return what was noted until now."""
        return replace(self._commits, since_start=perf_counter() - self._started)
