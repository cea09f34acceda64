"""The kinds of fields: how each is parsed, described and shown on every surface.

This is one closed table. A command declares ``amount: Amount`` and the HTTP model, the command
line's option, the batch file's column and the documentation all follow from the kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from sys import intern
from typing import Annotated, Any
from unicodedata import category

from SimpleBankingSystem.ledger.account import CLOSED, FROZEN, INTERNAL, STATUSES
from SimpleBankingSystem.ledger.money import AMOUNT_PATTERN, DECIMALS, parse_amount

TEXT_AT_MOST = 140
"""Characters of a text."""

CUSTOMERS_AT_MOST = 10
"""Owners, or users, of one account."""

PARTS_AT_MOST = 200
"""Accounts among which one sum is split."""

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
        """Read a text, remembering the answer unless it is long.

        Raises:
            ValueError: with a sentence that says how to mend it.
        """
        value = self.remembered.get(text)
        if value is None:
            value = self.read(text)
            if len(self.remembered) >= REMEMBERED_AT_MOST:
                self.remembered.clear()
            if len(text) <= TEXT_AT_MOST:
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


def plain(value: object) -> object:
    """Return the value of a field as JSON has it: amounts as texts, parts as an object."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, tuple):
        if value and isinstance(value[0], tuple):
            return {name: plain(part) for name, part in value}
        return list(value)
    return value


def shape_of(record: Any) -> dict[str, object]:
    """Return a record as it stands on the wire: its fields by name."""
    return {each.name: plain(getattr(record, each.name)) for each in fields(record)}


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
_customer = re.compile(r"C[0-9]{8,15}", re.ASCII)
_hold = re.compile(r"H[0-9]{11,}", re.ASCII)
_other_made = re.compile(r"C[0-9]{8,15}", re.ASCII)
_product = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
_NO_PRODUCT = {INTERNAL, "as_of"}
_rate = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)
_percent = re.compile(r"[0-9]{1,2}(\.[0-9]{1,4})?|100", re.ASCII)
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
    if _other_made.fullmatch(text):
        raise ValueError(f"{text} is the id of a customer; choose another")
    # The accounts are known by interned ids: the same object is found at once.
    return intern(text)


def _like(pattern: re.Pattern[str], what: str, example: str) -> Callable[[str], str]:
    """Return a reader of ids of one kind."""

    def read(text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise ValueError(f"must be {what}, such as {example}")
        return intern(text)

    return read


def _read_product(text: str) -> str:
    if _product.fullmatch(text) is None:
        raise ValueError("must be small letters, digits or _, a letter first, such as savings")
    if text in _NO_PRODUCT or _rewritten.fullmatch(text.upper()):
        raise ValueError(f"{text} means something else in the bank's files; choose another")
    return intern(text)


def _read_person_name(text: str) -> str:
    _read_name(text)
    for letter in text:
        if category(letter)[0] not in "LM" and letter not in " -'’.":
            message = f"contains {letter}; a name has letters, marks, blanks, hyphens, apostrophes"
            raise ValueError(message)
    if not any(category(letter)[0] == "L" for letter in text):
        raise ValueError("must have a letter")
    return text


def _read_customers(text: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(text.split()))
    if len(found) > CUSTOMERS_AT_MOST or not all(_customer.fullmatch(each) for each in found):
        message = f"must be at most {CUSTOMERS_AT_MOST} customers' ids with blanks between"
        raise ValueError(message)
    return tuple(map(intern, found))


def _read_rate(text: str) -> Decimal:
    if _rate.fullmatch(text) is None or not Decimal(text):
        message = "must be plain digits above zero, at most 9 before and behind the point"
        raise ValueError(message)
    return Decimal(text)


def _read_percent(text: str) -> Decimal:
    if _percent.fullmatch(text) is None:
        raise ValueError("must be plain digits from 0 to 100, at most 4 behind the point")
    return Decimal(text)


def _read_parts(text: str) -> tuple[tuple[str, Decimal], ...]:
    """Read ``ACCOUNT=AMOUNT`` words: what each of several accounts gets, in the order of their ids.

    The members of a JSON object have no order, and the same object must be the same command.
    """
    found: dict[str, Decimal] = {}
    for word in text.split():
        account_id, _, amount = word.partition("=")
        try:
            _read_account_id(account_id)
            part = _read_positive(amount)
        except ValueError as error:
            raise ValueError(f"{word} is no ACCOUNT=AMOUNT: {error}") from None
        if account_id in found:
            raise ValueError(f"names {account_id} twice")
        found[intern(account_id)] = part
    if not 1 <= len(found) <= PARTS_AT_MOST:
        message = f"must be 1 to {PARTS_AT_MOST} words such as A00000002=10.00"
        raise ValueError(message)
    return tuple(sorted(found.items()))


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


def _is_parts(value: object) -> bool:
    """Accept an object of amounts by account, or pairs of both, which is how they are kept."""
    pairs = list(value.items()) if isinstance(value, dict) else value
    return isinstance(pairs, list | tuple) and all(
        isinstance(pair, list | tuple)
        and len(pair) == 2
        and isinstance(pair[0], str)
        and (isinstance(pair[1], str) or _is_amount(pair[1]))
        for pair in pairs
    )


def _show_parts(value: object) -> str:
    if isinstance(value, dict):
        value = list(value.items())
    if not isinstance(value, list | tuple):
        return str(value)
    return " ".join(
        f"{name}={part:f}" if isinstance(part, Decimal) else f"{name}={part}"
        for name, part in value
    )


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

PERSON_NAME = Kind(
    "person's name",
    _read_person_name,
    _never,
    NAME.schema,
    "Ada Lovelace",
    "a person's name: letters, marks, blanks, hyphens, apostrophes",
)
CUSTOMER_ID = Kind(
    "customer id",
    _like(_customer, "a customer's id", "C00000001"),
    _never,
    {"type": "string", "pattern": "^C[0-9]{8,15}$"},
    "C00000001",
    "a customer's id",
)
CUSTOMER_IDS = Kind(
    "customer ids",
    _read_customers,
    _is_tags,
    {
        "type": "array",
        "items": CUSTOMER_ID.schema,
        "maxItems": CUSTOMERS_AT_MOST,
    },
    "C00000001 C00000002",
    "customers' ids",
    _show_words,
)
HOLD_ID = Kind(
    "hold id",
    _like(_hold, "a hold's id", "H00000000001"),
    _never,
    {"type": "string", "pattern": "^H[0-9]{11,}$"},
    "H00000000001",
    "a hold's id",
)
PRODUCT_ID = Kind(
    "product",
    _read_product,
    _never,
    {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,31}$"},
    "savings",
    "a product's name",
)
STATUS = Kind(
    "status",
    one_of(*(status for status in STATUSES if status != CLOSED)),
    _never,
    {"type": "string", "enum": [status for status in STATUSES if status != CLOSED]},
    FROZEN,
    "what the account's status is to be",
)
RATE = Kind(
    "rate",
    _read_rate,
    _is_amount,
    {"type": "string", "pattern": r"^(?!0+(\.0+)?$)[0-9]{1,9}(\.[0-9]{1,9})?$"},
    "1.0825",
    "how much of the target's currency one of the source's buys",
    _show_plainly,
    numeric=True,
)
PERCENT = Kind(
    "percent",
    _read_percent,
    _is_amount,
    {"type": "string", "pattern": r"^([0-9]{1,2}(\.[0-9]{1,4})?|100)$"},
    "1.5",
    "a percentage",
    _show_plainly,
    numeric=True,
)
PARTS = Kind(
    "parts",
    _read_parts,
    _is_parts,
    {
        "type": "object",
        "additionalProperties": AMOUNT.schema,
        "minProperties": 1,
        "maxProperties": PARTS_AT_MOST,
        "example": {"A00000002": "10.00", "A00000003": "5.00"},
    },
    "A00000002=10.00 A00000003=5.00",
    "what each account gets",
    _show_parts,
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
PersonName = Annotated[str, PERSON_NAME]
CustomerId = Annotated[str, CUSTOMER_ID]
CustomerIds = Annotated[tuple[str, ...], CUSTOMER_IDS]
HoldId = Annotated[str, HOLD_ID]
ProductId = Annotated[str, PRODUCT_ID]
Status = Annotated[str, STATUS]
Rate = Annotated[Decimal, RATE]
Percent = Annotated[Decimal, PERCENT]
Parts = Annotated[tuple[tuple[str, Decimal], ...], PARTS]
