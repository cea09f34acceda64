"""The port: what the bank asks of a store, and what a store promises.

Every store gives the same answers to the same commands; one suite of tests runs on all of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from SimpleBankingSystem.commands.base import Command
from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.ledger.errors import BankError
from SimpleBankingSystem.ledger.run import LinesDone
from SimpleBankingSystem.ledger.transaction import Transaction
from SimpleBankingSystem.ledger.working_copy import Record

Progress = Callable[[int, int], None]
"""Told of long work now and then: how much is done, of how much (bytes or rows)."""


def silent(done: int, total: int) -> None:
    """Tell nobody."""
    del done, total


@dataclass(slots=True, frozen=True)
class Query:
    """Which transactions to list; a blank criterion does not restrict.

    ``since`` and ``until`` are UTC times of completion (or its beginning, such as a day),
    ``since`` inclusive and ``until`` exclusive. ``cursor`` is the seq that the last page ended
    with, 0 at the first. ``also`` are further names whose transactions count as the account's,
    such as accounts that were merged into it.
    """

    account: str = ""
    status: str = ""
    command: str = ""
    since: str = ""
    until: str = ""
    amount_min: Decimal | None = None
    amount_max: Decimal | None = None
    reference: str = ""
    order: Literal["newest", "oldest"] = "newest"
    limit: int = 50
    cursor: int = 0
    also: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of which a transaction must have touched one, none if any will do."""
        return (self.account, *self.also) if self.account else ()

    def matches(self, transaction: Transaction) -> bool:
        """Tell whether a transaction meets every criterion."""
        amount = transaction.amount
        time = transaction.completed_at or transaction.created_at
        return (
            (not self.account or not set(self.names).isdisjoint(transaction.accounts))
            and (not self.status or self.status == transaction.status)
            and (not self.command or self.command == transaction.command)
            and (not self.since or time >= self.since)
            and (not self.until or time < self.until)
            and (self.amount_min is None or (amount is not None and amount >= self.amount_min))
            and (self.amount_max is None or (amount is not None and amount <= self.amount_max))
            and (not self.reference or self.reference == transaction.reference)
        )


@dataclass(slots=True, frozen=True)
class Page:
    """Some transactions in order of seq, and the cursor of the next page, 0 if there is none."""

    items: Sequence[Transaction]
    next: int


@dataclass(slots=True, frozen=True)
class Extract:
    """What moved money on an account by value day, in that order and then that of seq.

    ``items`` are transactions with what each brought or took, ``opening`` is the balance before
    the period, ``carried`` that before the first item, ``closing`` that at the period's end. The
    cursor of the next page is ``next``, 0 if there is none.
    """

    opening: Decimal
    carried: Decimal
    items: Sequence[tuple[Transaction, Decimal]]
    closing: Decimal
    next: int


@dataclass(slots=True, frozen=True)
class Tally:
    """How often transactions of a command came to an outcome on a day, and how long they took.

    ``code`` says why they failed; every attempt is an outcome of its own. Times are microseconds
    from being taken to being decided and to the commit that made them durable, without the sync
    of that one: the sums over those that are ``timed``, which are the first attempts, and the
    longest.
    """

    day: str
    command: str
    status: str
    code: str
    count: int
    timed: int
    queued: int
    durable: int
    queued_longest: int
    durable_longest: int


AFTER_ALL_DAYS = "9999-99"
"""What every day is before."""


@dataclass(slots=True)
class Report:
    """What a piece of upkeep did: ``facts`` by name, and ``problems``, none if all is well."""

    facts: dict[str, object] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class Store(ABC):
    """Keeps accounts and transactions, and makes a batch durable all at once.

    Questions are answered from what is published, and nothing is published before it is durable.
    All methods may be called from any thread. A store that has lost its disk answers every call
    with ``OutcomeUnknown`` or ``DataDamaged`` except for reads that it can still vouch for.
    """

    requested: Sequence[Command] = ()
    """What somebody asked for by changing a file while the books were closed; to be carried out
    before anything else."""

    @property
    def fault(self) -> BankError | None:
        """What keeps the store from taking commits until it is opened anew, None if nothing."""
        return None

    @abstractmethod
    def last_number(self, letter: str) -> int:
        """Return the highest number among a kind's ids that are, or look like, made ones."""

    @abstractmethod
    def account(self, account_id: str) -> Account | None:
        """Return a published account, the bank's own included."""

    @abstractmethod
    def load(self, names: Collection[str]) -> dict[str, Account]:
        """Return those of the names that are accounts, as published, for a book to work on."""

    @abstractmethod
    def unknown(self, names: AbstractSet[str]) -> AbstractSet[str]:
        """Return those of the names that are the id of nothing that ids are made for."""

    @abstractmethod
    def accounts(self, *, internal: bool = False) -> Sequence[Account]:
        """Return all accounts of one moment in the order of opening."""

    @abstractmethod
    def transaction(self, transaction_id: str) -> Transaction | None:
        """Return a transaction as last recorded."""

    @abstractmethod
    def by_key(self, key: str) -> Transaction | None:
        """Return the transaction of a key as last recorded, the archive's too."""

    @abstractmethod
    def claimed(self, name: str) -> bool:
        """Tell whether a completed transaction claimed a once-only name, the archive's too."""

    @abstractmethod
    def transactions(self, query: Query) -> Page:
        """Return one page of transactions; its cost is the page's, not the history's."""

    @abstractmethod
    def balance_at(self, account_id: str, moment: str) -> Decimal | None:
        """Return an account's balance after the last commit at or before a UTC time.

        None if the account did not exist then.
        """

    @abstractmethod
    def extract(self, account_id: str, since: str, until: str, limit: int, cursor: int) -> Extract:
        """Return what moved money on an account on value days; blank ends are open.

        A cursor that is none of the account's movements stands before them all.
        """

    @abstractmethod
    def top_spenders(self, currency: str, limit: int) -> Sequence[tuple[str, Decimal]]:
        """Return the customers' accounts from which most has gone out, and how much.

        What a command moves that ``spends`` nothing does not count; of equals the id decides.
        What was spent from an account counts for the one into which it was merged.
        """

    @abstractmethod
    def tallies(self, since: str, until: str) -> Sequence[Tally]:
        """Return how commands fared, for each booking day; blank ends are open."""

    @abstractmethod
    def pending(self) -> Sequence[Transaction]:
        """Return the transactions that were accepted and have no outcome, in order."""

    @abstractmethod
    def failed(self) -> Iterator[Transaction]:
        """Return the FAILED transactions, in the order in which they failed last."""

    @abstractmethod
    def group_of(self, transaction: Transaction) -> Sequence[Transaction]:
        """Return all members of a transaction's group, in order; itself alone if it has none."""

    @abstractmethod
    def find(self, record: type[Record], entity_id: str) -> Record | None:
        """Return an entity of a kind."""

    @abstractmethod
    def every(self, record: type[Record]) -> Sequence[Record]:
        """Return all entities of a kind at one moment, in the order of their making.

        Of holds there are only those that are open.
        """

    @abstractmethod
    def lines_done(self, run_id: str) -> LinesDone:
        """Return which lines of a run are recorded."""

    @abstractmethod
    def merged_into(self, account_id: str) -> Sequence[str]:
        """Return the accounts that were merged into an account, and those into them."""

    @abstractmethod
    def accounts_of(self, customer_id: str) -> Sequence[Account]:
        """Return the accounts that a customer owns or may use, in no order."""

    @abstractmethod
    def number(self, count: int) -> int:
        """Reserve numbers for transactions and return the first; never the same twice."""

    @abstractmethod
    def commit(self, tickets: Sequence[Ticket], accounts: Mapping[str, Account]) -> None:
        """Make decided tickets durable at once, whole or not at all, and then publish them.

        ``accounts`` are the customers' accounts after the batch. The commit section is here: seq,
        time and the balances of the bank's own accounts are assigned in it and set on the
        tickets. A ticket that is still PENDING is recorded as accepted.

        Raises:
            DiskFull: nothing was taken and reading goes on.
            OutcomeUnknown: the disk failed; whether the batch is in is known after a restart.
            DataDamaged: somebody changed the files meanwhile.
        """

    @abstractmethod
    def archive(self) -> Report:
        """Move the finished part of the journal to the archive."""

    @abstractmethod
    def snapshot(self) -> Report:
        """Write the accounts as they are now."""

    @abstractmethod
    def verify(
        self, progress: Progress = silent, *, chain_only: bool = False, expect: str = ""
    ) -> Report:
        """Check everything that is kept against everything else, or the chain of hashes alone.

        ``expect`` is a hash that was kept elsewhere and must occur in the chain. A store that has
        no chain checks all the same.
        """

    def announce(self, url: str) -> None:
        """Let others on this machine who find the books in use know where they can ask instead.

        A store that many processes may open at a time has no need to.
        """
        del url

    @abstractmethod
    def close(self) -> None:
        """Leave the books clean and let go of them."""
