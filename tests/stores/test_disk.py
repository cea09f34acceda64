"""The seam to the file system, where machines differ."""

from __future__ import annotations

import fcntl
import os

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
