"""What a terminal, a pipe or a program sees: answers on standard output, the rest beside them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from textwrap import wrap
from time import monotonic
from typing import Protocol, TypeGuard

import click

from SimpleBankingSystem.ledger.errors import BankError, InvalidCommand
from SimpleBankingSystem.problems import problem
from SimpleBankingSystem.tables import NUMBER, Row, facts_of, text_of

HARD_BLANK = "\u00a0"
"""A blank at which no line ends."""

FILLING = "\0"
"""Stands for the second column of a letter while lines are made; no text may contain it."""

LONGEST_WORD = 40
"""Letters of a word that a drawn table never breaks."""


def say(sentence: str) -> None:
    """Tell a person something beside the answer."""
    click.echo(sentence, err=True)


def show_json(shape: object) -> None:
    """Answer a program with one JSON document."""
    click.echo(json.dumps(shape, indent=2, ensure_ascii=False))


def cells(text: str) -> int:
    """Return the columns of a terminal that a text takes: some letters take two, some none."""
    if text.isascii():
        return len(text)
    # Only now: most texts have no need of it.
    from rich.cells import cell_len

    return cell_len(text)


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Return a text with blanks behind it, or before it, so that it takes a width."""
    blanks = " " * (width - cells(text))
    return blanks + text if right else text + blanks


def wrapped(text: str, width: int, indent: str = "", hanging: str = "") -> list[str]:
    """Return a text in lines of a width; no word of it is broken."""
    # A letter that takes two columns is counted as two.
    counted = "".join(letter + FILLING * (cells(letter) - 1) for letter in text)
    lines = wrap(
        counted,
        width,
        initial_indent=indent,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(FILLING, "") for line in lines]


def show_facts(facts: Row) -> None:
    """Answer a person with one thing: a line for each fact that is not blank, lists as tables."""
    lists = {name: value for name, value in facts.items() if _is_table(value)}
    texts = dict(facts_of({name: facts[name] for name in facts if name not in lists}))
    width = max(map(len, texts), default=0)
    for name, text in texts.items():
        if text:
            click.echo(f"{name.ljust(width)}  {text}")
    for rows in lists.values():
        if not sys.stdout.isatty():  # A drawn table has a blank line above it.
            click.echo()
        show_table([*rows[0]], rows)


def _is_table(value: object) -> TypeGuard[Sequence[Row]]:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def show_table(columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Answer a person with a table: drawn on a terminal, plain and never cut on a pipe."""
    texts = [[text_of(row.get(column)) for column in columns] for row in rows]
    right = [all(NUMBER.fullmatch(row[i]) for row in texts if row[i]) for i in range(len(columns))]
    if sys.stdout.isatty():
        _draw(columns, texts, right)
    else:
        _align(columns, texts, right)


def _draw(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> None:
    from rich import box
    from rich.console import Console
    from rich.segment import Segment, Segments
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for i, column in enumerate(columns):
        # Words may go on in the next line; an id or an amount can be read and copied only whole.
        longest = max((word for row in rows for word in row[i].split()), key=len, default="")
        table.add_column(
            column,
            justify="right" if right[i] else "left",
            overflow="fold",
            min_width=min(max(len(column), len(longest)), LONGEST_WORD),
        )
    for row in rows:
        table.add_row(*row)
    # What a customer typed is text: it must not be taken for markup or a smiley.
    console = Console(markup=False, emoji=False, highlight=False)
    drawn = [*console.render(table)]
    # What it measures as its least width may be less than what it then draws.
    width = max(map(Segment.get_line_length, Segment.split_lines(drawn)))
    filled = [i for i in range(len(columns)) if any(row[i] for row in rows)]
    if width <= console.width:
        console.print(Segments(drawn), crop=False, end="")
    elif 0 < len(filled) < len(columns):
        kept = [[row[i] for i in filled] for row in rows]
        _draw([columns[i] for i in filled], kept, [right[i] for i in filled])
    else:
        _stack(columns, rows, right, console.width)


def _stack(
    columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool], width: int
) -> None:
    """Draw a table that is wider than the terminal: what has no room stands below its row.

    What names the row is placed first, then amounts, which are read down the column.
    """
    widths = [max(cells(line[i]) for line in (columns, *rows)) for i in range(len(columns))]
    room = width - 1
    placed: set[int] = set()
    for i in sorted(range(len(columns)), key=lambda i: i > 0 and not right[i]):
        if widths[i] + 2 <= room:
            placed.add(i)
            room -= widths[i] + 2

    def line(texts: Sequence[str]) -> str:
        shown = (padded(texts[i], widths[i], right=right[i]) for i in sorted(placed))
        return "  ".join(shown).rstrip()

    click.echo()
    click.echo(line(columns))
    click.echo("─" * (width - 1 - room))
    for row in rows:
        click.echo(line(row))
        below = [
            f"{columns[i]}{HARD_BLANK}{text}"
            for i, text in enumerate(row)
            if text and i not in placed
        ]
        for each in wrapped("   ".join(below), width - 1, "    ", "    "):
            click.echo(each.replace(HARD_BLANK, " "))
    click.echo()


def _align(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> None:
    lines = [columns, *rows]
    widths = [max(cells(line[i]) for line in lines) for i in range(len(columns))]
    for line in lines:
        shown = (
            padded(text, width, right=is_number)
            for text, width, is_number in zip(line, widths, right, strict=True)
        )
        click.echo("  ".join(shown).rstrip())


def refuse(error: BankError, *, as_json: bool, transaction: Row | None = None) -> int:
    """Say on standard error why something was refused; return the exit status."""
    if as_json:
        click.echo(json.dumps(problem(error, transaction), ensure_ascii=False), err=True)
        return error.exit
    if not error.retryable:
        hope = "trying again cannot help"
    elif transaction is None:
        hope = "trying again later may help"
    else:
        hope = f"trying again later may help: bank retry {transaction['id']}"
    if isinstance(error, InvalidCommand):
        for name, reason in error.errors.items():
            say(f"{name.replace('_', '-')}: {reason}")
        say(f"Nothing was done ({error.code}).")
    else:
        say(f"{error.message} ({error.code}; {hope})")
    return error.exit


class Bar(Protocol):
    """Told how much is done, of how much, and how many units that is, if they are others."""

    def __call__(self, done: int, total: int, units: int | None = None, /) -> None: ...


@contextmanager
def progress_bar(title: str, unit: str = "", patience: float = 0) -> Iterator[Bar]:
    """Hand out a progress that draws a bar with time left and rate; silent on a pipe.

    Work that is done within ``patience`` seconds gets no bar.
    """
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    begun = monotonic()
    task = bar.add_task(title, total=None, rate="")

    def tell(done: int, total: int, units: int | None = None) -> None:
        if monotonic() - begun < patience:
            return
        bar.start()
        seconds = bar.tasks[task].elapsed
        rate = f"{units / seconds:,.0f} {unit}/s" if units and seconds else ""
        bar.update(task, completed=done, total=total, rate=rate)

    try:
        yield tell
    finally:
        bar.stop()
