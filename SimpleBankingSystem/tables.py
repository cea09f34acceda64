"""An answer as a table has it: the text of a cell, and rows as CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from SimpleBankingSystem.ledger.fields import ACCOUNT_ID

Row = Mapping[str, object]

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)


def text_of(value: object) -> str:
    """Return what a cell shows of a value; of a thing with facts of its own, those."""
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return " ".join(map(text_of, value))
    if isinstance(value, Mapping):
        return " ".join(f"{name}={text}" for name, text in facts_of(value) if text)
    return str(value)


def facts_of(thing: Row) -> Iterator[tuple[str, str]]:
    """Return the names and texts of a thing's facts, and of theirs."""
    for name, value in thing.items():
        if isinstance(value, Mapping):
            yield from ((f"{name} {part}", text) for part, text in facts_of(value))
        else:
            yield name, text_of(value)


def csv_text(columns: Sequence[str], rows: Sequence[Row], schema: Mapping[str, Any]) -> str:
    """Return rows as CSV, its header first, with what people have typed made safe for a sheet.

    It has no byte order mark: whoever reads a pipe or an answer would take it for a part of the
    first column's name. ``schema`` tells which columns are the bank's own, and which are texts.
    """
    properties = schema.get("properties", {})
    lines = [
        columns,
        *([_cell(row.get(name), properties.get(name)) for name in columns] for row in rows),
    ]
    return "".join(f"{','.join(line)}\n" for line in lines)


def _cell(value: object, schema: Mapping[str, Any] | None) -> str:
    """Return a value as it stands in the bank's own files: bare, or guarded and in quotes."""
    from SimpleBankingSystem.stores.csv_files.format import quoted

    text = text_of(value)
    if isinstance(value, (int, float, Decimal)):
        return text
    is_own = NUMBER.fullmatch(text) if schema is None else {"pattern", "format"} & schema.keys()
    return text if is_own or _is_id(text) else quoted(text)


def _is_id(text: str) -> bool:
    """Tell whether a text could be an account's id, none of which is a word that sheets rewrite."""
    try:
        ACCOUNT_ID.parse(text)
    except ValueError:
        return False
    return True
