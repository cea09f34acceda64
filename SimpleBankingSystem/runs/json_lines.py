"""Command files in JSON Lines: an object on every line, with the same names as the CSV columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from SimpleBankingSystem.json_objects import parse
from SimpleBankingSystem.ledger.errors import InvalidCommand
from SimpleBankingSystem.ledger.fields import Number
from SimpleBankingSystem.runs.lines import (
    GROUP,
    KEY,
    VERB,
    Block,
    Entry,
    RefusedLine,
    checked,
    entry,
    label,
    refused,
    request_kind,
)


class JsonLines:
    """Reads lines that are JSON objects."""

    extension = "jsonl"
    header = ""

    def entries(self, blocks: Iterable[Block], run: str) -> Iterator[Entry]:
        """Read the lines of a run; blank ones are passed over."""
        for block in blocks:
            for number, text in enumerate(block.lines, block.first):
                if text and not text.isspace():
                    yield read_line(run, number, text)


def read_line(run: str, number: int, text: str) -> Entry:
    """Return what a line asks for, or its refusal."""
    group: str | None = None
    try:
        values = read_object(checked(text))
        group = taken(values, GROUP)
        key = taken(values, KEY)
        request = request_kind(taken(values, VERB)).parse(values)
        return entry(request, run, number, text, key, group)
    except InvalidCommand as error:
        return RefusedLine(number, text, group, error)


def read_object(text: str) -> dict[str, object]:
    """Read the object of a line.

    Raises:
        InvalidCommand: it is none.
    """
    try:
        return parse(text)
    except ValueError as error:
        raise refused(str(error)) from None


def taken(values: dict[str, object], name: str) -> str:
    """Take the line's own text out of the values.

    Raises:
        InvalidCommand: it is no text that can be taken.
    """
    value = values.pop(name, None)
    if value is None:
        return ""
    if not isinstance(value, str) or isinstance(value, Number):
        raise InvalidCommand({name: "must be a text in quotes"})
    return label(name, value)
