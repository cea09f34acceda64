"""The questions over HTTP: every declared one as a GET at its route, as JSON or as CSV."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask import Response, request
from flask_restx import Api, Resource

from SimpleBankingSystem.api import shapes
from SimpleBankingSystem.api.answers import CSV, JSON, PROBLEM, Reply, answer
from SimpleBankingSystem.api.books import books
from SimpleBankingSystem.api.resources import PATH_FIELD, Method, path_parameter, place, responses
from SimpleBankingSystem.commands.base import Field
from SimpleBankingSystem.ledger.errors import BankError, InvalidCommand
from SimpleBankingSystem.questions.base import QUESTIONS, Answer, Question
from SimpleBankingSystem.questions.runs import OneRun, Runs

CSV_TYPE = f"{CSV}; charset=utf-8"

MORE = {"headers": {"Link": "where the next page is, as rel=next; not on the last page"}}
"""The documentation of a page's header."""


def questions(api: Api) -> dict[str, dict[str, Method]]:
    """Return the GET methods of every question, by route."""
    asked = {kind.route: {"get": asking(api, kind)} for kind in QUESTIONS.values()}
    return {**asked, "/health": {"get": health(api)}}


def asking(api: Api, kind: type[Question]) -> Method:
    """Return the documented method that answers a question."""

    def get(_resource: Resource, **path: str) -> Response:
        question = kind.parse(given(path))
        return replied(question, live(question, books().bank.ask(question))).response()

    get.__doc__ = kind.__doc__
    in_path = PATH_FIELD.findall(kind.route)
    model = shapes.model(api, kind.answers["title"], kind.answers)
    is_list = "next" in kind.answers["properties"]
    method: Method = api.doc(
        id=re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower(),
        params={
            each.name: path_parameter(each.kind) if each.name in in_path else parameter(each)
            for each in kind.fields
        },
        produces=[JSON, CSV, PROBLEM],
        responses=responses(
            api, {200: ("The answer.", model, MORE if is_list else {})}, in_question=True
        ),
    )(get)
    return method


def replied(question: Question, found: Answer) -> Reply:
    """Return an answer as the client likes it best; JSON, where that is not CSV."""
    as_csv = request.accept_mimetypes.best_match([JSON, CSV]) == CSV
    reply = Reply(question.csv(found), kind=CSV_TYPE) if as_csv else answer(found)
    if found.get("next"):
        there = place(request.environ, question.onward(cursor=found["next"]).path()[1:])
        reply.headers["Link"] = f'<{there}>; rel="next"'
    return reply


def live(question: Question, found: Answer) -> Answer:
    """Add to runs how far they are while they are carried out, and then how that ended."""
    if isinstance(question, (Runs, OneRun)):
        runs = books().runs
        for run in found.get("items", [found]):
            counts, ended = runs.counts(run["id"]), runs.ended(run["id"])
            if counts is not None:
                names = ("bytes", "bytes_in_all", "lines", "completed", "failed", "rejected")
                run["progress"] = dict(zip(names, counts, strict=True))
            if ended is not None:
                run["ended"] = ended
    return found


def given(path: Mapping[str, str]) -> dict[str, object]:
    """Return what a request asks with: the parameters of its path and of its query.

    Raises:
        InvalidCommand: one of them is given twice.
    """
    times = {name: len(texts) + (name in path) for name, texts in request.args.lists()}
    twice = {name: "is given twice" for name, count in times.items() if count > 1}
    if twice:
        raise InvalidCommand(twice)
    return {**request.args, **path}


def parameter(declared: Field) -> dict[str, object]:
    """Return the documentation of a parameter; a blank one is as good as none."""
    described = {"description": declared.kind.help, "allowEmptyValue": True}
    return {"in": "query", **declared.kind.schema, **described}


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
