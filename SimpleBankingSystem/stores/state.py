"""The published state that the memory and the CSV store keep in memory.

It is a fold over the journal: ``publish`` adds a batch that was just made durable; the CSV store
adds rows that it reads back, and both come to the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from threading import Lock

from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.ledger.account import (
    ACTIVE,
    INTERNAL,
    Account,
    made_number,
)
from SimpleBankingSystem.ledger.book import Entity
from SimpleBankingSystem.ledger.money import ZEROS
from SimpleBankingSystem.ledger.run import FINISHED, LinesDone, Run
from SimpleBankingSystem.ledger.transaction import PENDING, Posting, Transaction
from SimpleBankingSystem.stores.base import Store


class State:
    """Accounts, runs, open transactions and the names that are taken.

    ``names`` maps each key and claimed name that the index does not hold yet to its transaction.
    ``last_seq`` and ``last_transaction`` are the highest numbers in use.
    """

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.runs: dict[str, Run] = {}
        self.lines: dict[str, LinesDone] = {}
        self.pending: dict[str, Transaction] = {}
        self.names: dict[str, str] = {}
        self.last_seq = 0
        self.last_transaction = 0
        self.last_account_number = 0
        self._numbering = Lock()

    def load(self, names: Collection[str]) -> dict[str, Account]:
        """Return those of the names that are accounts."""
        accounts = self.accounts
        return {name: accounts[name] for name in names if name in accounts}

    def unknown(self, names: AbstractSet[str]) -> AbstractSet[str]:
        """Return those of the names that are no accounts."""
        # The operator ``-`` would walk through all accounts there are.
        return frozenset(names).difference(self.accounts)

    def listed(self, *, internal: bool) -> Sequence[Account]:
        """Return all accounts of one moment, the bank's own only if asked for."""
        accounts = list(self.accounts.values())
        return accounts if internal else [each for each in accounts if each.type != INTERNAL]

    def number(self, count: int) -> int:
        """Reserve numbers for transactions and return the first."""
        # Not under the commit section's lock: commands are queued while a batch is synced.
        with self._numbering:
            first = self.last_transaction + 1
            self.last_transaction += count
        return first

    def internal(self, account_id: str, now: str) -> Account:
        """Return one of the bank's own accounts, which begin to exist when first used."""
        account = self.accounts.get(account_id)
        if account is not None:
            return account
        purpose, currency = account_id.split(".")
        nothing = ZEROS[currency]
        return Account(
            account_id, purpose.lower(), INTERNAL, currency, ACTIVE, nothing, nothing, nothing, now
        )

    def settle(self, tickets: Sequence[Ticket], now: str) -> tuple[dict[str, Account], int]:
        """Assign the places in the journal, the time and the balances of the bank's own side.

        Returns the bank's own accounts after the batch and its last seq; nothing is published yet.
        """
        changed: dict[str, Account] = {}

        def moved(account_id: str, amount: Decimal) -> Decimal:
            account = changed.get(account_id) or self.internal(account_id, now)
            changed[account_id] = account.with_balance(account.balance + amount)
            return changed[account_id].balance

        def settled(posting: Posting) -> Posting:
            source, target, amount, currency, source_balance, target_balance = posting
            if source_balance is None:
                source_balance = moved(source, -amount)
            if target_balance is None:
                target_balance = moved(target, amount)
            return Posting(source, target, amount, currency, source_balance, target_balance)

        seq = self.last_seq
        for ticket in tickets:
            ticket.seq = seq + 1
            if ticket.status != PENDING:
                ticket.completed_at = now
            postings = ticket.postings
            for posting in postings:
                if posting[4] is None or posting[5] is None:
                    ticket.postings = [settled(each) for each in postings]
                    break
            seq += len(postings) or 1
        return changed, seq

    def publish(self, tickets: Sequence[Ticket], accounts: Mapping[str, Account]) -> None:
        """Add a batch that is durable now; ``accounts`` are all accounts that it changed.

        One update of one dictionary makes all of a batch's balances visible at once.
        """
        self.accounts.update(accounts)
        for ticket in tickets:
            if (
                ticket.key
                or ticket.puts
                or ticket.claims
                or ticket.accepted
                or ticket.status == PENDING
            ):
                self._note(ticket)
        for run in {ticket.run for ticket in tickets if ticket.run}:
            self.note_lines(run, [ticket.line for ticket in tickets if ticket.run == run])

    def _note(self, ticket: Ticket) -> None:
        """Take note of all that a ticket does beside moving money."""
        if ticket.status == PENDING:
            self.pending[ticket.id] = ticket.transaction()
        elif ticket.accepted:
            self.pending.pop(ticket.id, None)
        if ticket.key:
            self.names[ticket.key] = ticket.id
        for _, entity in ticket.puts:
            self.put(entity)
        for name in ticket.claims:
            self.names[name] = ticket.id

    def note_lines(self, run_id: str, lines: Collection[int]) -> None:
        """Note lines of a run as recorded; of one that is finished nobody asks any more."""
        run = self.runs.get(run_id)
        if run is None or run.status != FINISHED:
            self.lines.setdefault(run_id, LinesDone()).note(lines)

    def put(self, entity: Entity) -> None:
        """Take note of an entity's new value; an account's balance has its own way."""
        if isinstance(entity, Run):
            self.runs[entity.id] = entity
            if entity.status == FINISHED:
                self.lines.pop(entity.id, None)
        elif isinstance(entity, Account):
            self.last_account_number = max(self.last_account_number, made_number(entity.id))


class StateStore(Store):
    """What is alike in all stores that keep the published state in memory.

    ``_state`` is that state, and ``_section`` the lock of the commit section.
    """

    _state: State
    _section: Lock

    @property
    def last_account_number(self) -> int:
        """The highest number among the ids that are, or look like, made ones."""
        return self._state.last_account_number

    def account(self, account_id: str) -> Account | None:
        """Return a published account."""
        return self._state.accounts.get(account_id)

    def load(self, names: Collection[str]) -> dict[str, Account]:
        """Return those of the names that are accounts."""
        return self._state.load(names)

    def unknown(self, names: AbstractSet[str]) -> AbstractSet[str]:
        """Return those of the names that are no accounts."""
        return self._state.unknown(names)

    def accounts(self, *, internal: bool = False) -> Sequence[Account]:
        """Return all accounts of one moment."""
        return self._state.listed(internal=internal)

    def pending(self) -> Sequence[Transaction]:
        """Return the transactions without an outcome."""
        return list(self._state.pending.values())

    def run(self, run_id: str) -> Run | None:
        """Return a run."""
        return self._state.runs.get(run_id)

    def runs(self) -> Sequence[Run]:
        """Return all runs."""
        return list(self._state.runs.values())

    def number(self, count: int) -> int:
        """Reserve numbers for transactions."""
        return self._state.number(count)


def total(accounts: Sequence[Account]) -> dict[str, Decimal]:
    """Return the sum of all balances by currency; each must be zero."""
    sums: dict[str, Decimal] = {}
    for account in accounts:
        sums[account.currency] = sums.get(account.currency, Decimal(0)) + account.balance
    return sums
