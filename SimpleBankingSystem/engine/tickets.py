"""What becomes of tickets before they are queued: keys, names, groups."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Sequence
from time import monotonic

from SimpleBankingSystem.commands.base import Command
from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.ledger.entities import ENTITIES
from SimpleBankingSystem.ledger.entity import made_number, numbering
from SimpleBankingSystem.ledger.errors import BankError, InvalidCommand, KeyReused, KeyRunning
from SimpleBankingSystem.ledger.reading import read_text
from SimpleBankingSystem.stores.base import Store

log = logging.getLogger(__name__)

KEY_SECONDS = 30
"""How long repeated keys wait for the commands that are under way with them."""

LETTERS = [record.letter for record in ENTITIES.values() if record.letter]
"""What the ids begin with that the bank makes."""

_actor = re.compile(r"[A-Za-z0-9_.@-]{1,64}", re.ASCII)


def ticket_from(command: Command, key: str, actor: str) -> Ticket:
    """Return a ticket of somebody, with a key or none.

    Raises:
        InvalidCommand: the books cannot keep the key or the actor's name.
    """
    ticket = Ticket(command)
    try:
        ticket.key = read_text(key)
    except ValueError as error:
        raise InvalidCommand({"key": str(error)}) from None
    if _actor.fullmatch(actor) is None:
        raise InvalidCommand({"actor": "must be 1 to 64 letters, digits or _ . @ -"})
    ticket.actor = actor
    return ticket


def name_locks(tickets: Sequence[Ticket], look: Store) -> None:
    """Note on tickets what they lock: what they name, and the numbering if that may make it.

    So whoever guesses the id of an account that is about to be opened comes after the opening,
    however many workers there are. Whoever names an account that was merged into another locks
    that one too.
    """
    for ticket in tickets:
        try:
            ticket.names = ticket.command.accounts(look)
        except Exception:
            # It is a hint only: deciding will ask for the names, or fail with this very fault.
            log.exception("the command %s could not name its accounts", ticket.command.verb)
            ticket.names = ()
    named = set().union(*[ticket.names for ticket in tickets])
    if heirs_of(named, look):
        for ticket in tickets:
            ticket.names = {*ticket.names, *heirs_of(ticket.names, look)}
    unknown = look.unknown(named)
    if not unknown:
        return
    for letter in LETTERS:
        makeable = {name for name in unknown if made_number(letter, name)}
        for ticket in tickets if makeable else ():
            if not makeable.isdisjoint(ticket.names):
                ticket.names = {*ticket.names, numbering(letter)}


def heirs_of(names: Collection[str], look: Store) -> set[str]:
    """Return the accounts into which any of these were merged, one after the other."""
    heirs: set[str] = set()
    while names := [each.merged_into for each in look.load(names).values() if each.merged_into]:
        heirs.update(names)
    return heirs


def members_of(tickets: Sequence[Ticket]) -> list[Ticket]:
    """Return tickets as they were before ``grouped``: every member of every group."""
    return [member for ticket in tickets for member in ticket.members or (ticket,)]


def grouped(tickets: Sequence[Ticket]) -> list[Ticket]:
    """Return the tickets as they are queued: the first of each group carries all its members.

    A group's members follow each other and have the same ``group``; together they lock all that
    any of them touches. Groups of the same name that were submitted one after the other, such as
    those that a stop left PENDING, are told apart by their run and time.
    """
    if not any(ticket.group for ticket in tickets):
        return list(tickets)
    queued: list[Ticket] = []
    for ticket in tickets:
        if not ticket.group:
            queued.append(ticket)
            continue
        first = queued[-1] if queued else None
        if first is not None and first.members and same_group(first, ticket):
            first.members = [*first.members, ticket]
            first.names = {*first.names, *ticket.names}
        else:
            ticket.members = [ticket]
            queued.append(ticket)
    return queued


def same_group(one: Ticket, other: Ticket) -> bool:
    """Tell whether two tickets were submitted together, in the same group."""
    return (one.group, one.run, one.created_at) == (other.group, other.run, other.created_at)


def refuse_torn_groups(tickets: Sequence[Ticket], fresh: Sequence[Ticket]) -> list[Ticket]:
    """Refuse the fresh members of groups of which another member's key was used before.

    Half of a group is never carried out. Returns those that are refused.
    """
    answered = {ticket.group for ticket in tickets if ticket.leader or ticket.recorded}
    torn = [ticket for ticket in fresh if ticket.group and ticket.group in answered]
    for ticket in torn:
        ticket.refusal = KeyReused(f"A part of the group {ticket.group} was given before.")
    return torn


def follow(tickets: Sequence[Ticket]) -> None:
    """Let tickets whose key is under way elsewhere wait for its outcome and take it over."""
    end = monotonic() + KEY_SECONDS
    for ticket in tickets:
        leader = ticket.leader
        if leader is None or ticket.refusal is not None:
            continue
        if leader.latch is None or not leader.latch.wait(max(0, end - monotonic())):
            ticket.refusal = KeyRunning(f"The command with the key {ticket.key} is under way.")
            continue
        try:
            ticket.recorded = leader.transaction()
        except BankError as refusal:
            ticket.refusal = refusal
