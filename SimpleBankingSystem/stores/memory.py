"""The books in memory: a whole store, for tests, lessons and dry runs; nothing survives it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from threading import Lock

from SimpleBankingSystem.commands.base import spends
from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.ledger.account import Account, is_internal
from SimpleBankingSystem.ledger.entities import ENTITIES
from SimpleBankingSystem.ledger.money import ZEROS
from SimpleBankingSystem.ledger.run import LinesDone
from SimpleBankingSystem.ledger.transaction import COMPLETED, FAILED, Transaction
from SimpleBankingSystem.stores.base import (
    AFTER_ALL_DAYS,
    Extract,
    Page,
    Progress,
    Query,
    Report,
    Store,
    Tally,
    silent,
)
from SimpleBankingSystem.stores.state import State, StateStore, total
from SimpleBankingSystem.stores.tallies import added, tallied


class MemoryStore(StateStore):
    """Keeps every transaction as an object in a list; its commit is an append.

    ``clock`` returns the UTC time as text. With a store ``under`` it, it begins with what that
    one has published and keeps to itself all that is added. Only lists of transactions and
    balances of the past are then of what was added alone.
    """

    def __init__(self, clock: Callable[[], str], under: Store | None = None) -> None:
        self._clock = clock
        self._under = under
        self._state = State() if under is None else state_of(under)
        self._journal: list[Transaction] = []
        self._latest: dict[str, int] = {}
        self._section = Lock()
        self._now = ""

    def transaction(self, transaction_id: str) -> Transaction | None:
        """Return a transaction as last recorded."""
        at = self._latest.get(transaction_id)
        if at is not None:
            return self._journal[at]
        return self._under.transaction(transaction_id) if self._under else None

    def by_key(self, key: str) -> Transaction | None:
        """Return the transaction of a key."""
        transaction_id = self._state.names.get(key)
        if transaction_id:
            return self.transaction(transaction_id)
        return self._under.by_key(key) if self._under else None

    def claimed(self, name: str) -> bool:
        """Tell whether a once-only name is taken."""
        if name in self._state.names:
            return True
        return self._under.claimed(name) if self._under else False

    def transactions(self, query: Query) -> Page:
        """Return one page of transactions."""
        newest = query.order == "newest"
        latest = self._as_last_recorded()
        found = [
            transaction
            for transaction in (reversed(latest) if newest else latest)
            if query.matches(transaction)
            and (
                not query.cursor
                or (transaction.seq < query.cursor if newest else transaction.seq > query.cursor)
            )
        ]
        page = found[: query.limit]
        return Page(page, page[-1].seq if len(found) > len(page) else 0)

    def _as_last_recorded(self) -> list[Transaction]:
        journal = list(self._journal)
        latest = {each.id: at for at, each in enumerate(journal)}
        return [journal[at] for at in sorted(latest.values())]

    def balance_at(self, account_id: str, moment: str) -> Decimal | None:
        """Return an account's balance after the last commit at or before a time."""
        account = self.account(account_id)
        if account is None:
            return None
        balance: Decimal | None = None
        for transaction in self._journal:
            if transaction.completed_at > moment:
                break
            if transaction.status == COMPLETED and account_id in transaction.accounts:
                balance = ZEROS[account.currency] if balance is None else balance
                for posting in transaction.postings:
                    if posting.source == account_id and posting.source_balance is not None:
                        balance = posting.source_balance
                    if posting.target == account_id and posting.target_balance is not None:
                        balance = posting.target_balance
        return balance

    def extract(self, account_id: str, since: str, until: str, limit: int, cursor: int) -> Extract:
        """Return what moved money on an account on value days."""
        nothing = ZEROS[self._state.accounts[account_id].currency]
        until = until or AFTER_ALL_DAYS
        moved = sorted(
            (
                (each.value_date, each.seq, each, each.change_of(account_id))
                for each in self._as_last_recorded()
                if any(account_id in posting[:2] for posting in each.postings)
            ),
            key=lambda each: each[:2],
        )

        def before(place: tuple[str, int]) -> Decimal:
            return sum((each[3] for each in moved if each[:2] < place), nothing)

        behind = ((day, seq + 1) for day, seq, *_ in moved if seq == cursor)
        begin = max((since, 0), next(behind, (since, 0)))
        found = [each for each in moved if begin <= each[:2] < (until, 0)]
        return Extract(
            opening=before((since, 0)),
            carried=before(begin),
            items=[(transaction, change) for _, _, transaction, change in found[:limit]],
            closing=before((until, 0)),
            next=found[limit - 1][1] if len(found) > limit else 0,
        )

    def top_spenders(self, currency: str, limit: int) -> Sequence[tuple[str, Decimal]]:
        """Return the accounts from which most has gone out, and how much."""
        spent: dict[str, Decimal] = {}
        for each in self._journal:
            for posting in each.postings if spends(each.command) else ():
                if posting.currency == currency and not is_internal(posting.source):
                    name = self._heir(posting.source)
                    spent[name] = spent.get(name, Decimal(0)) + posting.amount
        return sorted(spent.items(), key=lambda each: (-each[1], each[0]))[:limit]

    def _heir(self, account_id: str) -> str:
        """Return the account that took an account over, itself if none has."""
        merged_into = self._state.accounts[account_id].merged_into
        return self._heir(merged_into) if merged_into else account_id

    def tallies(self, since: str, until: str) -> Sequence[Tally]:
        """Return how commands fared, for each booking day."""
        counted = Counter(
            (
                each.command,
                each.status,
                each.error.code if each.error else "",
                each.attempt == 1,
                each.created_at,
                each.started_at,
                each.completed_at,
            )
            for each in self._journal
            if each.completed_at and since <= each.completed_at[:10] < (until or AFTER_ALL_DAYS)
        )
        return added(tallied(counted))

    def failed(self) -> Iterator[Transaction]:
        """Return the FAILED transactions."""
        if self._under is not None:
            yield from (each for each in self._under.failed() if each.id not in self._latest)
        for transaction in self._as_last_recorded():
            if transaction.status == FAILED:
                yield transaction

    def group_of(self, transaction: Transaction) -> Sequence[Transaction]:
        """Return all members of a transaction's group."""
        if not transaction.group:
            return [transaction]
        if self._under is not None and transaction.id not in self._latest:
            return self._under.group_of(transaction)
        return [
            each
            for each in self._as_last_recorded()
            if (each.group, each.run, each.created_at, each.completed_at)
            == (
                transaction.group,
                transaction.run,
                transaction.created_at,
                transaction.completed_at,
            )
        ]

    def lines_done(self, run_id: str) -> LinesDone:
        """Return which lines of a run are recorded."""
        lines = self._state.lines.get(run_id)
        if lines is not None:
            return lines
        return self._under.lines_done(run_id) if self._under else LinesDone()

    def commit(self, tickets: Sequence[Ticket], accounts: Mapping[str, Account]) -> None:
        """Append the tickets and publish them."""
        with self._section:
            now = self._now = max(self._clock(), self._now)
            internal, last_seq = self._state.settle(tickets, now)
            for ticket in tickets:
                self._journal.append(ticket.transaction())
                self._latest[ticket.id] = len(self._journal) - 1
            self._state.last_seq = last_seq
            self._state.publish(tickets, {**accounts, **internal})

    def archive(self) -> Report:
        """Do nothing: there is nothing that could be moved out."""
        return Report({"archived": 0})

    def snapshot(self) -> Report:
        """Do nothing: the accounts are nowhere else."""
        return Report({"accounts": len(self._state.accounts)})

    def verify(
        self, progress: Progress = silent, *, chain_only: bool = False, expect: str = ""
    ) -> Report:
        """Check that every currency sums to zero; there is no chain."""
        del chain_only, expect
        progress(1, 1)
        sums = total(list(self._state.accounts.values()))
        problems = [f"{currency} sums to {money}." for currency, money in sums.items() if money]
        return Report({"transactions": len(self._latest)}, problems)

    def close(self) -> None:
        """Forget nothing: the books go with the object."""


def state_of(store: Store) -> State:
    """Return the state that a store has published, but for what it alone can carry on."""
    state = State()
    for kind, record in ENTITIES.items():
        for each in store.every(record):
            state.put(each)
            state.tables[kind][each.id] = each
        state.last_numbers[record.letter] = store.last_number(record.letter)
    state.last_transaction = store.number(0) - 1
    return state
