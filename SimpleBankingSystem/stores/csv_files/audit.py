"""What rows say, checked against the rows before: moves, balances, sums, times, whole commits.

The hashes prove that rows are as they were written; this proves that they make sense. A million
rows are a matter of seconds, so a row is cut into cells only as far as it takes, and one byte is
kept per transaction.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from decimal import Decimal

from SimpleBankingSystem.ledger.account import Account, internal_currency, is_internal
from SimpleBankingSystem.ledger.run import LinesDone
from SimpleBankingSystem.ledger.transaction import ATTEMPTS_AT_MOST, COMPLETED, FAILED, PENDING
from SimpleBankingSystem.stores.csv_files.fold import Fold
from SimpleBankingSystem.stores.csv_files.format import (
    ACTOR,
    AMOUNT,
    COLUMNS,
    COMPLETED_AT,
    CURRENCY,
    SEQ,
    SOURCE,
    SOURCE_BALANCE,
    STATUS,
    TARGET,
    TARGET_BALANCE,
    TRANSACTION,
    parse_details,
    puts_of,
    records,
)
from SimpleBankingSystem.stores.csv_files.problems import Problems
from SimpleBankingSystem.stores.state import State, total

ZERO = Decimal(0)
UNKNOWN = ("", "")
MOST = Decimal(10) ** 13
"""No amount has more digits before its point."""

_run_line = re.compile(r',,,,,"\{""line"":([0-9]{1,15}),""run"":""([^"]+)""\}",h[0-9a-f]{32}')

_ATTEMPTS = range(1, ATTEMPTS_AT_MOST + 1)
_DONE = 2 * ATTEMPTS_AT_MOST + 1
_CODES = {f"{COMPLETED}{number}": _DONE for number in _ATTEMPTS}
_CODES |= {f"{PENDING}{number}": number for number in _ATTEMPTS}
_CODES |= {f"{FAILED}{number}": ATTEMPTS_AT_MOST + number for number in _ATTEMPTS}
"""A transaction's status and attempt as one byte; 0 is for one that is not known yet."""


UNREADABLE = (ValueError, ArithmeticError, LookupError, TypeError, AssertionError, csv.Error)
"""What reading a row may raise that somebody made up."""


def _moves() -> list[dict[str, int]]:
    """Return for each byte the statuses and attempts that may follow."""

    def to(attempt: int, *statuses: str) -> dict[str, int]:
        names = [f"{status}{attempt}" for status in statuses]
        return {name: _CODES[name] for name in names if name in _CODES}

    pending = [to(number, COMPLETED, FAILED) for number in _ATTEMPTS]
    failed = [to(number + 1, PENDING, COMPLETED, FAILED) for number in _ATTEMPTS]
    return [to(1, PENDING, COMPLETED, FAILED), *pending, *failed, {}]


MOVES = _moves()


class Audit:
    """Reads rows in order of seq and says what does not follow from the rows before.

    ``highest`` is the highest number of a transaction that can have been given out. ``doubtful``
    is set once rows were missing or changed beyond proof: from then on a balance is taken from
    the first row that shows it, and the sums are not known.
    """

    def __init__(self, problems: Problems, highest: int) -> None:
        self._problems = problems
        self._highest = highest
        self._moved = bytearray()
        self._seq = 0
        self._commit = ("", "0")
        self._time = ""
        self._transaction = ""
        self._state = State()
        self._fold = Fold(self._state)
        self._lines: dict[str, list[int]] = {}
        self.balances: dict[str, Decimal] = {}
        self.currencies: dict[str, str] = {}
        self.transactions = 0
        self.doubtful = False

    def add(self, file: str, number: int, lines: Sequence[bytes]) -> None:
        """Check rows with right hashes, the first of them in line ``number`` of a file."""
        for at, line in enumerate(lines, number):
            try:
                trouble = self._check(line)
            except UNREADABLE as error:
                self.doubtful = True
                trouble = f": the row has a right hash and cannot be read ({error})."
            if trouble:
                self._problems.add(file, trouble, at, self._seq)
        for run, done in self._lines.items():
            self._state.lines.setdefault(run, LinesDone()).note(done)
        self._lines.clear()
        # Keys and open transactions are not looked at: there may be millions of them.
        self._state.names.clear()
        self._state.pending.clear()

    def adopt(self, cells: Sequence[str], *, gap: bool) -> None:
        """Take note of a row that may be right or wrong; ``gap``: rows before it are missing."""
        seq = int(cells[SEQ])
        if gap:
            self.forget(seq)
        self.doubtful, self._seq, self._commit = True, seq, UNKNOWN
        for name in (cells[SOURCE], cells[TARGET]):
            self.balances.pop(name, None)
        number = cells[TRANSACTION][1:]
        if number.isdecimal() and int(number) < len(self._moved):
            self._moved[int(number)] = 0

    def forget(self, seq: int) -> None:
        """Begin anew behind a row: some are missing, so nothing is known of balances any more."""
        self.doubtful, self._seq, self._commit = True, seq, UNKNOWN
        self.balances.clear()
        self._moved = bytearray(len(self._moved))

    def state(self) -> State:
        """Return the accounts and the runs after the rows so far."""
        self._fold.finish()
        accounts = self._state.accounts
        for name, account in accounts.items():
            accounts[name] = account.with_balance(self.balances.get(name, account.balance))
        return self._state

    def sums(self) -> dict[str, Decimal]:
        """Return the sum of all balances by currency."""
        return total(list(self.state().accounts.values()))

    def unfinished(self) -> str:
        """Return what is wrong with the last commit, nothing if it is whole."""
        last = self._commit[1]
        if not last or last == str(self._seq):
            return ""
        return f": the commit is not whole; it goes on to row {last}."

    def _check(self, line: bytes) -> str:
        """Check one row and take note of it; return what is wrong, the last thing if many."""
        row = line.decode().split(",", ACTOR + 1)
        (at, first, last, transaction, _, status, attempt, source, target, _, currency) = row[:11]
        self._seq += 1
        trouble = ""
        if (first, last) != self._commit or at != str(self._seq):
            trouble = self._begin_commit(at, first, last)
        if row[COMPLETED_AT] != self._time:
            trouble = self._later(row[COMPLETED_AT]) or trouble
        number = int(transaction[1:])
        if number >= len(self._moved):
            self._grow(number)
        before = self._moved[number]
        after = MOVES[before].get(status + attempt)
        if after is None:
            after = _CODES.get(status + attempt, 0)
            if not (before == after == _DONE and transaction == self._transaction):
                trouble = self._wrong_move(before, transaction, status, attempt) or trouble
        if not before:
            self.transactions += 1
        self._moved[number] = after
        self._transaction = transaction
        if "{" in row[-1]:
            trouble = self._note(line, row) or trouble
        balances = self.balances
        if row[SOURCE_BALANCE]:
            amount = Decimal(row[AMOUNT])
            paid, received = Decimal(row[SOURCE_BALANCE]), Decimal(row[TARGET_BALANCE])
            if (
                not ZERO < amount < MOST
                or source == target
                or self.currencies.get(source) != currency
                or self.currencies.get(target) != currency
                or balances.get(source, ZERO) - amount != paid
                or balances.get(target, ZERO) + amount != received
                or status != COMPLETED
            ):
                trouble = self._wrong_posting(line, row, amount) or trouble
            balances[source], balances[target] = paid, received
        elif row[TARGET_BALANCE] and balances.get(target) != Decimal(row[TARGET_BALANCE]):
            trouble = f", column target_balance: {target} has {balances.get(target)}."
        return trouble

    def _begin_commit(self, at: str, first: str, last: str) -> str:
        """Begin a commit, or say why a row cannot."""
        before, self._commit = self._commit, (first, last)
        expected, self._seq = self._seq, int(at)
        if self._seq != expected:
            return f": the row follows row {expected - 1}."
        if before == UNKNOWN:
            return ""
        if before[1] != str(expected - 1):
            return f": the commit before it is not whole; it goes on to row {before[1]}."
        if first != at or int(last) < expected:
            return f": no commit from row {first} to {last} can begin here."
        return ""

    def _later(self, time: str) -> str:
        if time < self._time:
            return f", column completed_at: {time} is before {self._time}." if time else ""
        self._time = time
        return ""

    def _grow(self, number: int) -> None:
        if number > self._highest:
            raise ValueError(f"T{number:011d} was never given out")
        self._moved.extend(bytes(number + number // 4 + 65_536 - len(self._moved)))

    def _wrong_move(self, before: int, transaction: str, status: str, attempt: str) -> str:
        if self.doubtful and not before:
            return ""
        was = next((name for name, code in _CODES.items() if code == before), "not there")
        return f": {transaction} is {_spaced(was)} and cannot become {_spaced(status + attempt)}."

    def _note(self, line: bytes, row: Sequence[str]) -> str:
        """Take note of the run's line and of entities."""
        found = _run_line.fullmatch(row[-1])
        if found is not None:
            self._lines.setdefault(found[2], []).append(int(found[1]))
            return ""
        cells = _cells(line)
        self._fold.add([cells])
        if cells[STATUS] != COMPLETED:
            return ""
        trouble = ""
        for entity in puts_of(parse_details(cells)):
            if isinstance(entity, Account):
                trouble = self._put(entity, cells) or trouble
        return trouble

    def _put(self, account: Account, cells: Sequence[str]) -> str:
        """Check an account that a row sets: its money comes from postings alone."""
        before = self.balances.get(account.id, account.balance if self.doubtful else ZERO)
        currency = self.currencies.setdefault(account.id, account.currency)
        self.balances[account.id] = before
        if account.currency != currency:
            return f", column details: {account.id} carries {currency}, not {account.currency}."
        legs = ((SOURCE, SOURCE_BALANCE), (TARGET, TARGET_BALANCE))
        after = [Decimal(cells[b]) for a, b in legs if cells[a] == account.id and cells[b]]
        if account.balance in (before, *after):
            return ""
        return f", column details: {account.id} is set to {account.balance}, but had {before}."

    def _wrong_posting(self, line: bytes, row: Sequence[str], amount: Decimal) -> str:
        """Say what is wrong with a posting; one of a new account's may be right."""
        if row[STATUS] != COMPLETED:
            return f", column status: money moved, but it reads {row[STATUS]}."
        if not ZERO < amount < MOST:
            return f", column amount: {amount} is no amount."
        if row[SOURCE] == row[TARGET]:
            return f", column target: {row[TARGET]} is the source too."
        trouble = ""
        for name, column, change in (
            (row[SOURCE], SOURCE_BALANCE, -amount),
            (row[TARGET], TARGET_BALANCE, amount),
        ):
            if name not in self.currencies:
                trouble = self._meet(name, line) or trouble
            currency = self.currencies.setdefault(name, row[CURRENCY])
            if currency != row[CURRENCY]:
                trouble = f", column currency: {row[CURRENCY]}, but {name} carries {currency}."
            before = self.balances.get(name, None if self.doubtful else ZERO)
            if before is not None and before + change != Decimal(row[column]):
                trouble = f", column {COLUMNS[column]}: {row[column]} does not follow from {before}."
        return trouble

    def _meet(self, name: str, line: bytes) -> str:
        """Take note of an account that no row opened: one of the bank's own."""
        if is_internal(name):
            self.currencies[name] = internal_currency(name)
            self._fold.add([_cells(line)])
            return ""
        return "" if self.doubtful else f": there is no account {name}."


def _cells(line: bytes) -> list[str]:
    (row,) = records((line.decode(),))
    if len(row) != len(COLUMNS):
        raise ValueError(f"it has {len(row)} columns")
    return row


def _spaced(state: str) -> str:
    """Return ``FAILED2`` as ``FAILED in attempt 2``."""
    return f"{state[:-1]} in attempt {state[-1]}" if state in _CODES else state
