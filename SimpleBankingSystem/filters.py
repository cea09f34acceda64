"""What can be asked of the transactions: a list's filters and a past moment, on every surface."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from SimpleBankingSystem.commands.base import REGISTRY, Field
from SimpleBankingSystem.ledger.errors import InvalidCommand
from SimpleBankingSystem.ledger.fields import (
    ACCOUNT_ID,
    COUNT,
    DAY,
    ID_PATTERN,
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
_OWN_ACCOUNT = r"[A-Z]+\.[A-Z]{3}"
_own_account = re.compile(_OWN_ACCOUNT, re.ASCII)
_MOMENT = (
    r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?Z)?"
)


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


def _kind(
    name: str,
    reader: Callable[[str], object],
    example: str,
    meaning: str,
    schema: Mapping[str, object] = MappingProxyType({"type": "string"}),
) -> Kind:
    """Return a kind that only texts are read as: questions come as texts from every surface."""
    return Kind(name, reader, lambda _: False, schema, example, meaning)


def _words(*words: str) -> dict[str, object]:
    return {"type": "string", "enum": list(words)}


def _like(pattern: str) -> dict[str, object]:
    return {"type": "string", "pattern": f"^({pattern})$"}


_STATUSES = (COMPLETED, FAILED, PENDING, PROCESSING)
_ORDERS = ("newest", "oldest")

ACCOUNT = _kind(
    "account",
    _read_account,
    "A00000001",
    "an account's id, the bank's own too",
    _like(f"{ID_PATTERN}|{_OWN_ACCOUNT}"),
)
MOMENT = _kind(
    "moment",
    _read_end,
    "2026-11-20",
    "a UTC time, or a day, which means the end of that day",
    _like(_MOMENT),
)

FLAG = _kind(
    "flag",
    lambda text: one_of("true", "false")(text) == "true",
    "true",
    "true or false",
    {"type": "boolean"},
)

FILTERS = tuple(
    Field(name, kind, required=False, default=getattr(Query(), name))
    for name, kind in {
        "account": ACCOUNT,
        "status": _kind(
            "status",
            one_of(*_STATUSES),
            FAILED,
            "PENDING, PROCESSING, COMPLETED or FAILED",
            _words(*_STATUSES),
        ),
        "command": _kind(
            "verb", _read_verb, "transfer", "the verb of the command", _words(*REGISTRY)
        ),
        "since": _kind(
            "since",
            _read_beginning,
            "2026-11-01",
            "completed on this day or UTC time or later",
            _like(_MOMENT),
        ),
        "until": _kind(
            "until",
            _read_beginning,
            "2026-12-01",
            "completed before this day or UTC time",
            _like(_MOMENT),
        ),
        "amount_min": _kind("amount", LIMIT.read, "10.00", "this much or more", LIMIT.schema),
        "amount_max": _kind("amount", LIMIT.read, "99.99", "this much or less", LIMIT.schema),
        "reference": TEXT,
        "order": _kind(
            "order", one_of(*_ORDERS), "oldest", "newest or oldest first", _words(*_ORDERS)
        ),
        "limit": _kind(
            "limit",
            between(1, PAGE_AT_MOST),
            "50",
            f"how many at once, {PAGE_AT_MOST} at most",
            {"type": "integer", "minimum": 1, "maximum": PAGE_AT_MOST},
        ),
        "cursor": _kind(
            "cursor", COUNT.read, "0", "where the page before said that more is", COUNT.schema
        ),
    }.items()
)
"""Every criterion of a list of transactions, by the names of ``Query``."""


def query(values: Mapping[str, str | None]) -> Query:
    """Make a query from texts by the names of the filters; None and blank do not restrict.

    Raises:
        InvalidCommand: naming every bad value at once.
    """
    return Query(**read(FILTERS, values))


def read(declared: Iterable[Field], values: Mapping[str, str | None]) -> dict[str, Any]:
    """Read what a question is asked with; None and blank are left out.

    Raises:
        InvalidCommand: naming every bad or unknown value at once.
    """
    kinds = {each.name: each.kind for each in declared}
    found: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, text in values.items():
        if name not in kinds:
            errors[name] = f"is not asked for here; there are {', '.join(kinds) or 'none'}"
            continue
        if not text:
            continue
        try:
            found[name] = kinds[name].parse(text)
        except ValueError as error:
            errors[name] = str(error)
    if errors:
        raise InvalidCommand(errors)
    return found
