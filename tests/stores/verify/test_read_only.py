"""verify changes nothing and needs no right to."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from SimpleBankingSystem.stores.csv_files.verify import verify_folder
from tests.stores.verify.damages import JOURNAL, cell, change, problems

NOBODY = 65534
"""The superuser may write anything, so the test is somebody else for a moment."""


def test_nothing_is_changed_on_the_disk(books: Path) -> None:
    (books / ".lock").unlink()
    change(books / JOURNAL, cell(4, "amount", "11.00"))
    before = {path.name: path.read_bytes() for path in books.iterdir()}
    assert problems(books)
    assert {path.name: path.read_bytes() for path in books.iterdir()} == before


def test_a_backup_that_nobody_may_write_can_be_verified(sound: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        copy = shutil.copytree(sound, Path(place) / "backup")
        (copy / ".lock").unlink()
        for path in copy.iterdir():
            path.chmod(0o444)
        Path(place).chmod(0o755)
        copy.chmod(0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(NOBODY)
        try:
            assert verify_folder(copy).problems == []
        finally:
            os.seteuid(user)
            copy.chmod(0o755)
