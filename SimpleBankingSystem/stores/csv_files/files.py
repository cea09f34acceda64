"""The names of the files in a data directory, and the rows of all of them as one stream."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from SimpleBankingSystem.stores.csv_files.format import JOURNAL_HEADER

START = len(JOURNAL_HEADER)
"""Where the first row of a journal or archive file begins."""

ROWS_PER_ARCHIVE = 1_000_000
"""An archive file rolls at this many rows, which is what a spreadsheet can show."""


@dataclass(slots=True, frozen=True)
class Files:
    """Where everything is. The archive's older files are numbered from 1."""

    folder: Path

    @property
    def journal(self) -> Path:
        """The append-only record of transactions."""
        return self.folder / "transactions.csv"

    @property
    def head(self) -> Path:
        """The anchor."""
        return self.folder / "head.csv"

    @property
    def archive(self) -> Path:
        """The archive's current file."""
        return self.folder / "archived_transactions.csv"

    @property
    def index(self) -> Path:
        """The derived index."""
        return self.folder / "index.db"

    @property
    def quarantine(self) -> Path:
        """Where bytes go that were set aside."""
        return self.folder / "quarantine"

    def rolled(self, number: int) -> Path:
        """An archive file that is full."""
        return self.folder / f"archived_transactions_{number:04d}.csv"
