"""Guarantee 5, byte by byte: no change of a single byte is missed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from SimpleBankingSystem.stores.csv_files.disk import Disk
from SimpleBankingSystem.stores.csv_files.files import START, Files
from SimpleBankingSystem.stores.csv_files.verify import verify
from tests.stores.verify.damages import (
    ACCOUNTS,
    ARCHIVE,
    HEAD,
    JOURNAL,
)


def each_damage(path: Path, start: int = 0, end: int | None = None) -> list[str]:
    """Change every byte in three ways; return the changes that were not reported."""
    silent = []
    files = Files(path.parent)
    data = path.read_bytes()[:end]
    descriptor = os.open(path, os.O_WRONLY)
    for at, code in enumerate(data[start:], start):
        for new in {code ^ 1, code ^ 2, ord("\n")} - {code}:
            os.pwrite(descriptor, bytes([new]), at)
            found = verify(Disk(), files).problems
            if not any(problem.startswith(path.name) for problem in found):
                silent.append(f"byte {at}: {new}")
        os.pwrite(descriptor, bytes([code]), at)
    os.close(descriptor)
    return silent


@pytest.mark.parametrize("name", [JOURNAL, ACCOUNTS, "runs.csv", HEAD])
def test_every_changed_byte_is_reported(books: Path, name: str) -> None:
    assert each_damage(books / name) == []


def test_every_changed_byte_of_the_archive_is_reported(old_books: Path) -> None:
    assert each_damage(old_books / ARCHIVE, START, START + 700) == []
