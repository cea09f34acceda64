"""Refusals and keys that go over the wire come out as they went in."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from SimpleBankingSystem.ledger.errors import ERRORS, BankError, Busy, InternalError, InvalidCommand
from SimpleBankingSystem.problems import problem
from SimpleBankingSystem.remote.refusals import (
    error_from,
)
from SimpleBankingSystem.wire import key_given, key_header
from tests.stores.a_day import TEXTS


def over_the_wire(shape: object) -> dict[str, object]:
    received: dict[str, object] = json.loads(json.dumps(shape))
    return received


@pytest.mark.parametrize("code", ERRORS)
def test_refusals_come_over_the_wire_as_they_are(code: str) -> None:
    make: Callable[..., BankError] = ERRORS[code]
    error = make({"amount": "is bad"}) if ERRORS[code] is InvalidCommand else make("It is so.")
    made = error_from(over_the_wire(problem(error)))
    assert (type(made), made.message) == (type(error), error.message)
    assert getattr(made, "errors", None) == getattr(error, "errors", None)


def test_what_http_itself_refuses_is_a_refusal_of_ours() -> None:
    slower = {"code": "too_many_requests", "detail": "Slow down.", "retryable": True}
    assert isinstance(error_from(slower), Busy)
    fault = {"code": "internal_server_error", "detail": "A fault.", "retryable": False}
    assert isinstance(error_from(fault), InternalError)
    assert error_from(fault).message == "A fault."


@pytest.mark.parametrize("key", [*TEXTS, "k-1", "käse", "%41", "UTF-8''x", " x"])
def test_any_key_fits_into_a_header(key: str) -> None:
    header = key_header(key)
    assert header.isascii()
    assert header == header.strip()
    assert key_given(header) == key


def test_a_key_that_could_not_be_read_is_not_passed_over() -> None:
    assert key_given(None) == ""
    for header in ("", "UTF-8''", "UTF-8''%FF"):
        with pytest.raises(InvalidCommand, match="Idempotency-Key"):
            key_given(header)
