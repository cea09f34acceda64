"""A Flask-RESTX endpoint that does nothing, documented and marshalled as tutorials show it.

`python -m benchmarks.peers.empty_endpoint PORT THREADS` serves it by the bank's own server.
"""

from __future__ import annotations

import sys

from flask import Flask
from flask_restx import Api, Resource, fields
from granian import Granian
from granian.constants import Interfaces

PATH = "/api/v1/accounts/{source}/transfer"


def served() -> Flask:
    """Return the application."""
    app = Flask(__name__)
    api = Api(app, prefix="/api/v1")
    asked = api.model(
        "Transfer",
        {"target": fields.String(required=True), "amount": fields.String(required=True)},
    )
    names = ("id", "status", "source", "target", "amount", "created_at")
    answered = api.model("Transaction", dict.fromkeys(names, fields.String))
    answer = dict.fromkeys(names, "T00000000001")

    @api.route("/accounts/<string:source>/transfer")
    class Transfer(Resource):  # type: ignore[misc]
        """The endpoint."""

        @api.expect(asked, validate=True)  # type: ignore[untyped-decorator]
        @api.marshal_with(answered)  # type: ignore[untyped-decorator]
        def post(self, source: str) -> dict[str, str]:  # noqa: ARG002 - it does nothing
            return answer

    return app


if __name__ == "__main__":
    port, threads = map(int, sys.argv[1:])
    Granian(
        f"{__name__ if __spec__ is None else __spec__.name}:served",
        "127.0.0.1",
        port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=1,
        blocking_threads=threads,
        log_enabled=False,
    ).serve()
