"""What the oracle's books are made of: integers with the names of accounts beside them.

Money is a whole number of a currency's smallest units; what a product says is a whole number of
ten-thousandths, since a product may be of any currency.
"""

from __future__ import annotations

from dataclasses import dataclass, field

DECIMALS = {"EUR": 2, "JPY": 0, "BHD": 3}

NO_DEBITS = {"debits_blocked", "frozen", "dormant"}
NO_CREDITS = {"credits_blocked", "frozen"}

TERMS = (
    *("overdraft_limit", "minimum_balance", "transaction_limit", "daily_limit"),
    *("withdrawal_fee", "withdrawal_percent", "transfer_fee", "transfer_percent"),
)

Texts = dict[str, str]
Move = tuple[str, str, int, int, int]
"""Source, target, amount, and the balances of both after it."""


class Refused(Exception):
    """The code that a command gives."""


@dataclass
class Holder:
    """A customer's account; ``heir`` is the one that it was merged into."""

    currency: str
    product: str
    limit: int
    minimum: int
    owners: tuple[str, ...] = ()
    balance: int = 0
    held: int = 0
    status: str = "active"
    heir: str = ""


@dataclass
class Hold:
    """Money that is set aside."""

    account: str
    amount: int
    is_open: bool = True


@dataclass
class Record:
    """What became of one command, so far."""

    verb: str
    texts: Texts
    id: str = ""
    code: str = ""
    attempt: int = 1
    moves: list[Move] = field(default_factory=list)
    group: tuple[str, ...] = ()


def scaled(text: str, decimals: int) -> int:
    """Read digits as a whole number of so many decimals."""
    whole, _, part = text.partition(".")
    part = part.rstrip("0")
    if len(part) > decimals:
        raise Refused("too_many_decimals")
    return int(whole + part.ljust(decimals, "0"))


def units(text: str, currency: str) -> int:
    """Read an amount in the smallest units of a currency."""
    return scaled(text, DECIMALS[currency])


def in_units(terms: int, currency: str) -> int:
    """Turn ten-thousandths into the smallest units of a currency."""
    unit: int = 10 ** (4 - DECIMALS[currency])
    found, rest = divmod(terms, unit)
    if rest:
        raise Refused("too_many_decimals")
    return found


def half_even(whole: int, parts: int) -> int:
    """Divide, and round to the nearest number; of two that are as near, to the even one."""
    found, rest = divmod(whole, parts)
    return found + (2 * rest > parts or (2 * rest == parts and found % 2 == 1))


def written(amount: int, currency: str) -> str:
    """Write an amount as the bank shows it."""
    decimals = DECIMALS[currency]
    sign = "-" if amount < 0 else ""
    digits = str(abs(amount)).rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else sign + digits


def parts_of(text: str) -> list[tuple[str, str]]:
    """Read who gets what, in the order of the accounts."""
    return sorted((name, part) for name, part in (word.split("=") for word in text.split()))


def highest(letter: str, names: dict[str, object] | dict[str, Holder] | Texts) -> int:
    """Return the highest number among ids that are, or look like, made ones."""
    made = [name for name in names if len(name) == 9 and name[1:].isdigit()]
    return max((int(name[1:]) for name in made if name[0] == letter), default=0)


def keep_within(limit: int, currency: str, amount: int) -> None:
    """Insist on a limit in units of a ten-thousandth, if there is one."""
    if limit and amount * 10 ** (4 - DECIMALS[currency]) > limit:
        raise Refused("limit_exceeded")


def afford(holder: Holder, amount: int) -> None:
    """Insist that an account has an amount available."""
    if holder.balance - holder.held + holder.limit - holder.minimum < amount:
        raise Refused("insufficient_funds")
