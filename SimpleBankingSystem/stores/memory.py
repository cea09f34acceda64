"""The books in memory: a whole store, for tests, lessons and dry runs; nothing survives it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from threading import Lock

from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.ledger.run import LinesDone, Run
from SimpleBankingSystem.ledger.transaction import COMPLETED, FAILED, Transaction
from SimpleBankingSystem.stores.base import Page, Progress, Query, Report, Store, silent
from SimpleBankingSystem.stores.state import State, total


class MemoryStore(Store):
    """Keeps every transaction as an object in a list; its commit is an append.

    ``clock`` returns the UTC time as text.
    """

    def __init__(self, clock: Callable[[], str]) -> None:
        self._clock = clock
        self._state = State()
        self._journal: list[Transaction] = []
        self._latest: dict[str, int] = {}
        self._section = Lock()

    @property
    def last_account_number(self) -> int:
        """The highest number among the ids that are, or look like, made ones."""
        return self._state.last_account_number

    def account(self, account_id: str) -> Account | None:
        """Return a published account."""
        return self._state.accounts.get(account_id)

    def accounts(self, *, internal: bool = False) -> Sequence[Account]:
        """Return all accounts of one moment."""
        return self._state.listed(internal=internal)

    def transaction(self, transaction_id: str) -> Transaction | None:
        """Return a transaction as last recorded."""
        at = self._latest.get(transaction_id)
        return None if at is None else self._journal[at]

    def by_key(self, key: str) -> Transaction | None:
        """Return the transaction of a key."""
        transaction_id = self._state.names.get(key)
        return self.transaction(transaction_id) if transaction_id else None

    def claimed(self, name: str) -> bool:
        """Tell whether a once-only name is taken."""
        return name in self._state.names

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
        return [each for at, each in enumerate(journal) if self._latest[each.id] == at]

    def balance_at(self, account_id: str, moment: str) -> Decimal | None:
        """Return an account's balance after the last commit at or before a time."""
        account = self.account(account_id)
        if account is None or account.opened_at > moment:
            return None
        balance = account.balance * 0
        for transaction in self._journal:
            if transaction.status == COMPLETED and transaction.completed_at <= moment:
                for posting in transaction.postings:
                    if posting.source == account_id and posting.source_balance is not None:
                        balance = posting.source_balance
                    if posting.target == account_id and posting.target_balance is not None:
                        balance = posting.target_balance
        return balance

    def pending(self) -> Sequence[Transaction]:
        """Return the transactions without an outcome."""
        return list(self._state.pending.values())

    def failed(self) -> Iterator[Transaction]:
        """Return the FAILED transactions."""
        for transaction in self._as_last_recorded():
            if transaction.status == FAILED:
                yield transaction

    def group_of(self, transaction: Transaction) -> Sequence[Transaction]:
        """Return all members of a transaction's group."""
        if not transaction.group:
            return [transaction]
        return [
            each
            for each in self._as_last_recorded()
            if (each.group, each.run, each.completed_at)
            == (transaction.group, transaction.run, transaction.completed_at)
        ]

    def run(self, run_id: str) -> Run | None:
        """Return a run."""
        return self._state.runs.get(run_id)

    def runs(self) -> Sequence[Run]:
        """Return all runs."""
        return list(self._state.runs.values())

    def lines_done(self, run_id: str) -> LinesDone:
        """Return which lines of a run are recorded."""
        return self._state.lines.get(run_id, LinesDone())

    def number(self, count: int) -> int:
        """Reserve numbers for transactions."""
        with self._section:
            return self._state.number(count)

    def commit(self, tickets: Sequence[Ticket], accounts: Mapping[str, Account]) -> None:
        """Append the tickets and publish them."""
        with self._section:
            now = self._clock()
            internal = self._state.settle(tickets, now)
            for ticket in tickets:
                ticket.finish(self._state.last_seq + 1, now)
                self._state.last_seq += max(1, len(ticket.postings))
                self._latest[ticket.id] = len(self._journal)
                self._journal.append(ticket.transaction())
            self._state.publish(tickets, {**accounts, **internal})

    def archive(self) -> Report:
        """Do nothing: there is nothing that could be moved out."""
        return Report({"archived": 0})

    def snapshot(self) -> Report:
        """Do nothing: the accounts are nowhere else."""
        return Report({"accounts": len(self._state.accounts)})

    def verify(self, progress: Progress = silent) -> Report:
        """Check that every currency sums to zero."""
        progress(1, 1)
        sums = total(list(self._state.accounts.values()))
        problems = [f"{currency} sums to {money}." for currency, money in sums.items() if money]
        return Report({"transactions": len(self._latest)}, problems)

    def close(self) -> None:
        """Forget nothing: the books go with the object."""
