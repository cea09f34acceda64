"""The kinds of fields that only questions have: filters, a past moment, a page of a list."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import SimpleBankingSystem.commands  # noqa: F401 - importing them registers the verbs
from SimpleBankingSystem.commands.base import REGISTRY
from SimpleBankingSystem.ledger.fields import ACCOUNT_ID, COUNT, DAY, LIMIT, TEXT, Kind
from SimpleBankingSystem.ledger.reading import ID_PATTERN, between, one_of
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


def _choice(name: str, example: str, words: Sequence[str], meaning: str) -> Kind:
    """Return the kind of one of these words."""
    schema = {"type": "string", "enum": [*words]}
    return Kind(name, one_of(*words), TEXT.accepts, schema, example, meaning)


def _time_like(name: str, read: Callable[[str], str], example: str, meaning: str) -> Kind:
    """Return a kind that is a day or a UTC time."""
    schema = {"type": "string", "pattern": f"^({_MOMENT})$"}
    return Kind(name, read, TEXT.accepts, schema, example, meaning)


def meaning(kind: Kind, words: str, name: str = "") -> Kind:
    """Return a kind under the words that say what it is asked for here."""
    return replace(kind, help=words, name=name or kind.name, remembered={})


FLAG = Kind(
    "flag",
    lambda text: one_of("true", "false")(text) == "true",
    lambda value: isinstance(value, bool),
    {"type": "boolean"},
    "true",
    "true or false",
    lambda value: str(value).lower(),
)
ACCOUNT = Kind(
    "account",
    _read_account,
    TEXT.accepts,
    {"type": "string", "pattern": f"^({ID_PATTERN}|{_OWN_ACCOUNT})$"},
    "A00000001",
    "an account's id, the bank's own too",
)
MOMENT = _time_like(
    "moment", _read_end, "2026-11-20", "a UTC time, or a day, which means the end of that day"
)
STATUS = _choice(
    "status",
    FAILED,
    [COMPLETED, FAILED, PENDING, PROCESSING],
    "PENDING, PROCESSING, COMPLETED or FAILED",
)
VERB = replace(_choice("verb", "transfer", [*REGISTRY], "the verb of the command"), read=_read_verb)
SINCE = _time_like(
    "since", _read_beginning, "2026-11-01", "completed on this day or UTC time or later"
)
UNTIL = _time_like("until", _read_beginning, "2026-12-01", "completed before this day or UTC time")
ORDER = _choice("order", "oldest", ["newest", "oldest"], "newest or oldest first")
AT_ONCE = Kind(
    "limit",
    between(1, PAGE_AT_MOST),
    COUNT.accepts,
    {"type": "integer", "minimum": 1, "maximum": PAGE_AT_MOST},
    "50",
    f"how many at once, {PAGE_AT_MOST} at most",
    numeric=True,
)
CURSOR = meaning(COUNT, "where the page before said that more is", "cursor")

Flag = Annotated[bool, FLAG]
AnyAccountId = Annotated[str, ACCOUNT]
Moment = Annotated[str, MOMENT]
Status = Annotated[str, STATUS]
Verb = Annotated[str, VERB]
Since = Annotated[str, SINCE]
Until = Annotated[str, UNTIL]
AmountMin = Annotated[Decimal | None, meaning(LIMIT, "this much or more", "amount")]
AmountMax = Annotated[Decimal | None, meaning(LIMIT, "this much or less", "amount")]
Order = Annotated[str, ORDER]
AtOnce = Annotated[int, AT_ONCE]
Cursor = Annotated[int, CURSOR]
