"""Guarantee 16: nothing but declared answers.

Schemathesis asks what the documentation allows, and what it forbids.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from math import ceil
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    unsupported_method,
)

from SimpleBankingSystem.api import create_app
from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.commands.base import REGISTRY
from SimpleBankingSystem.ledger.errors import InvalidCommand
from SimpleBankingSystem.ledger.reading import ID_PATTERN
from tests.banks import done
from tests.proof_level import figure
from tests.servers import PREFIX, served

ACCOUNTS = ("A00000001", "A00000002", "A00000003")
RUNS = ("R000001",)
CUSTOMERS = ("C00000001", "C00000002")
HOLDS = ("H00000000005", "H00000000007")
PRODUCTS = ("standard", "savings")
TRANSACTIONS = tuple(f"T{number:011d}" for number in range(1, 9))

CONFIG = SchemathesisConfig.from_dict(
    {
        # A refusal by a rule of money is an answer to good data.
        "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "404", "409", "422"]}}
    }
)


def documented() -> Any:
    """Return the documentation as the application gives it."""
    with Bank.open("memory:") as bank:
        return create_app(bank=bank).test_client().get(f"{PREFIX}/swagger.json").get_json()


SWAGGER = documented()
OPERATIONS = sum(len(methods) for methods in SWAGGER["paths"].values())
EXAMPLES = ceil(figure("API cases") / OPERATIONS)

schema = schemathesis.openapi.from_dict(SWAGGER, config=CONFIG)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose books have something to find."""
    folder = tmp_path_factory.mktemp("served")
    with Bank.open(f"csv:{folder / 'data'}") as bank:
        for name in ("Ada", "Bob", "Eve"):
            done(bank, "open_account", name=name, initial_deposit="1000")
        done(bank, "transfer", source="A00000001", target="A00000002", amount="10")
        for account in ACCOUNTS[1:]:
            done(bank, "place_hold", account=account, amount="5")
            done(bank, "register_customer", name="Ada Lovelace")
    with served(f"csv:{folder / 'data'}", folder) as address:
        yield address


def existing(values: dict[str, Any]) -> dict[str, Any]:
    """Put ids that exist in the place of ids that are well made; the rest stays."""
    found = dict(values)
    for name, pattern, ids in (
        ("account", ID_PATTERN, ACCOUNTS),
        ("source", ID_PATTERN, ACCOUNTS[:2]),
        ("target", ID_PATTERN, ACCOUNTS[2:]),
        ("transaction", r"T[0-9]{11,}", TRANSACTIONS),
        ("run", r"R[0-9]{6,}", RUNS),
        ("customer", r"C[0-9]{8,}", CUSTOMERS),
        ("hold", r"H[0-9]{11,}", HOLDS),
        ("product", r"[a-z].*", PRODUCTS),
    ):
        text = found.get(name)
        if isinstance(text, str) and re.fullmatch(pattern, text):
            found[name] = ids[sum(map(ord, text)) % len(ids)]
    return found


@schema.hook
def map_path_parameters(context: Any, path_parameters: Any) -> Any:
    return existing(path_parameters) if isinstance(path_parameters, dict) else path_parameters


@schema.hook
def map_body(context: Any, body: Any) -> Any:
    # An opening needs an id that is free.
    is_body = isinstance(body, dict) and "name" not in body
    return existing(body) if is_body else body


@schemathesis.serializer("text/csv", "application/x-ndjson")
def command_file(context: Any, value: Any) -> bytes:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode(errors="surrogatepass")


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_a_declared_one(
    case: Any, server: str, record_property: Callable[[str, object], None]
) -> None:
    response = case.call(base_url=server + PREFIX)
    case.validate_response(response, excluded_checks=[*beside_the_point(case, response)])
    record_property("figures", f"{EXAMPLES * OPERATIONS:,} cases on {OPERATIONS} operations")


def beside_the_point(case: Any, response: Any) -> Iterator[Any]:
    """Name the checks that know less than the bank."""
    if case.path == "/runs" or reads_more_than_documented(case):
        # Any bytes are the text of a file.
        yield negative_data_rejection
    if response.status_code == 400 and says_what_no_schema_can(response.json()):
        yield positive_data_acceptance
    if case.path == "/transactions/retry":
        # By the path alone, there could be a transaction of that name to GET.
        yield from (allow_header_conformance, unsupported_method)


def reads_more_than_documented(case: Any) -> bool:
    """Tell whether a body is as documented but for numbers without quotes and blank fields."""
    if not isinstance(case.body, dict):
        return False
    name = case.operation.definition.raw["operationId"]
    plain = {field: str(value) if is_number(value) else value for field, value in case.body.items()}
    try:
        REGISTRY[name].parse({**plain, **(case.path_parameters or {})})
    except InvalidCommand:
        return False
    return True


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def says_what_no_schema_can(problem: Any) -> bool:
    """Tell whether a refusal is about the calendar, two fields together, or what is in a file."""
    words = (
        *("calendar", "UTC time", "source itself", "account itself", "a day after", "spreadsheet"),
        *("a name has letters", "is no ACCOUNT=AMOUNT", "what each account gets"),
    )
    reasons = problem.get("errors", {}).values()
    return problem["code"] == "invalid_file" or any(w in text for text in reasons for w in words)
