"""What all commands of the command line share: options, settings, the books, an example."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from SimpleBankingSystem import config, logs
from SimpleBankingSystem.bootstrap import Bank, calm_collector
from SimpleBankingSystem.cli import terminal
from SimpleBankingSystem.config import SETTINGS, Settings
from SimpleBankingSystem.ledger.errors import DataDamaged, InUse, InvalidCommand, recorded_error
from SimpleBankingSystem.ledger.fields import Kind
from SimpleBankingSystem.shapes import TRANSACTION
from SimpleBankingSystem.tables import Row, csv_text

if TYPE_CHECKING:
    from SimpleBankingSystem.questions.base import Answer, Question
    from SimpleBankingSystem.remote import RemoteBank

NOT_ALL_DONE = 1
"""Exit status where the work was carried out, but not all of it was completed."""

INTERRUPTED = 128 + signal.SIGINT
"""Exit status where somebody stopped it."""

NOTHING: Mapping[str, Any] = MappingProxyType({})

_SHARED = "SimpleBankingSystem.shared"


class KindType(click.ParamType[object]):
    """A kind of field as the command line reads it, refused as the field of a command is."""

    def __init__(self, kind: Kind) -> None:
        self.name = kind.name
        self._kind = kind

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        """Read a text."""
        del ctx
        assert param is not None
        try:
            return self._kind.parse(value)
        except ValueError as error:
            raise InvalidCommand({str(param.name): str(error)}) from None


@dataclass(frozen=True)
class Session:
    """One command line: its settings, and whether a person or a program reads the answer."""

    settings: Settings
    as_json: bool
    as_csv: bool = False

    def open(self) -> Bank:
        """Open the books.

        Raises:
            InUse: another process holds them.
        """
        with terminal.progress_bar("Opening the books", patience=0.5) as progress:
            bank = Bank.start(self.settings, progress=progress)
        calm_collector()
        return bank

    @contextmanager
    def books(self) -> Iterator[Bank | RemoteBank]:
        """Open the books, and leave them clean; where a server holds them, it is asked instead."""
        try:
            bank = self.open()
        except InUse as held:
            if not held.server:
                raise
            # Only now: most command lines have no need of it.
            from SimpleBankingSystem.remote import RemoteBank

            yield RemoteBank(held.server, held.holder)
        else:
            with bank:
                yield bank

    def show(self, facts: Row, schema: Mapping[str, Any] = NOTHING) -> None:
        """Answer with one thing; the schema tells what of it is no text that people typed."""
        if self.as_json:
            terminal.show_json(facts)
        elif self.as_csv:
            click.echo(csv_text(tuple(facts), [facts], schema), nl=False)
        else:
            terminal.show_facts(facts)

    def show_list(self, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Answer with a list of which nothing is left out."""
        if self.as_json:
            terminal.show_json({"items": rows, "next": None})
        elif self.as_csv:
            click.echo(csv_text(columns, rows, NOTHING), nl=False)
        else:
            terminal.show_table(columns, rows)

    def show_answer(self, question: Question, answer: Answer) -> None:
        """Answer a question: a program gets the whole shape, a person what the question names."""
        if self.as_json:
            terminal.show_json(answer)
            return
        if self.as_csv:
            click.echo(question.csv(answer), nl=False)
        elif question.gist:
            click.echo(answer[question.gist])
        elif question.columns:
            terminal.show_table(question.columns, [*question.rows(answer)])
        else:
            terminal.show_facts(answer)
        if answer.get("next"):
            terminal.say(f"There is more: --cursor {answer['next']}")

    def show_transaction(self, transaction: Answer) -> int:
        """Answer with a transaction; return the exit status that it stands for."""
        self.show(transaction, TRANSACTION)
        if transaction["error"] is None:
            return 0
        error = recorded_error(transaction["error"]["code"], transaction["error"]["message"])
        return terminal.refuse(error, as_json=self.as_json, transaction=transaction)

    def show_report(self, report: Answer) -> int:
        """Answer with what was found in the books; return the exit status that it stands for."""
        if self.as_json or self.as_csv:
            from SimpleBankingSystem.questions.books import Verify

            self.show_answer(Verify(), report)
        else:
            terminal.show_facts(report["facts"])
            for problem in report["problems"]:
                click.echo(problem)
        return DataDamaged.exit if report["problems"] else 0


class Verb(click.Command):
    """A sub-command: it has an example, and takes the shared options before and behind its name."""

    def __init__(self, *arguments: Any, example: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.example = example
        self.epilog = f"\b\nExample:\n  bank {example}\n\nOptions of every command: bank --help"
        own = {param.name for param in self.params}
        self.params += [each for each in shared_options(brief=True) if each.name not in own]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words; a negative amount looks like an option and deserves a better answer."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if error.option_name[1:2].isdigit():
                message = "No amount is negative: write it without the sign in front."
                raise click.UsageError(message, ctx) from error
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Read the settings and set up the log before anything is done."""
        shared: dict[str, Any] = ctx.meta.get(_SHARED, {})
        settings = config.load({name: shared[name] for name in SETTINGS if name in shared})
        logs.set_up(settings.log, logging.INFO if "verbose" in shared else logging.WARNING)
        if "json" in shared and "csv" in shared:
            raise click.UsageError("Give either --json or --csv.", ctx)
        ctx.obj = Session(settings, "json" in shared, "csv" in shared)
        return super().invoke(ctx)


def shared_options(*, brief: bool) -> list[click.Option]:
    """Return the options that every command takes; ``brief`` leaves most of them out of the help.

    A sub-command that has an option of the same name keeps its own.
    """
    settings = [
        _shared_option(
            [setting.flag],
            metavar="NUMBER" if isinstance(setting.default, int) else setting.name.upper(),
            help=f"{setting.help} [{setting.variable}, else {setting.default}]",
            hidden=brief,
        )
        for setting in SETTINGS.values()
    ]
    return [
        _shared_option(["--json"], is_flag=True, help="answer as JSON"),
        _shared_option(["--csv"], is_flag=True, help="answer as CSV"),
        _shared_option(["-v", "--verbose"], is_flag=True, help="say more in the log", hidden=brief),
        *settings,
    ]


def _shared_option(names: list[str], **options: Any) -> click.Option:
    return click.Option(names, expose_value=False, callback=_remember, **options)


def _remember(ctx: click.Context, param: click.Parameter, value: object) -> None:
    """Keep what was given before or behind the sub-command's name; the latter is read last."""
    if value:
        ctx.meta.setdefault(_SHARED, {})[param.name] = value
