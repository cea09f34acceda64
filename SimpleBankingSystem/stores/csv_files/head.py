"""head.csv: the anchor that says how far the books are known to reach.

Two slots of one 512-byte sector each are written in turn and in place, so that a torn write
leaves the other. A slot is written after every sync of the journal and before anything of that
commit is published; it is itself synced within a second, and at every snapshot, archive and stop.
"""

from __future__ import annotations

import csv
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from SimpleBankingSystem.ledger.errors import DataDamaged
from SimpleBankingSystem.stores.csv_files.disk import Disk, File
from SimpleBankingSystem.stores.csv_files.format import FIRST_HASH
from SimpleBankingSystem.stores.csv_files.problems import WAYS_ON

SECTOR = 512


class Anchor(NamedTuple):
    """One slot. Lengths are bytes of whole files, ``archived_rows`` those of the current archive.

    ``archived_bytes_before`` are the bytes of rows in archive files that have rolled. ``last_hash``
    and ``archive_hash`` are the hashes of the last row of all and of the last archived one.
    ``digests`` are those of all snapshots, with blanks between, and ``next_digests`` those that
    they get in the moment in which they are being replaced.
    """

    generation: int = 0
    clean: int = 0
    last_seq: int = 0
    last_hash: str = FIRST_HASH
    last_transaction: int = 0
    last_time: str = ""
    journal_bytes: int = 0
    archive_seq: int = 0
    archive_hash: str = FIRST_HASH
    archive_files: int = 0
    archive_bytes: int = 0
    archived_rows: int = 0
    snapshots_as_of: int = 0
    digests: str = ""
    next_as_of: int = 0
    next_digests: str = ""


COLUMNS = Anchor._fields


def encode(anchor: Anchor) -> bytes:
    """Return a slot as one sector: its cells, a check of them, and blanks up to the line's end."""
    cells = ",".join(map(str, anchor))
    return _sector(f"{cells},{_check(cells)}")


def _check(cells: str) -> str:
    return "h" + sha256(cells.encode()).hexdigest()[:16]


def _sector(text: str, padding: str = "") -> bytes:
    line = f'{text},"{padding}'.encode()
    return line + b" " * (SECTOR - len(line) - 2) + b'"\n'


HEADER = _sector(",".join([*COLUMNS, "check"]), "padding")


def decode(line: bytes) -> Anchor | None:
    """Return the anchor of a slot, None if it is not whole."""
    try:
        cells = next(csv.reader([line.decode()]))
        *values, check, _ = cells
        if check != _check(",".join(values)) or len(values) != len(COLUMNS):
            return None
        typed: dict[str, Any] = {
            name: int(value) if isinstance(Anchor._field_defaults[name], int) else value
            for name, value in zip(COLUMNS, values, strict=True)
        }
    except (UnicodeDecodeError, ValueError, StopIteration, csv.Error):
        return None
    return Anchor(**typed)


def newest(data: bytes) -> Anchor | None:
    """Return the newest whole slot of what head.csv holds, None if there is none."""
    slots = [decode(data[at : at + SECTOR]) for at in (SECTOR, 2 * SECTOR)]
    return max(filter(None, slots), key=lambda anchor: anchor.generation, default=None)


class Head:
    """The open head.csv and the newest anchor."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self._file: File = disk.open_in_place(path)
        data = self._file.read_at(0, 4 * SECTOR)
        found = newest(data)
        if found is None or len(data) != 3 * SECTOR:
            message = f"{path} is not what the bank wrote. {WAYS_ON}"
            raise DataDamaged(message)
        self.anchor = found

    def write(self, **changes: Any) -> None:
        """Write the next slot with these changes, without a sync of its own."""
        changed = self.anchor._replace(generation=self.anchor.generation + 1, **changes)
        self._file.write_at(SECTOR * (1 + changed.generation % 2), encode(changed))
        self.anchor = changed

    def sync(self) -> None:
        """Make the slots durable."""
        self._file.sync_data()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def create(disk: Disk, path: Path, anchor: Anchor) -> None:
    """Make head.csv durably."""
    disk.replace(path, HEADER, encode(anchor), encode(anchor._replace(generation=1)))
