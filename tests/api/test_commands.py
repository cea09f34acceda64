"""Commands and actions over HTTP: what each answers, with which status."""

from __future__ import annotations

import re

import pytest

from SimpleBankingSystem.bootstrap import Bank
from tests.api.conftest import Client, problem
from tests.banks import wait_until


@pytest.mark.seed("A2")
def test_an_opening_answers_201_with_its_place_and_the_account(api: Client) -> None:
    made = api.post("/accounts", {"name": "Ada", "initial_deposit": "10.00"})
    assert made.status_code == 201
    assert made.headers["Location"] == "/api/v1/accounts/A00000001"
    found = made.get_json()
    assert (found["command"], found["status"], found["amount"]) == (
        "open_account",
        "COMPLETED",
        "10.00",
    )
    assert found["account"] == api.get("/accounts/A00000001").get_json()
    assert found["account"]["balance"] == "10.00"


@pytest.mark.seed("A2")
def test_money_moves(club: Client) -> None:
    deposited = club.post("/accounts/ADA/deposit", {"amount": "5", "description": "wages"})
    assert (deposited.status_code, deposited.get_json()["target_balance"]) == (200, "105.00")
    withdrawn = club.post("/accounts/ADA/withdraw", {"amount": "3.50"})
    assert (withdrawn.status_code, withdrawn.get_json()["source_balance"]) == (200, "101.50")
    moved = club.post("/accounts/ADA/transfer", {"target": "BOB", "amount": "1.50"})
    assert (moved.status_code, moved.get_json()["target_balance"]) == (200, "1.50")
    found = club.get(f"/transactions/{deposited.get_json()['id']}").get_json()
    assert found == deposited.get_json()
    assert found["description"] == "wages"


def test_every_other_verb_answers(club: Client) -> None:
    assert (
        club.post("/accounts/BOB/overdraft-limit", {"overdraft_limit": "20"}).get_json()["status"]
        == "COMPLETED"
    )
    spent = club.post("/accounts/BOB/withdraw", {"amount": "15"}).get_json()
    assert spent["source_balance"] == "-15.00"
    undone = club.post(f"/transactions/{spent['id']}/reverse")
    assert (undone.status_code, undone.get_json()["target_balance"]) == (200, "0.00")
    problem(club.post(f"/transactions/{spent['id']}/reverse"), 409, "already_reversed")
    assert club.post("/accounts/BOB/close").status_code == 200
    problem(club.post("/accounts/BOB/deposit", {"amount": "1"}), 422, "account_closed")
    assert club.post("/archive").get_json() == {"archived": 0}
    assert club.post("/snapshot").get_json() == {"accounts": 3}


def test_a_refusal_carries_its_failed_transaction_and_a_retry_mends_it(club: Client) -> None:
    found = problem(club.post("/accounts/BOB/withdraw", {"amount": "5"}), 422, "insufficient_funds")
    failed = found["transaction"]
    assert found["retryable"] is True
    assert (failed["status"], failed["error"]["code"]) == ("FAILED", "insufficient_funds")
    assert club.get(f"/transactions/{failed['id']}").get_json() == failed

    again = problem(club.post(f"/transactions/{failed['id']}/retry"), 422, "insufficient_funds")
    assert again["transaction"]["attempt"] == 2
    club.post("/accounts/BOB/deposit", {"amount": "5"})
    done = club.post(f"/transactions/{failed['id']}/retry")
    assert (done.status_code, done.get_json()["attempt"]) == (200, 3)
    problem(club.post(f"/transactions/{failed['id']}/retry"), 409, "not_failed")


def test_retries_are_used_up(club: Client) -> None:
    failed = club.post("/accounts/BOB/withdraw", {"amount": "5"}).get_json()["transaction"]["id"]
    assert club.post("/transactions/retry").get_json() == {
        "retried": 1,
        "completed": 0,
        "failed": 1,
    }
    for _ in range(2):
        problem(club.post(f"/transactions/{failed}/retry"), 422, "insufficient_funds")
    problem(club.post(f"/transactions/{failed}/retry"), 409, "retries_used_up")
    assert club.post("/transactions/retry").get_json()["retried"] == 0


@pytest.mark.seed("B6")
@pytest.mark.seed("B7")
@pytest.mark.seed("D1")
@pytest.mark.parametrize(
    ("path", "body", "status", "code", "kept"),
    [
        ("/accounts", {"name": "A", "x": "1"}, 400, "invalid_command", False),
        ("/accounts", {}, 400, "invalid_command", False),
        ("/accounts", {"name": "A", "initial_deposit": "-1"}, 400, "invalid_command", False),
        ("/accounts/ADA/deposit", {"amount": "0"}, 400, "invalid_command", False),
        ("/accounts/ADA/transfer", {"target": "ADA", "amount": "1"}, 400, "invalid_command", False),
        ("/accounts/lower/deposit", {"amount": "1"}, 400, "invalid_command", False),
        ("/accounts/CASH.EUR/withdraw", {"amount": "1"}, 400, "invalid_command", False),
        ("/accounts/EVE/deposit", {"amount": "1"}, 404, "account_not_found", True),
        ("/transactions/T00000000099/reverse", None, 404, "transaction_not_found", True),
        ("/transactions/T00000000099/retry", None, 404, "not_found", False),
        ("/accounts", {"name": "A", "account": "ADA"}, 409, "account_exists", True),
        ("/transactions/T00000000001/retry", None, 409, "not_failed", False),
        ("/transactions/T00000000002/reverse", None, 409, "not_reversible", True),
        ("/accounts/ADA/withdraw", {"amount": "100.01"}, 422, "insufficient_funds", True),
        ("/accounts/ADA/deposit", {"amount": "0.001"}, 422, "too_many_decimals", True),
        ("/accounts/ADA/close", None, 422, "balance_not_zero", True),
    ],
)
def test_every_refusal_has_its_status_and_code(
    club: Client, path: str, body: object, status: int, code: str, kept: bool
) -> None:
    found = problem(club.post(path, body), status, code)
    assert ("transaction" in found) == kept
    assert ("errors" in found) == (code == "invalid_command")
    if kept:
        assert found["transaction"]["status"] == "FAILED"
        assert found["transaction"]["error"]["code"] == code


def test_all_bad_fields_are_named_at_once(api: Client) -> None:
    body = {"name": " ", "currency": "EURO", "initial_deposit": "1e3", "balance": "5"}
    found = problem(api.post("/accounts", body), 400, "invalid_command")
    assert set(found["errors"]) == set(body)


def test_a_currency_that_does_not_match_is_refused(club: Client) -> None:
    club.post("/accounts", {"name": "Yuki", "account": "YUKI", "currency": "JPY"})
    asked = club.post("/accounts/ADA/transfer", {"target": "YUKI", "amount": "1"})
    problem(asked, 422, "currency_mismatch")


def test_a_command_may_only_be_accepted(club: Client, bank: Bank) -> None:
    prefer = {"Prefer": "wait=10, respond-async"}
    taken = club.post("/accounts/ADA/deposit", {"amount": "1"}, prefer)
    assert taken.status_code == 202
    assert taken.get_json()["status"] == "PENDING"
    assert taken.headers["Preference-Applied"] == "respond-async"
    place = taken.headers["Location"]
    assert re.fullmatch(r"/api/v1/transactions/T[0-9]{11}", place)
    wait_until(lambda: club.flask.get(place).get_json()["status"] == "COMPLETED")
    assert bank.balance("ADA") == 101


def test_other_preferences_are_passed_over(club: Client) -> None:
    prefer = {"Prefer": "respond-asynchronously"}
    assert club.post("/accounts/ADA/deposit", {"amount": "1"}, prefer).status_code == 200


def test_an_accepted_command_with_a_key_is_answered_from_what_happened(club: Client) -> None:
    headers = {"Prefer": "respond-async", "Idempotency-Key": "k"}
    body = {"name": "Eve", "account": "EVE"}
    assert club.post("/accounts", body, headers).status_code == 202
    wait_until(lambda: club.get("/accounts/EVE").status_code == 200)
    again = club.post("/accounts", body, headers)
    assert again.status_code == 201
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.get_json()["account"]["id"] == "EVE"


def test_the_body_may_repeat_the_path_and_not_contradict_it(club: Client) -> None:
    repeated = {"account": "ADA", "amount": "1"}
    assert club.post("/accounts/ADA/deposit", repeated).status_code == 200
    asked = club.post("/accounts/ADA/deposit", {"account": "BOB", "amount": "1"})
    assert "account" in problem(asked, 400, "invalid_command")["errors"]
    assert club.get("/accounts/ADA/balance").get_json()["balance"] == "101.00"


@pytest.mark.seed("A1")
def test_a_trailing_slash_is_as_good_as_none(club: Client) -> None:
    assert club.post("/accounts/ADA/deposit/", {"amount": "1"}).status_code == 200
    assert club.post("/accounts/", {"name": "Eve"}).status_code == 201
    assert club.get("/accounts/").status_code == 200
    problem(club.get("//accounts"), 404, "not_found")
