"""The time as the books write it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], str]
"""Returns the UTC time as text, such as ``2026-11-20T23:25:30.000001Z``; injected everywhere."""


def utc_now() -> str:
    """Return the machine's time."""
    return datetime.now(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
