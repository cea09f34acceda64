"""The commands and actions over HTTP: every declared verb as a POST at its route."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from flask import Response, request
from flask_restx import Api, Resource
from werkzeug.exceptions import (
    ClientDisconnected,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)
from werkzeug.http import parse_options_header

from SimpleBankingSystem.api import shapes
from SimpleBankingSystem.api.answers import JSON, Reply, answer, refusal
from SimpleBankingSystem.api.books import books
from SimpleBankingSystem.api.later import LATER, Later
from SimpleBankingSystem.api.passing import TRANSACTION
from SimpleBankingSystem.api.resources import (
    LOCATED,
    PATH_FIELD,
    Method,
    path_parameter,
    place,
    responses,
)
from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.commands.base import REGISTRY, Action, Command, Request
from SimpleBankingSystem.engine.tickets import follow, ticket_from
from SimpleBankingSystem.json_objects import parse
from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.ledger.errors import InvalidCommand
from SimpleBankingSystem.ledger.fields import TEXT
from SimpleBankingSystem.ledger.transaction import PENDING, PROCESSING, Transaction
from SimpleBankingSystem.shapes import TRANSACTION as TRANSACTION_SHAPE
from SimpleBankingSystem.wire import KEY, key_given, variable

BODY_AT_MOST = 1 << 20
"""Bytes of a request's body; a command file has its own limit."""

NO_HEADERS: Mapping[str, str] = MappingProxyType({})
REPLAYED = {"Idempotency-Replayed": "true"}
ASYNC = "respond-async"

HEADERS = {
    KEY: {
        "in": "header",
        **TEXT.schema,
        "minLength": 1,
        "pattern": "^[!-~]([ -~]*[!-~])?$",
        "description": "a name for this very command: given again, it is not carried out twice; "
        "what is not ASCII is written as in UTF-8''k%C3%A4se",
    },
    "Prefer": {
        "in": "header",
        "type": "string",
        "description": f"{ASYNC}: answer as soon as the command is accepted durably",
    },
}
"""The documentation of the headers that every command may have."""


def commands(api: Api) -> dict[str, dict[str, Method]]:
    """Return the methods of every declared verb, by route."""
    public = [kind for kind in REGISTRY.values() if kind.surfaces and kind.route]
    return {kind.route: {"post": commanding(api, kind)} for kind in public}


def commanding(api: Api, kind: type[Request]) -> Method:
    """Return the documented method that carries out a verb."""

    def post(_resource: Resource, **path: str) -> Response:
        environ = request.environ
        asked = kind.parse(body(path, environ))
        if isinstance(asked, Command):
            return carried_out(asked, Answering(books().bank, environ))
        assert isinstance(asked, Action)
        return Later(partial(performed, asked, Answering(books().bank, environ)))

    post.__doc__ = kind.__doc__
    transaction = shapes.model(api, "Transaction", TRANSACTION_SHAPE)
    answers: dict[int, tuple[Any, ...]]
    if kind.makes:
        made = (
            shapes.model(api, "Opened", shapes.OPENED) if kind.makes == "account" else transaction
        )
        answers = {201: ("It is done.", made, LOCATED)}
    elif kind.verb in shapes.DONE:
        answers = {
            200: ("It is done.", shapes.model(api, f"{kind.__name__}Done", shapes.DONE[kind.verb]))
        }
    else:
        answers = {200: ("It is done.", transaction)}
        if not issubclass(kind, Command):
            # What is retried may make what it was to make at first.
            answers[201] = ("It is done.", transaction, LOCATED)
    if issubclass(kind, Command):
        answers[202] = ("It is accepted, and durable.", transaction, LOCATED)
    in_path = PATH_FIELD.findall(kind.route)
    params: dict[str, Any] = {
        each.name: path_parameter(each.kind) for each in kind.fields if each.name in in_path
    }
    if issubclass(kind, Command):
        params |= HEADERS
    in_body = [each for each in kind.fields if each.name not in in_path]
    if in_body:
        # Flask-RESTX would say of every body that it is required.
        params["payload"] = {"in": "body", "required": any(each.required for each in in_body)}
        post = api.expect(shapes.model(api, kind.__name__, shapes.body_of(kind, in_path)))(post)
    documented = api.doc(id=kind.verb, params=params, responses=responses(api, answers))
    method: Method = documented(post)
    return method


def carried_out(command: Command, answering: Answering) -> Response:
    """Carry out a command, or only accept it where the client prefers that."""
    key = key_given(answering.environ.get(variable(KEY)))
    if ASYNC in preferences(answering.environ.get(variable("Prefer"))):
        return Later(partial(accepted, command, key, answering))
    ticket = ticket_from(command, key, "local")

    def replied() -> Reply:
        follow([ticket])
        headers = {} if ticket.recorded is None else REPLAYED
        return answering.transacted(ticket.transaction(), headers)

    if LATER in answering.environ:
        return Later(replied, ticket)
    answering.bank.carry_out([ticket])
    return replied().response()


def accepted(command: Command, key: str, answering: Answering) -> Reply:
    """Take a command durably, and answer that."""
    taken = answering.bank.accept(command, key=key)
    # A new one is PENDING, whatever has become of it meanwhile.
    headers = {"Preference-Applied": ASYNC} if taken.status == PENDING else REPLAYED
    return answering.transacted(taken, headers)


def performed(action: Action, answering: Answering) -> Reply:
    """Carry out an action, and answer what it says."""
    done: Any = answering.bank.perform(action)
    return answering.transacted(done) if isinstance(done, Transaction) else answer(done)


def preferences(given: str | None) -> set[str]:
    """Return the client's preferences, without the values that some have."""
    return {parse_options_header(each)[0] for each in given.split(",")} if given else set()


def body(path: Mapping[str, str], environ: dict[str, Any]) -> dict[str, object]:
    """Return the fields of a request: those of its JSON body, and those that its path names.

    Raises:
        InvalidCommand: the body is not JSON, or contradicts the path.
        HTTPException: it did not come as it should.
        UnsupportedMediaType: it says that it is something else than JSON.
    """
    data = bytes_of(environ)
    if not data:
        return dict(path)
    if environ.get("CONTENT_TYPE") != JSON and request.mimetype != JSON:
        raise UnsupportedMediaType(f"Send JSON, with the content type {JSON}.")
    try:
        values = parse(data.decode())
    except UnicodeDecodeError:
        raise InvalidCommand({"body": "is not UTF-8"}) from None
    except ValueError as error:
        raise InvalidCommand({"body": str(error)}) from None
    for name, text in path.items():
        if values.setdefault(name, text) != text:
            raise InvalidCommand({name: f"is {text} in the path and something else in the body"})
    return values


def bytes_of(environ: dict[str, Any]) -> bytes:
    """Return the body of a request, which Flask would go a long way for.

    Raises:
        ClientDisconnected: it ended before its end.
        RequestEntityTooLarge: it has more bytes than a command needs.
    """
    if variable("Transfer-Encoding") in environ:
        data: bytes = request.get_data()
        # What comes in chunks is cut off at the limit, without a word, and where it breaks off.
        if len(data) == request.max_content_length:
            raise RequestEntityTooLarge
        if not data:
            raise ClientDisconnected
        return data
    length = environ.get("CONTENT_LENGTH", "")
    count = int(length) if length.isdecimal() else 0
    if count > BODY_AT_MOST:
        raise RequestEntityTooLarge
    data = environ["wsgi.input"].read(count)
    if len(data) < count:
        raise ClientDisconnected
    return data


@dataclass(frozen=True)
class Answering:
    """What an answer needs of a request that Flask may have left behind by then."""

    bank: Bank
    environ: dict[str, Any]

    def transacted(
        self, transaction: Transaction, headers: Mapping[str, str] = NO_HEADERS
    ) -> Reply:
        """Return a transaction as far as it is, or the problem that it failed with."""
        self.environ[TRANSACTION] = transaction.id
        if transaction.error is not None:
            failed = refusal(transaction.error, transaction.to_dict())
            failed.headers.update(headers)
            return failed
        shape = transaction.to_dict()
        if transaction.status in {PENDING, PROCESSING}:
            where = place(self.environ, "transactions", transaction.id)
            return answer(shape, 202, {"Location": where, **headers})
        kind, made = transaction.made
        if not kind:
            return answer(shape, 200, headers)
        if kind == Account.kind:
            shape[kind] = self.bank.account(made).to_dict()
        where = place(self.environ, f"{kind}s", made)
        return answer(shape, 201, {"Location": where, **headers})
