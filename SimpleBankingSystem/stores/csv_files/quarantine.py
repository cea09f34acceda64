"""quarantine/: bytes that do not fit are kept there, never thrown away."""

from __future__ import annotations

from pathlib import Path

from SimpleBankingSystem.clock import Clock
from SimpleBankingSystem.stores.csv_files.disk import Disk, File


def stamp(clock: Clock) -> str:
    """Return the time as the name of a file or folder begins or ends with it."""
    return clock().replace(":", "").replace(".", "")


class Quarantine:
    """The folder, made when it is first needed; names in it begin with the time."""

    def __init__(self, disk: Disk, folder: Path, clock: Clock) -> None:
        self._disk = disk
        self._folder = folder
        self._clock = clock

    def keep(self, file: File, start: int, end: int, what: str) -> Path:
        """Copy a part of a file here, durably; return the copy's name."""
        self._disk.make_folder(self._folder)
        path = self._folder / f"{stamp(self._clock)}-{what}{file.path.suffix}"
        self._disk.replace(path, *self._disk.blocks(file, start, end))
        return path
