"""The declaration that every surface is derived from.

A command is a frozen dataclass with the ``@command`` decorator. Its fields are annotated with the
kinds of ``ledger/fields.py``; its verb, route, help, columns, options and examples follow.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import MISSING, dataclass, field
from decimal import Decimal
from functools import cache
from inspect import get_annotations
from typing import (
    Annotated,
    Any,
    ClassVar,
    Protocol,
    Self,
    TypeVar,
    dataclass_transform,
    get_args,
    get_origin,
)

from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.entity import Entity
from SimpleBankingSystem.ledger.errors import InvalidCommand
from SimpleBankingSystem.ledger.fields import ACCOUNT_ID, Date, Kind, Tags, Text
from SimpleBankingSystem.ledger.product import Product
from SimpleBankingSystem.ledger.working_copy import Look

REGISTRY: dict[str, type[Request]] = {}
"""Every command and action by its verb."""


@dataclass(frozen=True, slots=True)
class Field:
    """One declared field: its name, its kind and whether it must be given."""

    name: str
    kind: Kind
    required: bool
    default: object


@dataclass(frozen=True, eq=False, repr=False)
class Request:
    """Anything with a verb: a Command, which becomes a transaction, or an Action.

    ``spends`` is False where money that goes out is not spent: it goes back, or to another account
    of the same people.
    """

    verb: ClassVar[str]
    route: ClassVar[str]
    fields: ClassVar[tuple[Field, ...]]
    field_names: ClassVar[frozenset[str]]
    account_fields: ClassVar[tuple[str, ...]]
    surfaces: ClassVar[bool]
    makes: ClassVar[str]
    spends: ClassVar[bool] = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Request) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.given()})"

    def _identity(self) -> tuple[object, ...]:
        return (self.verb, *self.given().items())

    def __post_init__(self) -> None:
        """Check what typed code passed; ``parse`` has checked already and does not come here."""
        errors: dict[str, str] = {}
        for declared in self.fields:
            value = getattr(self, declared.name)
            if value is declared.default and not declared.required:
                continue
            try:
                object.__setattr__(self, declared.name, declared.kind.parse_any(value))
            except ValueError as error:
                errors[declared.name] = str(error)
        errors = errors or dict(self.check())
        if errors:
            raise InvalidCommand(errors)

    @classmethod
    def parse(cls, values: Mapping[str, object]) -> Self:
        """Make the command from texts or JSON values by field name.

        Raises:
            InvalidCommand: naming every bad, missing or unknown field at once.
        """
        known = cls.field_names
        errors = {name: f"{cls.verb} has no such field" for name in values if name not in known}
        found: dict[str, object] = {}
        for declared in cls.fields:
            value = values.get(declared.name)
            if value is None or value == "":
                if declared.required:
                    errors[declared.name] = f"is missing: give {declared.kind.help}"
                continue
            try:
                found[declared.name] = declared.kind.parse_any(value)
            except ValueError as error:
                errors[declared.name] = str(error)
        made = cls.trusted(found)
        errors = errors or dict(made.check())
        if errors:
            raise InvalidCommand(errors)
        return made

    @classmethod
    def reader(cls, columns: Sequence[str]) -> Callable[[Sequence[str]], Request]:
        """Return a function that makes the command from rows with these columns.

        It is ``parse`` made ready for one header: a million rows are read without a dictionary of
        texts each. Whatever looks wrong is handed to ``parse``, which finds the words for it.
        """
        places = {name: i for i, name in enumerate(columns)}
        foreign = [i for name, i in places.items() if name not in cls.field_names]
        required = [each for each in cls.fields if each.required]
        complete = all(each.name in places for each in required)
        wanted = [
            (places[each.name], each.name, each.kind.remembered.get, each.kind.parse, each.required)
            for each in cls.fields
            if each.name in places
        ]
        checked = cls.check is not Request.check
        blank, set_values = object.__new__, object.__setattr__

        def slowly(row: Sequence[str]) -> Request:
            return cls.parse({name: text for name, text in zip(columns, row, strict=True) if text})

        def read(row: Sequence[str]) -> Request:
            found: dict[str, object] = {}
            try:
                for i, name, remembered, parse, must in wanted:
                    text = row[i]
                    if text:
                        value = remembered(text)
                        found[name] = parse(text) if value is None else value
                    elif must:
                        return slowly(row)
            except ValueError:
                return slowly(row)
            for i in foreign:
                if row[i]:
                    return slowly(row)
            made = blank(cls)
            set_values(made, "__dict__", found)
            return slowly(row) if checked and made.check() else made

        return read if complete else slowly

    @classmethod
    def trusted(cls, values: dict[str, object]) -> Self:
        """Make the command from values that are known to be good, without checking them again.

        Fields that are not named keep their default, which is an attribute of the class.
        """
        made = object.__new__(cls)
        object.__setattr__(made, "__dict__", values)
        return made

    def check(self) -> Mapping[str, str]:
        """Return what is wrong with the fields taken together, by field name."""
        return {}

    def given(self) -> dict[str, object]:
        """Return the fields that were given: those that differ from their default."""
        # A default is an attribute of the class, so what is set on the instance is all to look at.
        values = self.__dict__
        return {
            declared.name: values[declared.name]
            for declared in self.fields
            if declared.name in values and values[declared.name] != declared.default
        }

    @classmethod
    def help(cls) -> str:
        """Return the first line of the docstring: one sentence for a person."""
        return (cls.__doc__ or "").strip().splitlines()[0]

    @classmethod
    def example(cls) -> dict[str, str]:
        """Return an example that ``parse`` accepts, made from the fields' kinds."""
        example = {name: kind.example for name, kind in _required(cls)}
        if "source" in example and "target" in example:
            example["target"] = "A00000002"
        return example


def spends(verb: str) -> bool:
    """Tell whether what goes out of an account by a verb is spent."""
    return REGISTRY.get(verb, Request).spends


def _required(cls: type[Request]) -> list[tuple[str, Kind]]:
    return [(declared.name, declared.kind) for declared in cls.fields if declared.required]


@dataclass(frozen=True, eq=False, repr=False)
class Command(Request):
    """Something that becomes a transaction.

    ``description``, ``reference``, ``value_date`` (a day that the client gives; default: the
    booking day) and ``tags`` can be given with every command.
    """

    description: Text = field(default="", kw_only=True)
    reference: Text = field(default="", kw_only=True)
    value_date: Date = field(default="", kw_only=True)
    tags: Tags = field(default=(), kw_only=True)

    @staticmethod
    def costs(product: Product, amount: Decimal, currency: str, /) -> Decimal:
        """Return the fee of an amount by the terms of the payer's product: none, but by a few."""
        del product, amount, currency
        return Decimal(0)

    def accounts(self, look: Look) -> Collection[str]:
        """Name what the command will touch, from its fields and the published state.

        That is every account that it names, if it does not say otherwise. The bank's own have no
        limit and need not be held. It is a hint, taken when the command is queued: touching
        another name while deciding queues the command again with that name added.
        """
        del look
        values = self.__dict__
        return [values[name] for name in self.account_fields if values.get(name)]

    def apply(self, book: Book) -> None:
        """Decide: use ``book.post`` and ``book.put``, or raise a BankError."""
        raise NotImplementedError


class Maintenance(Protocol):
    """What an action may ask of the bank."""

    def retry(self, transaction_id: str) -> object:
        """Try a failed transaction again."""

    def retry_all(self) -> object:
        """Try again all failed transactions for which that may help."""

    def archive(self) -> object:
        """Move the oldest part of the journal out."""

    def snapshot(self) -> object:
        """Write the accounts as they are now."""


@dataclass(frozen=True, eq=False, repr=False)
class Action(Request):
    """Something with a verb that is no transaction of its own: retry, archive, snapshot."""

    def perform(self, bank: Maintenance) -> Any:
        """Do it."""
        raise NotImplementedError


_Declared = TypeVar("_Declared", bound=Request)


class _Declare(Protocol):
    def __call__(self, cls: type[_Declared], /) -> type[_Declared]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def declared(
    verb: str, *, route: str = "", surfaces: bool = True, makes: type[Entity] | None = None
) -> _Declare:
    """Make a request's class ready to be parsed; a registry makes it known to the surfaces."""

    def declare(cls: type[_Declared]) -> type[_Declared]:
        # Comparing and showing are written once, in Request: to generate them for each of so many
        # classes would be noticed at the start of every command line.
        made: type[_Declared] = dataclass(frozen=True, eq=False, repr=False)(cls)
        bases = reversed(made.__mro__)
        hints = {name: hint for each in bases for name, hint in _hints(each).items()}
        made.verb, made.route, made.surfaces = verb, route, surfaces
        made.makes = makes.kind if makes is not None else ""
        made.fields = tuple(
            Field(
                name=each.name,
                kind=_kind(made, each.name, hints[each.name]),
                required=each.default is MISSING,
                default=None if each.default is MISSING else each.default,
            )
            for each in sorted(dataclasses.fields(made), key=lambda each: bool(each.kw_only))
        )
        made.field_names = frozenset(each.name for each in made.fields)
        made.account_fields = tuple(each.name for each in made.fields if each.kind is ACCOUNT_ID)
        return made

    return declare


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def command(
    verb: str, *, route: str = "", surfaces: bool = True, makes: type[Entity] | None = None
) -> _Declare:
    """Declare a command or an action under its public name.

    ``route`` is the path below ``/api/v1`` to POST to. ``makes`` is the record of what it makes
    anew: the first of this kind that it puts, whose id its transaction tells. ``surfaces=False``
    keeps a command that only the bank itself gives (a run's start and end) off the API, the
    command line and files.
    """

    def declare(cls: type[_Declared]) -> type[_Declared]:
        if verb in REGISTRY:
            raise TypeError(f"the verb {verb} is declared twice")
        REGISTRY[verb] = made = declared(verb, route=route, surfaces=surfaces, makes=makes)(cls)
        return made

    return declare


@cache
def _hints(cls: type) -> Mapping[str, object]:
    """Return the annotations of a class without those of its bases, which many have in common."""
    return get_annotations(cls, eval_str=True)


def _kind(cls: type, name: str, hint: object) -> Kind:
    kinds = [part for part in get_args(hint) if isinstance(part, Kind)]
    if get_origin(hint) is not Annotated or not kinds:
        raise TypeError(f"{cls.__name__}.{name} must be one of the kinds of ledger/fields.py")
    return kinds[0]
