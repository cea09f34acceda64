"""Guarantee 9: one writer per data directory, even if the lock file is deleted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.ledger.errors import InUse

HOLDER = """
import sys
from SimpleBankingSystem.bootstrap import Bank
with Bank.open(sys.argv[1]) as bank:
    print("open", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("deleted", [False, True])
def test_a_second_writer_is_refused(tmp_path: Path, *, deleted: bool) -> None:
    with Bank.open(f"csv:{tmp_path}"):
        if deleted:
            (tmp_path / ".lock").unlink()
        with pytest.raises(InUse, match="in use"):
            Bank.open(f"csv:{tmp_path}")
        command = [sys.executable, "-m", "SimpleBankingSystem", "--store", f"csv:{tmp_path}"]
        second = subprocess.run([*command, "accounts"], capture_output=True, check=False)
        assert second.returncode == InUse.exit
    with Bank.open(f"csv:{tmp_path}") as again:
        assert again.accounts() == []


def test_the_holder_is_named_and_its_death_frees_the_books(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, f"csv:{tmp_path}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(InUse, match=str(holder.pid)):
            Bank.open(f"csv:{tmp_path}")
        holder.kill()
        holder.wait()
    with Bank.open(f"csv:{tmp_path}") as bank:
        assert bank.accounts() == []
