"""Adding rows that are read back to the state: recorded effects, never a command's rules."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from SimpleBankingSystem.ledger.account import Account, is_internal
from SimpleBankingSystem.ledger.transaction import COMPLETED, PENDING
from SimpleBankingSystem.stores.csv_files.format import (
    COMPLETED_AT,
    DETAILS,
    KEY,
    SEQ,
    SOURCE,
    SOURCE_BALANCE,
    STATUS,
    TARGET,
    TARGET_BALANCE,
    TRANSACTION,
    parse_details,
    puts_of,
    transaction_of,
    unguard,
)
from SimpleBankingSystem.stores.state import State

_RUN_LINE = '{"line":'


class Fold:
    """A fold over rows in order of seq, for a million of them at a restart.

    Balances are kept as the texts that the rows hold and turned into money once, at the end.
    ``balances_from`` is the seq after which balances and entities count: the snapshot has the rest.
    """

    def __init__(self, state: State, balances_from: int = 0) -> None:
        self._state = state
        self._from = balances_from
        self._balances: dict[str, str] = {}
        self._internal_since: dict[str, str] = {}
        self._last_transaction = ""
        self.last_time = ""
        self.rows = 0

    def add(self, rows: Iterable[list[str]]) -> None:
        """Add rows; ``finish`` must follow the last ones."""
        balances = self._balances
        state = self._state
        top = self._last_transaction
        last_time = self.last_time
        number = 0
        try:
            for row in rows:
                number += 1
                last_time = row[COMPLETED_AT] or last_time
                top = max(top, row[TRANSACTION])
                if row[KEY]:
                    state.names[unguard(row[KEY])] = row[TRANSACTION]
                completed = row[STATUS] == COMPLETED
                fresh = completed and int(row[SEQ]) > self._from
                if row[DETAILS]:
                    self._add_details(row, fresh=fresh)
                if completed:
                    if fresh and row[SOURCE_BALANCE]:
                        balances[row[SOURCE]] = row[SOURCE_BALANCE]
                        balances[row[TARGET]] = row[TARGET_BALANCE]
                        for name in (row[SOURCE], row[TARGET]):
                            if is_internal(name):
                                self._internal_since.setdefault(name, row[COMPLETED_AT])
                elif row[STATUS] == PENDING:
                    state.pending[row[TRANSACTION]] = transaction_of([row])
                    continue
                if state.pending:
                    state.pending.pop(row[TRANSACTION], None)
        finally:
            # Rows that came before a broken one count as well.
            if number:
                self.rows += number
                self._last_transaction = top
                self.last_time = last_time

    def _add_details(self, row: list[str], *, fresh: bool) -> None:
        """Take note of the run's line, and of entities and once-only names."""
        state = self._state
        text = row[DETAILS]
        if text.startswith(_RUN_LINE) and text.count('"') == 6:
            line, _, run = text[len(_RUN_LINE) :].partition(",")
            state.note_lines(run[7:-2], (int(line),))
            return
        found = parse_details(row)
        if "run" in found:
            state.note_lines(str(found["run"]), (int(str(found["line"])),))
        claims = found.get("claims", ())
        assert isinstance(claims, list | tuple)
        for name in claims:
            state.names[name] = row[TRANSACTION]
        if fresh:
            for entity in puts_of(found):
                state.put(entity)
                if isinstance(entity, Account):
                    state.accounts[entity.id] = entity
                    self._balances[entity.id] = str(entity.balance)

    def finish(self) -> None:
        """Put the balances into the accounts."""
        state = self._state
        if self._last_transaction:
            number = int(self._last_transaction[1:])
            state.last_transaction = max(state.last_transaction, number)
        for name, text in self._balances.items():
            account = state.accounts.get(name)
            if account is None:
                account = state.internal(name, self._internal_since[name])
            state.accounts[name] = account.with_balance(Decimal(text))
        self._balances.clear()
