"""What the API has for the sake of a command line that asks it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from SimpleBankingSystem.api import create_app
from SimpleBankingSystem.api.books import books_of
from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.wire import HOLDER, KEY, this_process
from tests.banks import done, wait_until

API = "/api/v1"
DAY = b"command,account,amount\ndeposit,ADA,5.00\ndeposit,ADA,x\nwithdraw,ADA,900.00\n"


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    with Bank.open(f"csv:{tmp_path / 'books'}") as opened:
        done(opened, "open_account", name="Ada", account="ADA", key="käse")
        yield opened


@pytest.fixture
def client(bank: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    monkeypatch.setenv("BANK_STORE", f"csv:{tmp_path / 'books'}")
    app = create_app(bank=bank)
    with app.test_client() as opened:
        yield opened
    books_of(app).close()


def test_a_transaction_can_be_asked_for_by_its_key(client: FlaskClient) -> None:
    def asked(**query: str) -> tuple[int, list[str]]:
        answer = client.get(f"{API}/transactions", query_string=query)
        return answer.status_code, [each["id"] for each in answer.json.get("items", [])]  # type: ignore[union-attr]

    assert asked(key="käse") == (200, ["T00000000001"])
    assert asked(key="käse", command="open_account") == (200, ["T00000000001"])
    assert asked(key="käse", command="deposit") == (200, [])
    assert asked(key="other") == (404, [])


def test_a_key_that_is_empty_or_lost_its_letters_is_refused(
    client: FlaskClient, bank: Bank
) -> None:
    deposit = f"{API}/accounts/ADA/deposit"
    refused = client.post(deposit, json={"amount": "1"}, headers={KEY: ""})
    assert refused.status_code == 400
    assert KEY in refused.json["errors"]  # type: ignore[index]
    encoded = client.post(deposit, json={"amount": "1"}, headers={KEY: "UTF-8''k%C3%B6nig"})
    assert encoded.json["key"] == "könig"  # type: ignore[index]
    assert str(bank.balance("ADA")) == "1.00"


def test_a_request_that_means_another_process_is_refused(client: FlaskClient, bank: Bank) -> None:
    deposit = f"{API}/accounts/ADA/deposit"
    for holder, status in ((this_process(), 200), ("1 elsewhere", 421)):
        answer = client.post(deposit, json={"amount": "1"}, headers={HOLDER: holder})
        assert answer.status_code == status
    assert answer.json["code"] == "misdirected_request"  # type: ignore[index]
    assert str(bank.balance("ADA")) == "1.00"


def test_a_run_says_how_it_ended_and_hands_out_what_was_refused(client: FlaskClient) -> None:
    taken = client.post(f"{API}/runs?name=day", data=DAY, content_type="text/csv")
    assert taken.status_code == 202
    run = taken.headers["Location"]
    wait_until(lambda: "ended" in client.get(run).json)  # type: ignore[operator]
    ended = client.get(run).json["ended"]  # type: ignore[index]
    assert (ended["completed"], ended["failed"], ended["rejected"]) == (1, 1, 1)
    assert [each.split(":")[0] for each in ended["problems"]] == ["line 3", "line 4"]
    refused = client.get(f"{run}/refused")
    assert refused.content_type == "text/csv; charset=utf-8"
    assert refused.data.splitlines()[1:] == [b"deposit,ADA,x"]
    good = client.post(
        f"{API}/runs?name=good", data=DAY[:40].replace(b"5", b"6"), content_type="text/csv"
    )
    wait_until(lambda: "ended" in client.get(good.headers["Location"]).json)  # type: ignore[operator]
    assert client.get(f"{good.headers['Location']}/refused").status_code == 404


def test_a_dry_run_answers_what_it_came_to_and_keeps_nothing(
    client: FlaskClient, bank: Bank
) -> None:
    rehearsed = client.post(f"{API}/runs?dry_run=true", data=DAY, content_type="text/csv")
    assert rehearsed.status_code == 200
    shape = rehearsed.json
    assert shape is not None
    assert (shape["name"], shape["ended"]["completed"]) == ("dry run", 1)
    assert shape["results"].count("\n") == 4
    assert shape["refused"] == "command,account,amount\ndeposit,ADA,x\n"
    assert (str(bank.balance("ADA")), bank.runs()) == ("0.00", [])
