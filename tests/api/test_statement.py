"""A statement over HTTP: its pages, followed by their links, are the whole of it."""

from __future__ import annotations

import re

from SimpleBankingSystem.bootstrap import Bank
from tests.api.conftest import Client, problem
from tests.banks import done
from tests.servers import PREFIX


def followed(api: Client, path: str) -> list[str]:
    """Return the lines of all pages, each found by the link of the one before."""
    lines: list[str] = []
    while path:
        answer = api.get(path, headers={"Accept": "text/csv"})
        assert answer.content_type == "text/csv; charset=utf-8"
        header, *rows = answer.text.splitlines()
        lines += rows if lines else [header, *rows]
        link = answer.headers.get("Link", "")
        assert bool(link) == ('rel="next"' in link)
        path = next(iter(re.findall(rf"<{PREFIX}(.*?)>", link)), "")
    return lines


def test_the_pages_of_a_statement_are_linked_and_joined_are_the_whole(
    api: Client, bank: Bank
) -> None:
    done(bank, "open_account", name="Ada", account="ADA")
    for number in range(7):
        done(bank, "deposit", account="ADA", amount="1", value_date=f"2026-01-0{7 - number}")
    period = "/accounts/ADA/statement?since=2026-01-02&until=2026-01-07"
    whole = followed(api, period)
    assert [line.rpartition(",")[2] for line in whole] == [
        "balance",
        *(f"{balance}.00" for balance in (1, 2, 3, 4, 5, 6, 6)),
    ]
    for limit in (1, 2, 5):
        assert followed(api, f"{period}&limit={limit}") == whole
    found = api.get(f"{period}&limit=2").get_json()
    assert (found["opening"], found["closing"], len(found["items"])) == ("1.00", "6.00", 2)


def test_what_is_no_period_is_refused(api: Client, bank: Bank) -> None:
    done(bank, "open_account", name="Ada", account="ADA")
    place = "/accounts/ADA/statement"
    wrong = problem(api.get(f"{place}?since=2026-01-02&until=2026-01-02"), 400, "invalid_command")
    assert wrong["errors"] == {"until": "must be a day after 2026-01-02"}
    problem(api.get(f"{place}?since=yesterday"), 400, "invalid_command")
    problem(api.get("/accounts/NOBODY/statement"), 404, "not_found")
