"""Money: exact decimals, one parser for every surface, ISO 4217 decimals for each currency."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from SimpleBankingSystem.ledger.errors import AmountTooLarge, TooManyDecimals

_BY_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL "
    "GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR "
    "LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD "
    "PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC "
    "SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR "
    "ZMW ZWG",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
DECIMALS = {code: decimals for decimals, codes in _BY_DECIMALS.items() for code in codes.split()}
"""The number of decimals of every currency, from ISO 4217's list one (funds and metals left out
where they have no decimals of their own)."""

UNITS = {code: Decimal(1).scaleb(-decimals) for code, decimals in DECIMALS.items()}
"""The smallest unit of every currency: ``Decimal("0.01")`` for EUR."""

ZEROS = {code: unit * 0 for code, unit in UNITS.items()}
"""Nothing, written with the decimals of its currency: ``Decimal("0.00")`` for EUR."""

TOO_LARGE = 10**13
"""The first amount that has too many digits before its point."""

AMOUNT_PATTERN = r"[0-9]{1,13}(\.[0-9]{1,4})?"
_amount = re.compile(AMOUNT_PATTERN, re.ASCII)


def parse_amount(text: str) -> Decimal:
    """Read an amount ≥ 0 from plain digits, such as ``10`` or ``10.00``.

    Signs, exponents, blanks, underscores, separators of thousands and digits of other scripts are
    refused, because what one program reads as money another reads differently.

    Raises:
        ValueError: with a sentence for the person who wrote it.
    """
    if _amount.fullmatch(text) is None:
        digits = "at most 13 before the point and 4 behind it"
        raise ValueError(f"must be plain digits, no sign, {digits}, such as 10.00")
    return Decimal(text)


def in_units(amount: Decimal, currency: str) -> Decimal:
    """Return the amount written with exactly the decimals of its currency.

    Raises:
        TooManyDecimals: if that would lose a digit.
    """
    unit = UNITS[currency]
    if amount.same_quantum(unit):
        return amount
    settled = amount.quantize(unit)
    if settled != amount:
        message = f"{amount} has more decimals than {currency}, which has {DECIMALS[currency]}."
        raise TooManyDecimals(message)
    return settled


def rounded(amount: Fraction, currency: str) -> Decimal:
    """Return the exact amount rounded half-even to its currency's unit, once and only here.

    Raises:
        AmountTooLarge: it has more digits before the point than any amount.
    """
    if amount >= TOO_LARGE:
        raise AmountTooLarge(f"That comes to more {currency} than an amount has digits for.")
    unit = UNITS[currency]
    return round(amount / Fraction(unit)) * unit


def shared(amount: Decimal, shares: Sequence[Decimal], currency: str) -> tuple[Decimal, ...]:
    """Return an amount parted by shares, in units of its currency; the parts come to it exactly.

    Each part is rounded down, and the units that are left go to the largest remainders, of equal
    ones to the first (the method of Hare and Niemeyer).
    """
    unit = UNITS[currency]
    whole = int(amount / unit)
    scale = min(share.as_tuple().exponent for share in shares)
    assert isinstance(scale, int)
    weights = [int(share.scaleb(-min(scale, 0))) for share in shares]
    total = sum(weights)
    parts = [divmod(whole * weight, total) for weight in weights]
    left = whole - sum(units for units, _ in parts)
    by_remainder = sorted(range(len(parts)), key=lambda at: -parts[at][1])
    lucky = set(by_remainder[:left])
    return tuple((units + (at in lucky)) * unit for at, (units, _) in enumerate(parts))
