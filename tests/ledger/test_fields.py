"""The kinds of fields: one table of what each accepts, refuses and shows."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from SimpleBankingSystem.ledger import fields
from SimpleBankingSystem.ledger.customer import Customer
from SimpleBankingSystem.ledger.fields import (
    ACCOUNT_ID,
    AMOUNT,
    COUNT,
    CURRENCY,
    CUSTOMER_ID,
    CUSTOMER_IDS,
    DAY,
    HOLD_ID,
    LIMIT,
    NAME,
    PARTS,
    PERCENT,
    PERSON_NAME,
    PRODUCT_ID,
    RATE,
    RUN_ID,
    STATUS,
    TAGS,
    TEXT,
    TRANSACTION_ID,
    Kind,
    Number,
    plain,
    shape_of,
)
from SimpleBankingSystem.ledger.reading import TEXT_AT_MOST, between, one_of

KINDS = [value for value in vars(fields).values() if isinstance(value, Kind)]

FORBIDDEN = ["\x00", "\t", "\n", "\r", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u2066"]
FORBIDDEN += ["\ud800", "\ufeff"]

ACCEPTED = [
    (ACCOUNT_ID, "A00000001", "A00000001"),
    (ACCOUNT_ID, "AB", "AB"),
    (ACCOUNT_ID, "MAYOR-1", "MAYOR-1"),
    (ACCOUNT_ID, "MAY5A", "MAY5A"),
    (ACCOUNT_ID, "JAN", "JAN"),
    (ACCOUNT_ID, "NULLS", "NULLS"),
    (ACCOUNT_ID, "E5", "E5"),
    (ACCOUNT_ID, "A" * 32, "A" * 32),
    (TRANSACTION_ID, "T00000000001", "T00000000001"),
    (TRANSACTION_ID, "T123456789012", "T123456789012"),
    (RUN_ID, "R000001", "R000001"),
    (COUNT, "0", 0),
    (COUNT, "123456789012345", 123_456_789_012_345),
    (AMOUNT, "0.01", Decimal("0.01")),
    (LIMIT, "0", Decimal(0)),
    (CURRENCY, "EUR", "EUR"),
    (NAME, "Ada", "Ada"),
    (NAME, "Ŷvonne 李", "Ŷvonne 李"),
    (TEXT, "=1+1", "=1+1"),
    (TEXT, "x" * 140, "x" * 140),
    (DAY, "2024-02-29", "2024-02-29"),
    (TAGS, "food club food", ("food", "club")),
    (TAGS, "  a   b ", ("a", "b")),
    (PERSON_NAME, "Jean-Luc O’Neill", "Jean-Luc O’Neill"),
    (PERSON_NAME, "नरेन्द्र", "नरेन्द्र"),
    (CUSTOMER_ID, "C00000001", "C00000001"),
    (CUSTOMER_ID, "C123456789012345", "C123456789012345"),
    (CUSTOMER_IDS, "C00000002 C00000001  C00000002", ("C00000002", "C00000001")),
    (HOLD_ID, "H00000000001", "H00000000001"),
    (PRODUCT_ID, "savings_2", "savings_2"),
    (STATUS, "dormant", "dormant"),
    (RATE, "0.000000001", Decimal("0.000000001")),
    (RATE, "999999999.999999999", Decimal("999999999.999999999")),
    (PERCENT, "0", Decimal(0)),
    (PERCENT, "99.9999", Decimal("99.9999")),
    (PERCENT, "100", Decimal(100)),
    (PARTS, "BOB=1 ADA=2.50", (("ADA", Decimal("2.50")), ("BOB", Decimal(1)))),
    (TAGS, "a b c d e f g h i j", tuple("abcdefghij")),
]

REFUSED = [
    (ACCOUNT_ID, "A", "2 to 32"),
    (ACCOUNT_ID, "A" * 33, "2 to 32"),
    (ACCOUNT_ID, "a1", "2 to 32"),
    (ACCOUNT_ID, "1A", "2 to 32"),
    (ACCOUNT_ID, "CASH.EUR", "2 to 32"),
    (ACCOUNT_ID, "A1\n", "2 to 32"),
    (ACCOUNT_ID, "A\uff11", "2 to 32"),
    (ACCOUNT_ID, "MAY5", "rewrite"),
    (ACCOUNT_ID, "SEPT-12", "rewrite"),
    (ACCOUNT_ID, "DECEMBER2026", "rewrite"),
    (ACCOUNT_ID, "MAR-2-2026", "rewrite"),
    (ACCOUNT_ID, "TRUE", "rewrite"),
    (ACCOUNT_ID, "NAN", "rewrite"),
    (ACCOUNT_ID, "INFINITY", "rewrite"),
    (TRANSACTION_ID, "T1", "transaction"),
    (TRANSACTION_ID, "t00000000001", "transaction"),
    (RUN_ID, "R1", "run"),
    (COUNT, "-1", "whole number"),
    (COUNT, "1.0", "whole number"),
    (COUNT, "1234567890123456", "whole number"),
    (AMOUNT, "0", "more than zero"),
    (AMOUNT, "0.00", "more than zero"),
    (AMOUNT, "-1", "plain digits"),
    (AMOUNT, "ten", "plain digits"),
    (LIMIT, "-0", "plain digits"),
    (CURRENCY, "eur", "ISO 4217"),
    (CURRENCY, "XXX", "ISO 4217"),
    (NAME, "  ", "blank"),
    (NAME, "x" * 141, "141 characters long"),
    (TEXT, "x" * 141, "141 characters long"),
    *((TEXT, f"a{character}b", "forbidden character U") for character in FORBIDDEN),
    *((NAME, f"a{character}b", "forbidden character U") for character in FORBIDDEN),
    (DAY, "2026-02-29", "calendar"),
    (DAY, "20260101", "2026-11-20"),
    (DAY, "0000-01-01", "calendar"),
    (DAY, "2026-1-1", "2026-11-20"),
    (TAGS, "Food", "small letters"),
    (TAGS, "a b c d e f g h i j k", "at most 10"),
    (TAGS, "x" * 33, "small letters"),
    (ACCOUNT_ID, "C00000001", "customer"),
    (PERSON_NAME, "Ada 2", "contains 2"),
    (PERSON_NAME, "Ada\u200b", "contains U[+]200B;"),
    (PERSON_NAME, "-", "letter"),
    (PERSON_NAME, " ", "blank"),
    (PERSON_NAME, "x" * 141, "141 characters long"),
    (CUSTOMER_ID, "C0000001", "C00000001"),
    (CUSTOMER_ID, "C0000000000000001", "C00000001"),
    (CUSTOMER_ID, "C0000000\u0661", "C00000001"),
    (CUSTOMER_IDS, "C00000001,C00000002", "blanks between"),
    (CUSTOMER_IDS, " ".join(f"C{number:08d}" for number in range(11)), "at most 10"),
    (HOLD_ID, "T00000000001", "H00000000001"),
    (PRODUCT_ID, "Savings", "small letters"),
    (PRODUCT_ID, "a" * 33, "small letters"),
    (PRODUCT_ID, "internal", "means something else"),
    (PRODUCT_ID, "as_of", "means something else"),
    (PRODUCT_ID, "nan", "means something else"),
    (PRODUCT_ID, "sept12", "means something else"),
    (STATUS, "closed", "active, debits_blocked"),
    (RATE, "0.0", "above zero"),
    (RATE, "1e3", "above zero"),
    (RATE, "1234567890", "above zero"),
    (RATE, "0.0000000001", "above zero"),
    (PERCENT, "100.0", "0 to 100"),
    (PERCENT, "101", "0 to 100"),
    (PERCENT, "0.00001", "0 to 100"),
    (PARTS, "", "1 to 200"),
    (PARTS, "ADA", "no ACCOUNT=AMOUNT"),
    (PARTS, "ADA=0", "more than zero"),
    (PARTS, "ADA=1 ADA=2", "twice"),
    (PARTS, "CASH.EUR=1", "2 to 32"),
    (PARTS, " ".join(f"A{number:08d}=1" for number in range(201)), "1 to 200"),
]


@pytest.mark.parametrize(("kind", "text", "value"), ACCEPTED)
def test_what_a_kind_accepts(kind: Kind, text: str, value: object) -> None:
    assert kind.parse(text) == kind.parse(text) == kind.parse_any(text) == value
    assert kind.parse(kind.show(value)) == value


@pytest.mark.parametrize(("kind", "text", "reason"), REFUSED)
def test_what_a_kind_refuses(kind: Kind, text: str, reason: str) -> None:
    for read in (kind.parse, kind.parse_any):
        with pytest.raises(ValueError, match=reason):
            read(text)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_accepts_its_own_example(kind: Kind) -> None:
    kind.parse(kind.example)
    assert kind.help
    pattern = kind.schema.get("pattern")
    if isinstance(pattern, str):
        assert re.search(pattern, kind.example)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_refuses_what_is_no_text(kind: Kind) -> None:
    for value in (None, True, 1.5, {}, b"x", object(), {"A00000001"}):
        with pytest.raises(ValueError, match="must be"):
            kind.parse_any(value)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.schema["type"] != "array"])
def test_only_tags_may_be_a_list(kind: Kind) -> None:
    with pytest.raises(ValueError, match="must be"):
        kind.parse_any([kind.example])


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        (AMOUNT, Decimal("10.00"), "10.00"),
        (AMOUNT, Decimal("1E+2"), "100"),
        (LIMIT, Decimal("0E-2"), "0.00"),
        (COUNT, 3, "3"),
        (TAGS, ("a", "b", "a"), "('a', 'b')"),
        (TAGS, ["a", "b"], "('a', 'b')"),
        (TAGS, (), "()"),
    ],
)
def test_a_typed_value_is_read_like_the_text_that_shows_it(
    kind: Kind, value: object, read: str
) -> None:
    assert str(kind.parse_any(value)) == read


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (AMOUNT, Decimal("NaN")),
        (AMOUNT, Decimal("Infinity")),
        (AMOUNT, Decimal(0)),
        (AMOUNT, Decimal(-1)),
        (AMOUNT, Decimal("0.00001")),
        (AMOUNT, Decimal("1E+13")),
        (AMOUNT, Decimal("1E+999999999")),
        (LIMIT, Decimal("-0")),
        (LIMIT, Decimal("0E-999999999")),
        (AMOUNT, 10),
        (COUNT, -1),
        (COUNT, Decimal(3)),
        (TAGS, ("A",)),
        (TAGS, tuple("abcdefghijk")),
        (TAGS, (1.5,)),
        (TAGS, [None]),
        (TAGS, [["a"]]),
    ],
)
def test_a_typed_value_is_no_way_around_the_rules(kind: Kind, value: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        kind.parse_any(value)


def test_a_json_number_is_read_from_its_digits() -> None:
    amount = AMOUNT.parse_any(Number("0.10"))
    assert (type(amount), str(amount)) == (Decimal, "0.10")
    assert COUNT.parse_any(Number("7")) == 7
    with pytest.raises(ValueError, match="plain digits"):
        AMOUNT.parse_any(Number("1e3"))
    with pytest.raises(ValueError, match="in quotes"):
        TEXT.parse_any(Number("12"))


def test_what_was_read_is_not_read_again() -> None:
    texts = iter(["read once"])
    kind = Kind("word", lambda _: next(texts), bool, {}, "a", "a word")
    assert [kind.parse("a"), kind.parse("a")] == ["read once"] * 2


def test_what_is_remembered_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "REMEMBERED_AT_MOST", 3)
    TEXT.remembered.clear()
    for number in range(10):
        assert TEXT.parse(str(number)) == str(number)
        assert len(TEXT.remembered) <= 3


@given(st.text(max_size=160))
def test_a_text_is_kept_as_it_is_or_refused(text: str) -> None:
    try:
        assert TEXT.parse(text) == text
    except ValueError:
        assert len(text) > 140 or any(not character.isprintable() for character in text)


def test_one_of_some_words() -> None:
    read = one_of("newest", "oldest", "all")
    assert read("oldest") == "oldest"
    with pytest.raises(ValueError, match="must be newest, oldest or all"):
        read("new")


@pytest.mark.parametrize("text", ["0", "501", "ten", "-1", "5.0", "9" * 5000])
def test_a_number_in_a_range(text: str) -> None:
    read = between(1, 500)
    assert (read("1"), read("500")) == (1, 500)
    with pytest.raises(ValueError, match="from 1 to 500"):
        read(text)


PAIRS = (("ADA", Decimal("2.50")), ("BOB", Decimal(1)))


@pytest.mark.parametrize(
    "given",
    [
        {"BOB": "1", "ADA": "2.50"},
        {"BOB": Number("1"), "ADA": Number("2.50")},
        {"ADA": Decimal("2.50"), "BOB": Decimal(1)},
        PAIRS,
        [["BOB", "1"], ["ADA", "2.50"]],
        "ADA=2.50 BOB=1",
    ],
)
def test_parts_come_as_an_object_as_pairs_or_as_words(given: object) -> None:
    assert PARTS.parse_any(given) == PAIRS
    assert PARTS.show(given) in {"ADA=2.50 BOB=1", "BOB=1 ADA=2.50"}
    assert PARTS.parse_any(plain(PAIRS)) == PAIRS


@pytest.mark.parametrize(
    "given",
    [
        {"ADA=1 BOB": "2"},
        {"ADA": "1 BOB=2"},
        {"": "1"},
        {"ADA": 1.5},
        {"ADA": None},
        {"ADA": {"BOB": "1"}},
        [["ADA"]],
        [["ADA", "1", "2"]],
        [[1, "1"]],
    ],
)
def test_what_is_no_object_of_amounts_is_refused(given: object) -> None:
    with pytest.raises(ValueError, match="must be what each account gets"):
        PARTS.parse_any(given)


def test_the_values_of_fields_as_json_has_them() -> None:
    assert plain(Decimal("1E+2")) == "100"
    assert plain(PAIRS) == {"ADA": "2.50", "BOB": "1"}
    assert plain(("a", "b")) == ["a", "b"]
    assert plain(()) == []
    assert plain(7) == 7
    assert shape_of(Customer("C00000001", "Ada", "", "now")) == {
        "id": "C00000001",
        "name": "Ada",
        "address": "",
        "registered_at": "now",
    }


def test_what_is_long_is_not_remembered() -> None:
    """200 parts come once; twenty thousand such texts would fill the memory."""
    text = " ".join(f"A{number:08d}=1" for number in range(200))
    PARTS.remembered.clear()
    assert PARTS.parse(text) == PARTS.parse(text)
    PARTS.parse("ADA=1")
    assert [*PARTS.remembered] == ["ADA=1"]
    assert len(text) > TEXT_AT_MOST
