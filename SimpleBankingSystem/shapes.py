"""What answers look like, as JSON Schema in the subset of Swagger 2.0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from SimpleBankingSystem.ledger.account import STATUSES
from SimpleBankingSystem.ledger.errors import ERRORS
from SimpleBankingSystem.ledger.transaction import COMPLETED, FAILED, PENDING, PROCESSING

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
    properties: Mapping[str, Schema],
    *,
    title: str = "",
    optional: Sequence[str] = (),
    open_ended: bool = False,
) -> dict[str, Any]:
    """Return the schema of an object with these properties; its title names the model."""
    return {
        **({"title": title} if title else {}),
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
        "status": {**TEXT, "enum": [*STATUSES], "example": "active"},
        "balance": MONEY,
        "held": MONEY,
        "available": MONEY,
        "overdraft_limit": MONEY,
        "opened_at": TIME,
        "minimum_balance": MONEY,
        "owners": {"type": "array", "items": {**TEXT, "example": "C00000001"}},
        "users": {"type": "array", "items": {**TEXT, "example": "C00000002"}},
        "merged_into": nullable({**TEXT, "example": "A00000002"}),
    },
    title="Account",
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
    title="Transaction",
    open_ended=True,
)


def page_of(items: Schema) -> dict[str, Any]:
    """Return the schema of a page of a list; of accounts it is titled Accounts."""
    cursor = nullable({"type": "integer", "description": "give it as cursor for the next page"})
    return record(
        {"items": {"type": "array", "items": items}, "next": cursor}, title=f"{items['title']}s"
    )


def items_of(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema of the items of a list, or of the one thing."""
    items: Mapping[str, Any] = schema["properties"].get("items", {}).get("items", schema)
    return items
