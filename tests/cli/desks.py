"""A person at a terminal of 80 columns and 24 lines, who types line by line."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest

from tests.banks import wait_until
from tests.cli.conftest import PROGRAM

SECONDS = 30
"""How long a busy machine may take for one answer."""

COLUMNS, LINES = 80, 24

MENU = "Menu (number, name, ?, back, quit): "
HERE = " (number, name, ?, back, quit): "
DO_IT = "Do it? [y/N, c changes an answer] "
ENTER = "\r"

_escapes = re.compile(r"\x1b\[[?0-9;]*[a-zA-Z]|\x1b[=>]")


class Desk:
    """A person at a terminal: says a line, and sees what is shown until the next question."""

    def __init__(self, process: subprocess.Popen[bytes], side: int) -> None:
        self.process, self._side, self._seen = process, side, b""
        self.all = self.raw = ""

    def sees(self, sought: str, after: str = "") -> str:
        """Return what is shown until something sought is, behind the line that was typed."""
        end = monotonic() + SECONDS
        while True:
            shown = _escapes.sub("", self._seen.decode(errors="replace")).replace("\r", "")
            new = shown.partition(after)[2] if after else shown
            # A program that asks something waits behind its question.
            if new.endswith(sought) if sought.endswith(" ") else sought in new:
                break
            if not select.select([self._side], [], [], max(end - monotonic(), 0))[0]:
                pytest.fail(f"no {sought!r} came, but: {shown!r}")
            try:
                self._seen += os.read(self._side, 65536)
            except OSError:
                pytest.fail(f"no {sought!r} came before the end, but: {shown!r}")
        self.raw += self._seen.decode(errors="replace")
        self._seen = b""
        self.all += shown
        return shown

    def presses(self, key: str) -> None:
        # A signal that comes just before a program waits for a key would wake it at the next one.
        state = Path(f"/proc/{self.process.pid}/stat")
        wait_until(lambda: not state.exists() or state.read_text().rpartition(")")[2][1] == "S")
        os.write(self._side, key.encode(errors="surrogateescape"))

    def says(self, line: str, sought: str = MENU) -> str:
        """Type a line; return what is shown after it, until something sought is."""
        self.presses(line + ENTER)
        return self.sees(sought, after="\n")

    def answers(self, *lines: str, last: str = MENU) -> str:
        """Type answers, each to a prompt of its own; return what is shown after the last."""
        for line in lines[:-1]:
            self.says(line, ": ")
        return self.says(lines[-1], last)

    def ended(self) -> int:
        return self.process.wait(SECONDS)


@contextmanager
def at_a_desk(*words: str, program: Sequence[str] = PROGRAM, **variables: str) -> Iterator[Desk]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    own = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    with subprocess.Popen(
        [*program, "menu", *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**own, "TERM": "dumb", **variables},
        start_new_session=True,
        # Only the terminal of a session turns Ctrl-C into a signal.
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
    ) as process:
        os.close(theirs)
        desk = Desk(process, ours)
        try:
            yield desk
        finally:
            process.kill()
            os.close(ours)
    assert "Traceback" not in desk.all
