"""The places where a bank can be killed, and how often a proof has killed it there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from tests.proofs.simulated_disk import Moment

JOURNAL, ARCHIVE, HEAD = "transactions.csv", "archived_transactions.csv", "head.csv"
SNAPSHOTS = ("accounts.csv", "runs.csv")
ROLLED = "archived_transactions_"


def written(moment: Moment) -> str:
    """Return the name of the file that a call is about, also while it is being replaced."""
    return moment.path.name.removesuffix(".new")


def is_quarantine(moment: Moment) -> bool:
    """Tell whether bytes are being set aside."""
    return "quarantine" in moment.path.parts


POINTS: dict[str, Callable[[Moment], bool]] = {
    "open": lambda moment: moment.phase.startswith("open"),
    "append": lambda moment: moment.call == "append" and moment.path.name == JOURNAL,
    "sync": lambda moment: moment.call == "sync_data" and moment.path.name == JOURNAL,
    "head": lambda moment: written(moment) == HEAD,
    "snapshot": lambda moment: written(moment) in SNAPSHOTS,
    "archive": lambda moment: moment.phase == "archive" and written(moment) == ARCHIVE,
    "roll": lambda moment: written(moment).startswith(ROLLED),
    "index": lambda moment: False,
    "quarantine": is_quarantine,
    "shutdown": lambda moment: moment.phase == "shutdown",
}
"""What a crash point is a crash just before, or in the middle of. The index is on no disk that a
crash could cut: where it was left behind is counted by who leaves it there."""


class Hits:
    """Counts crashes by point."""

    def __init__(self) -> None:
        self.by_point: Counter[str] = Counter(dict.fromkeys(POINTS, 0))

    def note(self, moment: Moment) -> None:
        """Count a crash at a moment; one place may be several points."""
        for point, is_there in POINTS.items():
            self.by_point[point] += is_there(moment)

    def __str__(self) -> str:
        return ", ".join(f"{point} {number:,}" for point, number in self.by_point.items())

    def missed(self) -> list[str]:
        """Return the points at which no crash was."""
        return [point for point, number in self.by_point.items() if not number]
