"""The floor under one client: a 200-byte append and its fdatasync, one at a time.

Nothing that answers one request at a time, each when it is durable, can be faster than this.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

RECORD = b"x" * 199 + b"\n"
# macOS has no fdatasync; its fsync is the nearest thing.
SYNC = getattr(os, "fdatasync", os.fsync)


def measure(folder: Path, seconds: float) -> dict[str, float]:
    """Append and sync for so many seconds; return the rate and the milliseconds each took."""
    path = folder / "floor"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        done = 0
        begun = time.perf_counter()
        while (taken := time.perf_counter() - begun) < seconds:
            os.write(descriptor, RECORD)
            SYNC(descriptor)
            done += 1
    finally:
        os.close(descriptor)
        path.unlink()
    return {"transfers/s": done / taken, "ms each": taken / done * 1000}
