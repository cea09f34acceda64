"""The command line: ``bank``, also ``python3 -m SimpleBankingSystem``."""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import NoReturn

import click

import SimpleBankingSystem
from SimpleBankingSystem.cli import terminal
from SimpleBankingSystem.cli.run import run
from SimpleBankingSystem.cli.serve import serve
from SimpleBankingSystem.cli.session import INTERRUPTED, Verb, shared_options
from SimpleBankingSystem.cli.settings import settings
from SimpleBankingSystem.cli.upkeep import UPKEEP
from SimpleBankingSystem.cli.verbs import command_name, derive
from SimpleBankingSystem.commands.base import REGISTRY
from SimpleBankingSystem.ledger.errors import BankError, InvalidCommand

DISK = 74
"""Exit status where a file that the user named could not be read or written."""


def verbs() -> list[str]:
    """Name the sub-commands of the registry; a verb such as ``retry_all`` is ``retry --all``."""
    return [
        command_name(verb)
        for verb, kind in REGISTRY.items()
        if kind.surfaces and not (verb.endswith("_all") and verb.removesuffix("_all") in REGISTRY)
    ]


def typed_questions() -> Mapping[str, Callable[[], Verb]]:
    """Return the questions by name; a command starts sooner without them."""
    from SimpleBankingSystem.cli.questions import typed

    return typed()


def the_menu() -> Verb:
    """Return the menu; a command starts sooner without the questions, which it has."""
    from SimpleBankingSystem.cli.menu import menu

    assert isinstance(menu, Verb)
    return menu


class Bank(click.Group):
    """The whole command line; verbs are looked up in the registry when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every sub-command: the declared verbs, then the rest."""
        del ctx
        return [*verbs(), *self.commands, "menu", *typed_questions()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a sub-command, derived at this moment if it is a declared verb's."""
        kind = REGISTRY.get(cmd_name.replace("-", "_"))
        if kind is not None and kind.surfaces and cmd_name == command_name(kind.verb):
            return derive(kind)
        if cmd_name in self.commands:
            return super().get_command(ctx, cmd_name)
        if cmd_name == "menu":
            return the_menu()
        asking = typed_questions().get(cmd_name)
        return asking() if asking else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the sub-command that is meant; offer the one that is most like an unknown one."""
        if self.get_command(ctx, args[0]) is None and not ctx.resilient_parsing:
            for name in get_close_matches(command_name(args[0].lower()), self.list_commands(ctx)):
                message = f"No such command {args[0]!r}. Did you mean {name}?"
                raise click.UsageError(message, ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List what changes the books apart from what only asks."""
        asking = [*typed_questions(), "settings", "completion"]
        changing = [name for name in self.list_commands(ctx) if name not in asking]
        for title, names in (("Commands", changing), ("Questions", asking)):
            with formatter.section(title):
                commands = [(name, self.get_command(ctx, name)) for name in names]
                rows = [(name, each.get_short_help_str(60)) for name, each in commands if each]
                formatter.write_dl(rows)


@click.command("completion", cls=Verb, example="completion bash >> ~/.bashrc")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes a shell complete the words of this command."""
    from click.shell_completion import get_completion_class

    complete = get_completion_class(shell)
    if complete is not None:
        click.echo(complete(bank, {}, "bank", "_BANK_COMPLETE").source())


bank = Bank(
    "bank",
    help=SimpleBankingSystem.__doc__,
    params=[*shared_options(brief=False)],
    commands=[run, serve, *UPKEEP, settings, completion],
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
)
click.version_option(SimpleBankingSystem.__version__, message="%(prog)s %(version)s")(bank)


def answer(words: Sequence[str]) -> int:
    """Carry out a command line and return its exit status; no refusal shows a traceback."""
    as_json = "--json" in words
    try:
        status = bank.main(list(words), "bank", standalone_mode=False)
        return int(status or 0)
    except click.UsageError as error:
        return misused(error, as_json=as_json)
    except BankError as error:
        return terminal.refuse(error, as_json=as_json)
    except click.Abort:
        terminal.say(
            "Stopped. What was under way is done whole or not at all; to see it: bank transactions"
        )
        return INTERRUPTED
    except OSError as error:
        terminal.say(f"{error.filename or 'The disk'}: {error.strerror or error}")
        return DISK


def misused(error: click.UsageError, *, as_json: bool) -> int:
    """Say what is wrong with a command line; return the exit status."""
    if as_json:
        return terminal.refuse(InvalidCommand({"command": error.format_message()}), as_json=True)
    error.show()
    return error.exit_code


def main() -> NoReturn:
    """Carry out the command line that this process was started with."""
    # A polite request to end leaves the books as clean as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that has no such letter is no reason to fail.
            stream.reconfigure(errors="backslashreplace")
    sys.exit(answer(sys.argv[1:]))
