"""The questions over HTTP: what the books say, without changing them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Response, request
from flask_restx import Api, Resource

from SimpleBankingSystem.api import shapes
from SimpleBankingSystem.api.answers import Reply, answer
from SimpleBankingSystem.api.books import books
from SimpleBankingSystem.api.resources import (
    PATH_FIELD,
    Method,
    path_parameter,
    responses,
)
from SimpleBankingSystem.commands.base import Field
from SimpleBankingSystem.filters import ACCOUNT, FILTERS, FLAG, MOMENT, read
from SimpleBankingSystem.ledger.errors import BankError, InvalidCommand, NotFound
from SimpleBankingSystem.ledger.fields import RUN_ID, TEXT, TRANSACTION_ID, Kind
from SimpleBankingSystem.ledger.run import Run
from SimpleBankingSystem.stores.base import Page, Query

PAGING = tuple(each for each in FILTERS if each.name in {"limit", "cursor"})

KINDS = {"account": ACCOUNT, "transaction": TRANSACTION_ID, "run": RUN_ID}
"""What stands in a path, by its name there."""


def optional(name: str, kind: Kind) -> Field:
    """Return a parameter that may be left out."""
    return Field(name, kind, required=False, default=None)


Declare = Callable[[Callable[..., Reply]], None]


class Questions:
    """The GET methods of questions, by route, as they are declared one after the other."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.found: dict[str, dict[str, Method]] = {}

    def shape(self, name: str, schema: shapes.Schema) -> object:
        """Return the model of what a question answers."""
        return shapes.model(self.api, name, schema)

    def at(self, route: str, shape: object, *declared: Field) -> Declare:
        """Declare a question at a route, with the parameters that it may have."""

        def declare(ask: Callable[..., Reply]) -> None:
            in_path = PATH_FIELD.findall(route)
            self.found[route] = {"get": asking(self.api, ask, shape, in_path, declared)}

        return declare


def questions(api: Api) -> dict[str, dict[str, Method]]:
    """Return the GET methods of every question, by route."""
    asked = Questions(api)
    about_accounts(asked)
    about_transactions(asked)
    about_the_bank(asked)
    asked.found["/health"] = {"get": health(api)}
    return asked.found


def about_accounts(asked: Questions) -> None:
    """Declare the questions about accounts."""
    page_shape = asked.shape("Accounts", shapes.page_of(shapes.ACCOUNT))

    @asked.at("/accounts", page_shape, optional("internal", FLAG), *PAGING)
    def accounts(*, internal: bool = False, limit: int = 50, cursor: int = 0) -> Reply:
        """List accounts in the order of their opening."""
        every = books().bank.accounts(internal=internal)
        return listed([each.to_dict() for each in every[cursor : cursor + limit]], every, cursor)

    @asked.at("/accounts/{account}", asked.shape("Account", shapes.ACCOUNT))
    def one_account(*, account: str) -> Reply:
        """Show one account."""
        return answer(books().bank.account(account).to_dict())

    balance = asked.shape("Balance", shapes.BALANCE)

    @asked.at("/accounts/{account}/balance", balance, optional("at", MOMENT))
    def balance_of(*, account: str, at: str = "") -> Reply:
        """Show an account's balance, now or at a past moment."""
        bank = books().bank
        money = bank.balance(account, at)
        currency = bank.account(account).currency
        shape = {"account": account, "balance": str(money), "currency": currency}
        return answer({**shape, "at": at or None})


def about_transactions(asked: Questions) -> None:
    """Declare the questions about what happened."""
    page_shape = asked.shape("Transactions", shapes.page_of(shapes.TRANSACTION))
    of_one = [each for each in FILTERS if each.name != "account"]

    @asked.at("/accounts/{account}/transactions", page_shape, *of_one)
    def history(**given: Any) -> Reply:
        """Show what happened on an account, the newest first."""
        return page(books().bank.transactions(Query(**given)))

    @asked.at("/transactions", page_shape, optional("key", TEXT), *FILTERS)
    def transactions(*, key: str = "", **given: Any) -> Reply:
        """List transactions, the newest first, or the one that has a key."""
        bank, query = books().bank, Query(**given)
        if not key:
            return page(bank.transactions(query))
        found = bank.by_key(key)
        return page(Page([found] if query.matches(found) else [], 0))

    @asked.at("/transactions/{transaction}", asked.shape("Transaction", shapes.TRANSACTION))
    def one_transaction(*, transaction: str) -> Reply:
        """Show one transaction."""
        return answer(books().bank.transaction(transaction).to_dict())


def about_the_bank(asked: Questions) -> None:
    """Declare the questions about command files, and about the books as a whole."""

    @asked.at("/runs", asked.shape("Runs", shapes.page_of(shapes.RUN)), *PAGING)
    def runs(*, limit: int = 50, cursor: int = 0) -> Reply:
        """List the runs of command files, the oldest first."""
        every = books().bank.runs()
        return listed([run_now(each) for each in every[cursor : cursor + limit]], every, cursor)

    @asked.at("/runs/{run}", asked.shape("Run", shapes.RUN))
    def one_run(*, run: str) -> Reply:
        """Show one run of a command file."""
        return answer(run_now(run_named(run)))

    report = asked.shape("Report", shapes.REPORT)

    @asked.at("/verify", report, optional("chain", FLAG), optional("expect", TEXT))
    def verify(*, chain: bool = False, expect: str = "") -> Reply:
        """Check the books against themselves: every row, every balance, every sum."""
        checked = books().bank.verify(chain_only=chain, expect=expect)
        return answer(dataclasses.asdict(checked))


def asking(
    api: Api,
    ask: Callable[..., Reply],
    shape: object,
    in_path: Sequence[str],
    declared: Sequence[Field],
) -> Method:
    """Return the documented GET method of a question; what it is asked with is read for it."""

    def get(_resource: Resource, **path: str) -> Response:
        return ask(**path_values(path), **read(declared, given())).response()

    get.__doc__ = ask.__doc__
    method: Method = api.doc(
        id=ask.__name__,
        params={**path_parameters(in_path), **{each.name: parameter(each) for each in declared}},
        responses=responses(api, {200: ("The answer.", shape)}, in_question=True),
    )(get)
    return method


def given() -> dict[str, str | None]:
    """Return the parameters of the request.

    Raises:
        InvalidCommand: one of them is given twice.
    """
    twice = {name: "is given twice" for name, texts in request.args.lists() if len(texts) > 1}
    if twice:
        raise InvalidCommand(twice)
    return dict(request.args)


def parameter(declared: Field) -> dict[str, object]:
    """Return the documentation of a parameter; a blank one is as good as none."""
    described = {"description": declared.kind.help, "allowEmptyValue": True}
    return {"in": "query", **declared.kind.schema, **described}


def path_parameters(names: Sequence[str]) -> dict[str, dict[str, object]]:
    """Return the documentation of what stands in a path."""
    return {name: path_parameter(KINDS[name]) for name in names}


def page(found: Page) -> Reply:
    """Return a page of transactions."""
    return answer({"items": [each.to_dict() for each in found.items], "next": found.next or None})


def listed(shapes_of: Sequence[Mapping[str, object]], every: Sequence[object], at: int) -> Reply:
    """Return a page of a list that is in memory; the cursor is the place in it."""
    end = at + len(shapes_of)
    return answer({"items": shapes_of, "next": end if end < len(every) else None})


def path_values(path: Mapping[str, str]) -> dict[str, Any]:
    """Read what stands in a path."""
    return read([Field(name, KINDS[name], required=True, default=None) for name in path], path)


def run_named(run_id: str) -> Run:
    """Return a run.

    Raises:
        NotFound: there is none.
    """
    found = books().bank.store.find(Run, run_id)
    if found is None:
        raise NotFound(f"There is no run {run_id}.")
    return found


def run_now(run: Run) -> dict[str, object]:
    """Return a run as it stands on the wire.

    With it goes how far it is while it is carried out, and then how that ended.
    """
    shape, runs = dataclasses.asdict(run), books().runs
    counts, ended = runs.counts(run), runs.ended(run)
    if counts is not None:
        names = ("bytes", "bytes_in_all", "lines", "completed", "failed", "rejected")
        shape["progress"] = dict(zip(names, counts, strict=True))
    if ended is not None:
        shape["ended"] = ended
    return shape


def health(api: Api) -> Method:
    """Return the question whether the bank is there: alive, and ready to carry commands out."""
    model = shapes.model(api, "Health", shapes.HEALTH)

    def get(_resource: Resource) -> Response:
        """Tell whether the bank is alive, and ready to carry out commands."""
        try:
            fault = books().bank.store.fault
        except BankError as error:
            fault = error
        if fault is None:
            return answer({"alive": True, "ready": True}).response()
        shape = {"alive": True, "ready": False, "reason": fault.message}
        return answer(shape, 503).response()

    answers = {200: ("It is ready.", model), 503: ("It is alive, but not ready.", model)}
    statuses = {429: responses(api, {})[429], **answers}
    method: Method = api.doc(id="health", responses=statuses)(get)
    return method
