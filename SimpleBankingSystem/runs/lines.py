"""What is read from a command file: its lines, block by block, and what each of them asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import BinaryIO

from SimpleBankingSystem.commands.base import REGISTRY, Action, Command, Request
from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.ledger.errors import BankError, InvalidCommand, InvalidFile
from SimpleBankingSystem.ledger.reading import read_text

LINE_AT_MOST = 65_536
"""Bytes of a line; a longer one is refused, so that no line fills the memory."""

READ_AT_ONCE = 49_152
"""Bytes read at a time: fewer than a line may have, so that most blocks hold no line too long."""

REASON_AT_MOST = 500
"""Characters of a message that are told; the line itself stands in the file of refused lines."""

VERB, KEY, GROUP = "command", "key", "group"
"""The columns that belong to the line and not to its command."""


@dataclass(slots=True)
class ActionLine:
    """A line that asks for an action, which has no transaction of its own."""

    line: int
    text: str
    action: Action
    group: str | None = ""


@dataclass(slots=True)
class RefusedLine:
    """A line that is not carried out; ``group`` is None where it could not be read."""

    line: int
    text: str
    group: str | None
    error: BankError


Entry = Ticket | ActionLine | RefusedLine


@dataclass(slots=True)
class Block:
    """Lines that follow each other, without their ends; ``first`` is the number of the first one.

    ``plain`` says that none of them can hold anything but cells between commas.
    """

    first: int
    lines: list[str]
    plain: bool


def blocks(file: BinaryIO, first: int) -> Iterator[Block]:
    """Read a file to its end; the line at its present position has the number ``first``."""
    for content in _whole_lines(file):
        plain = len(content) <= LINE_AT_MOST
        try:
            text = content.decode()
        except UnicodeDecodeError:
            text = content.decode(errors="surrogateescape")
            plain = False
        lines = text.split("\n")
        if not lines[-1]:
            del lines[-1]
        yield Block(first, lines, plain and not any(mark in text for mark in "\"'\r\0"))
        first += len(lines)


def _whole_lines(file: BinaryIO) -> Iterator[bytes]:
    """Cut a file after line ends; of a line that is too long only the beginning is kept."""
    rest = b""
    while block := read(file, READ_AT_ONCE):
        end = block.rfind(b"\n") + 1
        if end:
            yield rest + block[:end]
            rest = block[end:]
        else:
            rest = (rest + block)[: LINE_AT_MOST + 1]
    if rest:
        yield rest


def read(file: BinaryIO, size: int) -> bytes:
    """Read from a command file.

    Raises:
        InvalidFile: the machine cannot read it.
    """
    try:
        return file.read(size)
    except OSError as error:
        raise InvalidFile(f"The command file cannot be read: {error.strerror}.") from None


def checked(text: str) -> str:
    """Return a line without its carriage return.

    Raises:
        InvalidCommand: no line of a command file can look like this.
    """
    if len(text) > LINE_AT_MOST or len(text.encode(errors="surrogateescape")) > LINE_AT_MOST:
        raise refused(f"is longer than {LINE_AT_MOST:,} bytes")
    if any("\udc80" <= letter <= "\udcff" for letter in text):
        raise refused("is not UTF-8; save the file as UTF-8")
    text = text.removesuffix("\r")
    if "\r" in text:
        raise refused("has a carriage return inside; lines end with LF or CRLF")
    if "\0" in text:
        raise refused("contains a NUL byte")
    return text


def refused(reason: str) -> InvalidCommand:
    """Return the refusal of a line as a whole."""
    return InvalidCommand({"line": reason})


def reason(error: BankError) -> str:
    """Return why a line went wrong, on one short line whatever the command file held."""
    message = error.message[:REASON_AT_MOST]
    if message.isprintable():
        return message
    return "".join(mark if mark.isprintable() else f"\\u{ord(mark):04x}" for mark in message)


def requests() -> Mapping[str, type[Request]]:
    """Return the commands and actions that a file may ask for, by verb."""
    return {verb: kind for verb, kind in REGISTRY.items() if kind.surfaces}


def request_kind(verb: str) -> type[Request]:
    """Return what a verb stands for.

    Raises:
        InvalidCommand: there is no such verb; the nearest one is named.
    """
    kind = REGISTRY.get(verb)
    if kind is not None and kind.surfaces:
        return kind
    if not verb:
        raise InvalidCommand({VERB: "is missing: give the verb"})
    raise InvalidCommand({VERB: f"there is no {verb!r}{nearest(verb, requests())}"})


def nearest(name: str, known: Mapping[str, object]) -> str:
    """Return the end of a sentence that offers the known name most like an unknown one."""
    found = get_close_matches(name.strip().lower().replace("-", "_"), known, 1)
    return f"; did you mean {found[0]}?" if found else f"; there are {', '.join(sorted(known))}"


def label(column: str, text: str) -> str:
    """Read a key or the name of a group.

    Raises:
        InvalidCommand: it is too long or contains a forbidden character.
    """
    try:
        return read_text(text)
    except ValueError as error:
        raise InvalidCommand({column: str(error)}) from None


def entry(request: Request, run: str, line: int, text: str, key: str, group: str) -> Entry:
    """Return the entry of a line that could be read.

    Raises:
        InvalidCommand: an action cannot have a key or a group.
    """
    if isinstance(request, Action):
        if key or group:
            raise InvalidCommand({VERB: f"{request.verb} can have neither a key nor a group"})
        return ActionLine(line, text, request)
    assert isinstance(request, Command)
    made = Ticket(request, run, line, text)
    if key:
        made.key = key
    if group:
        made.group = group
    return made
