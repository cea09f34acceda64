"""Money: one parser for every surface, and the decimals of every currency."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from SimpleBankingSystem.ledger.errors import AmountTooLarge, TooManyDecimals
from SimpleBankingSystem.ledger.money import (
    AMOUNT_PATTERN,
    DECIMALS,
    UNITS,
    ZEROS,
    in_units,
    parse_amount,
    rounded,
    shared,
)


@pytest.mark.parametrize(
    "text", ["0", "10", "10.00", "0.0001", "9999999999999.9999", "0000000000001.5"]
)
def test_plain_digits_are_an_amount(text: str) -> None:
    assert parse_amount(text) == Decimal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        "1e5",
        "1E5",
        " 1",
        "1 ",
        "1\n",
        "1_000",
        "1,000",
        "1.",
        ".5",
        "1.00000",
        "12345678901234",
        "NaN",
        "Infinity",
        "\uff11\uff12",
        "\u0663",
        "1.2.3",
        "0x10",
        "1\u00a0000",
    ],
)
def test_anything_else_is_not(text: str) -> None:
    reason = "plain digits, no sign, at most 13 before the point and 4 behind it"
    with pytest.raises(ValueError, match=reason):
        parse_amount(text)


@given(st.text(alphabet="0123456789.-+eE_ ,\n\u0663\uff11NaInf", max_size=20))
def test_the_parser_takes_exactly_what_the_pattern_says(text: str) -> None:
    if re.fullmatch(AMOUNT_PATTERN, text, re.ASCII):
        amount = parse_amount(text)
        assert amount.as_tuple().sign == 0
        assert f"{amount:f}" == re.sub("^0+(?=[0-9])", "", text)
    else:
        with pytest.raises(ValueError, match="plain digits"):
            parse_amount(text)


@pytest.mark.parametrize(
    ("currency", "decimals", "nothing"),
    [("JPY", 0, "0"), ("EUR", 2, "0.00"), ("BHD", 3, "0.000"), ("CLF", 4, "0.0000")],
)
def test_each_currency_has_its_decimals(currency: str, decimals: int, nothing: str) -> None:
    assert DECIMALS[currency] == decimals
    assert Decimal(1).scaleb(-decimals) == UNITS[currency]
    assert str(ZEROS[currency]) == nothing


def test_the_currencies_are_three_letters_each_once() -> None:
    assert len(DECIMALS) > 150
    assert all(re.fullmatch("[A-Z]{3}", currency) for currency in DECIMALS)
    assert set(DECIMALS) == set(UNITS) == set(ZEROS)


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        ("10", "EUR", "10.00"),
        ("10.0000", "EUR", "10.00"),
        ("10.0", "JPY", "10"),
        ("0", "BHD", "0.000"),
    ],
)
def test_an_amount_is_written_with_its_currency_s_decimals(
    amount: str, currency: str, written: str
) -> None:
    assert str(in_units(Decimal(amount), currency)) == written


@pytest.mark.parametrize(("amount", "currency"), [("0.001", "EUR"), ("0.1", "JPY")])
def test_no_digit_is_ever_rounded_away(amount: str, currency: str) -> None:
    with pytest.raises(TooManyDecimals, match=f"{amount} has more decimals than {currency}"):
        in_units(Decimal(amount), currency)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (Fraction(5, 1000), "EUR", "0.00"),
        (Fraction(15, 1000), "EUR", "0.02"),
        (Fraction(1, 3), "EUR", "0.33"),
        (Fraction(2, 3), "JPY", "1"),
        (Fraction(1, 2), "JPY", "0"),
        (Fraction(10**13) - Fraction(6, 1000), "EUR", "9999999999999.99"),
    ],
)
def test_what_is_no_amount_is_rounded_half_even_once(
    amount: Fraction, currency: str, expected: str
) -> None:
    assert str(rounded(amount, currency)) == expected


def test_an_amount_has_digits_enough_or_is_refused() -> None:
    with pytest.raises(AmountTooLarge, match="more EUR than an amount"):
        rounded(Fraction(10**13), "EUR")


@given(
    st.integers(0, 10**15),
    st.lists(st.decimals("0.0001", 10**9, places=4), min_size=1, max_size=20),
    st.sampled_from(["JPY", "EUR", "CLF"]),
)
def test_shares_come_to_the_amount_and_none_is_off_by_a_unit(
    units: int, shares: list[Decimal], currency: str
) -> None:
    unit = UNITS[currency]
    amount = units * unit
    parts = shared(amount, shares, currency)
    assert sum(parts) == amount
    for part, share in zip(parts, shares, strict=True):
        exact = Fraction(amount) * Fraction(share) / Fraction(sum(shares))
        assert abs(Fraction(part) - exact) < Fraction(unit)
        assert part.as_tuple().exponent == unit.as_tuple().exponent
