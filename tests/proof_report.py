"""The table of the guarantees and what was tried to break them, made from the last proof run.

``dev.py prove`` ends with this program. It keeps the run in docs/proof.json and writes it into
docs/GUARANTEES.md and the README.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RUN = Path("docs/proof.json")
PLACES = (Path("README.md"), Path("docs/GUARANTEES.md"))
BETWEEN = re.compile(r"(?<=<!-- proofs -->\n).*?(?=<!-- end of proofs -->)", re.DOTALL)

PROMISES = {
    1: "What was answered *completed* or *accepted* survives kill -9, a crash of the system and "
    "a loss of power",
    2: "A transaction and a group are all or nothing: no crash leaves one leg, or half a group",
    3: "Every currency sums to zero after every commit, here and in your spreadsheet",
    4: "The same key never moves money twice, also after a restart and from the archive; the same "
    "key with another command is refused",
    5: "A changed, missing, doubled or moved byte in acknowledged rows is reported with its place "
    "and reason; the bank stops rather than guesses",
    6: "Recovery sets aside only the unacknowledged last commit, whole, in `quarantine/`, and "
    "says so",
    7: "After an error of the disk nothing more is acknowledged; the affected are told "
    '"unknown", not "failed"',
    8: "A full disk is refused cleanly, nothing is half done, and reading goes on",
    9: "One writer per data directory, even if the lock file is deleted",
    10: "No reader sees a balance that a crash could take back",
    11: "Operations are in order per account; no deadlock, no starvation",
    12: "Every store gives the same answer to the same command",
    13: "Overload is answered 429 or 503 with Retry-After before a byte is written; accepted "
    "work is never dropped",
    14: "Opening the files in a spreadsheet changes nothing; saving them is detected and the "
    "rows are named; what only looks different is proved harmless and can be restored",
    15: "No text that a customer typed is ever run as a formula",
    16: "No traceback, and no 5xx but the documented 503, whatever is sent",
}
"""What the bank promises, by number."""

LEVELS = {"test": "dev.py test", "short": "dev.py prove --short", "long": "dev.py prove"}


def run_of(notes: str, level: str) -> dict[str, Any]:
    """Sum the notes of a proof run up: by guarantee and file, how many tests passed, and figures.

    A parametrized test is one test, with the figures of all its cases.
    """
    proofs: dict[str, dict[str, dict[str, list[str]]]] = {str(number): {} for number in PROMISES}
    beside = set()
    for note in map(json.loads, notes.splitlines()):
        if note["beside"]:
            beside.add(note["beside"])
        file, test = note["test"].split("::", 1)
        for number in note["guarantees"]:
            figures = proofs[str(number)].setdefault(file, {}).setdefault(test, [])
            if note["figures"] and note["figures"] not in figures:
                figures.append(note["figures"])
    day = datetime.now(UTC).date().isoformat()
    summed = {
        number: {
            file: {
                "tests": len(tests),
                "figures": ["; ".join(figures) for figures in tests.values() if figures],
            }
            for file, tests in sorted(files.items())
        }
        for number, files in proofs.items()
    }
    return {"day": day, "level": level, "beside": sorted(beside), "proofs": summed}


def table(run: dict[str, Any]) -> str:
    """Return what stands in the documents: when and how hard was tried, and the sixteen rows."""
    lines = [
        f"Last tried with `{LEVELS[run['level']]}` on {run['day']}; everything held.",
        "",
        "| # | promise | proved by |",
        "|---|---|---|",
    ]
    for number, promise in PROMISES.items():
        cells = [said(file, proof) for file, proof in run["proofs"][str(number)].items()]
        lines.append(f"| {number} | {promise} | {' · '.join(cells) or 'not in this run'} |")
    lines += ["", *(f"* {sentence}" for sentence in run["beside"])]
    return "\n".join([*lines, ""])


def said(file: str, proof: dict[str, Any]) -> str:
    """Return what one file of tests tried: the figures of some tests, and how many others."""
    figures = list(proof["figures"])
    others = proof["tests"] - len(figures)
    if others:
        more = "more " if figures else ""
        figures.append(f"{others} {more}{'test' if others == 1 else 'tests'}")
    return f"`{file.removeprefix('tests/')}`: {'; '.join(figures)}"


def document(text: str, run: dict[str, Any]) -> str:
    """Return a document with the table of a run between its marks."""
    return BETWEEN.sub(lambda _: table(run), text)


def write(run: dict[str, Any], root: Path = ROOT) -> None:
    """Keep a run, and write it into the documents."""
    (root / RUN).write_text(json.dumps(run, indent=1) + "\n", "utf-8")
    for place in PLACES:
        path = root / place
        path.write_text(document(path.read_text("utf-8"), run), "utf-8")


if __name__ == "__main__":
    write(run_of(Path(sys.argv[1]).read_text("utf-8"), sys.argv[2]))
