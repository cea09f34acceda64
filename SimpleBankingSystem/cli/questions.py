"""The questions: what the books say, without changing them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import click

from SimpleBankingSystem.bootstrap import check_books
from SimpleBankingSystem.cli import terminal
from SimpleBankingSystem.cli.session import KindType, Session, Verb
from SimpleBankingSystem.config import SETTINGS
from SimpleBankingSystem.filters import ACCOUNT, FILTERS, MOMENT, query
from SimpleBankingSystem.ledger.errors import InUse
from SimpleBankingSystem.ledger.fields import TEXT, TRANSACTION_ID
from SimpleBankingSystem.ledger.transaction import Transaction

QUESTIONS: list[Verb] = []
"""Every question, in the order in which they are listed."""

_ACCOUNTS = ("id", "name", "type", "status", "currency", "balance", "available", "opened_at")
_TRANSACTIONS = (
    "id",
    "completed_at",
    "command",
    "status",
    "source",
    "target",
    "amount",
    "currency",
    "reference",
    "description",
)
_HISTORY = (
    "completed_at",
    "id",
    "command",
    "status",
    "amount",
    "balance",
    "currency",
    "other",
    "description",
)
_RUNS = ("id", "name", "status", "started_at", "finished_at", "completed", "failed", "rejected")


def question(name: str, example: str) -> Callable[[Callable[..., Any]], Verb]:
    """Declare a question under its name, with an example."""

    def declare(ask: Callable[..., Any]) -> Verb:
        asked = click.command(name, cls=Verb, example=example)(click.pass_obj(ask))
        QUESTIONS.append(asked)
        return asked

    return declare


def _filters(*without: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a list its options, one for each filter."""

    def add(ask: Callable[..., Any]) -> Callable[..., Any]:
        for declared in reversed(FILTERS):
            if declared.name not in without:
                flag = f"--{declared.name.replace('_', '-')}"
                metavar = declared.kind.name.upper()
                ask = click.option(flag, metavar=metavar, help=declared.kind.help)(ask)
        return ask

    return add


@question("accounts", example="accounts")
@click.option("--internal", is_flag=True, help="the bank's own accounts too")
def accounts(session: Session, *, internal: bool) -> None:
    """List all accounts."""
    with session.books() as bank:
        session.show_list(_ACCOUNTS, [each.to_dict() for each in bank.accounts(internal=internal)])


@question("account", example="account A00000001")
@click.argument("account", type=KindType(ACCOUNT))
def account(session: Session, account: str) -> None:
    """Show one account."""
    with session.books() as bank:
        session.show(bank.account(account).to_dict())


@question("history", example="history A00000001 --since 2026-11-01")
@click.argument("account", type=KindType(ACCOUNT))
@_filters("account")
def history(session: Session, account: str, **texts: str | None) -> None:
    """Show what happened on an account, with its balance after each transaction."""
    asked = query({**texts, "account": account})
    with session.books() as bank:
        page = bank.transactions(asked)
        shapes = [each.to_dict() for each in page.items]
        rows = [row for each in page.items for row in _legs(each, account)]
        session.show_list(_HISTORY, shapes, rows=rows, cursor=page.next)


@question("balance", example="balance A00000001 --at 2026-11-20")
@click.argument("account", type=KindType(ACCOUNT))
@click.option("--at", metavar="MOMENT", type=KindType(MOMENT), help=MOMENT.help)
def balance(session: Session, account: str, at: str | None) -> None:
    """Show an account's balance, now or at a past moment."""
    with session.books() as bank:
        money = bank.balance(account, at or "")
        if session.as_json:
            currency = bank.account(account).currency
            shape = {"account": account, "balance": str(money), "currency": currency}
            terminal.show_json({**shape, "at": at})
        else:
            click.echo(money)


@question("transactions", example="transactions --status FAILED --limit 10")
@_filters()
def transactions(session: Session, **texts: str | None) -> None:
    """List transactions, the newest first."""
    asked = query(texts)
    with session.books() as bank:
        page = bank.transactions(asked)
        session.show_list(_TRANSACTIONS, [each.to_dict() for each in page.items], cursor=page.next)


@question("transaction", example="transaction T00000000001")
@click.argument("transaction", type=KindType(TRANSACTION_ID), required=False)
@click.option("--key", type=KindType(TEXT), help="find it by its key instead")
def transaction(session: Session, transaction: str | None, key: str | None) -> None:
    """Show one transaction."""
    if bool(transaction) == bool(key):
        raise click.UsageError("Give either a transaction's id or --key.")
    with session.books() as bank:
        found = bank.transaction(transaction) if transaction else bank.by_key(key or "")
        session.show(found.to_dict())


@question("runs", example="runs")
def runs(session: Session) -> None:
    """List the runs of command files."""
    with session.books() as bank:
        session.show_list(_RUNS, [dataclasses.asdict(run) for run in bank.runs()])


@question("verify", example="verify")
@click.option("--chain", is_flag=True, help="check the chain of hashes alone, which is faster")
@click.option("--expect", metavar="HASH", help="a hash kept elsewhere that must be there")
def verify(session: Session, *, chain: bool, expect: str | None) -> int:
    """Check the books against themselves: every row, every balance, every sum."""
    hash_kept = expect or ""
    try:
        with terminal.progress_bar("Verifying") as progress:
            # Books that are too damaged to be opened can be checked.
            report = check_books(session.settings, progress, chain_only=chain, expect=hash_kept)
    except InUse:
        with session.books() as bank:
            report = bank.verify(chain_only=chain, expect=hash_kept)
    return session.show_report(report)


@question("settings", example="settings")
def settings(session: Session) -> None:
    """Show every setting, and where its value comes from."""
    rows = [
        {
            "setting": name,
            "value": getattr(session.settings, name),
            "from": session.settings.origin(name),
            "variable": setting.variable,
            "meaning": setting.help,
        }
        for name, setting in SETTINGS.items()
    ]
    session.show_list(tuple(rows[0]), rows)


def _legs(transaction: Transaction, account_id: str) -> Iterator[dict[str, object]]:
    """Return a transaction as its account sees it: what came or went, and what was left."""
    shape = transaction.to_dict()
    if not transaction.postings:
        yield {**shape, "amount": None}
    for posting in transaction.postings:
        if account_id == posting.target:
            yield _leg(shape, posting.amount, posting.target_balance, posting.source)
        elif account_id == posting.source:
            yield _leg(shape, -posting.amount, posting.source_balance, posting.target)


def _leg(
    shape: dict[str, object], amount: Decimal, balance: Decimal | None, other: str
) -> dict[str, object]:
    return {**shape, "amount": amount, "balance": balance, "other": other}
