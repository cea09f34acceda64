"""What answers look like, as JSON Schema in the subset of Swagger 2.0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_restx import Api
from flask_restx.model import SchemaModel

from SimpleBankingSystem.commands.base import Field, Request
from SimpleBankingSystem.ledger.errors import ERRORS, InsufficientFunds
from SimpleBankingSystem.ledger.transaction import COMPLETED, FAILED, PENDING, PROCESSING
from SimpleBankingSystem.problems import problem

Schema = Mapping[str, object]

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
MONEY: Schema = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,4})?$", "example": "10.00"}
TIME: Schema = {"type": "string", "format": "date-time", "example": "2026-11-20T23:25:30.000001Z"}


def nullable(schema: Schema) -> Schema:
    """Return a schema that also lets null through, as Swagger 2.0 writes it."""
    return {**schema, "x-nullable": True}


def record(
    properties: Mapping[str, Schema], *, optional: Sequence[str] = (), open_ended: bool = False
) -> dict[str, Any]:
    """Return the schema of an object with these properties."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [name for name in properties if name not in optional],
        "additionalProperties": open_ended,
    }


ACCOUNT = record(
    {
        "id": {**TEXT, "example": "A00000001"},
        "name": {**TEXT, "example": "Ada Lovelace"},
        "type": {**TEXT, "example": "standard"},
        "currency": {**TEXT, "example": "EUR"},
        "status": {**TEXT, "enum": ["active", "closed"], "example": "active"},
        "balance": MONEY,
        "held": MONEY,
        "available": MONEY,
        "overdraft_limit": MONEY,
        "opened_at": TIME,
    }
)

FAILURE = record(
    {"code": {**TEXT, "enum": sorted(ERRORS)}, "message": TEXT, "retryable": FLAG},
)

TRANSACTION = record(
    {
        "id": {**TEXT, "example": "T00000000001"},
        "seq": nullable({"type": "integer", "example": 1}),
        "command": {**TEXT, "example": "transfer"},
        "status": {
            **TEXT,
            "enum": [PENDING, PROCESSING, COMPLETED, FAILED],
            "example": COMPLETED,
        },
        "attempt": {"type": "integer", "minimum": 1, "example": 1},
        "source": {**TEXT, "example": "A00000001"},
        "target": {**TEXT, "example": "A00000002"},
        "amount": nullable(MONEY),
        "currency": nullable({**TEXT, "example": "EUR"}),
        "source_balance": nullable(MONEY),
        "target_balance": nullable(MONEY),
        "value_date": {"type": "string", "format": "date", "example": "2026-11-20"},
        "actor": {**TEXT, "example": "local"},
        "key": nullable(TEXT),
        "group": nullable(TEXT),
        "reference": TEXT,
        "description": TEXT,
        "tags": {"type": "array", "items": TEXT},
        "error": nullable(FAILURE),
        "created_at": TIME,
        "started_at": nullable(TIME),
        "completed_at": nullable(TIME),
    },
    open_ended=True,
)

ENDED: Schema = {
    "type": "object",
    "description": "what came of the execution: counts, or the error that broke it off; a run "
    "that is stopped goes on when its file is given again",
    "properties": {
        **dict.fromkeys(("completed", "failed", "rejected", "already_done"), COUNT),
        "seconds": {"type": "number"},
        "finished_before": FLAG,
        "stopped": FLAG,
        "problems": {"type": "array", "items": TEXT},
        "error": {"type": "object"},
    },
}

RUN = record(
    {
        "id": {**TEXT, "example": "R000001"},
        "name": {**TEXT, "example": "day.csv"},
        "digest": TEXT,
        "first_line": TEXT,
        "status": {**TEXT, "enum": ["running", "finished"]},
        "started_at": TIME,
        "finished_at": TEXT,
        "completed": COUNT,
        "failed": COUNT,
        "rejected": COUNT,
        "progress": {"type": "object", "additionalProperties": COUNT},
        "ended": ENDED,
    },
    optional=("progress", "ended"),
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

BALANCE = record(
    {
        "account": {**TEXT, "example": "A00000001"},
        "balance": MONEY,
        "currency": {**TEXT, "example": "EUR"},
        "at": nullable(TEXT),
    }
)

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

REPORT = record(
    {
        "facts": {"type": "object", "description": "what was checked, by name"},
        "problems": {"type": "array", "items": TEXT, "description": "none if all is well"},
    }
)

HEALTH = record({"alive": FLAG, "ready": FLAG, "reason": TEXT}, optional=("reason",))


def page_of(items: Schema) -> Schema:
    """Return the schema of a page of a list."""
    cursor = nullable({"type": "integer", "description": "give it as cursor for the next page"})
    return record({"items": {"type": "array", "items": items}, "next": cursor})


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
