"""The Idempotency-Key header: the same key with an equal command is carried out once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.engine import tickets
from tests.api.conftest import Client, problem
from tests.banks import asked

KEY = {"Idempotency-Key": "salary-2026-11"}
REPLAYED = "Idempotency-Replayed"


def test_a_repeated_command_answers_what_happened_then(club: Client) -> None:
    first = club.post("/accounts/ADA/transfer", {"target": "BOB", "amount": "1"}, KEY)
    again = club.post("/accounts/ADA/transfer", {"target": "BOB", "amount": "1.00"}, KEY)
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    assert again.get_json() == first.get_json()
    assert first.get_json()["key"] == KEY["Idempotency-Key"]
    assert club.get("/accounts/BOB/balance").get_json()["balance"] == "1.00"


def test_a_repeated_opening_answers_201_again(api: Client) -> None:
    body = {"name": "Ada"}
    first, again = (api.post("/accounts", body, KEY) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers[REPLAYED] == "true"
    assert len(api.get("/accounts").get_json()["items"]) == 1


def test_a_key_of_another_command_is_refused(club: Client) -> None:
    club.post("/accounts/ADA/deposit", {"amount": "1"}, KEY)
    found = problem(club.post("/accounts/ADA/deposit", {"amount": "2"}, KEY), 422, "key_reused")
    assert "transaction" not in found


def test_a_repeated_refusal_is_the_latest_attempt(club: Client) -> None:
    body = {"amount": "5"}
    first = problem(club.post("/accounts/BOB/withdraw", body, KEY), 422, "insufficient_funds")
    again = club.post("/accounts/BOB/withdraw", body, KEY)
    assert again.headers[REPLAYED] == "true"
    assert problem(again, 422, "insufficient_funds") == first

    club.post("/accounts/BOB/deposit", {"amount": "5"})
    assert club.post(f"/transactions/{first['transaction']['id']}/retry").status_code == 200
    latest = club.post("/accounts/BOB/withdraw", body, KEY)
    assert (latest.status_code, latest.get_json()["attempt"]) == (200, 2)
    assert latest.headers[REPLAYED] == "true"


def test_a_key_that_the_books_cannot_keep_is_refused(club: Client) -> None:
    long = {"Idempotency-Key": "k" * 141}
    found = problem(
        club.post("/accounts/ADA/deposit", {"amount": "1"}, long), 400, "invalid_command"
    )
    assert set(found["errors"]) == {"key"}


def test_a_key_that_is_under_way_is_waited_for_and_then_refused(
    club: Client, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tickets, "KEY_SECONDS", 0.01)
    running = tickets.ticket_from(
        asked("deposit", account="ADA", amount="1"), KEY["Idempotency-Key"], "local"
    )
    bank._prepare([running])  # accepted, and never queued
    found = problem(club.post("/accounts/ADA/deposit", {"amount": "1"}, KEY), 409, "key_running")
    assert found["retryable"] is True
    assert club.get("/accounts/ADA/balance").get_json()["balance"] == "100.00"


def test_one_key_from_many_clients_at_once_is_carried_out_once(club: Client) -> None:
    def give(_: int) -> tuple[int, str]:
        answer = Client(club.app).post("/accounts/ADA/deposit", {"amount": "1"}, KEY)
        return answer.status_code, answer.get_json()["id"]

    with ThreadPoolExecutor(8) as clients:
        answers = set(clients.map(give, range(32)))
    assert len(answers) == 1
    assert club.get("/accounts/ADA/balance").get_json()["balance"] == "101.00"
