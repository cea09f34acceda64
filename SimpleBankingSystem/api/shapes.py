"""What only HTTP answers or takes: problems, bodies, and how models are registered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_restx import Api
from flask_restx.model import SchemaModel

from SimpleBankingSystem.commands.base import Field, Request
from SimpleBankingSystem.ledger.errors import InsufficientFunds
from SimpleBankingSystem.problems import problem
from SimpleBankingSystem.questions.runs import ENDED
from SimpleBankingSystem.shapes import (
    ACCOUNT,
    COUNT,
    FLAG,
    TEXT,
    TRANSACTION,
    Schema,
    nullable,
    record,
)

REHEARSAL = record({"id": TEXT, "name": TEXT, "ended": ENDED, "results": TEXT, "refused": TEXT})

PROBLEM: Schema = {
    **record(
        {
            "type": TEXT,
            "title": TEXT,
            "status": {"type": "integer"},
            "detail": TEXT,
            "code": TEXT,
            "retryable": FLAG,
            "errors": {"type": "object", "additionalProperties": TEXT},
            "transaction": TRANSACTION,
        },
        optional=("errors", "transaction"),
    ),
    # Every operation shows it for every refusal, so it is short.
    "example": problem(InsufficientFunds("A00000001 has 6.00 EUR available, 10.00 needed.")),
}

OPENED = record({**TRANSACTION["properties"], "account": ACCOUNT}, open_ended=True)

DONE = {
    "retry_all": record({"retried": COUNT, "completed": COUNT, "failed": COUNT}),
    # A store in memory has neither an archive nor a journal to be the snapshot of.
    "archive": record(
        {"archived": COUNT, "last_archived_seq": COUNT}, optional=["last_archived_seq"]
    ),
    "snapshot": record({"accounts": COUNT, "as_of": COUNT}, optional=["as_of"]),
}
"""What actions answer that are about no single transaction, by their verbs."""

HEALTH = record({"alive": FLAG, "ready": FLAG, "reason": TEXT}, optional=("reason",))


def body_of(kind: type[Request], without: Sequence[str] = ()) -> Schema:
    """Return the schema of a request's body: its fields but those that stand in the path."""
    declared = [each for each in kind.fields if each.name not in without]
    chosen = {name: text for name, text in kind.example().items() if name not in without}
    properties = {each.name: field_of(each, chosen.get(each.name)) for each in declared}
    schema: dict[str, Any] = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "example": {name: properties[name]["example"] for name in chosen},
    }
    required = [each.name for each in declared if each.required]
    # Swagger 2.0 has no empty list there.
    return {**schema, "required": required} if required else schema


def field_of(declared: Field, chosen: str | None = None) -> Schema:
    """Return the schema of one field; one that may be left out may be null as well."""
    kind = declared.kind
    example: object = chosen or kind.example
    if kind.schema["type"] == "array":
        example = kind.example.split()
    elif kind.schema["type"] == "integer":
        example = int(kind.example)
    elif kind.schema["type"] == "object":
        example = dict(word.split("=") for word in kind.example.split())
    schema = {**kind.schema, "description": kind.help, "example": example}
    return schema if declared.required else nullable(schema)


def model(api: Api, name: str, schema: Schema) -> SchemaModel:
    """Return the model of a schema, registered under a name."""
    return api.models.get(name) or api.schema_model(name, dict(schema))
