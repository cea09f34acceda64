"""The format of the files: columns, how a text survives a spreadsheet, one row's way out and in.

docs/FILES.md defines every column for people; this module is where the bank writes and reads them.
"""

from __future__ import annotations

import csv
import json
import re
from binascii import hexlify
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from functools import cache, lru_cache
from hashlib import sha256
from sys import intern
from typing import Any, get_type_hints

from SimpleBankingSystem.commands.base import REGISTRY
from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.ledger.entities import ENTITIES
from SimpleBankingSystem.ledger.entity import Entity
from SimpleBankingSystem.ledger.errors import recorded_error
from SimpleBankingSystem.ledger.fields import plain
from SimpleBankingSystem.ledger.transaction import NOTHING_MADE, Posting, Transaction

BOM = b"\xef\xbb\xbf"
"""Tells a spreadsheet that the file is UTF-8."""

COLUMNS = [
    *("seq", "commit_first", "commit_last", "transaction", "command", "status", "attempt"),
    *("source", "target", "amount", "currency", "source_balance", "target_balance"),
    *("value_date", "created_at", "started_at", "completed_at"),
    *("actor", "key", "group", "reference", "description", "error", "details", "hash_v1"),
]
"""The columns of the journal and of the archive; they are final."""

JOURNAL_HEADER = BOM + ",".join(COLUMNS).encode() + b"\n"

(
    SEQ,
    COMMIT_FIRST,
    COMMIT_LAST,
    TRANSACTION,
    COMMAND,
    STATUS,
    ATTEMPT,
    SOURCE,
    TARGET,
    AMOUNT,
    CURRENCY,
    SOURCE_BALANCE,
    TARGET_BALANCE,
    VALUE_DATE,
    CREATED_AT,
    STARTED_AT,
    COMPLETED_AT,
    ACTOR,
    KEY,
    GROUP,
    REFERENCE,
    DESCRIPTION,
    ERROR,
    DETAILS,
    HASH,
) = range(len(COLUMNS))

HASH_BYTES = 16
"""How much of a SHA-256 is kept, printed with two digits a byte."""

FIRST_HASH = "h" + "00" * HASH_BYTES
"""What the first row of all chains to."""

_READERS: dict[object, Callable[[str], Any]] = {
    str: intern,
    int: int,
    tuple[str, ...]: lambda text: tuple(map(intern, text.split())),
    Decimal: lru_cache(maxsize=1_000)(Decimal),
}
"""What reads a text as a field of this type. Equal values are mostly one object, here and where
commands name accounts: thousands of accounts share a currency and a limit, and an id is found
without comparing its letters."""


def _cells_of(record: type[Entity]) -> Iterator[tuple[str, Callable[[str], Any]]]:
    hints = get_type_hints(record)
    for field in fields(record):  # type: ignore[arg-type]
        yield field.name, _READERS[hints[field.name]]


_CELLS = {kind: list(_cells_of(record)) for kind, record in ENTITIES.items()}
"""The fields of each kind, with what reads a text as one."""

_NONE = (None,)
"""What stands for the one posting of a transaction that moved nothing: it has a row too."""

_IN_COLUMNS = frozenset({"source", "target", "amount", "reference", "description"})
"""Command fields that stand in the column of their name, and so not in ``details``."""

_MOVED = ("source", "target", "amount")
"""Those of them that tell what was moved, in the order of a posting."""

_WIDE = "＇＝＋－＠｜％"  # noqa: RUF001 - the full-width twins that a sheet takes for the same signs
_to_guard = re.compile(rf"(^|;)(?=[\s\"]*['=+\-@|%{_WIDE}])")
_guarded = re.compile(r"(^|;)'")
_value_like = re.compile(r"[0-9 .,:/\-+eE%]+|true|false|na|nan|null|none|inf", re.IGNORECASE)


def guard(text: str) -> str:
    """Return a text as a spreadsheet may see it: never a formula, never a value to be rewritten.

    An apostrophe goes in front of what would start a formula, at the start and after each ``;``
    (the separator of half the world's sheets), and in front of a text that reads as a value.
    Sheets drop blanks and quotes at the start of a cell, so those may stand before the sign.
    """
    if _value_like.fullmatch(text) and text[0] not in "+-%":
        return "'" + text
    return _to_guard.sub(r"\1'", text)


def unguard(text: str) -> str:
    """Return the text that ``guard`` was given."""
    return _guarded.sub(r"\1", text) if "'" in text else text


def quoted(text: str) -> str:
    """Return a text as it stands in a file: guarded and in quotes; nothing for no text."""
    return '"' + guard(text).replace('"', '""') + '"' if text else ""


def canonical(value: object) -> str:
    """Return JSON on one line, always the same for the same value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def chained(previous: bytes, body: bytes) -> bytes:
    """Return the hash of a row: ``h`` and 128 bits of SHA-256 over the previous hash and the row.

    ``body`` are the row's bytes up to and including its last comma. The letter keeps a
    spreadsheet from taking 32 digits for a number.
    """
    return b"h" + hexlify(sha256(previous + body).digest()[:HASH_BYTES])


def encode(tickets: Sequence[Ticket], last_seq: int, previous: str, now: str) -> tuple[bytes, str]:
    """Return one commit's rows as bytes and the hash of the last; ``last_seq`` is their last.

    This is the hot path of the whole bank: one string, one encoding and one hash per row. The
    details stand in a transaction's first row only, since recovery applies them once.
    """
    span = f"{tickets[0].seq},{last_seq}"
    today = now[:10]
    mark = previous.encode()
    rows: list[bytes] = []
    for ticket in tickets:
        command = ticket.command
        seq, rest = ticket.seq, details(ticket)
        for posting in ticket.postings or _NONE:
            cells = posting_cells(posting) if posting else other_cells(ticket)
            row = (
                f"{seq},{span},{ticket.id},{command.verb},{ticket.status},{ticket.attempt},{cells},"
                f"{command.value_date or today},{ticket.created_at},{ticket.started_at},"
                f"{ticket.completed_at},{texts(ticket)},{rest},"
            ).encode()
            # What ``chained`` does, without the price of a call.
            mark = b"h" + hexlify(sha256(mark + row).digest()[:HASH_BYTES])
            rows.append(row + mark)
            seq, rest = seq + 1, ""
    rows.append(b"")
    return b"\n".join(rows), mark.decode()


def texts(ticket: Ticket) -> str:
    """Return the cells from ``actor`` to ``error``."""
    command = ticket.command
    reference, description, error = command.reference, command.description, ticket.error
    if not (ticket.key or reference or description or error or ticket.group):
        return f"{ticket.actor},,,,,"
    why = f"{error.code}: {error.message}" if error else ""
    cells = [quoted(each) for each in (ticket.key, ticket.group, reference, description, why)]
    return ",".join([ticket.actor, *cells])


def posting_cells(posting: Posting) -> str:
    """Return the cells from ``source`` to ``target_balance`` of a posting."""
    source, target, amount, currency, source_balance, target_balance = posting
    return f"{source},{target},{amount!s},{currency},{source_balance!s},{target_balance!s}"


def other_cells(ticket: Ticket) -> str:
    """Return the same cells where nothing was posted: what was tried, or what was set."""
    source, target = ticket.legs()
    if ticket.attempted is not None:
        return f"{source},{target},{ticket.attempted[2]:f},,,"
    asked = getattr(ticket.command, "amount", None)
    amount = "" if asked is None else format(asked, "f")
    put = next((entity for entity in ticket.puts if isinstance(entity, Account)), None)
    if put is not None:
        return f"{source},{put.id},{amount},{put.currency},,{put.balance!s}"
    return f"{source},{target},{amount},,,"


def details(ticket: Ticket) -> str:
    """Return the cell with everything that has no column of its own."""
    command, postings, values = ticket.command, ticket.postings, ticket.command.__dict__
    if postings and not (ticket.puts or ticket.claims) and values.keys() <= _IN_COLUMNS:
        # A transfer, which most rows are: its fields are the very objects that were posted.
        moved = postings[0]
        if (
            values.get("source") is moved[0]
            and values.get("target") is moved[1]
            and values.get("amount") == moved[2]
        ):
            if not ticket.run:
                return ""
            return f'"{{""line"":{ticket.line},""run"":""{ticket.run}""}}"'
    found = hidden(ticket)
    for name, value in command.given().items():
        if name not in _IN_COLUMNS:
            found[name] = plain(value)
    if ticket.run:
        found["run"], found["line"] = ticket.run, ticket.line
    if ticket.claims:
        found["claims"] = list(ticket.claims)
    if ticket.puts:
        changed: dict[str, list[object]] = {}
        for entity in ticket.puts:
            changed.setdefault(entity.kind, []).append(entity_cells(entity))
        found["set"] = changed
    return quoted(canonical(found)) if found else ""


def hidden(ticket: Ticket) -> dict[str, object]:
    """Return the command's fields that are not what stands in the columns of their names.

    An exchange moves money by way of the bank's own accounts, a split in parts, and who is paid
    may have been merged into another. A blank one is told too: it was not given. Where
    nothing was posted, ``10`` is told from ``10.00``, since a refusal shows what was asked.
    """
    command, postings = ticket.command, ticket.postings
    shown: Sequence[object] = postings[0] if postings else ticket.attempted or ticket.legs()
    found: dict[str, object] = {}
    for at, name in moved_fields(command.field_names):
        given = getattr(command, name)
        # Most fields are the very objects that were posted; where nothing was, legs have no amount.
        if at == len(shown) or given is shown[at]:
            continue
        if given != shown[at] or not (postings or str(given) == str(shown[at])):
            found[name] = plain(given)
    return found


@cache
def moved_fields(names: frozenset[str]) -> list[tuple[int, str]]:
    """Return those of a command's fields that have a place in a posting, with the place."""
    return [(at, name) for at, name in enumerate(_MOVED) if name in names]


def cell(value: object) -> str:
    """Return a field of an entity as the text of a cell; several words have blanks between."""
    return " ".join(value) if isinstance(value, tuple) else str(value)


def entity_cells(entity: Entity) -> dict[str, object]:
    """Return an entity's whole value by field name; amounts as text."""
    values = ((name, getattr(entity, name)) for name, _ in _CELLS[entity.kind])
    return {name: value if isinstance(value, int) else cell(value) for name, value in values}


def entity_of(kind: str, cells: Mapping[str, object]) -> Entity:
    """Return the entity that ``entity_cells`` was given, from texts or JSON values.

    A field that did not exist yet when it was written has its default.
    """
    made = {name: read(str(cells[name])) for name, read in _CELLS[kind] if name in cells}
    return ENTITIES[kind](**made)


def records(lines: Iterable[str]) -> Iterator[list[str]]:
    """Return the cells of rows, as they stand in the file: texts are still guarded."""
    return csv.reader(lines, strict=True)


def parse_details(row: Sequence[str]) -> dict[str, object]:
    """Return what the ``details`` cell holds."""
    if not row[DETAILS]:
        return {}
    found = json.loads(unguard(row[DETAILS]))
    if not isinstance(found, dict):
        raise TypeError("details must be a JSON object")
    return found


def puts_of(found: Mapping[str, object]) -> list[Entity]:
    """Return the entities that a row sets, from its details."""
    changed = found.get("set", {})
    assert isinstance(changed, dict)
    return [entity_of(kind, cells) for kind, values in changed.items() for cells in values]


def posting_of(row: Sequence[str]) -> Posting | None:
    """Return the posting that a COMPLETED row records, None if it moved nothing."""
    if not row[SOURCE_BALANCE]:
        return None
    return Posting(
        row[SOURCE],
        row[TARGET],
        Decimal(row[AMOUNT]),
        row[CURRENCY],
        Decimal(row[SOURCE_BALANCE]),
        Decimal(row[TARGET_BALANCE]),
    )


def transaction_of(rows: Sequence[Sequence[str]]) -> Transaction:
    """Return the transaction that its rows record, in the order of seq."""
    row = rows[0]
    found = parse_details(row)
    code, _, message = unguard(row[ERROR]).partition(": ")
    postings = (posting_of(each) for each in rows)
    return Transaction(
        id=row[TRANSACTION],
        seq=int(row[SEQ]),
        command=row[COMMAND],
        status=row[STATUS],
        attempt=int(row[ATTEMPT]),
        source=row[SOURCE],
        target=row[TARGET],
        postings=tuple(posting for posting in postings if posting is not None),
        value_date=row[VALUE_DATE],
        actor=row[ACTOR],
        key=unguard(row[KEY]),
        group=unguard(row[GROUP]),
        reference=unguard(row[REFERENCE]),
        description=unguard(row[DESCRIPTION]),
        tags=tuple(_texts(found.get("tags"))),
        error=recorded_error(code, message) if code else None,
        created_at=row[CREATED_AT],
        started_at=row[STARTED_AT],
        completed_at=row[COMPLETED_AT],
        fields=command_fields(row, found),
        run=str(found.get("run", "")),
        line=int(str(found.get("line", 0))),
        made=made_of(REGISTRY[row[COMMAND]].makes, found),
    )


def made_of(kind: str, found: Mapping[str, object]) -> tuple[str, str]:
    """Return the kind and the id of what a row's command made anew, blank if nothing."""
    changed = found.get("set", {})
    assert isinstance(changed, dict)
    entities = changed.get(kind) if kind else None
    return (kind, str(entities[0]["id"])) if entities else NOTHING_MADE


def command_fields(row: Sequence[str], found: Mapping[str, object]) -> dict[str, object]:
    """Return the command's own fields as they were given, read by their kinds."""
    given: dict[str, object] = {}
    for declared in REGISTRY[row[COMMAND]].fields:
        name = declared.name
        text = found.get(name)
        if name not in found and name in _IN_COLUMNS:
            text = unguard(row[COLUMNS.index(name)])
        if text is not None and text != "":
            value = declared.kind.parse_any(text)
            if value != declared.default:
                given[name] = value
    return given


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
