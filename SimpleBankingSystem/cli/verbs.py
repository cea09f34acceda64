"""Every declared verb as a sub-command, derived from its fields."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Callable
from inspect import cleandoc
from typing import Any

import click

from SimpleBankingSystem.cli import terminal
from SimpleBankingSystem.cli.session import NOT_ALL_DONE, KindType, Session, Verb
from SimpleBankingSystem.commands.base import REGISTRY, Command, Field, Request
from SimpleBankingSystem.ledger.fields import TEXT

log = logging.getLogger(__name__)

WIDTH = 78
"""Letters of a line of help, as click has them."""


def derive(kind: type[Request]) -> Verb:
    """Return the sub-command of a verb.

    Required fields are positional and the others options. A verb that has a sibling for
    everything, as ``retry`` has ``retry_all``, also takes ``--all`` instead of its fields.
    """
    everything = REGISTRY.get(f"{kind.verb}_all")
    params = [parameter(declared, required=everything is None) for declared in kind.fields]
    if issubclass(kind, Command):
        meaning = "a name for this very command: given again, it is not carried out twice"
        params.append(click.Option(["--key"], type=KindType(TEXT), help=meaning))
    if everything is not None:
        params.append(click.Option(["--all", "every"], is_flag=True, help=everything.help()))

    @click.pass_context
    def callback(
        ctx: click.Context, /, *, key: str | None = None, every: bool = False, **texts: Any
    ) -> int:
        given = {name: text for name, text in texts.items() if text is not None}
        if everything is not None:
            if every == bool(given):
                meant = " and ".join(each.kind.help for each in kind.fields if each.required)
                raise click.UsageError(f"Give either {meant} or --all.", ctx)
            if every:
                return carry_out(ctx.obj, everything.parse(given), key or "")
        return carry_out(ctx.obj, kind.parse(given), key or "")

    return sub_command(kind, params, callback)


def sub_command(
    kind: type[Request], params: list[click.Parameter], callback: Callable[..., int]
) -> Verb:
    """Return the sub-command of a verb, with the help and the example of its declaration."""
    return Verb(
        command_name(kind.verb),
        params=params,
        callback=callback,
        help=f"{cleandoc(kind.__doc__ or '')}\n\n{_positional(kind)}",
        short_help=kind.help(),
        example=_example(kind),
    )


def carry_out(session: Session, request: Request, key: str) -> int:
    """Carry out a command or an action, show what came of it, and return the exit status."""
    with session.books() as bank:
        begun = bank.clock()
        done = bank.give(request, key)
        if "attempt" not in done:
            session.show(done)
            return NOT_ALL_DONE if done.get("failed") else 0
        log.info("%s %s is %s", done["id"], done["command"], done["status"])
        if key and done["created_at"] < begun and not session.as_json:
            terminal.say(f"The key {key} was used before: this is what happened then.")
        return session.show_transaction(done)


def command_name(verb: str) -> str:
    """Return a verb as the command line writes it."""
    return verb.replace("_", "-")


def _example(kind: type[Request]) -> str:
    """Return an example of a verb's sub-command, from the verb's own example."""
    given, words = kind.example(), [command_name(kind.verb)]
    for declared in kind.fields:
        if declared.name in given:
            words += [] if declared.required else [f"--{command_name(declared.name)}"]
            words.append(given[declared.name])
    return shlex.join(words)


def parameter(declared: Field, *, required: bool) -> click.Parameter:
    """Return the argument or option of a field.

    What is missing or bad is left to the command itself: ``parse`` names it all at once.
    """
    if declared.required:
        metavar = declared.name.upper() if required else f"[{declared.name.upper()}]"
        return click.Argument([declared.name], required=False, metavar=metavar)
    metavar = declared.kind.name.upper().replace(" ", "-")
    flag = f"--{command_name(declared.name)}"
    if declared.kind.schema["type"] == "boolean":
        return click.Option([flag, declared.name], is_flag=True, help=declared.kind.help)
    return click.Option([flag, declared.name], metavar=metavar, help=declared.kind.help)


def _positional(kind: type[Request]) -> str:
    """Return the lines of the help that explain the positional fields."""
    lines = [
        line
        for each in kind.fields
        if each.required
        for line in terminal.wrapped(each.kind.help, WIDTH, f"  {each.name.upper():<18}", " " * 20)
    ]
    return "\n".join(["\b", *lines]) if lines else ""
