"""Guarantee 16 for command files: bad lines are told apart, and memory does not grow with them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import dev
from tests.guarantees import Proved
from tests.processes import PROGRAM
from tests.proof_level import figure

MEMORY_AT_MOST = 150 * 2**20
"""Bytes of memory, however many lines there are."""

WATCHER = """
import resource, subprocess, sys
ended = subprocess.run([sys.executable, *sys.argv[1:]])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(ended.returncode)
"""
"""A small program between: the system counts a program's memory from that of who started it."""

BAD = (
    "deposit,ADA,0.001",
    "deposit,ADA,1e400",
    "deposit,ADA,NaN",
    "deposit,ADA,\u0661.00",
    "deposit,ADA",
    "no_verb,ADA,1.00",
    "deposit,=1+1,1.00",
    '"deposit,ADA,1.00\x00"',
    "deposit,ADA,1.00,,,,",
    "transfer,ADA,1.00",
)
"""Lines that are refused, each for another reason."""


def test_every_tenth_line_is_bad_and_the_rest_is_done(tmp_path: Path, proved: Proved) -> None:
    tens = figure("bad lines") // 10
    file = tmp_path / "day.csv"
    with file.open("w", encoding="utf-8", newline="") as lines:
        lines.write("command,account,amount,name\nopen_account,ADA,,Ada\n")
        for number in range(tens):
            lines.write("deposit,ADA,0.01,\n" * 9 + BAD[number % len(BAD)] + "\n")
    ended = subprocess.run(
        [sys.executable, "-c", WATCHER, *PROGRAM, "--store", "csv:books", "--json", "run", file],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(dev.ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    *answer, used = ended.stdout.splitlines()
    said = json.loads("\n".join(answer))
    memory = int(used) * (1024 if sys.platform == "linux" else 1)
    assert ended.returncode == 1
    assert (said["completed"], said["rejected"], said["failed"]) == (9 * tens + 1, tens, 0)
    assert memory < MEMORY_AT_MOST
    proved(
        f"{10 * tens + 1:,} lines, {tens:,} of them bad; {said['lines_per_second']:,} lines/s; "
        f"at most {memory >> 20} MiB of memory"
    )
