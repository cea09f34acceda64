"""The kinds of fields that only questions have: filters, a past moment, a page of a list."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Literal

import SimpleBankingSystem.commands  # noqa: F401 - importing them registers the verbs
from SimpleBankingSystem.commands.base import REGISTRY
from SimpleBankingSystem.ledger.fields import (
    ACCOUNT_ID,
    COUNT,
    DAY,
    ID_PATTERN,
    LIMIT,
    Kind,
    between,
    one_of,
)
from SimpleBankingSystem.ledger.transaction import COMPLETED, FAILED, PENDING, PROCESSING

PAGE_AT_MOST = 500
"""Things on one page of a list."""

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

FLAG = Kind(
    "flag",
    lambda text: one_of("true", "false")(text) == "true",
    lambda value: isinstance(value, bool),
    {"type": "boolean"},
    "true",
    "true or false",
    lambda value: str(value).lower(),
)


Flag = Annotated[bool, FLAG]


def meaning(kind: Kind, words: str, name: str = "") -> Kind:
    """Return a kind under the words that say what it is asked for here."""
    return replace(kind, help=words, name=name or kind.name, remembered={})


AnyAccountId = Annotated[
    str,
    _kind(
        "account",
        _read_account,
        "A00000001",
        "an account's id, the bank's own too",
        _like(f"{ID_PATTERN}|{_OWN_ACCOUNT}"),
    ),
]
Moment = Annotated[
    str,
    _kind(
        "moment",
        _read_end,
        "2026-11-20",
        "a UTC time, or a day, which means the end of that day",
        _like(_MOMENT),
    ),
]
Status = Annotated[
    str,
    _kind(
        "status",
        one_of(*_STATUSES),
        FAILED,
        "PENDING, PROCESSING, COMPLETED or FAILED",
        _words(*_STATUSES),
    ),
]
Verb = Annotated[
    str, _kind("verb", _read_verb, "transfer", "the verb of the command", _words(*REGISTRY))
]
Since = Annotated[
    str,
    _kind(
        "since",
        _read_beginning,
        "2026-11-01",
        "completed on this day or UTC time or later",
        _like(_MOMENT),
    ),
]
Until = Annotated[
    str,
    _kind(
        "until",
        _read_beginning,
        "2026-12-01",
        "completed before this day or UTC time",
        _like(_MOMENT),
    ),
]
AmountMin = Annotated[Decimal | None, meaning(LIMIT, "this much or more", "amount")]
AmountMax = Annotated[Decimal | None, meaning(LIMIT, "this much or less", "amount")]
Order = Annotated[
    Literal["newest", "oldest"],
    _kind("order", one_of(*_ORDERS), "oldest", "newest or oldest first", _words(*_ORDERS)),
]
AtOnce = Annotated[
    int,
    replace(
        COUNT,
        name="limit",
        read=between(1, PAGE_AT_MOST),
        schema={"type": "integer", "minimum": 1, "maximum": PAGE_AT_MOST},
        example="50",
        help=f"how many at once, {PAGE_AT_MOST} at most",
        remembered={},
    ),
]
Cursor = Annotated[
    int, replace(meaning(COUNT, "where the page before said that more is", "cursor"), example="0")
]
