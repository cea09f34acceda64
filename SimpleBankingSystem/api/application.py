"""The Flask application: the API below its prefix, and a problem for whatever was raised."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from flask import Blueprint, Flask, Response, request
from flask_restx import Api
from flask_restx.swagger import Swagger

from SimpleBankingSystem import __version__
from SimpleBankingSystem.api.answers import JSON, PROBLEM, answer, refused
from SimpleBankingSystem.api.books import NAME, Books
from SimpleBankingSystem.api.commanding import BODY_AT_MOST, commands
from SimpleBankingSystem.api.openapi import openapi
from SimpleBankingSystem.api.passing import Passing
from SimpleBankingSystem.api.questions import questions
from SimpleBankingSystem.api.resources import add_all
from SimpleBankingSystem.api.run_files import run_files
from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.config import Settings
from SimpleBankingSystem.wire import KINDS, PREFIX


class Documented(Api):  # type: ignore[misc]
    """The Flask-RESTX API, with refusals as problem documents."""

    @cached_property
    def __schema__(self) -> dict[str, Any]:
        """The Swagger document, with the content types that Flask-RESTX has no word for."""
        schema: dict[str, Any] = Swagger(self).as_dict()
        schema["paths"]["/runs"]["post"]["consumes"] = [*KINDS]
        schema["produces"] = [JSON, PROBLEM]
        return schema

    def handle_error(self, e: Exception) -> Response:
        """Answer what a resource raised, or what the router refused below the prefix."""
        return refused(e, request.environ).response()


def create_app(settings: Settings | None = None, bank: Bank | None = None) -> Flask:
    """Return the application; the books that the settings name are opened at the first request.

    A ``bank`` that is given is served, and stays its owner's to close.
    """
    app = Flask(NAME, static_folder=None)
    app.config.update(
        MAX_CONTENT_LENGTH=BODY_AT_MOST,
        RESTX_ERROR_404_HELP=False,
        RESTX_MASK_SWAGGER=False,
        RESTX_VALIDATE=False,
        SWAGGER_UI_DOC_EXPANSION="list",
    )
    app.url_map.strict_slashes = False
    # A doubled slash is a wrong URL; merging it would answer a redirect, which no client expects.
    app.url_map.merge_slashes = False
    app.extensions[NAME] = Books(settings, bank)
    app.register_blueprint(blueprint())
    app.register_error_handler(Exception, lambda error: refused(error, request.environ).response())
    passing = Passing(app.wsgi_app, app.extensions[NAME].settings.rate)
    # Flask documents this attribute for what stands around an application.
    app.wsgi_app = passing  # type: ignore[assignment,method-assign]
    return app


def blueprint() -> Blueprint:
    """Return the API below its prefix, with Swagger's page at ``/swagger/``."""
    made = Blueprint("api", NAME, url_prefix=PREFIX)
    api = Documented(
        made,
        version=__version__,
        title=NAME,
        description="Books you can open in a spreadsheet, with the guarantees of a database.",
        doc="/swagger/",
        validate=False,
    )
    made.add_url_rule("/openapi.json", view_func=lambda: answer(openapi(api.__schema__)).response())
    add_all(api, commands(api), questions(api), run_files(api))
    return made
