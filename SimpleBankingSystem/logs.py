"""The log, on standard error: lines for a person, or one JSON object a line for a machine."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from threading import Timer

ACCESS = "SimpleBankingSystem.access"
"""The logger of requests over HTTP."""

MOMENT = 0.2
"""Seconds that a line of the access log waits for others."""

# json.dumps would make an encoder for every line.
_encode = json.JSONEncoder(ensure_ascii=False).encode
_transaction = re.compile(r"\bT[0-9]{11,}", re.ASCII)


class JsonRecords(logging.Formatter):
    """Writes a record as one line of JSON, with the transaction that it speaks of, if any.

    A record may carry its facts by name as ``facts``, for a program.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        message = record.getMessage()
        found = _transaction.search(message)
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message,
            "facts": getattr(record, "facts", None),
            "transaction": found[0] if found else None,
            "exception": self.formatException(record.exc_info) if record.exc_info else None,
        }
        return json.dumps({name: value for name, value in line.items() if value is not None})


def request_line(**facts: object) -> str:
    """Return one line of the access log: JSON, whatever form the rest of the log has."""
    return _encode({"time": _now(), **facts})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


class StandardError(logging.Handler):
    """Writes to standard error as it is at that moment: a progress bar puts itself in between."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        sys.stderr.write(f"{self.format(record)}\n")


class Gathered(logging.Handler):
    """Writes plain lines to standard error a moment later, all at once.

    Each write would let go of the interpreter's lock, which costs more than the line. Who kills
    the program loses the lines of that moment.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Note a line, and begin the moment if it is the first."""
        self._lines.append(f"{record.getMessage()}\n")
        if len(self._lines) == 1:
            try:
                Timer(MOMENT, self.flush).start()
            except RuntimeError:
                # There is no thread to be had.
                self.flush()

    def flush(self) -> None:
        """Write what was noted."""
        self.acquire()
        try:
            lines, self._lines = self._lines, []
        finally:
            self.release()
        sys.stderr.write("".join(lines))


def set_up(form: str, level: int) -> None:
    """Send records of ``level`` and above to standard error, as ``text`` or ``json``."""
    handler = StandardError()
    text = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    handler.setFormatter(JsonRecords() if form == "json" else text)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    access = logging.getLogger(ACCESS)
    access.handlers, access.propagate = [Gathered()], False
