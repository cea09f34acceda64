"""The seam to the file system."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from SimpleBankingSystem.stores.csv_files.disk import Disk


def test_a_file_that_was_closed_writes_nowhere(tmp_path: Path) -> None:
    """Its descriptor's number may belong to another file by now."""
    disk = Disk()
    first = disk.create(tmp_path / "first")
    first.close()
    second = disk.create(tmp_path / "second")
    first.close()
    with pytest.raises(OSError, match="descriptor") as refusal:
        first.append(b"lost")
    assert refusal.value.errno == errno.EBADF
    second.append(b"kept")
    assert disk.read(tmp_path / "second") == b"kept"
