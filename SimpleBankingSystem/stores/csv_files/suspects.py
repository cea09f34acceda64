"""Which cell of a changed row was changed: guessed by redundancy, proved by the row's own hash.

What a row said before follows from its neighbours for many columns, and for all columns if it was
but one character. If the row with that cell put back has the hash that is printed in it, then that
cell, and only that, was changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice

from SimpleBankingSystem.commands.base import REGISTRY
from SimpleBankingSystem.ledger.money import DECIMALS
from SimpleBankingSystem.ledger.transaction import ATTEMPTS_AT_MOST, COMPLETED, FAILED, PENDING
from SimpleBankingSystem.stores.csv_files.format import (
    AMOUNT,
    ATTEMPT,
    COLUMNS,
    COMMAND,
    COMMIT_FIRST,
    COMMIT_LAST,
    CREATED_AT,
    CURRENCY,
    DETAILS,
    HASH,
    SEQ,
    SOURCE,
    SOURCE_BALANCE,
    STATUS,
    TARGET,
    TARGET_BALANCE,
    TRANSACTION,
    VALUE_DATE,
    chained,
)
from SimpleBankingSystem.stores.csv_files.looks import money_of
from SimpleBankingSystem.stores.csv_files.rows import MARK

NEARBY = 2000
"""How far from its neighbours a number is looked for: more than a batch has commands."""

ACCOUNTS_AT_MOST = 20_000
"""Accounts that are tried where nothing tells more about which one it was."""

LEGS = ((SOURCE, SOURCE_BALANCE, -1), (TARGET, TARGET_BALANCE, 1))
"""The two sides of a posting: account, balance after it, and the amount's sign."""

PRINTABLE = [bytes([code]) for code in range(0x20, 0x7F)]
"""Every character that is tried where one may have been changed."""

Cells = list[str]
Guess = tuple[int, str]
"""A column, and what may have stood there."""


@dataclass(slots=True)
class Known:
    """What the rows around a row tell: ``seq`` is its own, the balances are those before it."""

    seq: int
    balances: Mapping[str, Decimal] = field(default_factory=dict)
    currencies: Mapping[str, str] = field(default_factory=dict)
    neighbours: Sequence[Cells] = ()


def joined(cells: Sequence[str]) -> bytes:
    """Return a row's line without its end."""
    return ",".join(cells).encode()


def fits(mark: bytes, cells: Cells) -> bool:
    """Tell whether cells, written as the bank writes them, have the hash that they print."""
    return chained(mark, joined([*cells[:HASH], ""])) == cells[HASH].encode()


def likely_cell(mark: bytes, cells: Cells, known: Known) -> Cells | None:
    """Return the row as it was, if one cell was changed and others say what stood there."""
    return _proved(mark, cells, _likely(cells, known))


def possible_cell(mark: bytes, cells: Cells, known: Known) -> Cells | None:
    """Return the row as it was, if one cell was changed that is found by trying."""
    return _proved(mark, cells, _possible(cells, known))


def slip(mark: bytes, line: bytes) -> bytes | None:
    """Return the line as it was, if a bit was flipped, or a character added or swapped."""
    return _restored(mark, line, _slips)


def other_character(mark: bytes, line: bytes) -> bytes | None:
    """Return the line as it was, if one character was changed or lost."""
    return _restored(mark, line, _other_characters)


def _proved(mark: bytes, cells: Cells, guesses: Iterator[Guess]) -> Cells | None:
    for column, value in guesses:
        before = [*cells[:column], value, *cells[column + 1 :]]
        if fits(mark, before):
            return before
    return None


def _restored(mark: bytes, line: bytes, ways: Callable[[bytes], Iterator[bytes]]) -> bytes | None:
    body, printed = line[:-MARK], line[-MARK:]
    for before in ways(body):
        if chained(mark, before) == printed:
            return before + printed
    return None


def is_one_character_away(text: bytes, other: bytes) -> bool:
    """Tell whether one character, changed, lost or added, makes one text the other."""
    start = next((i for i, (a, b) in enumerate(zip(text, other, strict=False)) if a != b), None)
    if start is None:
        return abs(len(text) - len(other)) == 1
    tails = ((text[start + 1 :], other[start + 1 :]), (text[start:], other[start + 1 :]))
    return any(a == b for a, b in (*tails, (text[start + 1 :], other[start:])))


def contradictions(cells: Cells, known: Known) -> list[str]:
    """Name the columns of money that do not follow from the rows before."""
    return [
        f"{COLUMNS[column]} ({cells[column]}, by the rows before {value})"
        for column, value in _money(cells, known)
        if cells[column] and value != cells[column]
    ]


def money_by_later_rows(cells: Cells, later: Iterable[Cells], known: Known) -> Cells | None:
    """Return a row with amount and balances as they follow from the rows before and after it."""
    source, target = cells[SOURCE], cells[TARGET]
    paying, receiving = known.balances.get(source), known.balances.get(target)
    if paying is None or receiving is None:
        return None
    for row in later:
        for name, column, sign in LEGS:
            amount, after = money_of(row[AMOUNT]), money_of(row[column])
            if row[name] not in (source, target) or amount is None or after is None:
                continue
            balance = after - amount * sign
            moved = paying - balance if row[name] == source else balance - receiving
            before = [*cells]
            before[AMOUNT], before[SOURCE_BALANCE] = str(moved), str(paying - moved)
            before[TARGET_BALANCE] = str(receiving + moved)
            return before
    return None


def _slips(text: bytes) -> Iterator[bytes]:
    for bit in range(8):
        for i, code in enumerate(text):
            yield text[:i] + bytes([code ^ 1 << bit]) + text[i + 1 :]
    for i in range(len(text)):
        yield text[:i] + text[i + 1 :]
        yield text[:i] + text[i + 1 : i + 2] + text[i : i + 1] + text[i + 2 :]


def _other_characters(text: bytes) -> Iterator[bytes]:
    for i in range(len(text) + 1):
        head, tail, rest = text[:i], text[i:], text[i + 1 :]
        for character in PRINTABLE:
            yield head + character + rest
            yield head + character + tail


def _likely(cells: Cells, known: Known) -> Iterator[Guess]:
    yield SEQ, str(known.seq)
    yield from _money(cells, known)
    for neighbour in known.neighbours:
        yield from enumerate(neighbour[:HASH])
    for column in range(HASH):
        yield column, ""
    yield from _words()


def _possible(cells: Cells, known: Known) -> Iterator[Guess]:
    yield from _dates(cells)
    yield from _numbers(known)
    yield from _accounts(cells, known)


def _money(cells: Cells, known: Known) -> Iterator[Guess]:
    """Yield amount and balances as they follow from each other and from the rows before."""
    if cells[STATUS] != COMPLETED:
        return
    amount = money_of(cells[AMOUNT])
    for name, column, sign in LEGS:
        before, after = known.balances.get(cells[name]), money_of(cells[column])
        if before is not None and after is not None:
            yield AMOUNT, str((after - before) * sign)
        if before is not None and amount is not None:
            yield column, str(before + amount * sign)


def _words() -> Iterator[Guess]:
    words = {
        COMMAND: REGISTRY,
        STATUS: (COMPLETED, FAILED, PENDING),
        ATTEMPT: [str(number + 1) for number in range(ATTEMPTS_AT_MOST)],
        CURRENCY: DECIMALS,
    }
    for column, values in words.items():
        for value in values:
            yield column, value


def _dates(cells: Cells) -> Iterator[Guess]:
    try:
        day = date.fromisoformat(cells[CREATED_AT][:10])
    except ValueError:
        return
    for days in range(-400, 400):
        yield VALUE_DATE, (day + timedelta(days)).isoformat()


def _numbers(known: Known) -> Iterator[Guess]:
    """Yield numbers that are near those of the rows around."""
    for distance in range(NEARBY):
        yield COMMIT_FIRST, str(known.seq - distance)
        yield COMMIT_LAST, str(known.seq + distance)
    for neighbour in known.neighbours[:1]:
        number = neighbour[TRANSACTION][1:]
        start, line, run = neighbour[DETAILS].partition('{""line"":')
        line, comma, run = run.partition(",")
        for distance in range(-NEARBY, NEARBY):
            if number.isdecimal():
                yield TRANSACTION, f"T{int(number) + distance:011d}"
            if line.isdecimal():
                head = f'{start}{{""line"":'
                yield DETAILS, f"{head}{int(line) + distance}{comma}{run}"


def _accounts(cells: Cells, known: Known) -> Iterator[Guess]:
    """Yield accounts whose balance would be right, or any where no balance stands."""
    amount = money_of(cells[AMOUNT])
    for name, column, sign in LEGS:
        after = money_of(cells[column])
        if amount is None or after is None:
            names = iter(known.currencies)
        else:
            before = after - amount * sign
            names = (each for each, balance in known.balances.items() if balance == before)
        for account in islice(names, ACCOUNTS_AT_MOST):
            yield name, account
