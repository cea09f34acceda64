"""The commands that everybody is measured with: the same file for the bank and its peers."""

from __future__ import annotations

import random
from pathlib import Path

ACCOUNTS = 10_000
# In cents; so much that no transfer is refused: a refusal is less work than a transfer.
INITIAL = 100_000_000


def account_ids(count: int = ACCOUNTS) -> list[str]:
    """Return the ids of the accounts that take part."""
    return [f"A{number:08d}" for number in range(1, count + 1)]


def write_openings(path: Path, count: int = ACCOUNTS) -> Path:
    """Write the command file that opens the accounts."""
    initial = f"{INITIAL // 100}.00"
    with path.open("w", encoding="utf-8") as file:
        file.write("command,account,name,initial_deposit\n")
        file.writelines(
            f"open_account,{name},Member {name},{initial}\n" for name in account_ids(count)
        )
    return path


def write_transfers(path: Path, rows: int, count: int = ACCOUNTS, seed: int = 1) -> Path:
    """Write a command file of transfers between accounts taken evenly; a seed is one file."""
    # Not for secrets: the same seed must make the same file everywhere.
    below = random.Random(seed).random
    names = account_ids(count)
    with path.open("w", encoding="utf-8") as file:
        file.write("command,source,target,amount\n")
        for _ in range(rows):
            source = int(below() * count)
            # Never the source itself: a step of 1 to count - 1 around the circle of accounts.
            target = (source + 1 + int(below() * (count - 1))) % count
            cents = 1 + int(below() * 9999)
            amount = f"{cents // 100}.{cents % 100:02d}"
            file.write(f"transfer,{names[source]},{names[target]},{amount}\n")
    return path
