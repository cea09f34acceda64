"""The book: the working copy on which one batch of commands is decided.

All rules of money live in ``Book.post``. Nothing here is visible to anybody until the store has
made the batch durable and published it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from SimpleBankingSystem.ledger.account import (
    ACTIVE,
    CLOSED,
    STATUSES,
    Account,
    internal_currency,
    internal_id,
    is_internal,
)
from SimpleBankingSystem.ledger.customer import Customer
from SimpleBankingSystem.ledger.entity import Entity, made_id, made_number, numbering
from SimpleBankingSystem.ledger.errors import (
    AccountClosed,
    AccountNotFound,
    BankError,
    CreditsBlocked,
    CurrencyMismatch,
    CustomerNotFound,
    DebitsBlocked,
    HoldNotFound,
    HoldResolved,
    InsufficientFunds,
    LimitExceeded,
    ProductNotFound,
    SameAccount,
)
from SimpleBankingSystem.ledger.hold import Hold, hold_id, placing
from SimpleBankingSystem.ledger.money import in_units
from SimpleBankingSystem.ledger.product import Product
from SimpleBankingSystem.ledger.spent import Spent
from SimpleBankingSystem.ledger.transaction import Posting, Transaction, posting

Record = TypeVar("Record", bound=Entity)


class Look(Protocol):
    """What a command may see of the published state."""

    def load(self, names: Collection[str]) -> dict[str, Account]:
        """Return those of the names that are accounts, as published."""

    def transaction(self, transaction_id: str) -> Transaction | None:
        """Return a transaction as recorded."""

    def find(self, record: type[Record], entity_id: str) -> Record | None:
        """Return an entity of a kind as published."""

    def every(self, record: type[Record]) -> Sequence[Record]:
        """Return all entities of a kind as published, in the order of their making."""

    def claimed(self, name: str) -> bool:
        """Tell whether a once-only name was claimed by a completed transaction."""

    def last_number(self, letter: str) -> int:
        """Return the highest number among a kind's ids that are, or look like, made ones."""


Effects = tuple[Sequence[Posting], Sequence[Entity], Sequence[str]]
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
    ``now`` the time to record on what is opened. ``deciding`` is the id of the transaction that is
    being decided, ``accounts`` are the accounts as they stand after the commands decided so far.
    """

    def __init__(self, look: Look, held: Collection[str], currency: str, now: str) -> None:
        self.look = look
        self.currency = currency
        self.now = now
        self.accounts = look.load(held)
        self.deciding = ""
        self.attempted: tuple[str, str, Decimal] | None = None
        self._held = held
        self._entities: dict[tuple[str, str], Entity] = {}
        self._claimed: set[str] = set()
        self._claimed_since: list[str] = []
        self._postings: list[Posting] = []
        self._puts: dict[tuple[str, str], Entity] = {}
        self._claims: list[str] = []
        self._before: list[tuple[dict[Any, Any], object, object]] = []
        self._made: set[str] = set()
        self._numbers: dict[str, int] = {}
        self._numbers_kept: dict[str, int] = {}
        # Most accounts are without limits and fees, and a posting must not pay for those of others.
        products = look.every(Product)
        self._limited = {each.id: each for each in products if each.is_limited}
        self._charging = {each.id: each for each in products if each.has_fees}

    def hold(self, name: str) -> None:
        """Insist that the batch holds a name.

        Raises:
            NotHeldError: if it does not.
        """
        if name not in self._held and name not in self._made:
            raise NotHeldError(name)

    def find(self, record: type[Record], entity_id: str) -> Record | None:
        """Return an entity as it stands in this batch, or None; its id must be held."""
        if record is Account:
            found: Any = self.accounts.get(entity_id)
            if found is None:
                self.hold(entity_id)
            return found  # type: ignore[no-any-return]
        self.hold(entity_id)
        found = self._entities.get((record.kind, entity_id))
        return found or self.look.find(record, entity_id)

    def product(self, product_id: str) -> Product:
        """Return a product as it stands in this batch; nobody needs to hold it.

        Raises:
            ProductNotFound: if there is none.
        """
        found: Any = self._entities.get((Product.kind, product_id))
        found = found or self.look.find(Product, product_id)
        if found is None:
            raise ProductNotFound(f"There is no product {product_id}.")
        return found  # type: ignore[no-any-return]

    def customer(self, customer_id: str) -> Customer:
        """Return a customer as they stand in this batch; their id must be held.

        Raises:
            CustomerNotFound: if there is none.
        """
        customer = self.find(Customer, customer_id)
        if customer is None:
            raise CustomerNotFound(f"There is no customer {customer_id}.")
        return customer

    def next_id(self, letter: str) -> str:
        """Make an id; the numbering must be held, and it covers the made id too."""
        self.hold(numbering(letter))
        number = max(self._numbers.get(letter, 0), self.look.last_number(letter)) + 1
        self._numbers[letter] = number
        return self._make(made_id(letter, number))

    def next_hold_id(self) -> str:
        """Make the id of a hold: it is known by the number of the transaction that places it."""
        return self._make(hold_id(self.deciding))

    def _make(self, made: str) -> str:
        self._made.add(made)
        return made

    def account(self, account_id: str) -> Account:
        """Return a customer's account as it stands in this batch.

        The id of an account that was merged into another means that other one.

        Raises:
            AccountNotFound: if there is none.
        """
        account = self.find(Account, account_id)
        if account is None:
            raise AccountNotFound(f"There is no account {account_id}.")
        return self.account(account.merged_into) if account.merged_into else account

    def open_account(self, account_id: str) -> Account:
        """Return an account that may still be changed; like ``account``.

        Raises:
            AccountNotFound: there is none.
            AccountClosed: it is closed, for good.
        """
        account = self.account(account_id)
        if account.status == CLOSED:
            raise AccountClosed(f"{account.id} is closed.")
        return account

    def open_hold(self, name: str) -> Hold:
        """Return a hold that is not resolved yet; its id must be held.

        Raises:
            HoldNotFound: there is none.
            HoldResolved: it was captured or voided.
        """
        found = self.find(Hold, name)
        if found is None:
            placed = self.look.transaction(placing(name))
            if placed is None or placed.made != (Hold.kind, name):
                raise HoldNotFound(f"There is no hold {name}.")
        if found is None or not found.is_open:
            raise HoldResolved(f"{name} is resolved already.")
        return found

    def holds_of(self, account_id: str) -> list[Hold]:
        """Return the open holds of an account as they stand in this batch; they must be held."""
        known = {each.id: each for each in self.look.every(Hold)}
        known |= {each.id: each for each in self._entities.values() if isinstance(each, Hold)}
        return [each for each in known.values() if each.account == account_id and each.is_open]

    def resolve(self, hold: Hold, status: str, captured: Decimal) -> None:
        """Put a hold as resolved, and its account with that much less held."""
        account = self.account(hold.account)
        self.put(replace(account, held=account.held - hold.amount))
        self.put(replace(hold, status=status, captured=captured, resolved_at=self.now))

    def post(self, source: str, target: str, amount: Decimal, *, limited: bool = True) -> None:
        """Move an amount from one account to another, or refuse to.

        The rules, in this order: both accounts exist, their status lets money go out and come in,
        both carry the same currency, the amount fits the currency's decimals, the source can
        afford it and keeps within its product's limits. The bank's own accounts have no limit, and
        their balances are kept by the store. ``limited=False`` is for what the customer did not
        ask for, such as a fee.

        Raises:
            AccountNotFound: one of the two does not exist.
            AccountClosed: one of the two is closed.
            DebitsBlocked: CreditsBlocked: the status of one of the two is against it.
            SameAccount: both are one account, named twice or merged into the other.
            CurrencyMismatch: they carry different currencies.
            TooManyDecimals: the amount does not fit the currency.
            InsufficientFunds: the source cannot afford it.
            LimitExceeded: it is more than the source's product allows at once, or in a day.
        """
        try:
            self._post(source, target, amount, limited=limited)
        except BankError:
            self.attempted = (source, target, amount)
            raise

    def _post(self, source: str, target: str, amount: Decimal, *, limited: bool) -> None:
        accounts = self.accounts
        payer = accounts.get(source)
        if payer is None and not is_internal(source):
            payer = self.account(source)
        payee = accounts.get(target)
        if payee is None and not is_internal(target):
            payee = self.account(target)
        if payer is not None and payer.status != ACTIVE:
            payer = self.paying(source)
            source = payer.id
        if payee is not None and payee.status != ACTIVE:
            payee = self._paid(target)
            target = payee.id
        if source == target:
            raise SameAccount(f"Both accounts are {source}: there is nothing to move.")
        currency = payer.currency if payer is not None else internal_currency(source)
        other = payee.currency if payee is not None else internal_currency(target)
        if currency != other:
            raise CurrencyMismatch(f"{source} carries {currency}, {target} {other}.")
        amount = in_units(amount, currency)
        source_balance = target_balance = None
        before = self._before
        if payer is not None:
            source_balance = payer.balance - amount
            if source_balance < payer.held - payer.overdraft_limit or payer.minimum_balance:
                self.afford(payer, amount)
            if limited and payer.type in self._limited:
                self._limit(payer, amount)
            before.append((accounts, source, payer))
            accounts[source] = payer.with_balance(source_balance)
        if payee is not None:
            target_balance = payee.balance + amount
            before.append((accounts, target, payee))
            accounts[target] = payee.with_balance(target_balance)
        self._postings.append(
            posting((source, target, amount, currency, source_balance, target_balance))
        )

    def afford(self, account: Account, amount: Decimal) -> None:
        """Insist that an account has an amount available.

        Raises:
            InsufficientFunds: it has less.
        """
        available = account.available
        if available < amount:
            message = f"{account.id} has {available} {account.currency} available, {amount} needed."
            raise InsufficientFunds(message)

    def paying(self, account_id: str) -> Account:
        """Return an account from which money may go.

        Raises:
            AccountNotFound: AccountClosed: DebitsBlocked: none may.
        """
        account = self.open_account(account_id)
        if not STATUSES[account.status].debits:
            raise DebitsBlocked(f"{account.id} is {account.status}: no money may go out.")
        return account

    def _paid(self, account_id: str) -> Account:
        """Return the account that is paid, if its status allows that."""
        account = self.open_account(account_id)
        if not STATUSES[account.status].credits:
            raise CreditsBlocked(f"{account.id} is {account.status}: no money may come in.")
        return account

    def _limit(self, payer: Account, amount: Decimal) -> None:
        """Insist on the limits of the payer's product, and count towards that of the day."""
        product = self._limited[payer.type]
        limit = product.transaction_limit
        at_once = amount + sum(each.amount for each in self._postings if each.source == payer.id)
        if limit and at_once > limit:
            message = f"{payer.id} may pay {limit} {payer.currency} at once, {at_once} is more."
            raise LimitExceeded(message)
        limit = product.daily_limit
        if not limit:
            return
        day = self.now[:10]
        spent = self.find(Spent, payer.id)
        today = amount + (spent.amount if spent is not None and spent.day == day else 0)
        if today > limit:
            message = f"{payer.id} may pay {limit} {payer.currency} a day, it would be {today}."
            raise LimitExceeded(message)
        self.put(Spent(payer.id, day, today))

    def charge_for(
        self, costs: Callable[[Product, Decimal, str], Decimal], account_id: str, amount: Decimal
    ) -> None:
        """Post the fee that something costs by the terms of an account's product, if any."""
        if self._charging:
            account = self.account(account_id)
            product = self._charging.get(account.type)
            if product is not None:
                self.charge(account, costs(product, amount, account.currency))

    def charge(self, account: Account, fee: Decimal) -> None:
        """Post a fee to the bank's own account for them."""
        if fee:
            self.post(account.id, internal_id("FEES", account.currency), fee, limited=False)

    def put(self, entity: Entity) -> None:
        """Set the whole new value of an entity: an account's terms, a customer, a run.

        An account is put with the balance it has; money moves by ``post`` alone. What is put
        twice by one command is recorded as it is in the end.
        """
        name = entity.id
        self.hold(name)
        key = entity.kind, name
        if isinstance(entity, Account):
            self._before.append((self.accounts, name, self.accounts.get(name)))
            self.accounts[name] = entity
        else:
            self._before.append((self._entities, key, self._entities.get(key)))
            self._entities[key] = entity
        if isinstance(entity, Product):
            self._offer(entity)
        if letter := entity.letter:
            self._numbers[letter] = max(self._numbers.get(letter, 0), made_number(letter, name))
        self._puts[key] = entity

    def _offer(self, product: Product) -> None:
        """Let a product's new terms hold for the commands that follow in this batch."""
        for offered, wanted in (
            (self._limited, product.is_limited),
            (self._charging, product.has_fees),
        ):
            self._before.append((offered, product.id, offered.get(product.id)))
            if wanted:
                offered[product.id] = product
            else:
                offered.pop(product.id, None)

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
        postings = self._postings
        self._postings = []
        if self._puts or self._claims:
            effects = postings, list(self._puts.values()), self._claims
            self._puts, self._claims = {}, []
            return effects
        return postings, (), ()

    def keep(self) -> None:
        """Keep everything since the last ``keep`` or ``drop``."""
        if self._numbers:
            self._numbers_kept = dict(self._numbers)
        self._before.clear()
        self._claimed_since.clear()

    def drop(self) -> None:
        """Take back everything since the last ``keep`` or ``drop``: the next id is the same."""
        self._numbers = dict(self._numbers_kept)
        for table, key, before in reversed(self._before):
            if before is None:
                table.pop(key, None)
            else:
                table[key] = before
        self._before.clear()
        self._claimed.difference_update(self._claimed_since)
        self._claimed_since.clear()
        self._postings, self._puts, self._claims = [], {}, []
        self.attempted = None
