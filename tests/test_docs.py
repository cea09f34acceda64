"""Every command that the documents show is run here, and says what they show.

A ``console`` block holds commands behind ``$ `` and what they print; a ``csv NAME`` block is a
file that the commands after it use. The blocks of one document share a folder. Times,
hashes and speeds differ each time and are compared by their form. ``BANK_DOCS=write`` puts what
the commands print now into the documents.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(
    path
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
    if "```console" in path.read_text()
)
_block = re.compile(r"```(console|csv)( [\w.]+)?\n(.*?)```", re.DOTALL)
_varying = [
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"), "<time>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d{12}Z"), "<time>"),
    (re.compile(r"\d{4}-\d\d-\d\d(?!T)"), "<day>"),
    (re.compile(r"h[0-9a-f]{32}"), "<hash>"),
    (re.compile(r"[\d,.]+ (s\b|seconds|lines a second|rows a second|/s)"), r"<number> \1"),
    (re.compile(r"(seconds|\w+_per_second) +[\d,.]+"), r"\1 <number>"),
    (re.compile(r"( \d+\.\d)( +\d+\.\d+){4}$", re.MULTILINE), r"\1 <milliseconds>"),
    (re.compile(r" +"), " "),
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_of_the_documents_say_what_is_shown(document: Path, tmp_path: Path) -> None:
    text = document.read_text(encoding="utf-8")

    def played(match: re.Match[str]) -> str:
        kind, name, content = match.groups()
        if kind == "csv":
            if name:
                (tmp_path / name.strip()).write_text(content, encoding="utf-8")
            return match[0]
        commands = [
            each.partition("\n")[0] for each in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]
        ]
        shown = "\n".join(f"$ {each}\n{output(each, tmp_path)}" for each in commands)
        return f"```console\n{shown}```"

    now = _block.sub(played, text)
    if os.environ.get("BANK_DOCS") == "write":
        document.write_text(now, encoding="utf-8")
    assert alike(now).splitlines() == alike(text).splitlines()


def output(command: str, folder: Path) -> str:
    """Return what a command prints, both streams as a terminal shows them."""
    words = shlex.split(command)
    programs = {"bank": [sys.executable, "-m", "SimpleBankingSystem"], "head": ["head"]}
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("BANK_")},
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "100",
    }
    done = subprocess.run(
        [*programs[words[0]], *words[1:]],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout


def alike(text: str) -> str:
    """Return a text with everything replaced that differs from one run to the next."""
    for pattern, name in _varying:
        text = pattern.sub(name, text)
    return text
