"""The published state that the memory and the CSV store keep in memory.

It is a fold over the journal: ``publish`` adds a batch that was just made durable; the CSV store
adds rows that it reads back, and both come to the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from threading import Lock
from typing import Any

from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.ledger.account import ACTIVE, INTERNAL, Account
from SimpleBankingSystem.ledger.entities import ENTITIES
from SimpleBankingSystem.ledger.entity import Entity, made_number
from SimpleBankingSystem.ledger.hold import Hold
from SimpleBankingSystem.ledger.money import ZEROS
from SimpleBankingSystem.ledger.product import DEFAULT_PRODUCTS, Product
from SimpleBankingSystem.ledger.run import FINISHED, LinesDone, Run
from SimpleBankingSystem.ledger.transaction import PENDING, Posting, Transaction
from SimpleBankingSystem.ledger.working_copy import Record
from SimpleBankingSystem.stores.base import Store

MADE = [kind for kind, record in ENTITIES.items() if record.letter]
"""The kinds of entities for which the bank makes ids."""


class State:
    """Accounts and other entities, open transactions and the names that are taken.

    ``tables`` has the entities of each kind by id; a hold that is resolved is in none.
    ``names`` maps each key and claimed name that the index does not hold yet to its transaction.
    ``last_seq`` and ``last_transaction`` are the highest numbers in use.
    """

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, Any]] = {kind: {} for kind in ENTITIES}
        self.accounts: dict[str, Account] = self.tables[Account.kind]
        self.runs: dict[str, Run] = self.tables[Run.kind]
        self.tables[Product.kind] = {each.id: each for each in DEFAULT_PRODUCTS}
        self.lines: dict[str, LinesDone] = {}
        self.pending: dict[str, Transaction] = {}
        self.names: dict[str, str] = {}
        self.last_seq = 0
        self.last_transaction = 0
        self.last_numbers: dict[str, int] = {}
        self._merged: dict[str, list[str]] = {}
        self._linked: dict[str, dict[str, None]] = {}
        self._numbering = Lock()

    def copy(self) -> State:
        """Return the entities at this moment, and which lines of runs are recorded."""
        copied = State()
        for kind, table in self.tables.items():
            copied.tables[kind].clear()
            copied.tables[kind].update(table)
        copied.lines = {name: done.copy() for name, done in self.lines.items()}
        return copied

    def load(self, names: Collection[str]) -> dict[str, Account]:
        """Return those of the names that are accounts."""
        accounts = self.accounts
        return {name: accounts[name] for name in names if name in accounts}

    def unknown(self, names: AbstractSet[str]) -> AbstractSet[str]:
        """Return those of the names that are the id of nothing that ids are made for."""
        unknown = frozenset(names)
        for kind in MADE:
            if unknown:
                # The operator ``-`` would walk through all accounts there are.
                unknown = unknown.difference(self.tables[kind])
        return unknown

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
        kept = account_id, purpose.lower(), INTERNAL, currency, ACTIVE
        return Account(*kept, nothing, nothing, nothing, now, nothing)

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
        for entity in ticket.puts:
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
        kind, name, letter = entity.kind, entity.id, entity.letter
        if letter:
            number = made_number(letter, name)
            self.last_numbers[letter] = max(self.last_numbers.get(letter, 0), number)
        if isinstance(entity, Account):
            self._link(entity)
            return
        if isinstance(entity, Hold) and not entity.is_open:
            self.tables[kind].pop(name, None)
            return
        self.tables[kind][name] = entity
        if isinstance(entity, Run) and entity.status == FINISHED:
            self.lines.pop(name, None)

    def _link(self, account: Account) -> None:
        """Take note of whom an account belongs to, and of what it was merged into."""
        for customer in account.owners + account.users:
            self._linked.setdefault(customer, {})[account.id] = None
        if account.merged_into:
            self._merged.setdefault(account.merged_into, []).append(account.id)

    def merged_into(self, account_id: str) -> list[str]:
        """Return the accounts that were merged into an account, and those into them."""
        found = self._merged.get(account_id, ())
        return [name for each in found for name in (each, *self.merged_into(each))]

    def accounts_of(self, customer_id: str) -> list[Account]:
        """Return the accounts that a customer owns or may use now."""
        linked = (self.accounts[name] for name in self._linked.get(customer_id, ()))
        return [each for each in linked if customer_id in each.owners + each.users]


class StateStore(Store):
    """What is alike in all stores that keep the published state in memory.

    ``_state`` is that state, and ``_section`` the lock of the commit section.
    """

    _state: State
    _section: Lock

    def last_number(self, letter: str) -> int:
        """Return the highest number among a kind's ids."""
        return self._state.last_numbers.get(letter, 0)

    def account(self, account_id: str) -> Account | None:
        """Return a published account."""
        return self._state.accounts.get(account_id)

    def load(self, names: Collection[str]) -> dict[str, Account]:
        """Return those of the names that are accounts."""
        return self._state.load(names)

    def unknown(self, names: AbstractSet[str]) -> AbstractSet[str]:
        """Return those of the names that are the id of nothing."""
        return self._state.unknown(names)

    def accounts(self, *, internal: bool = False) -> Sequence[Account]:
        """Return all accounts of one moment."""
        return self._state.listed(internal=internal)

    def pending(self) -> Sequence[Transaction]:
        """Return the transactions without an outcome."""
        return list(self._state.pending.values())

    def find(self, record: type[Record], entity_id: str) -> Record | None:
        """Return an entity of a kind."""
        return self._state.tables[record.kind].get(entity_id)

    def every(self, record: type[Record]) -> Sequence[Record]:
        """Return all entities of a kind."""
        return list(self._state.tables[record.kind].values())

    def merged_into(self, account_id: str) -> Sequence[str]:
        """Return the accounts that were merged into an account."""
        return self._state.merged_into(account_id)

    def accounts_of(self, customer_id: str) -> Sequence[Account]:
        """Return the accounts that a customer owns or may use."""
        return self._state.accounts_of(customer_id)

    def number(self, count: int) -> int:
        """Reserve numbers for transactions."""
        return self._state.number(count)


def total(accounts: Sequence[Account]) -> dict[str, Decimal]:
    """Return the sum of all balances by currency; each must be zero."""
    sums: dict[str, Decimal] = {}
    for account in accounts:
        sums[account.currency] = sums.get(account.currency, Decimal(0)) + account.balance
    return sums
