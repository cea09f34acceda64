"""Swagger's page in a real browser: a person tries the bank out, and no request leaves it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import PROGRAM, Page, browser
from tests.servers import PREFIX

# What typing does to a field that React looks after; leaving it ends the wait for more letters.
SET = """(field, text) => {
  const kind = field.tagName === "TEXTAREA" ? HTMLTextAreaElement : HTMLInputElement;
  Object.getOwnPropertyDescriptor(kind.prototype, "value").set.call(field, text);
  for (const name of ["input", "change", "focusout"]) {
    field.dispatchEvent(new Event(name, {bubbles: true}));
  }
}"""


class Swagger:
    """Swagger's page, as a person uses it."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        page.open(f"{address}{PREFIX}/swagger/")
        page.wait_for("document.querySelector('#operations-bank-verify')")

    def try_out(self, verb: str, body: Any = None, **in_path: str) -> tuple[int, Any]:
        """Try an operation out, with what the page fills in unless something is given."""
        block = f"document.querySelector('.opblock[id$=-{verb}]')"
        if not self.page.value(f"{block}.classList.contains('is-open')"):
            # The page gets slower with everything that is open.
            shut = "document.querySelectorAll('.opblock.is-open .opblock-summary-control')"
            self.page.value(f"{shut}.forEach(each => each.click())")
            self.page.value(f"{block}.querySelector('.opblock-summary-control').click()")
            self.page.wait_for(f"{block}.querySelector('.try-out__btn')")
            self.page.value(f"{block}.querySelector('.try-out__btn:not(.cancel)')?.click()")
        self.page.wait_for(f"{block}.querySelector('.execute')")
        for name, text in in_path.items():
            self._fill(f"{block}.querySelector('tr[data-param-name={name}] input')", text)
        if body is not None:
            self._fill(f"{block}.querySelector('textarea.body-param__text')", json.dumps(body))
        if self.page.value(f"!!{block}.querySelector('.btn-clear')"):
            self.page.value(f"{block}.querySelector('.btn-clear').click()")
            self.page.wait_for(f"!{block}.querySelector('.live-responses-table')")
        self.page.value(f"{block}.querySelector('.execute').click()")
        answer = f"{block}.querySelector('.live-responses-table .highlight-code code')"
        self.page.wait_for(answer)
        self.page.value(f"{block}.querySelector('.responses-wrapper').scrollIntoView()")
        text = self.page.value(f"{answer}.textContent")
        status = self.page.value(
            f"{block}.querySelector('.live-responses-table tbody .response-col_status').innerText"
        )
        return int(status.split()[0]), json.loads(text)

    def picture(self, name: str) -> None:
        """Keep a picture of the page, if somebody wants to look at it."""
        if shelf := os.environ.get("BANK_PICTURES"):
            self.page.picture(Path(shelf, f"{name}.png"))

    def _fill(self, field: str, text: str) -> None:
        self.page.value(f"({SET})({field}, {json.dumps(text)})")
        self.page.wait_for(f"{field}.value === {json.dumps(text)}")


@pytest.fixture(scope="module")
def swagger(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swagger]:
    """Swagger's page, opened once; nothing that it does may leave the server."""
    with browser(tmp_path_factory.mktemp("browser")) as page:
        yield Swagger(page, server)
    assert page.asked
    assert all(url.startswith((server, "data:", "about:")) for url in page.asked), page.asked
    assert not [text for text in page.errors if "Content Security Policy" in text]


@pytest.mark.seed("A1")
@pytest.mark.needs(PROGRAM)
def test_a_person_tries_the_bank_out(swagger: Swagger) -> None:
    status, opened = swagger.try_out("open_account")
    assert (status, opened["account"]["id"]) == (201, "A00000001")
    body = {"name": "Bob", "account": "BOB"}
    assert swagger.try_out("open_account", body)[0] == 201
    status, paid = swagger.try_out("deposit")
    assert (status, paid["target_balance"]) == (200, "10.00")
    transfer = {"target": "BOB", "amount": "4.00"}
    assert swagger.try_out("transfer", transfer)[1]["source_balance"] == "6.00"

    status, refused = swagger.try_out("withdraw")
    assert (status, refused["code"]) == (422, "insufficient_funds")
    failed = refused["transaction"]
    assert (failed["status"], failed["attempt"]) == ("FAILED", 1)
    swagger.picture("refused")
    assert swagger.try_out("deposit")[0] == 200
    status, done = swagger.try_out("retry", transaction=failed["id"])
    assert (status, done["status"], done["attempt"]) == (200, "COMPLETED", 2)
    swagger.picture("retried")


@pytest.mark.seed("A1")
@pytest.mark.needs(PROGRAM)
def test_a_person_tries_customers_holds_and_an_exchange_out(swagger: Swagger) -> None:
    status, registered = swagger.try_out("register_customer")
    assert (status, registered["customer"]) == (201, "C00000001")
    swagger.picture("customer")
    name = {"name": "Zoë O'Brien-Šimůnek 李小龍"}
    assert swagger.try_out("change_customer", name)[0] == 200
    status, customers = swagger.try_out("customers")
    assert [each["name"] for each in customers["items"]] == [name["name"]]

    opened = {"name": "Ada", "initial_deposit": "100.00", "owners": ["C00000001"]}
    ada = swagger.try_out("open_account", opened)[1]["account"]["id"]
    status, placed = swagger.try_out("place_hold", account=ada)
    assert status == 201
    assert swagger.try_out("one_account", account=ada)[1]["available"] == "90.00"
    status, captured = swagger.try_out("capture_hold", {"amount": "4"}, hold=placed["hold"])
    assert (status, captured["amount"], captured["source_balance"]) == (200, "4.00", "96.00")
    swagger.picture("captured")
    status, refused = swagger.try_out("void_hold", hold=placed["hold"])
    assert (status, refused["code"]) == (409, "hold_resolved")

    yen = {"name": "Tokyo", "currency": "JPY", "account": "TOKYO"}
    assert swagger.try_out("open_account", yen)[0] == 201
    given = {"target": "TOKYO", "amount": "10.00", "rate": "1.0825"}
    status, exchanged = swagger.try_out("exchange", given, source=ada)
    assert status == 200
    assert [each["amount"] for each in exchanged["postings"]][::2] == ["10.00", "11"]
    swagger.picture("exchanged")
    given["amount"] = "0.001"
    status, refused = swagger.try_out("exchange", given)
    assert (status, refused["code"]) == (422, "too_many_decimals")
    assert [each["id"] for each in swagger.try_out("holds")[1]["items"]] == []
