"""JSON as the bank reads it: one object, each name once, numbers by their own digits."""

from __future__ import annotations

import json
from typing import NoReturn

from SimpleBankingSystem.ledger.fields import Number

DEPTH_AT_MOST = 32
"""Arrays and objects inside each other; what is nested deeper is no command of anybody."""


def parse(text: str) -> dict[str, object]:
    """Read one JSON object.

    Raises:
        ValueError: it is not one object, or one that programs would read in different ways.
    """
    try:
        found = _decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"is no JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("must be a JSON object")  # noqa: TRY004 - the words are for a person
    if text.count("[") + text.count("{") > DEPTH_AT_MOST and _is_deeper(found, DEPTH_AT_MOST):
        raise ValueError("is nested too deeply")
    return found


def _is_deeper(value: object, levels: int) -> bool:
    """Tell whether a value has more levels; it looks no deeper than that itself."""
    inner = (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    )
    if inner is None:
        return False
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inner)


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("names a field twice")
    return values


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"contains {name}, which is no number of JSON")


# json.loads would make a decoder for every text.
_decode = json.JSONDecoder(
    parse_int=Number,
    parse_float=Number,
    parse_constant=_no_number,
    object_pairs_hook=_each_once,
).decode
