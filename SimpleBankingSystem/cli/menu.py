"""``bank menu``: everything the bank can do, for people at a counter who know no command line.

Every operation and question comes from its declaration, so a new one stands here by itself. The
books are opened for each answer alone, as every verb does: while a person thinks, others work.
"""

from __future__ import annotations

import logging
import re
import secrets
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import TypeVar

import click

from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.cli import prompts, questions, terminal
from SimpleBankingSystem.cli.previews import LEGS, Known, list_of, search
from SimpleBankingSystem.cli.prompts import Choice, Leave, Menu, Quit, agrees, ask, decided, tell
from SimpleBankingSystem.cli.session import Session, Verb
from SimpleBankingSystem.commands.base import REGISTRY, Command, Request
from SimpleBankingSystem.commands.retry import Retry
from SimpleBankingSystem.ledger.errors import BankError, InvalidCommand
from SimpleBankingSystem.ledger.fields import AMOUNT, PARTS, Kind
from SimpleBankingSystem.questions.base import QUESTIONS, Answer, Question
from SimpleBankingSystem.remote import RemoteBank
from SimpleBankingSystem.tables import Row

log = logging.getLogger(__name__)

LOG = "bank-menu.log"
"""The file in the working directory that gets what is no news to a person at a counter."""

NOTHING: prompts.Former = MappingProxyType({})

_Found = TypeVar("_Found")
_Kind = TypeVar("_Kind", bound=Request)

MONEY, UPKEEP = "money", "upkeep"

FIRST = ("accounts", MONEY, "customers", "holds", "products", "transactions", "reports")
"""The order of the groups; others come behind, and upkeep last."""

_time = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.\d{6}Z", re.ASCII)


def groups() -> dict[str, list[type[Request]]]:
    """Return every operation and question that a person may choose, by what it is about.

    That is the last part of its route that others begin with, money where it cannot do without
    an amount, and upkeep where no other is about the same.
    """
    kinds = [each for each in (*REGISTRY.values(), *QUESTIONS.values()) if each.surfaces]
    subjects = {_parts(each)[0] for each in kinds}
    found: dict[str, list[type[Request]]] = {name: [] for name in FIRST}
    for kind in kinds:
        subject = [part for part in _parts(kind) if part in subjects][-1]
        is_payment = any(each.kind in (AMOUNT, PARTS) for each in kind.fields if each.required)
        name = MONEY if subject == FIRST[0] and is_payment else subject
        found.setdefault(name, []).append(kind)
    alone = [name for name, members in found.items() if len(members) < 2]
    found[UPKEEP] = [kind for name in alone for kind in found.pop(name)]
    return {name: members for name, members in found.items() if members}


def _parts(kind: type[Request]) -> list[str]:
    return kind.route.strip("/").split("/")


@click.command("menu", cls=Verb, example="menu")
@click.pass_obj
def menu(session: Session) -> None:
    """Do everything by choosing and answering, in a terminal.

    It asks before anything is changed. What no person at a counter can use goes to bank-menu.log.
    """
    if session.as_json or session.as_csv or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError(
            "The menu talks to a person in a terminal. A program gives commands (bank -h) or a "
            "command file (bank run), which can be broken off and goes on where it was."
        )
    if session.settings.store == "memory:":
        raise session.settings.refuse("store", "keeps nothing from one answer to the next")
    prepare()
    try:
        Counter(session).open()
    except Quit:
        pass
    terminal.say("Goodbye. What was done is in the books.")


def prepare() -> None:
    """Let the terminal be one for a person: lines can be edited, and the log goes elsewhere."""
    try:
        import readline  # noqa: F401 - importing it is what lets a line be edited
    except ImportError:  # pragma: no cover - a Python without it
        pass
    # A byte that is no letter is refused by the field that it was meant for.
    sys.stdin.reconfigure(errors="surrogateescape")  # type: ignore[union-attr]
    # Ctrl-C leaves a question only, and a request to end means all of it.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    root = logging.getLogger()
    kept = Kept(LOG, delay=True, encoding="utf-8")
    for shown in root.handlers:
        kept.setFormatter(shown.formatter)
        shown.addFilter(lambda record: not record.exc_info)
    root.addHandler(kept)


class Kept(logging.FileHandler):
    """Keeps the log in a file; where that cannot be, says so."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; the file is there from the first one on."""
        try:
            super().emit(record)
        except OSError:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say what is lost."""
        terminal.say(f"{LOG} cannot be written; this is lost: {record.getMessage()}")


class Counter:
    """One menu, from its start to its end."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.groups = groups()
        self.kinds = {_name(kind): kind for members in self.groups.values() for kind in members}
        self.every = [*map(_choice, self.kinds.values())]

    def open(self) -> None:
        """Let a person choose until they leave."""
        tell(f"The books are {self.session.settings.store}. {prompts.WORDS}.")
        choices = [
            Choice(name, ", ".join(map(_name, members)), partial(_explain_group, members))
            for name, members in self.groups.items()
        ]
        menu = Menu("Menu", choices, self.every)
        while True:
            try:
                name = menu.choose().name
            except (Leave, KeyboardInterrupt):
                return
            if name in self.groups:
                self.group(name, self.groups[name])
            else:
                self.safely(self.kinds[name])

    def group(self, name: str, members: list[type[Request]]) -> None:
        """Let a person choose what to do, of one group."""
        menu = Menu(name.capitalize(), [*map(_choice, members)], self.every)
        while True:
            try:
                kind = self.kinds[menu.choose().name]
            except (Leave, KeyboardInterrupt):
                return
            self.safely(kind)

    def safely(self, kind: type[Request]) -> None:
        """Do one thing; whatever goes wrong is a sentence, and the menu goes on."""
        try:
            click.echo()
            click.secho("\n".join(terminal.wrapped(kind.help(), prompts.width() - 1)), bold=True)
            if issubclass(kind, Question):
                self.question(kind)
            else:
                self.command(kind)
        except Leave:
            terminal.say("Left." if issubclass(kind, Question) else "Left: nothing was done.")
        except BankError as error:
            tell(f"{error.message} ({error.code})")
        except KeyboardInterrupt:
            terminal.say("Stopped. What was under way is done whole or not at all.")
        except OSError as error:
            terminal.say(f"{error.filename or 'The disk'}: {error.strerror or error}")
        except Quit:
            raise
        except Exception:
            incident = secrets.token_hex(4)
            log.exception("incident %s: %s raised", incident, kind.verb)
            tell(
                f"A fault of the program, incident {incident}: {LOG} has more about it. Whether "
                "anything was done, the transactions tell."
            )

    def asked(
        self, kind: type[_Kind], former: prompts.Former = NOTHING
    ) -> tuple[prompts.Former, _Kind]:
        """Ask for answers until they go together; return them, and what they make.

        Raises:
            Leave: somebody does not go on.
        """
        while True:
            former = prompts.answered(kind, former, self.find)
            try:
                return former, kind.parse(former)
            except InvalidCommand as error:
                for name, reason in error.errors.items():
                    tell(f"{name.replace('_', ' ')} {reason}")

    def at_books(self, work: Callable[[Bank | RemoteBank], _Found]) -> _Found:
        """Do something with the books; where they cannot be had just now, offer to ask again.

        Raises:
            Leave: nobody wants to ask again.
        """
        while True:
            try:
                with self.session.books() as bank:
                    return work(bank)
            except BankError as error:
                if not error.retryable:
                    raise
                tell(f"{error.message} ({error.code})")
            if not agrees("Ask again?"):
                raise Leave

    def find(self, kind: Kind, word: str) -> bool:
        """Show what a field may name in which a word is found; False if it names nothing."""
        listing = list_of(kind)
        if listing is None:
            return False
        rows = self.at_books(lambda bank: search(bank, listing, word))
        self.pages(listing.columns, iter(rows))
        return True

    # Questions

    def question(self, kind: type[Question]) -> None:
        """Ask for what a question needs, and show its answer."""
        texts, question = self.asked(kind)
        if kind.verb == "verify":
            questions.verify(self.session, kind, dict(texts))
        elif "items" in kind.answers["properties"]:
            self.pages(kind.columns, self.rows(question))
        else:
            terminal.show_facts(self.at_books(partial(_asked, question)))

    def rows(self, question: Question) -> Iterator[Row]:
        """Return the rows of a list, each page of it asked for when its turn comes."""
        while True:
            answer = self.at_books(partial(_asked, question))
            yield from question.rows(answer)
            if not answer.get("next"):
                return
            question = question.onward(cursor=answer["next"])

    def pages(self, columns: Sequence[str], rows: Iterator[Row]) -> None:
        """Show rows, as many at a time as there is room for."""
        at_once = max(prompts.height() // 2 - 3, 3)
        page = [*islice(rows, at_once)]
        if not page:
            terminal.say("There is none.")
        while page:
            terminal.show_table(columns, [_short(row) for row in page])
            page = [*islice(rows, at_once)]
            if page:
                try:
                    ask("Enter shows more, back leaves it: ")
                except Leave:
                    return

    # Commands

    def command(self, kind: type[Request]) -> None:
        """Ask for what a command needs, say what it will do, and do it if that is wanted."""
        former: prompts.Former = NOTHING
        while True:
            former, request = self.asked(kind, former)
            told = self.at_books(partial(_preview, request))
            answer = self.confirmed(request, told)
            if answer in ("y", "yes"):
                return self.carry_out(request)
            if answer not in ("c", "change"):
                return terminal.say("Nothing was done.")

    def confirmed(self, request: Request, told: list[tuple[str, str]]) -> str:
        """Say what is going to be done, and return what a person says to that."""
        click.echo()
        tell(f"This is going to be done: {request.help()}")
        longest = max((len(name) for name, _ in told), default=0)
        for name, text in told:
            tell(text, f"  {name.ljust(longest)}  ", " " * (longest + 4))
        choices = "[y/N, c changes an answer]" if told else "[y/N]"
        return decided(f"Do it? {choices} ")

    def carry_out(self, request: Request) -> None:
        """Carry out a command under a key of its own, which lets it be asked again safely."""
        key = f"menu-{secrets.token_hex(8)}" if isinstance(request, Command) else ""
        while True:
            try:
                return self.show(self.at_books(partial(_given, request, key)))
            except KeyboardInterrupt:
                terminal.say("Stopped before the answer came.")
                if agrees("Ask again? It is done once only." if key else "Ask again?"):
                    continue
            except Leave:
                pass
            known = f" Its key is {key}." if key else ""
            return tell(f"Whether it was done, the transactions tell.{known}")

    def show(self, outcome: tuple[Answer, list[Row]]) -> None:
        """Show what came of a command, and offer to try again what may yet succeed."""
        done, legs = outcome
        while True:
            if "attempt" not in done:
                return terminal.show_facts(done)
            made = REGISTRY[done["command"]].makes
            new = f", new {made} {done[made]}" if made and done.get(made) else ""
            tell(f"{done['id']} {_name_of(done['command'])}: {done['status']}{new}")
            if legs:
                terminal.show_table(LEGS, legs)
            error = done["error"]
            if error is None:
                return None
            tell(f"{error['message']} ({error['code']})")
            if not error["retryable"]:
                return tell("Trying the same again cannot help.")
            tell("Trying again may help once that has changed: transactions, retry.")
            if not agrees("Try again now?"):
                return None
            done, legs = self.at_books(partial(_given, Retry(done["id"]), ""))


def _asked(question: Question, bank: Bank | RemoteBank) -> Answer:
    return bank.ask(question)


def _preview(request: Request, bank: Bank | RemoteBank) -> list[tuple[str, str]]:
    return [*Known(bank).preview(request)]


def _given(request: Request, key: str, bank: Bank | RemoteBank) -> tuple[Answer, list[Row]]:
    """Carry out a request; return what came of it, and what it did to each account."""
    done = bank.give(request, key)
    return done, Known(bank).legs(done) if "attempt" in done else []


def _short(row: Row) -> Row:
    """Return a row whose times a person can read."""
    return {
        name: _time.sub(r"\1 \2Z", value) if isinstance(value, str) else value
        for name, value in row.items()
    }


def _name(kind: type[Request]) -> str:
    return _name_of(kind.verb)


def _name_of(verb: str) -> str:
    return verb.replace("_", " ")


def _choice(kind: type[Request]) -> Choice:
    return Choice(_name(kind), kind.help(), partial(prompts.explain, kind))


def _explain_group(members: list[type[Request]]) -> None:
    for kind in members:
        tell(f"{_name(kind)}: {kind.help()}", "  ", "    ")
