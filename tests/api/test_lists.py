"""Questions over HTTP: lists with filters and cursors, one thing by its id, a balance of old."""

from __future__ import annotations

import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from SimpleBankingSystem.bootstrap import Bank
from tests.api.conftest import Client, problem


def ids(api: Client, path: str, **asked: str | int) -> list[str]:
    found = api.get(path, query_string=asked)
    assert found.status_code == 200, found.text
    return [each["id"] for each in found.get_json()["items"]]


@pytest.fixture
def busy(club: Client) -> Client:
    """Transactions 1 and 2 open ADA and BOB; 3 to 7 move 1.00 to 5.00, of which 6 fails."""
    club.post("/accounts/ADA/deposit", {"amount": "1", "reference": "R-1"})
    club.post("/accounts/ADA/transfer", {"target": "BOB", "amount": "2"})
    club.post("/accounts/ADA/withdraw", {"amount": "3"})
    club.post("/accounts/BOB/withdraw", {"amount": "4"})
    club.post("/accounts/ADA/transfer", {"target": "BOB", "amount": "5", "reference": "R-1"})
    return club


def numbers(found: list[str]) -> list[int]:
    return [int(each[1:]) for each in found]


@pytest.mark.seed("D1")
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, [7, 6, 5, 4, 3, 2, 1]),
        ({"order": "oldest"}, [1, 2, 3, 4, 5, 6, 7]),
        ({"order": "newest", "limit": 2}, [7, 6]),
        ({"account": "BOB"}, [7, 6, 4, 2]),
        ({"account": "CASH.EUR"}, [6, 5, 3, 1]),
        ({"status": "FAILED"}, [6]),
        ({"command": "transfer"}, [7, 4]),
        ({"command": "open-account"}, [2, 1]),
        ({"reference": "R-1"}, [7, 3]),
        ({"amount_min": "3"}, [7, 6, 5, 1]),
        ({"amount_max": "2.00"}, [4, 3]),
        ({"amount_min": "2", "amount_max": "4", "status": "COMPLETED"}, [5, 4]),
        ({"since": "2000-01-01", "until": "9000-01-01", "limit": 1}, [7]),
        ({"since": "9000-01-01T00:00:00Z"}, []),
        ({"until": "2000-01-01"}, []),
        ({"status": "", "limit": ""}, [7, 6, 5, 4, 3, 2, 1]),
    ],
)
def test_transactions_are_filtered(
    busy: Client, asked: dict[str, Any], expected: list[int]
) -> None:
    assert numbers(ids(busy, "/transactions", **asked)) == expected


@pytest.mark.seed("D1")
def test_an_account_has_its_history_in_one_order(busy: Client) -> None:
    found = numbers(ids(busy, "/accounts/BOB/transactions", order="oldest"))
    assert found == [2, 4, 6, 7]
    assert numbers(ids(busy, "/accounts/BOB/transactions", status="COMPLETED")) == [7, 4, 2]


@pytest.mark.parametrize("path", ["/transactions", "/accounts", "/runs"])
def test_pages_follow_each_other(busy: Client, path: str) -> None:
    for number in range(3):
        busy.run(f"command,name\nopen_account,E{number}\n", name=f"file {number}")
    whole = ids(busy, path, limit=500)
    assert len(whole) >= 3
    seen: list[str] = []
    cursor: int | None = 0
    while cursor is not None:
        page = busy.get(path, query_string={"limit": 2, "cursor": cursor}).get_json()
        assert 1 <= len(page["items"]) <= 2
        seen += [each["id"] for each in page["items"]]
        cursor = page["next"]
    assert seen == whole


@pytest.mark.parametrize("kind", ["application/json", "text/csv"])
def test_a_page_links_to_the_next(busy: Client, kind: str) -> None:
    path, pages = "/accounts/ADA/transactions?status=COMPLETED&limit=2", list[TestResponse]()
    while path and len(pages) < 5:
        page = busy.get(path, headers={"Accept": kind})
        assert page.mimetype == kind
        pages.append(page)
        link = re.fullmatch(r'</api/v1(.+)>; rel="next"', page.headers.get("Link", ""))
        path = link[1] if link else ""
    assert len(pages) == 3
    found = [re.findall(r"T\d{11}", page.text) for page in pages]
    assert [numbers([*dict.fromkeys(ids)]) for ids in found] == [[7, 5], [4, 3], [1]]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("image/png", "application/json"),
        ("text/csv;q=0.5, application/json", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("text/csv", "text/csv"),
        ("text/csv, */*;q=0.1", "text/csv"),
        ("text/*", "text/csv"),
    ],
)
def test_an_answer_is_json_unless_csv_is_liked_better(
    busy: Client, accept: str | None, kind: str
) -> None:
    headers = {"Accept": accept} if accept else {}
    answer = busy.get("/accounts", headers=headers)
    assert (answer.status_code, answer.mimetype) == (200, kind)
    # There is no byte order mark: a pipe would read it as a part of the first name.
    assert answer.data.startswith({"text/csv": b"id,", "application/json": b"{"}[kind])
    assert busy.get("/accounts/EVE", headers=headers).mimetype == "application/problem+json"


@pytest.mark.seed("D1")
@pytest.mark.seed("A2")
def test_accounts_are_listed_and_shown(busy: Client) -> None:
    assert ids(busy, "/accounts") == ["ADA", "BOB"]
    assert set(ids(busy, "/accounts", internal="true")) == {"ADA", "BOB", "CASH.EUR"}
    found = busy.get("/accounts/ADA").get_json()
    assert list(found) == [
        "id",
        "name",
        "type",
        "currency",
        "status",
        "balance",
        "held",
        "available",
        "overdraft_limit",
        "opened_at",
        "minimum_balance",
        "owners",
        "users",
        "merged_into",
    ]
    assert busy.get("/accounts/CASH.EUR").get_json()["balance"] == "-98.00"


@pytest.mark.seed("D1")
def test_a_balance_now_and_then(busy: Client, bank: Bank) -> None:
    assert busy.get("/accounts/ADA/balance").get_json() == {
        "account": "ADA",
        "balance": "91.00",
        "currency": "EUR",
        "at": None,
    }
    then = bank.transaction("T00000000004").completed_at
    old = busy.get("/accounts/ADA/balance", query_string={"at": then}).get_json()
    assert (old["balance"], old["at"]) == ("99.00", then)
    early = busy.get("/accounts/ADA/balance?at=2000-01-01")
    assert "2000-01-01" in problem(early, 404, "not_found")["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/EVE",
        "/accounts/EVE/balance",
        "/accounts/EVE/transactions",
        "/transactions?account=EVE",
        "/transactions/T00000000099",
        "/runs/R000099",
        "/runs/R000099/results",
    ],
)
def test_what_does_not_exist(busy: Client, path: str) -> None:
    problem(busy.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("/transactions?limit=0", {"limit"}),
        ("/transactions?limit=501&cursor=-1", {"limit", "cursor"}),
        ("/transactions?status=DONE&order=up", {"status", "order"}),
        ("/transactions?since=2026-02-30", {"since"}),
        ("/transactions?until=2026-02-30T00:00:00Z", {"until"}),
        ("/transactions?amount_min=-1&amount_max=1e3", {"amount_min", "amount_max"}),
        ("/transactions?command=pay", {"command"}),
        ("/transactions?colour=red&limit=5", {"colour"}),
        ("/transactions?colour=", {"colour"}),
        ("/transactions?limit=5&limit=6", {"limit"}),
        ("/accounts?status=active", {"status"}),
        ("/accounts?internal=yes", {"internal"}),
        ("/accounts/ADA?limit=5", {"limit"}),
        ("/accounts/ADA/transactions?account=BOB", {"account"}),
        ("/accounts/ADA/balance?at=yesterday", {"at"}),
        ("/accounts/ada", {"account"}),
        ("/transactions/7", {"transaction"}),
        ("/runs/1", {"run"}),
        ("/runs?again=true", {"again"}),
    ],
)
def test_what_cannot_be_asked(busy: Client, path: str, wrong: set[str]) -> None:
    assert set(problem(busy.get(path), 400, "invalid_command")["errors"]) == wrong
