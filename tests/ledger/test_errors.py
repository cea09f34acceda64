"""Every way to say no: its code, its statuses, and the way back from a journal."""

from __future__ import annotations

import re

import pytest

from SimpleBankingSystem.ledger import errors
from SimpleBankingSystem.ledger.errors import (
    ERRORS,
    BankError,
    InsufficientFunds,
    InUse,
    InvalidCommand,
    recorded_error,
)

# code, HTTP status, exit status, may the same command succeed later
TABLE = [
    ("invalid_command", 400, 2, False),
    ("invalid_file", 400, 2, False),
    ("not_found", 404, 1, False),
    ("account_not_found", 404, 1, True),
    ("transaction_not_found", 404, 1, False),
    ("account_exists", 409, 1, False),
    ("already_reversed", 409, 1, False),
    ("not_reversible", 409, 1, False),
    ("account_closed", 422, 1, False),
    ("debits_blocked", 422, 1, True),
    ("credits_blocked", 422, 1, True),
    ("same_account", 409, 1, False),
    ("limit_exceeded", 422, 1, True),
    ("customer_not_found", 404, 1, True),
    ("customer_exists", 409, 1, False),
    ("product_not_found", 404, 1, True),
    ("hold_not_found", 404, 1, False),
    ("hold_resolved", 409, 1, False),
    ("hold_exceeded", 422, 1, False),
    ("nothing_moved", 422, 1, False),
    ("amount_too_large", 422, 1, False),
    ("balance_not_zero", 422, 1, True),
    ("insufficient_funds", 422, 1, True),
    ("currency_mismatch", 422, 1, False),
    ("too_many_decimals", 422, 1, False),
    ("group_failed", 422, 1, True),
    ("internal_error", 503, 1, True),
    ("not_failed", 409, 1, False),
    ("not_retryable", 409, 1, False),
    ("retries_used_up", 409, 1, False),
    ("key_reused", 422, 1, False),
    ("key_running", 409, 1, True),
    ("run_refused", 409, 1, False),
    ("busy", 503, 1, True),
    ("disk_full", 503, 74, True),
    ("outcome_unknown", 503, 74, True),
    ("data_damaged", 503, 65, False),
    ("in_use", 503, 75, True),
    ("invalid_settings", 503, 78, False),
]


@pytest.mark.seed("B6")
@pytest.mark.parametrize(("code", "http", "exit_status", "retryable"), TABLE)
def test_the_codes_never_change(code: str, http: int, exit_status: int, retryable: bool) -> None:
    error = ERRORS[code]
    assert (error.code, error.http, error.exit, error.retryable) == (
        code,
        http,
        exit_status,
        retryable,
    )


def test_the_table_above_is_whole() -> None:
    assert {code for code, *_ in TABLE} == set(ERRORS)


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_every_error_has_a_base_a_code_and_a_sentence(error: type[BankError]) -> None:
    assert issubclass(error, BankError)
    assert re.sub("(?<!^)([A-Z])", r"_\1", error.__name__).lower() == error.code
    assert error.__doc__
    assert error.__doc__.endswith(".")
    assert getattr(errors, error.__name__) is error


def test_a_new_error_is_in_the_table_under_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "ERRORS", {})

    class FullMoonTonight(BankError):
        """There is a full moon."""

    assert FullMoonTonight.code == "full_moon_tonight"
    assert list(errors.ERRORS.items()) == [("full_moon_tonight", FullMoonTonight)]


def test_who_holds_the_books_is_named_where_it_is_known() -> None:
    unknown = InUse("Held.")
    assert (unknown.message, unknown.holder, unknown.server) == ("Held.", "", "")
    known = InUse("Held.", holder="12 here", server="http://127.0.0.1:1")
    assert (known.holder, known.server) == ("12 here", "http://127.0.0.1:1")


def test_an_error_without_words_says_what_it_is() -> None:
    assert InsufficientFunds().message == InsufficientFunds.__doc__
    assert InsufficientFunds("No.").message == "No."


def test_a_malformed_command_names_every_bad_field() -> None:
    error = InvalidCommand({"amount": "is missing", "target": "is the source"})
    assert error.message == "amount: is missing; target: is the source"
    assert error.errors == {"amount": "is missing", "target": "is the source"}


def test_a_recorded_error_is_found_by_its_code() -> None:
    found = recorded_error("insufficient_funds", "No money.")
    assert (type(found), found.message) == (InsufficientFunds, "No money.")
    malformed = recorded_error("invalid_command", "amount: is missing")
    assert isinstance(malformed, InvalidCommand)
    assert malformed.errors == {"command": "amount: is missing"}


def test_a_code_of_old_is_read_without_fail() -> None:
    found = recorded_error("moon_phase", "Full moon.")
    assert (type(found), found.message) == (BankError, "moon_phase: Full moon.")


def test_who_holds_the_books_is_told() -> None:
    error = InUse("They are in use.", holder="bank serve", server="http://localhost:5000")
    assert (error.message, error.holder) == ("They are in use.", "bank serve")
    assert error.server == "http://localhost:5000"
