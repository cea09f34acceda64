"""The kinds of fields: how each is parsed, described and shown on every surface.

This is one closed table. A command declares ``amount: Amount`` and the HTTP model, the command
line's option, the batch file's column and the documentation all follow from the kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import Annotated, Any

from SimpleBankingSystem.ledger.account import CLOSED, FROZEN, STATUSES
from SimpleBankingSystem.ledger.money import AMOUNT_PATTERN, DECIMALS, parse_amount
from SimpleBankingSystem.ledger.reading import (
    CUSTOMERS_AT_MOST,
    FORBIDDEN,
    ID_PATTERN,
    PARTS_AT_MOST,
    TAG_PATTERN,
    TEXT_AT_MOST,
    _customer,
    _hold,
    is_amount,
    is_count,
    is_parts,
    is_tags,
    like,
    never,
    one_of,
    read_account_id,
    read_count,
    read_currency,
    read_customers,
    read_day,
    read_name,
    read_parts,
    read_percent,
    read_person_name,
    read_positive,
    read_product,
    read_rate,
    read_run_id,
    read_tags,
    read_text,
    read_transaction_id,
    show_parts,
    show_plainly,
    show_words,
)

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


_money_schema = {"type": "string", "pattern": f"^{AMOUNT_PATTERN}$"}

ACCOUNT_ID = Kind(
    "account id",
    read_account_id,
    never,
    {"type": "string", "pattern": f"^{ID_PATTERN}$"},
    "A00000001",
    "an account's id",
)
TRANSACTION_ID = Kind(
    "transaction id",
    read_transaction_id,
    never,
    {"type": "string", "pattern": "^T[0-9]{11,}$"},
    "T00000000001",
    "a transaction's id",
)
RUN_ID = Kind(
    "run id",
    read_run_id,
    never,
    {"type": "string", "pattern": "^R[0-9]{6,}$"},
    "R000001",
    "a run's id",
)
COUNT = Kind(
    "count",
    read_count,
    is_count,
    {"type": "integer", "minimum": 0, "maximum": 10**15 - 1},
    "3",
    "a whole number, zero or more",
    numeric=True,
)
AMOUNT = Kind(
    "amount",
    read_positive,
    is_amount,
    {"type": "string", "pattern": rf"^(?!0+(\.0+)?$){AMOUNT_PATTERN}$"},
    "10.00",
    "an amount of money above zero",
    show_plainly,
    numeric=True,
)
LIMIT = Kind(
    "limit",
    parse_amount,
    is_amount,
    _money_schema,
    "100.00",
    "an amount of money, or zero",
    show_plainly,
    numeric=True,
)
CURRENCY = Kind(
    "currency",
    read_currency,
    never,
    {"type": "string", "enum": sorted(DECIMALS)},
    "EUR",
    "a currency by ISO 4217",
)
NAME = Kind(
    "name",
    read_name,
    never,
    {
        "type": "string",
        "pattern": rf"^[^{FORBIDDEN}]*[^\s{FORBIDDEN}][^{FORBIDDEN}]*$",
        "minLength": 1,
        "maxLength": TEXT_AT_MOST,
    },
    "Ada Lovelace",
    "a name",
)
REASON = replace(NAME, name="reason", example="the card was lost", help="a reason")
TEXT = Kind(
    "text",
    read_text,
    never,
    {"type": "string", "pattern": f"^[^{FORBIDDEN}]*$", "maxLength": TEXT_AT_MOST},
    "rent for May",
    f"a text of at most {TEXT_AT_MOST} characters",
)
DAY = Kind(
    "date",
    read_day,
    never,
    {"type": "string", "format": "date"},
    "2026-11-20",
    "a day, year first",
)
TAGS = Kind(
    "tags",
    read_tags,
    is_tags,
    {"type": "array", "items": {"type": "string", "pattern": f"^{TAG_PATTERN}$"}, "maxItems": 10},
    "food club",
    "words to find it by",
    show_words,
)

PERSON_NAME = Kind(
    "person's name",
    read_person_name,
    never,
    NAME.schema,
    "Ada Lovelace",
    "a person's name: letters, marks, blanks, hyphens, apostrophes",
)
CUSTOMER_ID = Kind(
    "customer id",
    like(_customer, "a customer's id", "C00000001"),
    never,
    {"type": "string", "pattern": "^C[0-9]{8,15}$"},
    "C00000001",
    "a customer's id",
)
CUSTOMER_IDS = Kind(
    "customer ids",
    read_customers,
    is_tags,
    {
        "type": "array",
        "items": CUSTOMER_ID.schema,
        "maxItems": CUSTOMERS_AT_MOST,
    },
    "C00000001 C00000002",
    "customers' ids",
    show_words,
)
HOLD_ID = Kind(
    "hold id",
    like(_hold, "a hold's id", "H00000000001"),
    never,
    {"type": "string", "pattern": "^H[0-9]{11,}$"},
    "H00000000001",
    "a hold's id",
)
PRODUCT_ID = Kind(
    "product",
    read_product,
    never,
    {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,31}$"},
    "savings",
    "a product's name",
)
STATUS = Kind(
    "status",
    one_of(*(status for status in STATUSES if status != CLOSED)),
    never,
    {"type": "string", "enum": [status for status in STATUSES if status != CLOSED]},
    FROZEN,
    "what the account's status is to be",
)
RATE = Kind(
    "rate",
    read_rate,
    is_amount,
    {"type": "string", "pattern": r"^(?!0+(\.0+)?$)[0-9]{1,9}(\.[0-9]{1,9})?$"},
    "1.0825",
    "how much of the target's currency one of the source's buys",
    show_plainly,
    numeric=True,
)
PERCENT = Kind(
    "percent",
    read_percent,
    is_amount,
    {"type": "string", "pattern": r"^([0-9]{1,2}(\.[0-9]{1,4})?|100)$"},
    "1.5",
    "a percentage",
    show_plainly,
    numeric=True,
)
PARTS = Kind(
    "parts",
    read_parts,
    is_parts,
    {
        "type": "object",
        "additionalProperties": AMOUNT.schema,
        "minProperties": 1,
        "maxProperties": PARTS_AT_MOST,
        "example": {"A00000002": "10.00", "A00000003": "5.00"},
    },
    "A00000002=10.00 A00000003=5.00",
    "what each account gets",
    show_parts,
)

AccountId = Annotated[str, ACCOUNT_ID]
TransactionId = Annotated[str, TRANSACTION_ID]
RunId = Annotated[str, RUN_ID]
Count = Annotated[int, COUNT]
Amount = Annotated[Decimal, AMOUNT]
MaybeAmount = Annotated[Decimal | None, AMOUNT]
Limit = Annotated[Decimal, LIMIT]
MaybeLimit = Annotated[Decimal | None, LIMIT]
Currency = Annotated[str, CURRENCY]
Name = Annotated[str, NAME]
Reason = Annotated[str, REASON]
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
