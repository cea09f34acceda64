"""The documentation: valid Swagger 2.0 and OpenAPI 3, with examples that work when pasted."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from flask_restx.schemas import validate
from jsonschema_rs import Draft4Validator
from schemathesis.specs.openapi.definitions import OPENAPI_30_VALIDATOR

from SimpleBankingSystem.api import create_app
from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.commands.base import REGISTRY
from SimpleBankingSystem.ledger.errors import ERRORS
from tests.api.conftest import Client
from tests.servers import PREFIX


def written(path: str) -> Any:
    with Bank.open("memory:") as bank:
        return create_app(bank=bank).test_client().get(PREFIX + path).get_json()


SWAGGER = written("/swagger.json")
OPENAPI = written("/openapi.json")
OPERATIONS = [
    (path, method, operation)
    for path, methods in SWAGGER["paths"].items()
    for method, operation in methods.items()
    if method in {"get", "post"}
]
# Their order in the document changes from process to process, and must not in a parallel test run.
NAMED = [
    pytest.param(*each, id=f"{each[1]} {each[0]}")
    for each in sorted(OPERATIONS, key=lambda each: each[:2])
]


def test_both_documents_are_valid() -> None:
    validate(SWAGGER)
    OPENAPI_30_VALIDATOR.validate(OPENAPI)
    assert (SWAGGER["basePath"], OPENAPI["servers"]) == (PREFIX, [{"url": PREFIX}])


def test_both_documents_say_the_same() -> None:
    assert OPENAPI["paths"].keys() == SWAGGER["paths"].keys()
    assert OPENAPI["components"]["schemas"].keys() == SWAGGER["definitions"].keys()
    text = json.dumps(OPENAPI)
    assert "x-nullable" not in text
    assert "x-example" not in text
    assert "#/definitions" not in text
    for path, method, operation in OPERATIONS:
        newer = OPENAPI["paths"][path][method]
        assert newer["responses"].keys() == operation["responses"].keys()
        bodies = [each for each in operation.get("parameters", []) if each["in"] == "body"]
        assert ("requestBody" in newer) == bool(bodies)


def test_every_reference_leads_somewhere() -> None:
    def references(part: Any) -> set[str]:
        if isinstance(part, dict):
            own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
            return own.union(*map(references, part.values()))
        return set().union(*map(references, part)) if isinstance(part, list) else set()

    assert references(SWAGGER) <= {f"#/definitions/{name}" for name in SWAGGER["definitions"]}
    assert len(references(SWAGGER)) > 10


@pytest.mark.parametrize(("path", "method", "operation"), NAMED)
def test_every_operation_is_described(path: str, method: str, operation: Any) -> None:
    assert operation["summary"]
    assert operation["operationId"]
    answers = operation["responses"]
    assert {"429", "503"} <= answers.keys()
    assert all(each["description"] for each in answers.values())
    good = [status for status in answers if status.startswith("2")]
    assert good
    for status in answers.keys() - set(good) - {"503"}:
        assert answers[status]["schema"] == {"$ref": "#/definitions/Problem"}
    for parameter in operation.get("parameters", []):
        assert parameter["in"] == "body" or parameter["description"]


def test_every_code_of_an_error_is_documented_with_its_status() -> None:
    answers = SWAGGER["paths"]["/accounts"]["post"]["responses"]
    for code, error in ERRORS.items():
        assert code in answers[str(error.http)]["description"].split(", ")


@pytest.mark.parametrize("name", sorted(SWAGGER["definitions"]))
def test_examples_are_what_the_schemas_allow(name: str) -> None:
    """The examples of properties, and of whole bodies, are valid themselves."""
    schema = OPENAPI["components"]["schemas"][name]
    resolved = {**schema, "components": OPENAPI["components"]}
    for field, each in schema["properties"].items():
        if "example" in each:
            Draft4Validator(each).validate(each["example"])
            assert each["example"] != "", field
    if "example" in schema:
        Draft4Validator(resolved).validate(schema["example"])


@pytest.mark.seed("A1")
def test_every_documented_request_works_when_it_is_pasted(api: Client) -> None:
    """In the order of a first visit: the examples name what the ones before have made."""
    schemas = SWAGGER["definitions"]
    visit = (
        # The hold is the first transaction, so that it has the id of the examples; it is refused,
        # and then tried again where there is an account and money on it.
        "place_hold open_account open_account open_account deposit deposit deposit deposit deposit "
        "deposit deposit deposit retry register_customer change_customer withdraw transfer split "
        "charge_fee exchange set_overdraft_limit set_owners change_product define_product "
        "capture_hold void_hold reverse"
    )
    # After these an account is gone, or blocked; what is not named here comes before them.
    ends = ["merge_accounts", "close_account", "set_status"]
    named = {each[2]["operationId"]: each for each in OPERATIONS}
    verbs = {verb: named[verb] for verb in sorted(named.keys() & REGISTRY.keys())}
    answers: dict[str, int] = {}
    first = visit.split()
    for verb in [*first, *sorted(verbs.keys() - {*first, *ends}), *ends]:
        path, method, operation = verbs[verb]
        body = None
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", parameter["x-example"])
            elif parameter["in"] == "body":
                body = schemas[parameter["schema"]["$ref"].rpartition("/")[2]]["example"]
        assert method == "post"
        answer = api.post(path, body) if body else api.post(path)
        answers.setdefault(verb, answer.status_code)
        assert str(answer.status_code) in operation["responses"], answer.text
    refused = {verb: status for verb, status in answers.items() if status >= 400}
    assert refused == {
        "place_hold": 404,  # There is no account yet.
        "exchange": 422,  # Both examples of an account are in the same currency.
        "void_hold": 409,  # The one hold has been captured.
        "reverse": 409,  # The first transaction moved no money.
        "close_account": 422,  # It means the one that took it over, which has money on it.
    }


def test_the_example_of_a_command_file_works_when_it_is_pasted(api: Client) -> None:
    (file,) = (
        each for each in SWAGGER["paths"]["/runs"]["post"]["parameters"] if each["in"] == "body"
    )
    assert SWAGGER["paths"]["/runs"]["post"]["consumes"] == ["text/csv", "application/x-ndjson"]
    assert api.run(file["schema"]["example"], name="day").status_code == 202
    api.app.extensions["SimpleBankingSystem"].runs.wait()
    assert api.get("/accounts/ADA/balance").get_json()["balance"] == "10.00"


@pytest.mark.seed("A1")
def test_the_page_is_served(api: Client) -> None:
    for path in ("/swagger/", "/swagger"):
        page = api.get(path)
        assert (page.status_code, page.mimetype) == (200, "text/html")
        assert "/api/v1/swagger.json" in page.text


def test_what_has_routes_of_its_own_has_a_part_of_its_own() -> None:
    firsts = Counter(path.split("/")[1] for path in SWAGGER["paths"])
    parts = {first: first if many > 1 else "bank" for first, many in firsts.items()}
    for path, _, operation in OPERATIONS:
        assert operation["tags"] == [parts[path.split("/")[1]]], path
    assert {each["name"] for each in SWAGGER["tags"]} == set(parts.values())


def test_what_one_sentence_cannot_say_is_described() -> None:
    described = {each["operationId"]: each.get("description", "") for *_, each in OPERATIONS}
    assert described["split"].startswith("With an amount the parts are shares, such as 2 and 1")
    assert described["trial_balance"].startswith("What customers have on their accounts is")
    assert described["deposit"] == ""
