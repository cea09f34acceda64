"""Every path as a documented Flask-RESTX resource, with the methods that answer there.

A resource answers ready bytes: ``expect`` and ``response`` are the documentation, the command's
own ``parse`` is the one check, and nothing is marshalled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response
from flask_restx import Api, Resource

from SimpleBankingSystem.api import shapes
from SimpleBankingSystem.ledger.errors import ERRORS
from SimpleBankingSystem.ledger.fields import Kind
from SimpleBankingSystem.wire import PREFIX

Method = Callable[..., Response]

PATH_FIELD = re.compile(r"\{(\w+)\}")


PARTS = {
    "accounts": "Accounts, and money that moves",
    "customers": "Whom accounts belong to, and who else may use them",
    "holds": "Money that was set aside",
    "products": "The terms of accounts",
    "transactions": "What happened, trying it again and undoing it",
    "reports": "What is asked at the end of a day or a month",
    "runs": "Command files",
    "bank": "Health and upkeep",
}
"""The parts of the documentation; a route that begins with none of them is about the bank."""

LOCATED = {"headers": {"Location": "where it can be asked for"}}
"""The documentation of an answer that says where what was made is."""


def responses(
    api: Api, answers: Mapping[int, tuple[Any, ...]], *, in_question: bool = False
) -> dict[int, tuple[Any, ...]]:
    """Return all statuses: those of the answers, and those of refusals with their codes."""
    problem = shapes.model(api, "Problem", shapes.PROBLEM)
    by_status: dict[int, list[str]] = {}
    for code, error in ERRORS.items():
        by_status.setdefault(error.http, []).append(code)
    if in_question:
        by_status = {status: by_status[status] for status in (400, 404, 503)}
    else:
        by_status |= {413: ["request_entity_too_large"], 415: ["unsupported_media_type"]}
        by_status |= {408: ["request_timeout"]}
    by_status |= {421: ["misdirected_request"], 429: ["too_many_requests"]}
    refusals = {status: (", ".join(codes), problem) for status, codes in by_status.items()}
    return dict(sorted({**refusals, **answers}.items()))


def path_parameter(kind: Kind) -> dict[str, object]:
    """Return the documentation of what stands in a path; Swagger's page fills the example in."""
    return {"in": "path", **kind.schema, "description": kind.help, "x-example": kind.example}


def flask_path(route: str) -> str:
    """Return a route as Flask writes it."""
    return PATH_FIELD.sub(r"<string:\1>", route)


def add_all(api: Api, *tables: Mapping[str, Mapping[str, Method]]) -> None:
    """Add a resource for every route; each table has the methods by name of some routes."""
    methods: dict[str, dict[str, Method]] = {}
    for table in tables:
        for route, answering in table.items():
            methods.setdefault(route, {}).update(answering)
    parts = {name: api.namespace(name, text, path="/") for name, text in PARTS.items()}
    for route, answering in methods.items():
        name = "".join(part.capitalize() for part in re.findall(r"\w+", route))
        part = parts.get(route.split("/")[1], parts["bank"])
        part.add_resource(type(name, (Resource,), dict(answering)), flask_path(route))


def place(environ: Mapping[str, str], *parts: str) -> str:
    """Return the path of something that can be asked for, wherever the API is mounted."""
    return "/".join([environ["SCRIPT_NAME"] + PREFIX, *parts])
