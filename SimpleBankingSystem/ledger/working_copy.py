"""The working copy of one batch: what it holds, what it has found and changed, and how to go back.

It knows no rule of money; those are the book's, which is made on it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.ledger.customer import Customer
from SimpleBankingSystem.ledger.entity import Entity, made_id, made_number, numbering
from SimpleBankingSystem.ledger.errors import CustomerNotFound, ProductNotFound
from SimpleBankingSystem.ledger.hold import hold_id
from SimpleBankingSystem.ledger.product import Product
from SimpleBankingSystem.ledger.transaction import Posting, Transaction

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


class WorkingCopy:
    """What one batch of commands works on.

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
