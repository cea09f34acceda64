"""Guarantee 16 for command files: bad lines are told apart, and memory does not grow with them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import dev
from tests.processes import PROGRAM
from tests.proof_level import figure

MEMORY_AT_MOST = 150 * 2**20
"""Bytes of memory, however many lines there are."""

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


def test_every_tenth_line_is_bad_and_the_rest_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tens = figure("bad lines") // 10
    file = tmp_path / "day.csv"
    with file.open("w", encoding="utf-8", newline="") as lines:
        lines.write("command,account,amount,name\nopen_account,ADA,,Ada\n")
        for number in range(tens):
            lines.write("deposit,ADA,0.01,\n" * 9 + BAD[number % len(BAD)] + "\n")
    with subprocess.Popen(
        [sys.executable, *PROGRAM, "--store", "csv:books", "--json", "run", "day.csv"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(dev.ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.read())
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    memory = used.ru_maxrss * (1024 if sys.platform == "linux" else 1)
    assert process.returncode == 1
    assert (said["completed"], said["rejected"], said["failed"]) == (9 * tens + 1, tens, 0)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{10 * tens + 1} lines, {tens} of them bad; {said['lines_per_second']} lines/s; "
            f"at most {memory >> 20} MiB of memory\n"
        )
    assert memory < MEMORY_AT_MOST
