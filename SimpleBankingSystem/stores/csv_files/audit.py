"""What rows say, checked against the rows before: moves, balances, sums, times, whole commits.

The hashes prove that rows are as they were written; this proves that they make sense. A million
rows are a matter of seconds, so a row is cut into cells only as far as it takes, and one byte is
kept per transaction.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from decimal import Decimal

from SimpleBankingSystem.ledger.account import Account, internal_currency, is_internal
from SimpleBankingSystem.ledger.transaction import ATTEMPTS_AT_MOST, COMPLETED, FAILED, PENDING
from SimpleBankingSystem.stores.csv_files.format import (
    ACTOR,
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
from SimpleBankingSystem.stores.csv_files.rows import MARK
from SimpleBankingSystem.stores.state import State

ZERO = Decimal(0)

UNREADABLE = (ValueError, ArithmeticError, LookupError, TypeError, AssertionError, csv.Error)
"""What reading a row may raise that somebody made up."""

# How the details of a row begin, go on and end that only tell the line of a run.
_LINE, _RUN, _SET = ',,,,,"{""line"":', '""run"":""', '""set"":'
_END = len('""}",') + MARK

_ATTEMPTS = range(1, ATTEMPTS_AT_MOST + 1)
_DONE = 2 * ATTEMPTS_AT_MOST + 1
_CODES = {f"{PENDING}{number}": number for number in _ATTEMPTS}
_CODES |= {f"{FAILED}{number}": ATTEMPTS_AT_MOST + number for number in _ATTEMPTS}
_CODES |= {f"{COMPLETED}{number}": _DONE for number in _ATTEMPTS}
"""A transaction's status and attempt as one byte; 0 is for one that no row has named yet."""


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
        self._first, self._last = "", "0"
        self._time = ""
        self._transaction = ""
        self._state = State()
        self._lines: list[str] = []
        self.balances: dict[str, Decimal] = {}
        self.currencies: dict[str, str] = {}
        self.transactions = 0
        self.doubtful = False

    def add(self, file: str, number: int, lines: Sequence[bytes]) -> None:
        """Check rows with right hashes, the first of them in line ``number`` of a file."""
        check = self._check
        for at, line in enumerate(lines, number):
            try:
                trouble = check(line)
            except UNREADABLE as error:
                self.doubtful = True
                trouble = f": the row has a right hash and cannot be read ({error})."
            if trouble:
                self._problems.add(file, trouble, at, self._seq)
        try:
            self._note_lines()
        except UNREADABLE as error:
            self._problems.add(file, f": some details cannot be read ({error}).", number)

    def adopt(self, cells: Sequence[str], *, gap: bool) -> None:
        """Take note of a row that may be right or wrong; ``gap``: rows before it are missing."""
        seq = int(cells[SEQ])
        if gap:
            self.forget(seq)
        self.doubtful, self._seq, self._last = True, seq, ""
        for name in (cells[SOURCE], cells[TARGET]):
            self.balances.pop(name, None)
        number = cells[TRANSACTION][1:]
        if number.isdecimal() and int(number) < len(self._moved):
            self._moved[int(number)] = 0

    def forget(self, seq: int) -> None:
        """Begin anew behind a row: some are missing, so nothing is known of balances any more."""
        self.doubtful, self._seq, self._last = True, seq, ""
        self.balances.clear()
        self._moved = bytearray(len(self._moved))

    def state(self) -> State:
        """Return the accounts and the runs after the rows so far."""
        accounts = self._state.accounts
        for name, account in accounts.items():
            accounts[name] = account.with_balance(self.balances[name])
        return self._state

    def sums(self) -> dict[str, Decimal]:
        """Return the sum of all balances by currency."""
        sums = dict.fromkeys(self.currencies.values(), ZERO)
        for name, balance in self.balances.items():
            sums[self.currencies[name]] += balance
        return sums

    def unfinished(self) -> str:
        """Return what is wrong with the last commit, nothing if it is whole."""
        if self._last in ("", str(self._seq)):
            return ""
        return f": the commit is not whole; it goes on to row {self._last}."

    # One row. What happens a million times is in _check, what is rare in the methods behind it.

    def _check(self, line: bytes) -> str:
        """Check one row and take note of it; return what is wrong, nothing if all is well."""
        row = line.decode().split(",", ACTOR + 1)
        (
            at, first, last, transaction, _, status, attempt,
            source, target, amount, currency, source_balance, target_balance,
            _, _, _, completed_at, _, texts,
        ) = row  # fmt: skip
        self._seq += 1
        trouble = ""
        if last != self._last or first != self._first or at != str(self._seq):
            trouble = self._begin_commit(at, first, last)
        if completed_at != self._time:
            trouble = self._later(completed_at) or trouble
        number = int(transaction[1:])
        moved = self._moved
        if number >= len(moved):
            self._grow(number)
        before = moved[number]
        after = MOVES[before].get(status + attempt)
        if after is None:
            after, wrong = self._other_move(before, transaction, status, attempt)
            trouble = wrong or trouble
        if not before:
            self.transactions += 1
        moved[number] = after
        self._transaction = transaction
        if texts.startswith(_LINE) and _SET not in texts:
            self._lines.append(texts)
        elif "{" in texts:
            trouble = self._note(line) or trouble
        if source_balance:
            balances, currencies = self.balances, self.currencies
            money = Decimal(amount)
            paid = balances.get(source, ZERO) - money
            received = balances.get(target, ZERO) + money
            if (
                str(paid) != source_balance
                or str(received) != target_balance
                or money <= ZERO
                or source == target
                or currencies.get(source) != currency
                or currencies.get(target) != currency
                or status != COMPLETED
            ):
                trouble = self._other_posting(row, money) or trouble
                paid, received = Decimal(source_balance), Decimal(target_balance)
            balances[source] = paid
            balances[target] = received
        elif target_balance:
            trouble = self._shown(target, target_balance) or trouble
        return trouble

    def _begin_commit(self, at: str, first: str, last: str) -> str:
        """Begin a commit, or say why a row cannot."""
        goes_on, before = (first, last) == (self._first, self._last), self._last
        self._first, self._last = first, last
        expected, self._seq = self._seq, int(at)
        if self._seq != expected:
            return f": the row follows row {expected - 1}."
        if not before or goes_on:
            return ""
        if before != str(expected - 1):
            return f": the commit before it is not whole; it goes on to row {before}."
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

    def _other_move(
        self, before: int, transaction: str, status: str, attempt: str
    ) -> tuple[int, str]:
        """Return the state after a move that is not among the usual ones, and what is wrong."""
        after = _CODES.get(status + attempt, 0)
        within = self._first != str(self._seq)
        if within and before == after == _DONE and transaction == self._transaction:
            return after, ""  # One more posting of the same transaction.
        if self.doubtful and not before and after:
            return after, ""
        was = next((name for name, code in _CODES.items() if code == before), "unknown")
        wrong = f"{transaction} is {was.rstrip('1234')} and cannot become {status} ({attempt})"
        return after, f": {wrong}."

    def _note_lines(self) -> None:
        """Take note of the lines of runs."""
        done: dict[str, list[int]] = {}
        texts, self._lines = self._lines, []
        for text in texts:
            line, _, rest = text[len(_LINE) :].partition(",")
            rest = rest.partition(_RUN)[2][:-_END]
            if rest not in done:
                done[rest] = []
            done[rest].append(int(line))
        for rest, lines in done.items():
            run = rest.partition('""')[0]
            self._state.note_lines(run, lines)

    def _note(self, line: bytes) -> str:
        """Take note of what is in a row's details: entities, and a run's line."""
        (cells,) = records((line.decode(),))
        if len(cells) != len(COLUMNS):
            raise ValueError(f"it has {len(cells)} columns")
        details = parse_details(cells)
        if "run" in details:
            self._state.note_lines(str(details["run"]), [int(str(details["line"]))])
        trouble = ""
        for entity in puts_of(details) if cells[STATUS] == COMPLETED else ():
            self._state.put(entity)
            if isinstance(entity, Account):
                trouble = self._put(entity, cells) or trouble
        return trouble

    def _put(self, account: Account, cells: Sequence[str]) -> str:
        """Take note of an account that a row sets; its money comes from postings alone."""
        before = self.balances.get(account.id, account.balance if self.doubtful else ZERO)
        currency = self.currencies.setdefault(account.id, account.currency)
        self.balances[account.id] = before
        self._state.accounts[account.id] = account
        if account.currency != currency:
            return f", column details: {account.id} carries {currency}, not {account.currency}."
        legs = ((SOURCE, SOURCE_BALANCE), (TARGET, TARGET_BALANCE))
        after = [Decimal(cells[b]) for a, b in legs if cells[a] == account.id and cells[b]]
        if account.balance in (before, *after):
            return ""
        return f", column details: {account.id} is set to {account.balance}, but had {before}."

    def _shown(self, account: str, balance: str) -> str:
        """Check a balance that a row shows without moving money."""
        before = self.balances.setdefault(account, Decimal(balance))
        if before == Decimal(balance):
            return ""
        return f", column target_balance: {balance}, but {account} has {before}."

    def _other_posting(self, row: Sequence[str], money: Decimal) -> str:
        """Say what is wrong with a posting; one of a new account's may be right."""
        status, source, target, currency = row[STATUS], row[SOURCE], row[TARGET], row[CURRENCY]
        if status != COMPLETED:
            return f", column status: money moved, but it reads {status}."
        if money <= ZERO:
            return f", column amount: {money} is no amount."
        if source == target:
            return f", column target: {target} is the source too."
        trouble = ""
        wrong = 0
        for name, column, change in (
            (source, SOURCE_BALANCE, -money),
            (target, TARGET_BALANCE, money),
        ):
            if name not in self.currencies:
                trouble = self._meet(name, row) or trouble
            carries = self.currencies.setdefault(name, currency)
            if carries != currency:
                trouble = f", column currency: {currency}, but {name} carries {carries}."
            before = self.balances.get(name, None if self.doubtful else ZERO)
            if before is not None and before + change != Decimal(row[column]):
                wrong += 1
                trouble = f", column {COLUMNS[column]}: {row[column]}, but {name} had {before}."
        if wrong == 2:
            trouble = f", column amount: {money} is not what the balances changed by."
        return trouble

    def _meet(self, name: str, row: Sequence[str]) -> str:
        """Take note of an account that no row opened: one of the bank's own."""
        if is_internal(name):
            self.currencies[name] = internal_currency(name)
            self._state.accounts[name] = self._state.internal(name, row[COMPLETED_AT])
            return ""
        return "" if self.doubtful else f": there is no account {name}."
