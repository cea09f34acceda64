"""Lines that belong together: groups, which are never cut, and chunks, which are fed at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from SimpleBankingSystem.ledger.errors import BankError, GroupFailed, InvalidCommand
from SimpleBankingSystem.ledger.run import LINES_AT_ONCE
from SimpleBankingSystem.runs.lines import GROUP, ActionLine, Entry, RefusedLine

GROUPS_REMEMBERED = 100_000
"""Names of groups that are known to be over; one that comes back later than that is not noticed."""

Unit = Sequence[Entry]
"""A line alone, or the whole of a group."""


def whole(entries: Iterable[Entry]) -> Iterator[Unit]:
    """Put the members of each group together; other lines pass alone.

    A group with a line that is refused is refused as a whole. A line whose own group cannot be
    read is taken to belong to the groups beside it: half a group must never be carried out.
    """
    over = _Over()
    members: list[Entry] = []
    name = ""
    unreadable: list[Entry] = []
    for entry in entries:
        group = entry.group
        if members:
            if group is None or group == name:
                members.append(entry)
                if entry.line - members[0].line >= LINES_AT_ONCE:
                    yield refuse(members, out_of_place(name))
                    members = []
                continue
            yield together(members, unreadable)
            unreadable = [each for each in members[-1:] if each.group is None]
            members = []
        if not group:
            unreadable = [entry] if group is None else []
            yield (entry,)
        elif over.add(group):
            members, name = [entry], group
        else:
            yield refuse([entry], out_of_place(group))
    if members:
        yield together(members, unreadable)


def together(members: Unit, before: Unit) -> Unit:
    """Return the members of a group, all refused if one is, or the line that stands before."""
    for entry in (*before, *members):
        if isinstance(entry, RefusedLine):
            message = f"Line {entry.line}, of this group or beside it, was refused."
            return refuse(members, GroupFailed(message))
    return members


def refuse(unit: Unit, error: BankError) -> Unit:
    """Return the refusals of lines; one that is refused already keeps its own reason."""
    return [
        entry
        if isinstance(entry, RefusedLine)
        else RefusedLine(entry.line, entry.text, entry.group, error)
        for entry in unit
    ]


def out_of_place(name: str) -> BankError:
    """Return the refusal of lines whose group is over, or would never be."""
    reason = f"the lines of {name} must follow each other, at most {LINES_AT_ONCE:,} of them"
    return InvalidCommand({GROUP: reason})


class _Over:
    """The names of the groups that were begun, as many of the last as are remembered."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._order: deque[str] = deque()

    def add(self, name: str) -> bool:
        """Note a group's begin; False if it was begun before."""
        if name in self._names:
            return False
        if len(self._order) >= GROUPS_REMEMBERED:
            self._names.discard(self._order.popleft())
        self._names.add(name)
        self._order.append(name)
        return True


def chunks(units: Iterable[Unit], *, singly: bool) -> Iterator[list[Entry]]:
    """Gather what is fed to the bank at once: lines that are less than LINES_AT_ONCE apart.

    An action stands alone, since what is before it must be done when it begins; with ``singly``
    so does every unit.
    """
    chunk: list[Entry] = []
    end = 0
    for unit in units:
        alone = singly or isinstance(unit[0], ActionLine)
        if chunk and (alone or unit[-1].line >= end):
            yield chunk
            chunk = []
        if not chunk:
            end = unit[0].line + LINES_AT_ONCE
        chunk += unit
        if alone:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
