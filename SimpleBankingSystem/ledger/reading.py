"""Reading fields: what a text must be to become a value, and what typed code may pass instead.

Every reader takes a text and raises ValueError with a sentence that says how to mend it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from sys import intern
from unicodedata import category

from SimpleBankingSystem.ledger.account import INTERNAL
from SimpleBankingSystem.ledger.money import DECIMALS, parse_amount

TEXT_AT_MOST = 140
"""Characters of a text."""

CUSTOMERS_AT_MOST = 10
"""Owners, or users, of one account."""

PARTS_AT_MOST = 200
"""Accounts among which one sum is split."""

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
_product = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
_NO_PRODUCT = {INTERNAL, "as_of"}
_BETWEEN_LETTERS = " -\u2010'’.·\u200c\u200d"
"""What a person's name may have; the last two are the joiners of Persian and Indian names."""

_rate = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)
_percent = re.compile(r"[0-9]{1,2}(\.[0-9]{1,4})?|100", re.ASCII)
_run = re.compile(r"R[0-9]{6,}", re.ASCII)
_count = re.compile(r"[0-9]{1,15}", re.ASCII)
_tag = re.compile(TAG_PATTERN, re.ASCII)
FORBIDDEN = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff"
_forbidden = re.compile(rf"[{FORBIDDEN}\ud800-\udfff]")


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


def read_name(text: str) -> str:
    """Read a text that is not blank."""
    if not text.strip():
        raise ValueError("must not be blank")
    return read_text(text)


def read_account_id(text: str) -> str:
    """Read an account's id that no spreadsheet rewrites and that is no customer's."""
    if _id.fullmatch(text) is None:
        message = "must be 2 to 32 capital letters, digits or hyphens, a letter first"
        raise ValueError(message)
    if _rewritten.fullmatch(text):
        raise ValueError(f"{text} is a word that a spreadsheet would rewrite; choose another")
    if _customer.fullmatch(text):
        raise ValueError(f"{text} is the id of a customer; choose another")
    # The accounts are known by interned ids: the same object is found at once.
    return intern(text)


def like(pattern: re.Pattern[str], what: str, example: str) -> Callable[[str], str]:
    """Return a reader of ids of one kind."""

    def read(text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise ValueError(f"must be {what}, such as {example}")
        return intern(text)

    return read


def read_product(text: str) -> str:
    """Read a product's name."""
    if _product.fullmatch(text) is None:
        raise ValueError("must be small letters, digits or _, a letter first, such as savings")
    if text in _NO_PRODUCT or _rewritten.fullmatch(text.upper()):
        raise ValueError(f"{text} means something else in the bank's files; choose another")
    return intern(text)


def read_person_name(text: str) -> str:
    """Read a person's name: the world's letters and marks, and what stands between them."""
    read_name(text)
    for letter in text:
        if category(letter)[0] not in "LM" and letter not in _BETWEEN_LETTERS:
            shown = letter if letter.isprintable() else f"U+{ord(letter):04X}"
            message = f"contains {shown}; a name has letters, marks, blanks, hyphens, apostrophes"
            raise ValueError(message)
    if not any(category(letter)[0] == "L" for letter in text):
        raise ValueError("must have a letter")
    return text


def read_customers(text: str) -> tuple[str, ...]:
    """Read customers' ids with blanks between, each once."""
    found = tuple(dict.fromkeys(text.split()))
    if len(found) > CUSTOMERS_AT_MOST or not all(_customer.fullmatch(each) for each in found):
        message = f"must be at most {CUSTOMERS_AT_MOST} customers' ids with blanks between"
        raise ValueError(message)
    return tuple(map(intern, found))


def read_rate(text: str) -> Decimal:
    """Read a rate above zero."""
    if _rate.fullmatch(text) is None or not Decimal(text):
        message = "must be plain digits above zero, at most 9 before and behind the point"
        raise ValueError(message)
    return Decimal(text)


def read_percent(text: str) -> Decimal:
    """Read a percentage from 0 to 100."""
    if _percent.fullmatch(text) is None:
        raise ValueError("must be plain digits from 0 to 100, at most 4 behind the point")
    return Decimal(text)


def read_parts(text: str) -> tuple[tuple[str, Decimal], ...]:
    """Read ``ACCOUNT=AMOUNT`` words: what each of several accounts gets, in the order of their ids.

    The members of a JSON object have no order, and the same object must be the same command.
    """
    found: dict[str, Decimal] = {}
    for word in text.split():
        account_id, _, amount = word.partition("=")
        try:
            read_account_id(account_id)
            part = read_positive(amount)
        except ValueError as error:
            raise ValueError(f"{word} is no ACCOUNT=AMOUNT: {error}") from None
        if account_id in found:
            raise ValueError(f"names {account_id} twice")
        found[intern(account_id)] = part
    if not 1 <= len(found) <= PARTS_AT_MOST:
        message = f"must be 1 to {PARTS_AT_MOST} words such as A00000002=10.00"
        raise ValueError(message)
    return tuple(sorted(found.items()))


def read_transaction_id(text: str) -> str:
    """Read a transaction's id."""
    if _transaction.fullmatch(text) is None:
        raise ValueError("must be a transaction's id, such as T00000000001")
    return text


def read_run_id(text: str) -> str:
    """Read a run's id."""
    if _run.fullmatch(text) is None:
        raise ValueError("must be a run's id, such as R000001")
    return text


def read_count(text: str) -> int:
    """Read a whole number."""
    if _count.fullmatch(text) is None:
        raise ValueError("must be a whole number, zero or more")
    return int(text)


def read_positive(text: str) -> Decimal:
    """Read an amount above zero."""
    amount = parse_amount(text)
    if not amount:
        raise ValueError("must be more than zero")
    return amount


def read_currency(text: str) -> str:
    """Read a currency's three letters."""
    if text not in DECIMALS:
        raise ValueError("must be a currency's three letters by ISO 4217, such as EUR")
    return text


def read_day(text: str) -> str:
    """Read a day of the calendar, year first."""
    if _day.fullmatch(text) is None:
        raise ValueError("must be a day written as 2026-11-20")
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text} is not a day of the calendar") from None
    return text


def read_tags(text: str) -> tuple[str, ...]:
    """Read small words with blanks between, each once."""
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


def is_amount(value: object) -> bool:
    """Accept only what is short when written out, which 1E+999999999 is not."""
    return isinstance(value, Decimal) and abs(value.adjusted()) < 20


def is_tags(value: object) -> bool:
    """Accept a list of words."""
    return isinstance(value, list | tuple)


def is_parts(value: object) -> bool:
    """Accept an object of amounts by account, or pairs of both, which is how they are kept."""
    pairs = list(value.items()) if isinstance(value, dict) else value
    return isinstance(pairs, list | tuple) and all(
        isinstance(pair, list | tuple)
        and len(pair) == 2
        and isinstance(pair[0], str)
        and (isinstance(pair[1], str) or is_amount(pair[1]))
        # A blank would make two parts of one when they are read as words.
        and len(f"{pair[0]} {pair[1]}".split()) == 2
        for pair in pairs
    )


def show_parts(value: object) -> str:
    """Write parts as the words that ``read_parts`` reads."""
    if isinstance(value, dict):
        value = list(value.items())
    if not isinstance(value, list | tuple):
        return str(value)
    return " ".join(
        f"{name}={part:f}" if isinstance(part, Decimal) else f"{name}={part}"
        for name, part in value
    )


def is_count(value: object) -> bool:
    """Accept a whole number; True is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def never(value: object) -> bool:
    """Texts are always read, so that what typed code passes is checked like everything else."""
    del value
    return False


def show_plainly(value: object) -> str:
    """Write an amount without an exponent."""
    return f"{value:f}"


def show_words(value: object) -> str:
    """Write words with blanks between."""
    assert isinstance(value, list | tuple)
    return " ".join(map(str, value))
