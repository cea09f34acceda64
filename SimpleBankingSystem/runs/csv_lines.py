"""Command files in CSV: a header that names the columns, then a line for each command.

One physical line is one record: a line whose quotes do not close is refused by itself and never
swallows the next. Most lines hold no quote at all, and a split of these costs a quarter of what
the csv module takes.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Self, cast

from SimpleBankingSystem.commands.base import Command
from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.ledger.errors import InvalidCommand, InvalidFile
from SimpleBankingSystem.ledger.fields import NAME, TAGS, TEXT, Kind
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
    nearest,
    refused,
    request_kind,
    requests,
)
from SimpleBankingSystem.stores.csv_files.format import guard, unguard

TEXTS = {NAME, TEXT, TAGS}
"""Kinds whose cells a spreadsheet may have been protected from by an apostrophe."""


class CsvLines:
    """Reads the lines below a header.

    Raises:
        InvalidFile: the header is not one of a command file.
    """

    extension = "csv"

    def __init__(self, header: str) -> None:
        self.header = header
        self._parser = _Parser()
        try:
            self._columns = self._parser.cells(header)
        except InvalidCommand as error:
            raise InvalidFile(f"The header {error.errors['line']}.") from None
        kinds = known_columns()
        check_header(header, self._columns, kinds)
        self._verb_at = self._columns.index(VERB)
        self._labels = [(at, name) for at, name in enumerate(self._columns) if name in {KEY, GROUP}]
        self._texts = [at for at, name in enumerate(self._columns) if kinds[name] & TEXTS]
        self._readers: dict[str, Callable[[Sequence[str]], Command]] = {}

    def entries(self, blocks: Iterable[Block], run: str) -> Iterator[Entry]:
        """Read the lines of a run; blank ones are passed over."""
        width, verb_at, labelled = len(self._columns), self._verb_at, bool(self._labels)
        readers = self._readers
        made: Entry | None
        for block in blocks:
            plain = block.plain
            for number, text in enumerate(block.lines, block.first):
                try:
                    row = text.split(",") if plain else self._cells(text)
                    read = readers.get(row[verb_at]) if len(row) == width else None
                    if read is None:
                        made = self._unusual(row, run, number, text)
                        if made is None:
                            continue
                    else:
                        row[verb_at] = ""
                        key, group = self._take_labels(row) if labelled else ("", "")
                        made = Ticket(read(row), run, number, text)
                        if labelled:
                            made.key, made.group = key, group
                except InvalidCommand as error:
                    made = RefusedLine(number, text, self._group(text), error)
                yield made

    def _unusual(self, row: list[str], run: str, number: int, text: str) -> Entry | None:
        """Read a line with an action or with a verb that is new here; None if it is blank."""
        if not any(cell.strip() for cell in row):
            return None
        if len(row) != len(self._columns):
            raise refused(f"has {len(row)} cells, the header {len(self._columns)}")
        verb, row[self._verb_at] = row[self._verb_at], ""
        key, group = self._take_labels(row)
        kind = request_kind(verb)
        read = kind.reader(self._columns)
        if issubclass(kind, Command):
            self._readers[verb] = cast("Callable[[Sequence[str]], Command]", read)
        return entry(read(row), run, number, text, key, group)

    def _take_labels(self, row: list[str]) -> tuple[str, str]:
        """Take the key and the group out of a row: its command's reader gets only its own cells."""
        taken = {KEY: "", GROUP: ""}
        for at, name in self._labels:
            if row[at]:
                taken[name], row[at] = label(name, row[at]), ""
        return taken[KEY], taken[GROUP]

    def _group(self, text: str) -> str | None:
        """Return the group that a refused line names, None if that cannot be told."""
        if not any(name == GROUP for _, name in self._labels):
            return ""
        try:
            row = self._cells(text)
            return self._take_labels(row)[1] if len(row) == len(self._columns) else None
        except InvalidCommand:
            return None

    def _cells(self, text: str) -> list[str]:
        """Return the cells of a line in which anything may be."""
        row = self._parser.cells(checked(text))
        if "'" in text and len(row) == len(self._columns):
            for at in self._texts:
                bare = unguard(row[at])
                # An apostrophe that guards nothing is the writer's own.
                if guard(bare) == row[at]:
                    row[at] = bare
        return row


class _Parser:
    """One csv reader for all lines, given one line at a time; making one costs three times more."""

    def __init__(self) -> None:
        self._line: str | None = None
        self._rows = csv.reader(self, strict=True)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        """Hand the line out once: asked for more, because a quote is open, there is none."""
        line, self._line = self._line, None
        if line is None:
            raise StopIteration
        return line

    def cells(self, text: str) -> list[str]:
        """Return the cells of a line."""
        self._line = text
        try:
            return next(self._rows, [])
        except csv.Error as error:
            end = str(error) == "unexpected end of data"
            raise refused(
                "has a quote that is not closed" if end else f"is no CSV: {error}"
            ) from None


def known_columns() -> dict[str, set[Kind]]:
    """Return the columns that a file may have, with the kinds of field that each can hold."""
    known: dict[str, set[Kind]] = {VERB: set(), KEY: {TEXT}, GROUP: {TEXT}}
    for kind in requests().values():
        for declared in kind.fields:
            known.setdefault(declared.name, set()).add(declared.kind)
    return known


def check_header(header: str, columns: Sequence[str], known: Mapping[str, object]) -> None:
    """Refuse a header that is not one of a command file.

    Raises:
        InvalidFile: with what to do about it.
    """
    if len(columns) == 1:
        for mark, name in ((";", "semicolons"), ("\t", "tabs")):
            if mark in header:
                message = f"The header is cut by {name}; save the file with commas between cells."
                raise InvalidFile(message)
    for at, column in enumerate(columns, 1):
        if not column:
            raise InvalidFile(f"Column {at} has no name in the header.")
        if column not in known:
            message = f"There is no column {column[:40]!r}{nearest(column, known)}"
            raise InvalidFile(message)
        if column in columns[: at - 1]:
            raise InvalidFile(f"The header names the column {column} twice.")
    if VERB not in columns:
        raise InvalidFile(f"The header names no column {VERB!r}, which holds each line's verb.")
