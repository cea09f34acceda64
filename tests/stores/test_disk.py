"""The seam to the file system, where machines differ."""

from __future__ import annotations

import fcntl
import os
from contextlib import closing
from pathlib import Path

import pytest

from SimpleBankingSystem.stores.csv_files import disk


def test_a_sync_reaches_the_platter_where_fsync_alone_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", lambda *asking: asked.append(asking))
    for call in disk.syncs():
        call(7)
    assert asked == [(7, 51), (7, 51)]
    monkeypatch.delattr(fcntl, "F_FULLFSYNC")
    assert disk.syncs() == (os.fdatasync, os.fsync)


def test_two_files_are_alike_where_they_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "BLOCK", 3)
    (tmp_path / "one").write_bytes(b"..abcdefgh!")
    (tmp_path / "other").write_bytes(b"abcdefgh?")
    found = disk.Disk()
    with (
        closing(found.open_to_read(tmp_path / "one")) as one,
        closing(found.open_to_read(tmp_path / "other")) as other,
    ):
        assert found.are_alike(one, 2, other, 0, 8)
        assert found.are_alike(one, 4, other, 2, 5)
        assert not found.are_alike(one, 2, other, 0, 9)
        assert not found.are_alike(one, 1, other, 0, 3)
        assert list(found.blocks(other, 1, 6)) == [b"bcd", b"ef"]
        assert b"".join(found.blocks(other, 7)) == b"h?"
        assert list(found.blocks(other, 9)) == []
        assert b"".join(found.blocks(other, 8, 20)) == b"?"
