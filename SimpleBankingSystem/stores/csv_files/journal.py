"""The journal: one write and one sync per commit, and never a word after an error."""

from __future__ import annotations

import logging
from pathlib import Path

from SimpleBankingSystem.ledger.errors import BankError, DataDamaged, DiskFull, OutcomeUnknown
from SimpleBankingSystem.stores.csv_files.disk import Disk, File, found_no_room
from SimpleBankingSystem.stores.csv_files.quarantine import Quarantine

log = logging.getLogger(__name__)


class Journal:
    """The open transactions.csv; ``length`` are its durable bytes.

    After an error of which the outcome is not certain, ``broken`` is set and every later append
    is refused with it: on Linux a second fsync may report success for data that the first lost.
    """

    def __init__(self, disk: Disk, path: Path, quarantine: Quarantine) -> None:
        self._disk = disk
        self._quarantine = quarantine
        self.file: File = disk.open(path)
        self.length = self.file.size()
        self.broken: BankError | None = None

    def reopened(self) -> Journal:
        """Return the journal that has come in place of this one."""
        return Journal(self._disk, self.file.path, self._quarantine)

    def append(self, data: bytes) -> None:
        """Make one commit's rows durable, whole or not at all.

        Raises:
            DiskFull: there is no room; what was written has been given back.
            OutcomeUnknown: the disk failed, now or earlier.
            DataDamaged: the file was replaced or changed by somebody else.
        """
        self._refuse_if_broken()
        try:
            self.file.append(data)
        except OSError as error:
            self._give_back(error)
        try:
            self.file.sync_data()
            self._check_undisturbed(self.length + len(data))
        except OSError as error:
            raise self.stop(error) from error
        self.length += len(data)

    def check(self) -> None:
        """Insist that the disk has not failed and that only we have written to the file.

        Raises:
            BankError: what ``append`` would raise.
        """
        self._refuse_if_broken()
        self._check_undisturbed(self.length)

    def _refuse_if_broken(self) -> None:
        if self.broken is not None:
            # One error is raised many times: it must not keep the frames of all who met it.
            raise self.broken.with_traceback(None)

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
        try:
            copy = self._quarantine.keep(self.file, 0, self.length, "journal-until-replaced")
            kept = f"what it had open is kept in {copy}"
        except OSError as error:
            kept = f"what it had open could not be kept ({error.strerror})"
        message = (
            f"{self.file.path} was replaced or changed by another program while the bank was "
            f"running. The bank has stopped; {kept}."
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
