"""The kinds of fields: how each is parsed, described and shown on every surface.

This is one closed table. A command declares ``amount: Amount`` and the HTTP model, the command
line's option, the batch file's column and the documentation all follow from the kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from sys import intern
from typing import Annotated

from SimpleBankingSystem.ledger.money import AMOUNT_PATTERN, DECIMALS, parse_amount

TEXT_AT_MOST = 140
"""Characters of a text."""

REMEMBERED_AT_MOST = 20_000
"""Parsed values that a kind remembers: the same ids and amounts come again and again, and looking
one up costs a tenth of checking it."""


class Number(str):
    """A JSON number, kept as the digits that stood in the text so that no float ever exists."""

    __slots__ = ()


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of field.

    ``read`` turns text into the value and raises ValueError with a sentence; ``accepts`` tells
    whether typed Python code may pass a value of this type; ``show`` turns the value into text.
    ``schema`` is a JSON Schema fragment (Swagger 2.0 subset), ``example`` a text it accepts.
    """

    name: str
    read: Callable[[str], object]
    accepts: Callable[[object], bool]
    schema: Mapping[str, object]
    example: str
    help: str
    show: Callable[[object], str] = str
    numeric: bool = False
    remembered: dict[str, object] = field(default_factory=dict, repr=False, compare=False)

    def parse(self, text: str) -> object:
        """Read a text, remembering the answer.

        Raises:
            ValueError: with a sentence that says how to mend it.
        """
        value = self.remembered.get(text)
        if value is None:
            value = self.read(text)
            if len(self.remembered) >= REMEMBERED_AT_MOST:
                self.remembered.clear()
            self.remembered[text] = value
        return value

    def parse_any(self, value: object) -> object:
        """Read a value from JSON or from Python: a text, a number's digits, or a typed value.

        A typed value is read from the text that shows it, so that what is refused as a text, or
        is written in another way, does not come in by its type.

        Raises:
            ValueError: with a sentence that says how to mend it.
        """
        if isinstance(value, Number) and not self.numeric:
            raise ValueError("must be a text in quotes, not a number")
        if isinstance(value, str):
            return self.parse(str(value))
        if self.accepts(value):
            return self.parse(self.show(value))
        raise ValueError(f"must be {self.help}")


_MONTHS = (
    "JAN(?:UARY)?|FEB(?:RUARY)?|MAR(?:CH)?|APR(?:IL)?|MAY|JUNE?|JULY?|AUG(?:UST)?"
    "|SEPT?(?:EMBER)?|OCT(?:OBER)?|NOV(?:EMBER)?|DEC(?:EMBER)?"
)
ID_PATTERN = r"[A-Z][A-Z0-9-]{1,31}"
TAG_PATTERN = r"[a-z0-9][a-z0-9_-]{0,31}"
_id = re.compile(ID_PATTERN, re.ASCII)
_rewritten = re.compile(rf"(?:{_MONTHS})-?[0-9][0-9-]*|TRUE|FALSE|NA|NAN|NULL|NONE|INF(?:INITY)?")
_transaction = re.compile(r"T[0-9]{11,}", re.ASCII)
_day = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_run = re.compile(r"R[0-9]{6,}", re.ASCII)
_count = re.compile(r"[0-9]{1,15}", re.ASCII)
_tag = re.compile(TAG_PATTERN, re.ASCII)
_FORBIDDEN = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff"
_forbidden = re.compile(rf"[{_FORBIDDEN}\ud800-\udfff]")


def read_text(text: str) -> str:
    """Read a text of at most 140 characters.

    Control characters, line separators, bidirectional overrides and lone surrogates are refused:
    they break a line of a file or show a person something else than what is stored.
    """
    if len(text) > TEXT_AT_MOST:
        raise ValueError(f"is {len(text)} characters long; {TEXT_AT_MOST} are allowed")
    found = _forbidden.search(text)
    if found:
        raise ValueError(f"contains the forbidden character U+{ord(found[0]):04X}; remove it")
    return text


def _read_name(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return read_text(text)


def _read_account_id(text: str) -> str:
    if _id.fullmatch(text) is None:
        message = "must be 2 to 32 capital letters, digits or hyphens, a letter first"
        raise ValueError(message)
    if _rewritten.fullmatch(text):
        raise ValueError(f"{text} is a word that a spreadsheet would rewrite; choose another")
    # The accounts are known by interned ids: the same object is found at once.
    return intern(text)


def _read_transaction_id(text: str) -> str:
    if _transaction.fullmatch(text) is None:
        raise ValueError("must be a transaction's id, such as T00000000001")
    return text


def _read_run_id(text: str) -> str:
    if _run.fullmatch(text) is None:
        raise ValueError("must be a run's id, such as R000001")
    return text


def _read_count(text: str) -> int:
    if _count.fullmatch(text) is None:
        raise ValueError("must be a whole number, zero or more")
    return int(text)


def _read_positive(text: str) -> Decimal:
    amount = parse_amount(text)
    if not amount:
        raise ValueError("must be more than zero")
    return amount


def _read_currency(text: str) -> str:
    if text not in DECIMALS:
        raise ValueError("must be a currency's three letters by ISO 4217, such as EUR")
    return text


def _read_day(text: str) -> str:
    if _day.fullmatch(text) is None:
        raise ValueError("must be a day written as 2026-11-20")
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text} is not a day of the calendar") from None
    return text


def _read_tags(text: str) -> tuple[str, ...]:
    tags = tuple(dict.fromkeys(text.split()))
    if len(tags) > 10 or not all(_tag.fullmatch(tag) for tag in tags):
        message = "must be at most 10 words of small letters, digits, - or _, with blanks between"
        raise ValueError(message)
    return tags


def one_of(*words: str) -> Callable[[str], str]:
    """Return a reader of one of these words."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"must be {', '.join(words[:-1])} or {words[-1]}")
        return text

    return read


def between(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of a whole number in a range."""

    def read(text: str) -> int:
        if _count.fullmatch(text) is None or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    return read


def _is_amount(value: object) -> bool:
    """Accept only what is short when written out, which 1E+999999999 is not."""
    return isinstance(value, Decimal) and abs(value.adjusted()) < 20


def _is_tags(value: object) -> bool:
    return isinstance(value, list | tuple)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _never(value: object) -> bool:
    """Texts are always read, so that what typed code passes is checked like everything else."""
    del value
    return False


def _show_plainly(value: object) -> str:
    return f"{value:f}"


def _show_words(value: object) -> str:
    assert isinstance(value, list | tuple)
    return " ".join(map(str, value))


_money_schema = {"type": "string", "pattern": f"^{AMOUNT_PATTERN}$"}

ACCOUNT_ID = Kind(
    "account id",
    _read_account_id,
    _never,
    {"type": "string", "pattern": f"^{ID_PATTERN}$"},
    "A00000001",
    "an account's id",
)
TRANSACTION_ID = Kind(
    "transaction id",
    _read_transaction_id,
    _never,
    {"type": "string", "pattern": "^T[0-9]{11,}$"},
    "T00000000001",
    "a transaction's id",
)
RUN_ID = Kind(
    "run id",
    _read_run_id,
    _never,
    {"type": "string", "pattern": "^R[0-9]{6,}$"},
    "R000001",
    "a run's id",
)
COUNT = Kind(
    "count",
    _read_count,
    _is_count,
    {"type": "integer", "minimum": 0, "maximum": 10**15 - 1},
    "3",
    "a whole number, zero or more",
    numeric=True,
)
AMOUNT = Kind(
    "amount",
    _read_positive,
    _is_amount,
    {"type": "string", "pattern": rf"^(?!0+(\.0+)?$){AMOUNT_PATTERN}$"},
    "10.00",
    "an amount of money above zero",
    _show_plainly,
    numeric=True,
)
LIMIT = Kind(
    "limit",
    parse_amount,
    _is_amount,
    _money_schema,
    "100.00",
    "an amount of money, or zero",
    _show_plainly,
    numeric=True,
)
CURRENCY = Kind(
    "currency",
    _read_currency,
    _never,
    {"type": "string", "enum": sorted(DECIMALS)},
    "EUR",
    "a currency by ISO 4217",
)
NAME = Kind(
    "name",
    _read_name,
    _never,
    {
        "type": "string",
        "pattern": rf"^[^{_FORBIDDEN}]*[^\s{_FORBIDDEN}][^{_FORBIDDEN}]*$",
        "minLength": 1,
        "maxLength": TEXT_AT_MOST,
    },
    "Ada Lovelace",
    "a name",
)
TEXT = Kind(
    "text",
    read_text,
    _never,
    {"type": "string", "pattern": f"^[^{_FORBIDDEN}]*$", "maxLength": TEXT_AT_MOST},
    "rent for May",
    f"a text of at most {TEXT_AT_MOST} characters",
)
DAY = Kind(
    "date",
    _read_day,
    _never,
    {"type": "string", "format": "date"},
    "2026-11-20",
    "a day, year first",
)
TAGS = Kind(
    "tags",
    _read_tags,
    _is_tags,
    {"type": "array", "items": {"type": "string", "pattern": f"^{TAG_PATTERN}$"}, "maxItems": 10},
    "food club",
    "words to find it by",
    _show_words,
)

AccountId = Annotated[str, ACCOUNT_ID]
TransactionId = Annotated[str, TRANSACTION_ID]
RunId = Annotated[str, RUN_ID]
Count = Annotated[int, COUNT]
Amount = Annotated[Decimal, AMOUNT]
Limit = Annotated[Decimal, LIMIT]
Currency = Annotated[str, CURRENCY]
Name = Annotated[str, NAME]
Text = Annotated[str, TEXT]
Date = Annotated[str, DAY]
Tags = Annotated[tuple[str, ...], TAGS]
