"""The journal: one write and one sync per commit, and never a word after an error."""

from __future__ import annotations

import logging
from pathlib import Path

from SimpleBankingSystem.ledger.errors import BankError, DataDamaged, DiskFull, OutcomeUnknown
from SimpleBankingSystem.stores.csv_files.disk import Disk, File, found_no_room

log = logging.getLogger(__name__)


class Journal:
    """The open transactions.csv; ``length`` are its durable bytes.

    After an error of which the outcome is not certain, ``broken`` is set and every later append
    is refused with it: on Linux a second fsync may report success for data that the first lost.
    """

    def __init__(self, disk: Disk, path: Path) -> None:
        self._disk = disk
        self.file: File = disk.open(path)
        self.length = self.file.size()
        self.broken: BankError | None = None

    def append(self, data: bytes) -> None:
        """Make one commit's rows durable, whole or not at all.

        Raises:
            DiskFull: there is no room; what was written has been given back.
            OutcomeUnknown: the disk failed, now or earlier.
            DataDamaged: the file was replaced or changed by somebody else.
        """
        if self.broken is not None:
            raise self.broken
        try:
            self.file.append(data)
        except OSError as error:
            self._give_back(error)
        try:
            self.file.sync_data()
        except OSError as error:
            raise self.stop(error) from error
        self._check_undisturbed(self.length + len(data))
        self.length += len(data)

    def _give_back(self, error: OSError) -> None:
        """Go back to the last durable length after a write that failed."""
        if not found_no_room(error):
            raise self.stop(error) from error
        try:
            self.file.cut(self.length)
            self.file.sync_data()
        except OSError as second:
            raise self.stop(second) from second
        message = f"The disk has no room for the commit ({error.strerror}); nothing was taken."
        raise DiskFull(message) from error

    def _check_undisturbed(self, length: int) -> None:
        """Insist that the path still names our file and that only we have written to it."""
        if self.file.is_named() and self.file.size() == length:
            return
        message = (
            f"{self.file.path} was replaced or changed by another program while the bank was "
            "running. The bank has stopped; what it wrote is kept in quarantine/."
        )
        self.broken = DataDamaged(message)
        log.critical(message)
        raise self.broken

    def stop(self, error: BaseException) -> OutcomeUnknown:
        """Refuse everything from now on: after a disk error nothing more is acknowledged."""
        reason = error.strerror if isinstance(error, OSError) else repr(error)
        message = (
            f"The disk failed ({reason}). Whether the last commands are in the books is known "
            "after a restart: look them up by their keys."
        )
        self.broken = broken = OutcomeUnknown(message)
        log.critical(message)
        return broken

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()
