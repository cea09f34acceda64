"""Guarantee 1: a command file that is killed again and again is carried out exactly once."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.guarantees import Proved
from tests.proof_level import figure

LINES = 30_000
PEOPLE = 50


def bank(books: Path, *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "SimpleBankingSystem", "--store", f"csv:{books}", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_a_run_that_is_killed_again_and_again_does_every_line_once(
    tmp_path: Path, proved: Proved, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANK_ARCHIVE_AFTER", "9000")
    random = Random(figure("kill cycles"))
    file, books = tmp_path / "day.csv", tmp_path / "books"
    write_day(file, random)
    starts: list[float] = []
    killed = 0
    while killed < figure("kill cycles"):
        running = bank(books, "run", str(file))
        try:
            running.communicate(timeout=random.uniform(0.1, 0.4))
        except subprocess.TimeoutExpired:
            running.kill()
            running.communicate()
            killed += 1
            begun = time.perf_counter()
            bank(books, "accounts").communicate()
            starts.append(time.perf_counter() - begun)
        else:
            # It was carried out to its end: begin another file, with the kills that are left.
            check_books(books)
            file = tmp_path / f"day-{killed}.csv"
            write_day(file, random)
    output, errors = bank(books, "run", str(file)).communicate()
    assert b"completed" in output, errors
    check_books(books)
    proved(f"{killed} kills of a run; slowest start afterwards {max(starts):.2f} s")


def write_day(path: Path, random: Random) -> None:
    with path.open("w", encoding="utf-8") as out:
        out.write("command,account,name,initial_deposit,source,target,amount,reference\n")
        day = random.randint(0, 10**9)
        for number in range(PEOPLE):
            out.write(f"open_account,D{day}-{number},Member,1000000.00,,,,\n")
        for line in range(LINES):
            one, other = random.sample(range(PEOPLE), 2)
            out.write(
                f"transfer,,,,D{day}-{one},D{day}-{other},0.{random.randint(1, 99):02d},{line}\n"
            )


def check_books(books: Path) -> None:
    """Every line of every run once, sums zero, nothing for verify to say."""
    seen: Counter[tuple[str, int]] = Counter()
    for path in sorted(books.glob("*transactions*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as rows:
            for row in csv.DictReader(rows):
                details = json.loads(row["details"].lstrip("'") or "{}")
                if "line" in details:
                    assert row["status"] == "COMPLETED"
                    seen[details["run"], details["line"]] += 1
    assert set(seen.values()) <= {1}
    verified = bank(books, "verify", "--json")
    output, errors = verified.communicate()
    assert verified.returncode == 0, output + errors
    assert json.loads(output)["problems"] == []
    finished = {run for run, line in seen if line == LINES + PEOPLE + 1}
    for run in finished:
        assert sum(1 for each, _ in seen if each == run) == LINES + PEOPLE
