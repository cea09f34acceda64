"""Counting outcomes: how commands fared on each day, and how long they took."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from SimpleBankingSystem.stores.base import Tally

Outcome = tuple[str, str, str, bool, str, str, str]


def tallied(counted: Mapping[Outcome, int]) -> Iterator[Tally]:
    """Yield a tally for each way in which things went.

    ``counted`` has how many had the same command, status and code, whether this was the first
    attempt, and the same UTC times of being taken, decided and durable. When a retry was taken
    nobody knows: it counts, and its times do not.
    """
    for (command, status, code, is_first, *times), count in counted.items():
        created_at, started_at, completed_at = times
        queued = between(created_at, started_at or completed_at) if is_first else 0
        durable = between(created_at, completed_at) if is_first else 0
        yield Tally(
            completed_at[:10],
            command,
            status,
            code,
            count,
            count * is_first,
            queued * count,
            durable * count,
            queued,
            durable,
        )


def together(tallies: Iterable[Tally]) -> list[Tally]:
    """Return the tallies of all days as of none."""
    return added(replace(each, day="") for each in tallies)


def added(tallies: Iterable[Tally]) -> list[Tally]:
    """Return one tally for each day, command, status and code, in that order."""
    sums: dict[tuple[str, str, str, str], Tally] = {}
    for each in tallies:
        key = each.day, each.command, each.status, each.code
        before = sums.get(key)
        sums[key] = each if before is None else _sum(before, each)
    return [sums[key] for key in sorted(sums)]


def _sum(one: Tally, other: Tally) -> Tally:
    return Tally(
        one.day,
        one.command,
        one.status,
        one.code,
        one.count + other.count,
        one.timed + other.timed,
        one.queued + other.queued,
        one.durable + other.durable,
        max(one.queued_longest, other.queued_longest),
        max(one.durable_longest, other.durable_longest),
    )


def between(begin: str, end: str) -> int:
    """Return the microseconds from one UTC time to another, 0 where a clock went back.

    It is 0 also where a row lacks one of the two.
    """
    if not (begin and end):
        return 0
    passed = datetime.fromisoformat(end) - datetime.fromisoformat(begin)
    return max((passed.days * 86_400 + passed.seconds) * 10**6 + passed.microseconds, 0)
