"""Swagger's page in a real browser: a person tries the bank out, and no request leaves it."""

from __future__ import annotations

import json
import os
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
        page.wait_for("document.querySelectorAll('.opblock').length > 20")

    def try_out(self, verb: str, body: Any = None, **in_path: str) -> tuple[int, Any]:
        """Try an operation out, with what the page fills in unless something is given."""
        block = f"document.querySelector('[id^=operations-][id$=-{verb}]')"
        if not self.page.value(f"{block}.classList.contains('is-open')"):
            self.page.value(f"{block}.querySelector('.opblock-summary-control').click()")
            self.page.wait_for(f"{block}.querySelector('.try-out__btn')")
            self.page.value(f"{block}.querySelector('.try-out__btn').click()")
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

    def _fill(self, field: str, text: str) -> None:
        self.page.value(f"({SET})({field}, {json.dumps(text)})")
        self.page.wait_for(f"{field}.value === {json.dumps(text)}")


@pytest.mark.seed("A1")
@pytest.mark.needs(PROGRAM)
def test_a_person_tries_the_bank_out(server: str, tmp_path: Path) -> None:
    with browser(tmp_path) as page:
        swagger = Swagger(page, server)
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
        page.picture(tmp_path / "refused.png")
        assert swagger.try_out("deposit")[0] == 200
        status, done = swagger.try_out("retry", transaction=failed["id"])
        assert (status, done["status"], done["attempt"]) == (200, "COMPLETED", 2)
        page.picture(tmp_path / "retried.png")
    if shelf := os.environ.get("BANK_PICTURES"):
        for name in ("refused.png", "retried.png"):
            Path(shelf, name).write_bytes((tmp_path / name).read_bytes())
    assert page.asked
    assert all(url.startswith((server, "data:", "about:")) for url in page.asked), page.asked
    assert not [text for text in page.errors if "Content Security Policy" in text]
