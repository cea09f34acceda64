"""A real browser, driven through the two pipes of its DevTools protocol."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.banks import wait_until

PROGRAM = "chromium"

# The browser reads from 3 and writes to 4, and nowhere else.
LAUNCH = """
import os, sys
from fcntl import F_DUPFD, fcntl
read, write = (fcntl(int(each), F_DUPFD, 10) for each in sys.argv[1:3])
os.dup2(read, 3)
os.dup2(write, 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""


class Page:
    """One page of a browser."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._write = to_browser
        self._answers = os.fdopen(from_browser, "rb", closefd=False)
        self._numbers = count(1)
        self._session: dict[str, str] = {}
        self._rest = b""
        self.asked: list[str] = []
        """The addresses that the browser asked for."""
        self.errors: list[str] = []
        """What the page complained of on its console."""
        target = self.do("Target.createTarget", url="about:blank")["targetId"]
        session = self.do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._session = {"sessionId": session}
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.do(f"{domain}.enable")

    def do(self, method: str, **params: object) -> Any:
        """Ask the browser for something, and return what it answers."""
        number = next(self._numbers)
        asked = {"id": number, "method": method, "params": params, **self._session}
        os.write(self._write, json.dumps(asked).encode() + b"\0")
        while True:
            message = self._next()
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
            self._note(message)

    def _next(self) -> Any:
        while b"\0" not in self._rest:
            block = os.read(self._answers.fileno(), 1 << 16)
            assert block, "the browser has ended"
            self._rest += block
        text, _, self._rest = self._rest.partition(b"\0")
        return json.loads(text)

    def _note(self, message: Any) -> None:
        if message.get("method") == "Network.requestWillBeSent":
            self.asked.append(message["params"]["request"]["url"])
        elif message.get("method") == "Log.entryAdded":
            self.errors.append(message["params"]["entry"]["text"])

    def open(self, address: str) -> None:
        self.do("Page.navigate", url=address)

    def value(self, script: str) -> Any:
        """Return the value of a JavaScript expression."""
        found = self.do("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait_for(self, script: str) -> None:
        """Wait until a JavaScript expression is true."""
        wait_until(lambda: self.value(f"!!({script})"))

    def picture(self, path: Path) -> None:
        """Take a picture of what is in view."""
        taken = self.do("Page.captureScreenshot")
        path.write_bytes(base64.b64decode(taken["data"]))


@contextmanager
def browser(folder: Path) -> Iterator[Page]:
    """Start the browser with a new profile, and yield an empty page."""
    read_there, write_here = os.pipe()
    read_here, write_there = os.pipe()
    with (folder / "browser.log").open("wb") as log:
        started = subprocess.Popen(
            [
                *(sys.executable, "-c", LAUNCH, str(read_there), str(write_there), PROGRAM),
                "--headless=new",
                "--remote-debugging-pipe",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--window-size=1100,1400",
                f"--user-data-dir={folder / 'profile'}",
            ],
            pass_fds=(read_there, write_there),
            stdout=log,
            stderr=log,
        )
    os.close(read_there)
    os.close(write_there)
    try:
        yield Page(write_here, read_here)
    finally:
        started.terminate()
        started.wait(30)
        os.close(write_here)
        os.close(read_here)
