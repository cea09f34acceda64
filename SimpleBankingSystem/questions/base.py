"""The declaration of a question, from which every surface is derived as from a command's.

A question answers a plain shape: a thing, or a page of a list (``items`` and the cursor ``next``).
That shape is what HTTP and ``--json`` give; a table and CSV have a row for each of its ``rows``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, Self, TypeVar, dataclass_transform
from urllib.parse import quote, urlencode

from SimpleBankingSystem.commands.base import Request, declared
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.questions.kinds import AtOnce, Cursor
from SimpleBankingSystem.shapes import items_of
from SimpleBankingSystem.tables import Row, csv_text

QUESTIONS: dict[str, type[Question]] = {}
"""Every question by its verb."""

EVERYTHING = 1 << 62
"""The ``limit`` of a list that is asked for whole; nobody can type it."""

Answer = dict[str, Any]


@dataclass(frozen=True, eq=False, repr=False)
class Question(Request):
    """Something that is asked of the bank, and changes nothing.

    ``columns`` are those of a table and of CSV; a thing that names none is shown fact by fact.
    ``gist`` is the one fact of the answer that a person wants to read, blank if it is all of them.
    """

    answers: ClassVar[Mapping[str, Any]]
    options: ClassVar[Mapping[str, str]]
    columns: ClassVar[Sequence[str]] = ()
    gist: ClassVar[str] = ""

    def answer(self, bank: Bank) -> Answer:
        """Ask the bank, and return the shape of what it says.

        Raises:
            NotFound: what is asked about does not exist.
        """
        raise NotImplementedError

    def rows(self, answer: Answer) -> Iterable[Row]:
        """Return what a table has a row for: the items of a list, or the one thing."""
        found: Iterable[Row] = answer.get("items", [answer])
        return found

    def csv(self, answer: Answer) -> str:
        """Return an answer as CSV, its header first."""
        rows = [*self.rows(answer)]
        return csv_text(self.columns or tuple(rows[0]), rows, items_of(self.answers))

    def path(self) -> str:
        """Return where this very question is asked over HTTP, below the prefix."""
        kinds = {each.name: each.kind for each in self.fields}
        given = {name: kinds[name].show(value) for name, value in self.given().items()}
        asked = {name: text for name, text in given.items() if f"{{{name}}}" not in self.route}
        place = self.route.format_map({name: quote(text) for name, text in given.items()})
        return f"{place}?{urlencode(asked)}" if asked else place

    def onward(self, **changed: object) -> Self:
        """Return the same question but for some fields, such as the cursor of the next page."""
        return self.trusted({**self.__dict__, **changed})

    @classmethod
    def example(cls) -> dict[str, str]:
        """Return an example that ``parse`` accepts: the required fields, and some chosen ones."""
        return {**super().example(), **cls.options}


@dataclass(frozen=True, eq=False, repr=False)
class WholeList(Question):
    """A list that is in memory; the cursor is the place in it. The command line shows all of it."""

    limit: AtOnce = field(default=50, kw_only=True)
    cursor: Cursor = field(default=0, kw_only=True)

    def page(self, every: Sequence[_Thing], shape: Callable[[_Thing], Row]) -> Answer:
        """Return the page that is asked for."""
        end = self.cursor + self.limit
        items = [shape(each) for each in every[self.cursor : end]]
        return {"items": items, "next": end if end < len(every) else None}


_Thing = TypeVar("_Thing")
_Asked = TypeVar("_Asked", bound=Question)


class _Declare(Protocol):
    def __call__(self, cls: type[_Asked], /) -> type[_Asked]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def question(
    verb: str,
    *,
    route: str,
    answers: Mapping[str, Any],
    example: Mapping[str, str] = MappingProxyType({}),
    typed: bool = True,
) -> _Declare:
    """Declare a question under its public name.

    ``route`` is the path below ``/api/v1`` to GET, ``answers`` the schema of the answer, and
    ``example`` gives optional fields for the example. ``typed=False`` keeps a question that only
    programs ask off the command line.
    """

    def declare(cls: type[_Asked]) -> type[_Asked]:
        if verb in QUESTIONS:
            raise TypeError(f"the question {verb} is declared twice")
        QUESTIONS[verb] = made = declared(verb, route=route, surfaces=typed)(cls)
        made.answers, made.options = answers, example
        return made

    return declare
