"""The time as the books write it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from time import time_ns

Clock = Callable[[], str]
"""Returns the UTC time as text, such as ``2026-11-20T23:25:30.000001Z``; injected everywhere."""


def utc_now() -> str:
    """Return the machine's time."""
    seconds, rest = divmod(time_ns(), 1_000_000_000)
    return f"{_second(seconds)}.{rest // 1000:06d}Z"


@lru_cache(maxsize=1)
def _second(seconds: int) -> str:
    """Return a second as text; formatting one costs more than all else that a clock does."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
