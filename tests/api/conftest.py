"""The API as a program sees it: on a bank in memory, on books in files, by a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from SimpleBankingSystem import config
from SimpleBankingSystem.api import create_app
from SimpleBankingSystem.api.books import NAME
from SimpleBankingSystem.bootstrap import Bank
from tests.servers import PREFIX, served


class Client:
    """Asks an application below its prefix."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.flask: FlaskClient = app.test_client()

    def get(self, path: str, **asked: Any) -> TestResponse:
        return self.flask.get(PREFIX + path, **asked)

    def post(
        self, path: str, json: Any = None, headers: Mapping[str, str] | None = None, **given: Any
    ) -> TestResponse:
        return self.flask.post(PREFIX + path, json=json, headers=headers, **given)

    def send(self, path: str, text: str | bytes, kind: str = "application/json") -> TestResponse:
        """Send a body as it stands."""
        return self.flask.post(PREFIX + path, data=text, content_type=kind)

    def run(self, text: str, kind: str = "text/csv", **query: str) -> TestResponse:
        """Give a command file."""
        return self.flask.post(f"{PREFIX}/runs", data=text, content_type=kind, query_string=query)


@pytest.fixture
def bank() -> Iterator[Bank]:
    """A bank that keeps nothing."""
    with Bank.open("memory:") as opened:
        yield opened


@pytest.fixture
def api(bank: Bank) -> Iterator[Client]:
    """The API of that bank."""
    app = create_app(bank=bank)
    yield Client(app)
    bank.close()
    app.extensions[NAME].close()


@pytest.fixture
def club(api: Client) -> Client:
    """Two accounts: ADA with 100.00, BOB with nothing."""
    api.post("/accounts", {"name": "Ada Lovelace", "account": "ADA", "initial_deposit": "100"})
    api.post("/accounts", {"name": "Bob", "account": "BOB"})
    return api


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Open the API on books in files, as often as a test likes: the one before is closed first."""
    apps: list[Flask] = []

    def close() -> None:
        while apps:
            apps.pop().extensions[NAME].close()

    def open_api(**settings: object) -> Client:
        close()
        chosen = config.given({"store": f"csv:{tmp_path / 'data'}", **settings})
        apps.append(create_app(chosen))
        return Client(apps[-1])

    yield open_api
    close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real server, with books of its own."""
    folder = tmp_path_factory.mktemp("served")
    with served(f"csv:{folder / 'data'}", folder) as address:
        yield address


def problem(response: TestResponse, status: int, code: str) -> Any:
    """Insist on a problem document, and return it."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    found = response.get_json()
    assert found["status"] == status
    assert found["code"] == code, found
    assert found["type"] == "about:blank"
    assert found["title"]
    assert found["detail"]
    return found
