"""quarantine/: bytes that do not fit are kept there, never thrown away."""

from __future__ import annotations

import logging
from pathlib import Path

from SimpleBankingSystem.clock import Clock
from SimpleBankingSystem.stores.csv_files.disk import Disk, File

log = logging.getLogger(__name__)


class Quarantine:
    """The folder, made when it is first needed; names in it begin with the time."""

    def __init__(self, disk: Disk, folder: Path, clock: Clock) -> None:
        self._disk = disk
        self._folder = folder
        self._clock = clock

    def keep(self, file: File, start: int, end: int, what: str) -> Path:
        """Copy a part of a file here, durably; return the copy's name."""
        self._disk.make_folder(self._folder)
        stamp = self._clock().replace(":", "").replace(".", "")
        path = self._folder / f"{stamp}-{what}.csv"
        self._disk.replace(path, *self._disk.blocks(file, start, end))
        log.warning("bytes %d to %d of %s are kept in %s", start, end, file.path.name, path)
        return path
