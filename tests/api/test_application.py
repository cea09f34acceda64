"""What every request passes: its rate, its books, its line in the log; and what says no early."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from SimpleBankingSystem import config
from SimpleBankingSystem.api import create_app
from SimpleBankingSystem.api.books import NAME
from SimpleBankingSystem.api.limits import ADDRESSES_AT_MOST, Rate
from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.clock import utc_now
from SimpleBankingSystem.ledger.errors import OutcomeUnknown
from SimpleBankingSystem.logs import ACCESS
from SimpleBankingSystem.stores.base import Query
from SimpleBankingSystem.stores.memory import MemoryStore
from tests.api.conftest import Client, problem
from tests.banks import done, wait_until
from tests.servers import PREFIX

Open = Callable[..., Client]


# Rates


def test_an_address_gets_its_rate_on_the_long_run_and_twice_that_at_once() -> None:
    now = 0.0
    rate = Rate(10, lambda: now)
    assert [rate.allows("a") for _ in range(21)] == [True] * 20 + [False]
    assert rate.allows("b"), "every address has its own"
    now = 0.55
    assert [rate.allows("a") for _ in range(6)] == [True] * 5 + [False]
    now = 1_000.0
    assert [rate.allows("a") for _ in range(21)] == [True] * 20 + [False]


def test_a_rate_remembers_so_many_addresses_only() -> None:
    rate = Rate(1, lambda: 0.0)
    for number in range(ADDRESSES_AT_MOST + 10):
        rate.allows(str(number))
    assert len(rate._left) == ADDRESSES_AT_MOST


@pytest.mark.parametrize(
    ("address", "limited"),
    [
        ("192.0.2.1", True),
        ("2001:db8::1", True),
        ("::1:2:3", True),
        ("127.0.0.1", False),
        ("127.9.9.9", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
    ],
)
def test_an_address_that_is_too_quick_is_told_to_wait_unless_it_is_this_machine(
    address: str, limited: bool
) -> None:
    """Guarantee 13."""
    with Bank.open("memory:") as bank:
        client = create_app(config.given({"rate": 1}), bank).test_client()
        caller = {"REMOTE_ADDR": address}
        answers = [client.get(f"{PREFIX}/health", environ_base=caller) for _ in range(12)]
    assert answers[0].status_code == 200
    if not limited:
        assert {each.status_code for each in answers} == {200}
        return
    assert answers[-1].headers["Retry-After"] == "1"
    assert problem(answers[-1], 429, "too_many_requests")["retryable"] is True


# The books


@pytest.mark.seed("A2")
def test_health_tells_ready_from_alive(opened: Open, tmp_path: Path) -> None:
    with Bank.open(f"csv:{tmp_path / 'data'}") as other:
        api = opened()
        found = api.get("/health")
        assert (found.status_code, found.content_type) == (503, "application/json")
        shape = found.get_json()
        assert (shape["alive"], shape["ready"]) == (True, False)
        assert shape["reason"]
        assert "in_use" in problem(api.get("/accounts"), 503, "in_use")["code"]
        assert other.accounts() == []
    # Whoever held them has let go.
    assert api.get("/health").get_json() == {"alive": True, "ready": True}


def test_damaged_books_are_not_ready(opened: Open, tmp_path: Path) -> None:
    with Bank.open(f"csv:{tmp_path / 'data'}") as bank:
        done(bank, "open_account", name="Ada", initial_deposit="5")
    journal = tmp_path / "data" / "transactions.csv"
    journal.write_bytes(journal.read_bytes().replace(b"5.00", b"9.00"))
    api = opened()
    assert api.get("/health").status_code == 503
    problem(api.get("/accounts"), 503, "data_damaged")


def test_books_that_lost_their_disk_are_not_ready(opened: Open) -> None:
    api = opened()
    assert api.get("/health").status_code == 200
    store: Any = api.app.extensions[NAME].bank.store
    store._journal.broken = OutcomeUnknown("The disk failed.")
    found = api.get("/health")
    assert (found.status_code, found.get_json()["reason"]) == (503, "The disk failed.")
    answer = api.post("/accounts", {"name": "Ada"})
    problem(answer, 503, "outcome_unknown")
    assert answer.headers["Retry-After"] == "1"


def test_the_books_are_opened_at_the_first_request_and_stay(opened: Open, tmp_path: Path) -> None:
    api = opened()
    assert not (tmp_path / "data").exists()
    api.post("/accounts", {"name": "Ada"})
    assert opened().get("/accounts/A00000001").status_code == 200


def test_many_first_requests_at_once_open_the_books_once(opened: Open) -> None:
    api = opened()
    statuses: list[int] = []
    threads = [
        Thread(target=lambda: statuses.append(Client(api.app).get("/accounts").status_code))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 8


def test_a_bank_in_memory_leaves_no_file_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    app = create_app(config.given({"store": "memory:"}))
    api = Client(app)
    assert api.run("command,name\nopen_account,Ada\n", name="day").status_code == 202
    wait_until(lambda: api.get("/runs/R000001").get_json()["status"] == "finished")
    app.extensions[NAME].close()
    assert list(tmp_path.iterdir()) == []


def test_a_full_queue_is_busy_and_says_when_to_come_again() -> None:
    bank = Bank(MemoryStore(utc_now), workers=0, queue=1)
    api = Client(create_app(bank=bank))
    assert api.post("/accounts", {"name": "Ada"}, {"Prefer": "respond-async"}).status_code == 202
    for prefer in ({}, {"Prefer": "respond-async"}):
        answer = api.post("/accounts", {"name": "Bob"}, prefer)
        assert problem(answer, 503, "busy")["retryable"] is True
        assert answer.headers["Retry-After"] == "1"
    bank.close(0)
    assert len(bank.transactions(Query()).items) == 1


def test_a_bank_that_stops_takes_nothing_more(club: Client, bank: Bank) -> None:
    bank.close()
    problem(club.post("/accounts/ADA/deposit", {"amount": "1"}), 503, "busy")


# The log


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """The access log's lines, as they are written."""
    written: list[dict[str, Any]] = []

    class Listing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(json.loads(record.getMessage()))

    logger, handler = logging.getLogger(ACCESS), Listing()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield written
    logger.removeHandler(handler)
    logger.setLevel(before)


def test_every_request_has_its_line_with_the_transaction(
    club: Client, lines: list[dict[str, Any]]
) -> None:
    lines.clear()
    answers = [
        club.post("/accounts/ADA/deposit", {"amount": "1"}),
        club.post("/accounts/BOB/withdraw", {"amount": "1"}),
        club.post("/accounts/ADA/deposit", {"amount": "1"}, {"Prefer": "respond-async"}),
        club.get("/transactions/T00000000003"),
        club.get("/accounts"),
        club.get("/no\nthing"),
    ]
    assert [each["request"] for each in lines] == [each.headers["X-Request-Id"] for each in answers]
    assert [each["status"] for each in lines] == [200, 422, 202, 200, 200, 404]
    assert [each["transaction"] for each in lines] == [
        "T00000000003",
        "T00000000004",
        "T00000000005",
        "T00000000003",
        None,
        None,
    ]
    assert lines[0]["method"] == "POST"
    assert lines[0]["path"] == "/api/v1/accounts/ADA/deposit"
    assert lines[0]["address"] == "127.0.0.1"
    assert lines[0]["ms"] > 0
    assert re.fullmatch(r"[0-9-]+T[0-9:.]+\+00:00", lines[0]["time"])


def test_an_amount_or_a_key_is_never_logged(club: Client, lines: list[dict[str, Any]]) -> None:
    club.post("/accounts/ADA/deposit", {"amount": "77.31"}, {"Idempotency-Key": "secret"})
    assert "77.31" not in json.dumps(lines)
    assert "secret" not in json.dumps(lines)
