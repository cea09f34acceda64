"""The routes of command files: give one, follow it, fetch what became of each line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

from flask import Response, request
from flask_restx import Api, Resource
from flask_restx.fields import String
from werkzeug.exceptions import LengthRequired

from SimpleBankingSystem.api import shapes
from SimpleBankingSystem.api.answers import PROBLEM, answer
from SimpleBankingSystem.api.books import books
from SimpleBankingSystem.api.questions import given, live, parameter
from SimpleBankingSystem.api.resources import LOCATED, Method, path_parameter, place, responses
from SimpleBankingSystem.api.running import blocks_of, kind_of
from SimpleBankingSystem.commands.base import Request, declared
from SimpleBankingSystem.ledger.fields import RUN_ID, Name
from SimpleBankingSystem.ledger.run import Run
from SimpleBankingSystem.questions.kinds import Flag
from SimpleBankingSystem.questions.runs import RUN, OneRun
from SimpleBankingSystem.runs import Options
from SimpleBankingSystem.stores.csv_files.disk import BLOCK
from SimpleBankingSystem.wire import KINDS

FILE_AT_MOST = 1 << 30
"""Bytes of a command file; a million lines have some thirty million."""


@declared("run_file")
class FileGiven(Request):
    """Take a command file, and carry it out."""

    name: Name = ""
    again: Flag = False
    stop_on_error: Flag = False
    dry_run: Flag = False


EXAMPLE = "command,account,name,amount\nopen_account,ADA,Ada Lovelace,\ndeposit,ADA,,10.00\n"
RESULTS = "line,transaction,status,code,reason,balance\n2,T00000000001,COMPLETED,,,10.00\n"
REFUSED = "command,account,name,amount\ndeposit,NOBODY,,10.00\n"


def run_files(api: Api) -> dict[str, dict[str, Method]]:
    """Return the methods of command files, by route."""
    run = shapes.model(api, "Run", RUN)
    rehearsal = shapes.model(api, "Rehearsal", shapes.REHEARSAL)
    file = {
        "in": "body",
        "required": True,
        "schema": {"type": "string", "example": EXAMPLE},
        "description": "the command file itself: CSV, or JSON Lines",
    }

    def post(_resource: Resource) -> Response:
        """Take a command file, and carry it out."""
        request.max_content_length = FILE_AT_MOST
        length = request.content_length
        if length is None:
            raise LengthRequired("Send a command file with its Content-Length, not in chunks.")
        extension = kind_of(request.mimetype)
        options = Options(**cast("Any", FileGiven.parse(given({})).given()))
        runs = books().runs
        if options.dry_run:
            return answer(runs.rehearse(cast("BinaryIO", request.stream), options)).response()
        question = OneRun(runs.take(blocks_of(request.stream, length), extension, options))
        found = live(question, books().bank.ask(question))
        headers = {"Location": place(request.environ, "runs", question.run)}
        return answer(found, 202, headers).response()

    params = {each.name: parameter(each) for each in FileGiven.fields}
    taken = api.doc(
        id="run_file",
        params={**params, "file": file},
        responses=responses(
            api,
            {
                200: ("What a dry run came to.", rehearsal),
                202: ("It is kept, and carried out.", run, LOCATED),
                411: ("length_required", shapes.model(api, "Problem", shapes.PROBLEM)),
            },
        ),
    )(post)

    def results(_resource: Resource, **path: str) -> Response:
        """Fetch what became of each line, as far as it is known."""
        return sent(books().runs.results(run_of(path)))

    def refused(_resource: Resource, **path: str) -> Response:
        """Fetch the lines that were refused, as they were, to be mended and run alone."""
        return sent(books().runs.refused(run_of(path)))

    def fetching(
        name: str, get: Method, kinds: list[str], meaning: str, example: str
    ) -> dict[str, Method]:
        fetched = api.doc(
            id=name,
            params={"run": path_parameter(RUN_ID)},
            produces=[*kinds, PROBLEM],
            responses=responses(api, {200: (meaning, String(example=example))}, in_question=True),
        )(get)
        return {"get": cast("Method", fetched)}

    return {
        "/runs": {"post": cast("Method", taken)},
        "/runs/{run}/results": fetching(
            "run_results", results, ["text/csv"], "A row for each line.", RESULTS
        ),
        "/runs/{run}/refused": fetching(
            "run_refused", refused, [*KINDS], "A command file of them.", REFUSED
        ),
    }


def run_of(path: Mapping[str, str]) -> Run:
    """Return the run that a path names; raises what the question for it does."""
    return books().bank.find(Run, OneRun.parse(path).run)


def sent(path: Path) -> Response:
    """Return a file as long as it is now, block by block.

    Its length is told: else an answer that breaks off would look like a whole one.
    """
    length = path.stat().st_size

    def blocks() -> Iterator[bytes]:
        left = length
        with path.open("rb") as opened:
            while block := opened.read(min(BLOCK, left)):
                left -= len(block)
                yield block

    kinds = {f".{extension}": kind for kind, extension in KINDS.items()}
    response = Response(blocks(), content_type=f"{kinds[path.suffix]}; charset=utf-8")
    response.content_length = length
    return response
