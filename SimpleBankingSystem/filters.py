"""What can be asked of the transactions: a list's filters and a past moment, on every surface."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from SimpleBankingSystem.commands.base import REGISTRY, Field
from SimpleBankingSystem.ledger.errors import InvalidCommand
from SimpleBankingSystem.ledger.fields import (
    ACCOUNT_ID,
    COUNT,
    DAY,
    LIMIT,
    TEXT,
    Kind,
    between,
    one_of,
)
from SimpleBankingSystem.ledger.transaction import COMPLETED, FAILED, PENDING, PROCESSING
from SimpleBankingSystem.stores.base import Query

PAGE_AT_MOST = 500
"""Transactions on one page of a list."""

_time = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,6})?Z", re.ASCII)
_own_account = re.compile(r"[A-Z]+\.[A-Z]{3}", re.ASCII)


def _read_time(text: str) -> str:
    """Read a UTC time; the answer has six decimals, so that times compare as texts."""
    found = _time.fullmatch(text)
    if found is None or not _is_time(found[1]):
        raise ValueError("must be a day, or a UTC time such as 2026-11-20T23:25:30Z")
    return f"{found[1]}{(found[2] or '.').ljust(7, '0')}Z"


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _read_beginning(text: str) -> str:
    return _read_time(text) if "T" in text else str(DAY.read(text))


def _read_end(text: str) -> str:
    return _read_time(text) if "T" in text else f"{DAY.read(text)}T23:59:59.999999Z"


def _read_account(text: str) -> str:
    return text if _own_account.fullmatch(text) else str(ACCOUNT_ID.read(text))


def _read_verb(text: str) -> str:
    return one_of(*REGISTRY)(text.replace("-", "_"))


def _kind(name: str, read: Callable[[str], object], example: str, meaning: str) -> Kind:
    """Return a kind that only texts are read as: questions come as texts from every surface."""
    return Kind(name, read, lambda _: False, {"type": "string"}, example, meaning)


_status = one_of(COMPLETED, FAILED, PENDING, PROCESSING)

ACCOUNT = _kind("account", _read_account, "A00000001", "an account's id, the bank's own too")
MOMENT = _kind(
    "moment", _read_end, "2026-11-20", "a UTC time, or a day, which means the end of that day"
)

FILTERS = tuple(
    Field(name, kind, required=False, default=getattr(Query(), name))
    for name, kind in {
        "account": ACCOUNT,
        "status": _kind("status", _status, FAILED, "PENDING, PROCESSING, COMPLETED or FAILED"),
        "command": _kind("verb", _read_verb, "transfer", "the verb of the command"),
        "since": _kind(
            "since", _read_beginning, "2026-11-01", "completed on this day or UTC time or later"
        ),
        "until": _kind(
            "until", _read_beginning, "2026-12-01", "completed before this day or UTC time"
        ),
        "amount_min": _kind("amount", LIMIT.read, "10.00", "this much or more"),
        "amount_max": _kind("amount", LIMIT.read, "99.99", "this much or less"),
        "reference": TEXT,
        "order": _kind("order", one_of("newest", "oldest"), "oldest", "newest or oldest first"),
        "limit": _kind(
            "limit", between(1, PAGE_AT_MOST), "50", f"how many at once, {PAGE_AT_MOST} at most"
        ),
        "cursor": _kind("cursor", COUNT.read, "0", "where the page before said that more is"),
    }.items()
)
"""Every criterion of a list of transactions, by the names of ``Query``."""


def query(values: Mapping[str, str | None]) -> Query:
    """Make a query from texts by the names of the filters; None and blank do not restrict.

    Raises:
        InvalidCommand: naming every bad value at once.
    """
    kinds = {declared.name: declared.kind for declared in FILTERS}
    found: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, text in values.items():
        if text:
            try:
                found[name] = kinds[name].parse(text)
            except ValueError as error:
                errors[name] = str(error)
    if errors:
        raise InvalidCommand(errors)
    return Query(**found)
