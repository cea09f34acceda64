"""Every declared question as a sub-command, derived from its fields, and what two do else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

import click

from SimpleBankingSystem.bootstrap import check_books
from SimpleBankingSystem.cli import terminal
from SimpleBankingSystem.cli.session import KindType, Session, Verb
from SimpleBankingSystem.cli.verbs import command_name, parameter, sub_command
from SimpleBankingSystem.ledger.errors import InUse
from SimpleBankingSystem.ledger.fields import TEXT
from SimpleBankingSystem.questions.base import EVERYTHING, QUESTIONS, Question, WholeList
from SimpleBankingSystem.questions.books import Verify
from SimpleBankingSystem.questions.transactions import OneTransaction, Transactions


def derive(kind: type[Question]) -> Verb:
    """Return the sub-command of a question: required fields are positional, others options."""
    is_whole = issubclass(kind, WholeList)
    shown = [each for each in kind.fields if not is_whole or each.name not in ("limit", "cursor")]

    @click.pass_obj
    def callback(session: Session, /, **texts: Any) -> int:
        return OTHERWISE.get(kind.verb, ask)(session, kind, texts)

    params = [parameter(each, required=kind is not OneTransaction) for each in shown]
    if kind is OneTransaction:
        meaning = "find it by its key instead"
        params.append(click.Option(["--key"], type=KindType(TEXT), help=meaning))
    return sub_command(kind, params, callback)


def ask(session: Session, kind: type[Question], texts: dict[str, Any]) -> int:
    """Ask a question and show the answer; of a list in memory, all of it."""
    question = kind.parse(texts)
    if isinstance(question, WholeList):
        question = question.onward(limit=EVERYTHING)
    with session.books() as bank:
        session.show_answer(question, bank.ask(question))
    return 0


def transaction(session: Session, kind: type[Question], texts: dict[str, Any]) -> int:
    """Show a transaction by its id or by its key."""
    key = texts.pop("key")
    if bool(key) == bool(texts["transaction"]):
        raise click.UsageError("Give either a transaction's id or --key.")
    if not key:
        return ask(session, kind, texts)
    with session.books() as bank:
        (found,) = bank.ask(Transactions(key=key))["items"]
    session.show_answer(OneTransaction(found["id"]), found)
    return 0


def verify(session: Session, kind: type[Question], texts: dict[str, Any]) -> int:
    """Check the books, also such as are too damaged to be opened or held by a server."""
    question = kind.parse(texts)
    assert isinstance(question, Verify)
    chain, expect = question.chain, question.expect
    try:
        with terminal.progress_bar("Verifying") as progress:
            report = check_books(session.settings, progress, chain_only=chain, expect=expect)
    except InUse:
        with session.books() as bank:
            return session.show_report(bank.ask(question))
    return session.show_report(asdict(report))


OTHERWISE: dict[str, Callable[[Session, type[Question], dict[str, Any]], int]] = {
    "transaction": transaction,
    "verify": verify,
}
"""What is asked in another way than the rest, by its verb."""


def typed() -> dict[str, Callable[[], Verb]]:
    """Return how to derive the sub-commands of the questions that a person can type, by name."""
    kinds = [kind for kind in QUESTIONS.values() if kind.surfaces]
    return {command_name(kind.verb): partial(derive, kind) for kind in kinds}
