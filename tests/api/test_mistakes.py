"""What no client should send: each is a problem document with a code, and changes nothing."""

from __future__ import annotations

import json
import logging

import pytest

from SimpleBankingSystem.api import commanding
from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.json_objects import DEPTH_AT_MOST
from tests.api.conftest import Client, problem
from tests.servers import PREFIX


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/nothing", "/", "/api/v2/accounts", "/%ff"])
def test_an_unknown_url(api: Client, path: str) -> None:
    problem(api.flask.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/accounts", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("PUT", "/accounts/ADA", {"GET", "HEAD", "OPTIONS"}),
        ("GET", "/accounts/ADA/deposit", {"POST", "OPTIONS"}),
        ("POST", "/health", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_wrong_method(api: Client, method: str, path: str, allowed: set[str]) -> None:
    found = api.flask.open(PREFIX + path, method=method)
    problem(found, 405, "method_not_allowed")
    assert set(found.headers["Allow"].split(", ")) == allowed


def test_a_head_is_a_get_without_its_body(club: Client) -> None:
    found = club.flask.head(f"{PREFIX}/accounts/ADA")
    assert (found.status_code, found.data) == (200, b"")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_wrong_content_type(club: Client, kind: str) -> None:
    asked = club.send("/accounts/ADA/deposit", '{"amount":"1"}', kind)
    problem(asked, 415, "unsupported_media_type")


DEEP = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "is no JSON"),
        (" ", "is no JSON"),
        ("[]", "must be a JSON object"),
        ('"1"', "must be a JSON object"),
        ("null", "must be a JSON object"),
        ('{"amount":"1"} {}', "is no JSON"),
        ('{"amount":"1","amount":"2"}', "names a field twice"),
        ('{"x":{"a":1,"a":1}}', "names a field twice"),
        ('{"amount":NaN}', "contains NaN"),
        ('{"amount":-Infinity}', "contains -Infinity"),
        (f'{{"x":{DEEP}}}', "nested too deeply"),
        ('{"x":' + "[" * DEPTH_AT_MOST + "]" * DEPTH_AT_MOST + "}", "nested too deeply"),
        ('{"x":' * 900 + "1" + "}" * 900, "nested too deeply"),
        (b'{"amount":"\xff"}', "is not UTF-8"),
        ('{"amount":"1"}'.encode("utf-16"), "is not UTF-8"),
    ],
)
def test_broken_json(club: Client, text: str | bytes, reason: str) -> None:
    found = problem(club.send("/accounts/ADA/deposit", text), 400, "invalid_command")
    assert reason in found["errors"]["body"]


def test_a_field_whose_name_is_no_text_is_named_as_it_was_given(club: Client) -> None:
    found = problem(club.send("/accounts/ADA/deposit", r'{"\ud800":1}'), 400, "invalid_command")
    assert found["errors"]["\ud800"] == "deposit has no such field"


def test_json_may_be_as_deep_as_is_allowed(club: Client) -> None:
    inner = "[" * (DEPTH_AT_MOST - 1) + "]" * (DEPTH_AT_MOST - 1)
    asked = club.send("/accounts/ADA/deposit", f'{{"amount":"1","tags":{inner}}}')
    assert set(problem(asked, 400, "invalid_command")["errors"]) == {"tags"}


@pytest.mark.parametrize(
    "body",
    [
        '{"amount":"1","description":"\\ud800"}',
        '{"amount":"1","description":"a\\u0000b"}',
        '{"amount":"1","description":"\\u202eevil"}',
        '{"amount":"1","description":5}',
        '{"amount":"1","description":["a"]}',
        '{"amount":"1","tags":{"a":"b"}}',
        '{"amount":true}',
        '{"amount":{}}',
        '{"amount":"1e3"}',
        '{"amount":1e3}',
        '{"amount":1e400}',
        '{"amount":"NaN"}',
        '{"amount":"\\u0661"}',
        '{"amount":-1}',
        '{"amount":"\\uff11"}',
        '{"amount":"1.00\\n"}',
        '{"amount":99999999999999}',
    ],
)
def test_values_that_are_none(club: Client, body: str) -> None:
    found = problem(club.send("/accounts/ADA/deposit", body), 400, "invalid_command")
    assert found["errors"]
    assert club.get("/accounts/ADA/balance").get_json()["balance"] == "100.00"


def test_numbers_are_read_by_their_digits(club: Client) -> None:
    """As a float it would become 9007199254740.990234375, which is 9007199254740.99."""
    asked = club.send("/accounts/ADA/deposit", '{"amount":9007199254740.991}')
    found = problem(asked, 422, "too_many_decimals")
    assert found["transaction"]["amount"] == "9007199254740.991"
    done = club.send("/accounts/ADA/deposit", '{"amount":8007199254740.93}').get_json()
    assert (done["amount"], done["target_balance"]) == ("8007199254740.93", "8007199254840.93")


def test_null_and_blank_are_as_good_as_left_out(club: Client) -> None:
    body = {"amount": "1", "description": None, "value_date": "", "tags": None}
    assert club.post("/accounts/ADA/deposit", body).status_code == 200


def test_a_body_that_is_too_large(club: Client) -> None:
    large = json.dumps({"amount": "1", "description": "x" * commanding.BODY_AT_MOST})
    problem(club.send("/accounts/ADA/deposit", large), 413, "request_entity_too_large")


def test_a_field_where_a_verb_has_none(api: Client) -> None:
    found = problem(api.post("/snapshot", {"now": "1"}), 400, "invalid_command")
    assert found["errors"] == {"now": "snapshot has no such field"}


@pytest.mark.parametrize("path", ["/health", "/accounts", "/nothing", "/swagger/", "/openapi.json"])
def test_every_answer_has_the_headers_that_protect_its_reader(api: Client, path: str) -> None:
    found = api.get(path).headers
    assert found["X-Content-Type-Options"] == "nosniff"
    assert found["X-Frame-Options"] == "DENY"
    assert found["Referrer-Policy"] == "no-referrer"
    assert found.getlist("Cache-Control") == ["no-store"]
    assert len(found["X-Request-Id"]) == 16
    policy = found["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert ("script-src" in policy) == (path == "/swagger/")
    assert "http" not in policy


def test_the_page_and_its_files_load_from_here_only(api: Client) -> None:
    page = api.get("/swagger/").text
    assert "//fonts" not in page
    with api.flask.get("/swaggerui/swagger-ui-bundle.js") as found:
        assert found.status_code == 200
        assert "script-src 'self'" in found.headers["Content-Security-Policy"]
        assert found.headers.getlist("Cache-Control") == ["no-store"]


class Fault(Exception):
    """Something that nobody foresaw, with a secret in it."""


def test_a_fault_of_the_bank_names_an_incident_and_tells_nothing(
    api: Client, bank: Bank, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: object) -> None:
        raise Fault("the password is 1234")

    monkeypatch.setattr(bank.store, "accounts", fail)
    answer = api.get("/accounts")
    found = problem(answer, 503, "internal_error")
    incident = answer.headers["X-Request-Id"]
    assert incident in found["detail"]
    assert "1234" not in answer.text
    assert "Fault" not in answer.text
    logged = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert [incident in each.getMessage() for each in logged] == [True]
    assert logged[0].exc_info is not None
