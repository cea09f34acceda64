"""Entities: what commands set as a whole, each kind under ids of its own."""

from __future__ import annotations

import re
from functools import cache
from typing import ClassVar, Protocol


class Entity(Protocol):
    """Something that a command sets as a whole: an account, a customer, a run.

    ``kind`` is its word in the journal and on the wire. ``letter`` begins the ids that the bank
    makes one after the other; a kind without one gets its ids otherwise. A record is replaced and
    never changed, since readers keep records without a lock.
    """

    kind: ClassVar[str]
    letter: ClassVar[str]

    @property
    def id(self) -> str:
        """What it is known by."""


CHOSEN_AT_MOST = 10**12
"""The highest number of an id that looks like a made one and is chosen: the next ones need room."""


def numbering(letter: str) -> str:
    """Return the name to hold while an id of a kind is made; no id contains a blank."""
    return f"{letter} numbers"


def made_id(letter: str, number: int) -> str:
    """Return the id that the bank makes for the number-th of a kind: ``A00000001``."""
    return f"{letter}{number:08d}"


def made_number(letter: str, entity_id: str) -> int:
    """Return the number of an id that is, or looks like, a made one of a kind; 0 for any other."""
    found = _made(letter).fullmatch(entity_id)
    return int(found[1]) if found else 0


def no_room_after(letter: str, entity_id: str) -> str:
    """Return why an id may not be chosen, blank if it may: ids are made from the highest on."""
    if made_number(letter, entity_id) <= CHOSEN_AT_MOST:
        return ""
    return f"{entity_id} leaves no numbers for those that come after it; choose another"


@cache
def _made(letter: str) -> re.Pattern[str]:
    return re.compile(rf"{letter}([0-9]{{8,15}})", re.ASCII)
