"""Command files in JSON Lines: an object on every line, with the same names as the CSV columns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import NoReturn

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
        values = parse(checked(text))
        group = taken(values, GROUP)
        key = taken(values, KEY)
        request = request_kind(taken(values, VERB)).parse(values)
        return entry(request, run, number, text, key, group)
    except InvalidCommand as error:
        return RefusedLine(number, text, group, error)


def parse(text: str) -> dict[str, object]:
    """Read one JSON object; its numbers stay the digits that were written.

    Raises:
        InvalidCommand: it is not one object, or one that programs would read in different ways.
    """
    try:
        found = json.loads(
            text,
            parse_int=Number,
            parse_float=Number,
            parse_constant=_no_number,
            object_pairs_hook=_each_once,
        )
    except json.JSONDecodeError as error:
        raise refused(f"is no JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise refused("is nested too deeply") from None
    if not isinstance(found, dict):
        raise refused("must be a JSON object")
    return found


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise refused("names a field twice")
    return values


def _no_number(name: str) -> NoReturn:
    raise refused(f"contains {name}, which is no number of JSON")


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
