"""OpenAPI 3 from the Swagger 2.0 document that Flask-RESTX writes: the same, in the newer words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from SimpleBankingSystem.api.answers import CSV, PROBLEM
from SimpleBankingSystem.shapes import TEXT

VERSION = "3.0.3"

_IN_SCHEMA = frozenset(
    [
        "type",
        "format",
        "enum",
        "pattern",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "items",
        "maxItems",
        "default",
    ]
)


def openapi(swagger: Mapping[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI 3 document that says what a Swagger 2.0 document says."""
    paths = {
        path: {
            name: _operation(part)
            if isinstance(part, dict)
            else [_parameter(each) for each in part]
            for name, part in item.items()
        }
        for path, item in swagger["paths"].items()
    }
    return {
        "openapi": VERSION,
        "info": swagger["info"],
        "servers": [{"url": swagger["basePath"]}],
        "tags": swagger.get("tags", []),
        "paths": paths,
        "components": {"schemas": _schema(swagger["definitions"])},
    }


def _operation(old: Mapping[str, Any]) -> dict[str, Any]:
    new = {
        name: value
        for name, value in old.items()
        if name not in {"parameters", "responses", "consumes", "produces"}
    }
    parameters = old.get("parameters", [])
    produces = old.get("produces", ["application/json"])
    new["parameters"] = [_parameter(each) for each in parameters if each["in"] != "body"]
    for each in parameters:
        if each["in"] == "body":
            types = old.get("consumes", ["application/json"])
            new["requestBody"] = {
                "required": bool(each.get("required")),
                "content": {name: {"schema": _schema(each["schema"])} for name in types},
            }
    new["responses"] = {
        status: _response(each, produces) for status, each in old["responses"].items()
    }
    return new


def _response(old: Mapping[str, Any], produces: list[str]) -> dict[str, Any]:
    new: dict[str, Any] = {"description": old["description"]}
    if "headers" in old:
        new["headers"] = {name: _parameter(each) for name, each in old["headers"].items()}
    if "schema" in old:
        schema = _schema(old["schema"])
        is_problem = schema.get("$ref", "").endswith("/Problem")
        types = [PROBLEM] if is_problem else [name for name in produces if name != PROBLEM]
        new["content"] = {name: {"schema": TEXT if name == CSV else schema} for name in types}
    return new


def _parameter(old: Mapping[str, Any]) -> dict[str, Any]:
    schema = {name: _schema(old[name]) for name in _IN_SCHEMA if name in old}
    rest = {name: value for name, value in old.items() if name not in _IN_SCHEMA}
    if "x-example" in rest:
        rest["example"] = rest.pop("x-example")
    return {**rest, "schema": schema}


def _schema(old: Any) -> Any:
    """Return a schema, or any part of one, with its references and null in the newer words."""
    if isinstance(old, list):
        return [_schema(each) for each in old]
    if not isinstance(old, dict):
        return old
    new = {name: _schema(value) for name, value in old.items() if name != "x-nullable"}
    if old.get("x-nullable") is True:
        new["nullable"] = True
        if "enum" in new:
            new["enum"] = [*new["enum"], None]
    reference = new.get("$ref")
    if isinstance(reference, str):
        new["$ref"] = reference.replace("#/definitions/", "#/components/schemas/")
    return new
