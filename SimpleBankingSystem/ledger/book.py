"""The book: the working copy on which one batch of commands is decided.

All rules of money live in ``Book.post``. Nothing here is visible to anybody until the store has
made the batch durable and published it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Protocol

from SimpleBankingSystem.ledger.account import (
    CLOSED,
    Account,
    internal_currency,
    is_internal,
    made_id,
    made_number,
)
from SimpleBankingSystem.ledger.errors import (
    AccountClosed,
    AccountNotFound,
    BankError,
    CurrencyMismatch,
    InsufficientFunds,
)
from SimpleBankingSystem.ledger.money import in_units
from SimpleBankingSystem.ledger.run import Run
from SimpleBankingSystem.ledger.transaction import Posting, Transaction, posting

NUMBERING = "account numbers"
"""The name to hold while an account's id is made; no id contains a blank."""


class Look(Protocol):
    """What a command may see of the published state."""

    def load(self, names: Collection[str]) -> dict[str, Account]:
        """Return those of the names that are accounts, as published."""

    def transaction(self, transaction_id: str) -> Transaction | None:
        """Return a transaction as recorded."""

    def run(self, run_id: str) -> Run | None:
        """Return a run as published."""

    def claimed(self, name: str) -> bool:
        """Tell whether a once-only name was claimed by a completed transaction."""

    @property
    def last_account_number(self) -> int:
        """Return the highest number among the ids that are, or look like, made ones."""


class Entity(Protocol):
    """Something that a command sets as a whole: an account, a run."""

    @property
    def id(self) -> str:
        """What it is known by."""


Effects = tuple[Sequence[Posting], Sequence[tuple[str, Entity]], Sequence[str]]
"""What one command did: its postings, the entities that it set and the names that it claimed.

Recovery applies these, never the command's rules. (A plain tuple, made once per command.)
"""


class NotHeldError(Exception):
    """Deciding touched a name that the batch does not hold.

    The command's effects are dropped and it is queued again, at the front, with the name added.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Book:
    """The working copy for one batch.

    ``held`` are the names that the batch holds, ``currency`` the bank's default currency and
    ``now`` the time to record on what is opened. ``accounts`` are the accounts as they stand after
    the commands decided so far.
    """

    def __init__(self, look: Look, held: Collection[str], currency: str, now: str) -> None:
        self.look = look
        self.currency = currency
        self.now = now
        self.accounts = look.load(held)
        self.attempted: tuple[str, str, Decimal] | None = None
        self._held = held
        self._claimed: set[str] = set()
        self._claimed_since: list[str] = []
        self._postings: list[Posting] = []
        self._puts: list[tuple[str, Entity]] = []
        self._claims: list[str] = []
        self._before: list[tuple[str, Account | None]] = []
        self._made: set[str] = set()
        self._number = self._number_kept = 0

    def hold(self, name: str) -> None:
        """Insist that the batch holds a name.

        Raises:
            NotHeldError: if it does not.
        """
        if name not in self._held and name not in self._made:
            raise NotHeldError(name)

    def find(self, account_id: str) -> Account | None:
        """Return a customer's account as it stands in this batch, or None."""
        account = self.accounts.get(account_id)
        if account is None:
            self.hold(account_id)
        return account

    def next_account_id(self) -> str:
        """Make an id; the numbering must be held, and it covers the made id too."""
        self.hold(NUMBERING)
        self._number = max(self._number, self.look.last_account_number) + 1
        made = made_id(self._number)
        self._made.add(made)
        return made

    def account(self, account_id: str) -> Account:
        """Return a customer's account as it stands in this batch.

        Raises:
            AccountNotFound: if there is none.
        """
        account = self.find(account_id)
        if account is None:
            raise AccountNotFound(f"There is no account {account_id}.")
        return account

    def post(self, source: str, target: str, amount: Decimal) -> None:
        """Move an amount from one account to another, or refuse to.

        The rules, in this order: both accounts exist, neither is closed, both carry the same
        currency, the amount fits the currency's decimals, the source can afford it. The bank's
        own accounts have no limit, and their balances are kept by the store.

        Raises:
            AccountNotFound: one of the two does not exist.
            AccountClosed: one of the two is closed.
            CurrencyMismatch: they carry different currencies.
            TooManyDecimals: the amount does not fit the currency.
            InsufficientFunds: the source cannot afford it.
        """
        if source == target:
            raise ValueError(f"a posting from {source} to itself")
        try:
            self._post(source, target, amount)
        except BankError:
            self.attempted = (source, target, amount)
            raise

    def _post(self, source: str, target: str, amount: Decimal) -> None:
        accounts = self.accounts
        payer = accounts.get(source)
        if payer is None and not is_internal(source):
            payer = self.account(source)
        payee = accounts.get(target)
        if payee is None and not is_internal(target):
            payee = self.account(target)
        if payer is not None and payer.status == CLOSED:
            raise AccountClosed(f"{source} is closed.")
        if payee is not None and payee.status == CLOSED:
            raise AccountClosed(f"{target} is closed.")
        currency = payer.currency if payer is not None else internal_currency(source)
        other = payee.currency if payee is not None else internal_currency(target)
        if currency != other:
            raise CurrencyMismatch(f"{source} carries {currency}, {target} {other}.")
        amount = in_units(amount, currency)
        source_balance = target_balance = None
        before = self._before
        if payer is not None:
            source_balance = payer.balance - amount
            if source_balance < payer.held - payer.overdraft_limit:
                message = f"{source} has {payer.available} {currency} available, {amount} needed."
                raise InsufficientFunds(message)
            before.append((source, payer))
            accounts[source] = payer.with_balance(source_balance)
        if payee is not None:
            target_balance = payee.balance + amount
            before.append((target, payee))
            accounts[target] = payee.with_balance(target_balance)
        self._postings.append(
            posting((source, target, amount, currency, source_balance, target_balance))
        )

    def put(self, kind: str, entity: Entity) -> None:
        """Set the whole new value of an entity: an account's terms, a run.

        An account is put with the balance it has; money moves by ``post`` alone.
        """
        self.hold(entity.id)
        if isinstance(entity, Account):
            self._before.append((entity.id, self.accounts.get(entity.id)))
            self.accounts[entity.id] = entity
            self._number = max(self._number, made_number(entity.id))
        self._puts.append((kind, entity))

    def claim(self, name: str) -> bool:
        """Take a name that can be taken once in the whole life of the ledger.

        Returns False if it is taken. The command must hold a name that covers it.
        """
        if name in self._claimed or self.look.claimed(name):
            return False
        self._claimed.add(name)
        self._claimed_since.append(name)
        self._claims.append(name)
        return True

    def effects(self) -> Effects:
        """Hand out what the command just decided has done, and begin the next one's list.

        ``keep`` or ``drop`` must follow: for a command alone at once, for a group at its end.
        """
        effects = self._postings, self._puts, self._claims
        self._postings = []
        if self._puts or self._claims:
            self._puts, self._claims = [], []
            return effects
        return effects[0], (), ()

    def keep(self) -> None:
        """Keep everything since the last ``keep`` or ``drop``."""
        self._number_kept = self._number
        self._before.clear()
        self._claimed_since.clear()

    def drop(self) -> None:
        """Take back everything since the last ``keep`` or ``drop``: the next id is the same."""
        self._number = self._number_kept
        for account_id, before in reversed(self._before):
            if before is None:
                del self.accounts[account_id]
            else:
                self.accounts[account_id] = before
        self._before.clear()
        self._claimed.difference_update(self._claimed_since)
        self._claimed_since.clear()
        self._postings, self._puts, self._claims = [], [], []
        self.attempted = None
