"""Rate limits: how many requests one address may send."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic

ADDRESSES_AT_MOST = 10_000
"""Addresses that are remembered; beyond that the oldest is forgotten."""


class Rate:
    """Lets each address send ``per_second`` requests on the long run, and twice that at once."""

    def __init__(self, per_second: int, clock: Callable[[], float] = monotonic) -> None:
        self._rate = per_second
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}
        self._lock = Lock()

    def allows(self, address: str) -> bool:
        """Tell whether an address may send one more request now, and count it."""
        most = 2.0 * self._rate
        with self._lock:
            now = self._clock()
            left, then = self._left.pop(address, (most, now))
            left = min(most, left + (now - then) * self._rate)
            allowed = left >= 1
            self._left[address] = (left - allowed, now)
            if len(self._left) > ADDRESSES_AT_MOST:
                del self._left[next(iter(self._left))]
        return allowed
