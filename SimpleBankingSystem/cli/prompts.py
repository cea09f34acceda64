"""What the menu asks, one thing at a time, and the words that leave it.

The words are small letters alone: whoever means the word as a text writes it otherwise.
"""

from __future__ import annotations

import re
import sys
import termios
from collections.abc import Callable, Mapping, Sequence
from shutil import get_terminal_size
from textwrap import shorten
from typing import NamedTuple

import click

from SimpleBankingSystem.cli.previews import list_of
from SimpleBankingSystem.cli.terminal import HARD_BLANK, wrapped
from SimpleBankingSystem.commands.base import Field, Request
from SimpleBankingSystem.ledger.fields import Kind

BACK, QUIT, EXPLAIN, NOTHING = "back", "quit", "?", "-"

WORDS = f"{EXPLAIN} explains, {BACK} or Ctrl-C leaves, {QUIT} ends"

MOST_WORDS = 12
"""Words that a field is explained with, if it takes one of a few."""

_number = re.compile(r"[0-9]{1,4}", re.ASCII)
_picked = re.compile(r"[0-9]{1,4}([ ,]+[0-9]{1,4})*", re.ASCII)


class Leave(Exception):
    """Somebody leaves what they are asked."""


class Quit(Exception):
    """Somebody ends the menu."""


class Choice(NamedTuple):
    """One thing to choose: its name, a sentence about it, and what explains it."""

    name: str
    sentence: str
    explain: Callable[[], None]


Former = Mapping[str, str]
"""Answers by the name of their field, as they were typed."""


def width() -> int:
    """Return the letters of a line of this terminal, at least as many as one can do with."""
    return max(get_terminal_size().columns, 40)


def height() -> int:
    """Return the lines of this terminal, at least as many as one can do with."""
    return max(get_terminal_size().lines, 10)


def tell(text: str, indent: str = "", hanging: str | None = None) -> None:
    """Say a text to a person, in lines that fit the terminal."""
    hanging = indent if hanging is None else hanging
    lines = wrapped(text, width() - 1, indent, hanging) or [indent]
    click.echo("\n".join(lines).replace(HARD_BLANK, " "))


def ask(prompt: str) -> str:
    """Ask for a line, without the blanks around it.

    Raises:
        Leave: it is ``back``, Ctrl-C or Ctrl-D.
        Quit: it is ``quit``.
    """
    try:
        text = input(prompt).strip()
    except (EOFError, KeyboardInterrupt):
        click.echo()
        raise Leave from None
    if text == BACK:
        raise Leave
    if text == QUIT:
        raise Quit
    return text


def decided(question: str) -> str:
    """Ask for a decision; what was typed or pasted before the question was there is no answer.

    Raises:
        Leave: Quit: like ``ask``.
    """
    termios.tcflush(sys.stdin, termios.TCIFLUSH)
    return ask(question).lower()


def agrees(question: str) -> bool:
    """Ask whether something is to be done; whoever says nothing, or leaves, says no."""
    try:
        return decided(f"{question} [y/N] ") in ("y", "yes")
    except Leave:
        return False


class Menu:
    """Numbered choices under a title; those that are not listed can be chosen by their names."""

    def __init__(
        self, title: str, choices: Sequence[Choice], unlisted: Sequence[Choice] = ()
    ) -> None:
        self._title = title
        self._choices = choices
        self._named = {_plain(each.name): each for each in (*unlisted, *choices)}
        self._is_shown = False

    def show(self) -> None:
        """Show the choices."""
        click.echo()
        click.secho(self._title, bold=True)
        click.echo("\n".join(listed(self._choices)))
        self._is_shown = True

    def choose(self) -> Choice:
        """Return the choice that a person makes.

        The choices are shown once and whenever nothing is said: an answer stays on the screen.

        Raises:
            Leave: Quit: nothing is chosen.
        """
        if not self._is_shown:
            self.show()
        while True:
            text = ask(f"{self._title} (number, name, {EXPLAIN}, {BACK}, {QUIT}): ")
            is_asked, word = text.startswith(EXPLAIN), _plain(text.removeprefix(EXPLAIN))
            found = self._named.get(word)
            if _number.fullmatch(word) and 1 <= int(word) <= len(self._choices):
                found = self._choices[int(word) - 1]
            if found is not None and not is_asked:
                return found
            if found is not None:
                found.explain()
            elif not word:
                self.show()
                if is_asked:
                    tell(f"{EXPLAIN} and a number, such as {EXPLAIN}1, says all about one of them.")
            else:
                most = len(self._choices)
                tell(f"{text} is none of them: give a number from 1 to {most}, or a name.")


def _plain(name: str) -> str:
    """Return a name as it is looked up, however its words are kept apart."""
    return name.strip().lower().replace("_", " ").replace("-", " ")


def listed(choices: Sequence[Choice]) -> list[str]:
    """Return the lines of numbered choices: whole sentences, or a line of each if too many."""
    longest = max(len(each.name) for each in choices)
    heads = [f"{number:>3}  {each.name.ljust(longest)}  " for number, each in enumerate(choices, 1)]
    indent, room = " " * len(heads[0]), width() - 1
    lines = [
        line
        for head, each in zip(heads, choices, strict=True)
        for line in wrapped(each.sentence, room, head, indent)
    ]
    if len(lines) <= height() - 4:
        return lines
    return [
        head + shorten(each.sentence, room - len(head), placeholder=" …")
        for head, each in zip(heads, choices, strict=True)
    ]


def label(field: Field) -> str:
    """Return the name of a field as a person reads it."""
    return field.name.replace("_", " ")


def answered(kind: type[Request], former: Former, find: Callable[[Kind, str], bool]) -> Former:
    """Ask for the fields of a request until they make one, and return the answers.

    The former answers stand where nothing else is said. ``find`` shows what a text means to a
    kind of field, if anything.

    Raises:
        Leave: Quit: somebody does not go on.
    """
    answers = dict(former)
    for field in kind.fields:
        if field.required:
            _fill(answers, kind, field, find)
    optional = [field for field in fields_of(kind) if not field.required]
    for field in picked(optional, answers) if optional else ():
        _fill(answers, kind, field, find)
    return answers


def fields_of(kind: type[Request]) -> list[Field]:
    """Return the fields that a person is asked for: the pages of a list turn by themselves."""
    is_paged = "cursor" in kind.field_names
    return [each for each in kind.fields if not is_paged or each.name not in ("limit", "cursor")]


def picked(optional: Sequence[Field], answers: Former) -> list[Field]:
    """Ask which of the fields that may be left out are to be filled in."""
    shown = [
        f"{number} {label(field)}".replace(" ", HARD_BLANK)
        + (f" = {answers[field.name]}" if field.name in answers else "")
        for number, field in enumerate(optional, 1)
    ]
    tell(f"May be added: {', '.join(shown)}", hanging="  ")
    while True:
        text = ask("Numbers of what to add, Enter for nothing: ")
        if text == EXPLAIN:
            for number, field in enumerate(optional, 1):
                tell(meaning(field), f"{number:>3}  {label(field)}: ", "       ")
            tell(f"{WORDS}. Several numbers have blanks between.")
        elif not text:
            return []
        elif _picked.fullmatch(text):
            places = [int(number) for number in re.findall(r"[0-9]+", text)]
            if all(1 <= place <= len(optional) for place in places):
                return [optional[place - 1] for place in places]
            tell(f"Give numbers from 1 to {len(optional)}.")
        else:
            tell(f"{text} is no number: give some from 1 to {len(optional)}, such as 1, or Enter.")


def meaning(field: Field) -> str:
    """Return what a person may write into a field: its kind's help and example."""
    return f"{field.kind.help}, such as {field.kind.example}"


def _fill(
    answers: dict[str, str], kind: type[Request], field: Field, find: Callable[[Kind, str], bool]
) -> None:
    """Ask for one field until it has a good answer, or none where it needs none."""
    former = answers.get(field.name, "")
    hint = meaning(field) if field.required else f"{meaning(field)}; Enter for none"
    if former:
        hint += f"; Enter keeps {former}" + ("" if field.required else f", {NOTHING} takes it away")
    tell(hint, "  ")
    while True:
        text = ask(f"{label(field)}: ") or former
        if text.startswith(EXPLAIN):
            word = text.removeprefix(EXPLAIN).strip()
            if not word or not find(field.kind, word):
                explain_field(kind, field)
        elif text in ("", NOTHING) and not field.required:
            answers.pop(field.name, None)
            return
        else:
            reason = refusal(field, text)
            if not reason:
                answers[field.name] = text
                return
            tell(f"{label(field)} {reason} ({WORDS})")


def refusal(field: Field, text: str) -> str:
    """Return the sentence that says what is wrong with an answer, blank if nothing."""
    if not text:
        return f"is missing: give {field.kind.help}"
    try:
        field.kind.parse(text)
    except ValueError as error:
        return str(error)
    return ""


def explain_field(kind: type[Request], field: Field) -> None:
    """Say all about a field."""
    tell(f"{label(field)} is {meaning(field)}.", "  ", "    ")
    schema = field.kind.schema
    words = schema.get("enum", ())
    assert isinstance(words, Sequence)
    if 0 < len(words) <= MOST_WORDS:
        tell(f"One of: {', '.join(map(str, words))}.", "  ", "    ")
    tell("It must be given." if field.required else "It may be left out.", "  ")
    if list_of(field.kind):
        tell(f"{EXPLAIN} and a word looks for it, such as {EXPLAIN}lovelace.", "  ")
    tell(f"{WORDS}. This is asked for: {kind.help()}", "  ")


def explain(kind: type[Request]) -> None:
    """Say all about an operation: its whole description, and its fields."""
    for paragraph in (kind.__doc__ or "").split("\n\n"):
        tell(" ".join(paragraph.split()), "  ")
    for field in fields_of(kind):
        needed = "" if field.required else " (may be left out)"
        tell(f"{label(field)}: {meaning(field)}{needed}", "    ", "      ")
