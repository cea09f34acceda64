"""What the tests notice: the code is changed in one small place after the other, and they run.

``dev.py mutate`` is this program; mutmut makes the changes and runs the tests, as pyproject.toml
tells it to. A change that no test notices has survived: there is a rule that no test knows.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path

from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.utils.format_utils import get_mutant_name

BANK = "SimpleBankingSystem"

LEFT_OUT = {
    "ledger": ("tests/engine", "tests/stores", "tests/proofs"),
    "commands": ("tests/stores", "tests/proofs"),
    "stores": ("tests/ledger", "tests/commands", "tests/engine"),
}
"""Each package whose code is changed, and the tests that say too little of it for their time."""

AT_MOST = 450
"""Changes to try in one package; where there are more, a sample of so many tells the share."""

ENOUGH = 90
"""The share of the changes, in percent, that the tests must notice."""

MEMORY = "/dev/shm"
"""Where Linux has a folder in memory."""

NOTICED = ("killed", "timeout")


def changes(place: str) -> list[str]:
    """Return the names of all the changes that can be made in a file or a package, or a sample."""
    path = Path(place)
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    names = [
        get_mutant_name(file, name)
        for file in files
        for name in mutate_file_contents(str(file), file.read_text("utf-8")).mutant_names
    ]
    # As good as drawn, and the same the next time: a test that is written for one is seen to work.
    return sorted(sorted(names, key=lambda name: sha256(name.encode()).digest())[:AT_MOST])


def mutmut(*words: str, place: str = "") -> list[str]:
    """Run mutmut, and return the lines it says; a run, of a place, tells whoever watches it."""
    left_out = (
        f"--deselect {tests}"
        for name in LEFT_OUT
        if name in Path(place).parts
        for tests in LEFT_OUT[name]
    )
    settings = {**os.environ, "PYTEST_ADDOPTS": " ".join(left_out)}
    if os.path.isdir(MEMORY):
        # Books in memory: that a disk takes its time shows nothing here.
        settings["TMPDIR"] = MEMORY
    command = [str(Path(sys.executable).with_name("mutmut")), *words]
    output = None if place else subprocess.PIPE
    ended = subprocess.run(command, check=True, text=True, stdout=output, env=settings)
    return (ended.stdout or "").splitlines()


def report(tried: dict[str, list[str]], became: dict[str, str]) -> tuple[list[str], bool]:
    """Return what to tell of each place and of each change that nobody noticed; was it enough?"""
    places, survivors, enough = [], [], True
    for place, names in tried.items():
        counts = Counter(became[name] for name in names)
        share = 100 * sum(counts[status] for status in NOTICED) / len(names)
        told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
        places.append(f"{place}: {share:.1f} % noticed of {len(names)} changes ({told})")
        unseen = (name for name in names if became[name] not in NOTICED)
        survivors += [f"{became[name]}: .venv/bin/mutmut show {name}" for name in unseen]
        enough = enough and share >= ENOUGH
    return [*survivors, "", *places], enough


def main(places: list[str]) -> int:
    """Try the changes of each place; succeed if the tests notice enough of them everywhere."""
    places = [place.rstrip("/") for place in places] or [f"{BANK}/{name}" for name in LEFT_OUT]
    tried = {place: changes(place) for place in places}
    for place, names in tried.items():
        # One by one: side by side, a busy machine makes a slow test look like an endless one.
        mutmut("run", "--max-children", "1", *names, place=place)
    told = (line.strip().rpartition(": ") for line in mutmut("results", "--all", "true"))
    lines, enough = report(tried, {name: status for name, _, status in told})
    sys.stdout.write("\n".join([*lines, ""]))
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
