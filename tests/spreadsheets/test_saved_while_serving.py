"""Guarantee 14: who saves over the journal of a running server stops it, and the rows are named.

LibreOffice puts another file in the place of the old one, which the bank still has open: nothing
is lost. A program that writes into the file itself leaves nobody with what stood there.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from SimpleBankingSystem.ledger.errors import DataDamaged
from SimpleBankingSystem.stores.csv_files.verify import verify_folder
from tests.banks import wait_until
from tests.processes import Answer, Served, served
from tests.spreadsheets.office import COMMA, Office, opened_as
from tests.stores.csv_books import JOURNAL, opened

BEFORE, AFTER = range(5), range(5, 10)
"""Deposits that were made before somebody opened the file, and before he saved it."""

SAID = "was replaced or changed by another program"


def deposited(server: Served, number: int) -> Answer:
    key = {"Idempotency-Key": f"k{number}"}
    return server.ask("/accounts/ADA/deposit", {"amount": "1.00"}, **key)


def open_books(server: Served) -> None:
    assert server.ask("/accounts", {"name": "Ada", "account": "ADA"}).status == 201
    assert {deposited(server, number).status for number in BEFORE} == {200}


def check_it_has_stopped(server: Served) -> None:
    """Nothing more is taken, and what is asked is still answered from what was acknowledged."""
    refused = deposited(server, len(AFTER) + len(BEFORE))
    assert (refused.status, refused.json()["code"]) == (503, "data_damaged")
    assert SAID in refused.json()["detail"]
    assert server.ask("/accounts/ADA").json()["balance"] == "10.00"
    assert SAID in server.ask("/health").json()["reason"]
    server.ended()


@pytest.mark.needs("soffice")
def test_a_save_by_libreoffice_stops_the_server_and_costs_no_row(tmp_path: Path) -> None:
    data, office = tmp_path / "data", Office(tmp_path / "profile")
    journal = data / JOURNAL
    with served(tmp_path) as server:
        open_books(server)
        sheet = office.converted([journal], tmp_path, "ods", opened=opened_as(COMMA))
        assert {deposited(server, number).status for number in AFTER} == {200}
        written = journal.read_bytes()
        office.saved(sheet, data)
        saved = journal.read_bytes()
        assert saved != written
        # It need not be asked for anything to see that.
        wait_until((data / "quarantine").exists)
        check_it_has_stopped(server)
    assert journal.read_bytes() == saved
    (copy,) = (data / "quarantine").iterdir()
    assert copy.read_bytes() == written
    look, missing = verify_folder(data).problems
    assert "only the look was changed, no value" in look
    assert missing == f"{JOURNAL}: rows 7 to 11 are missing at the end."
    with pytest.raises(DataDamaged, match=JOURNAL):
        opened(data)
    # As docs/FILES.md says, the copy goes back to where it was.
    shutil.copy(copy, journal)
    assert verify_folder(data).problems == []
    with served(tmp_path) as server:
        assert server.ask("/accounts/ADA").json()["balance"] == "10.00"
        for number in (*BEFORE, *AFTER, len(BEFORE) + len(AFTER)):
            assert deposited(server, number).status == 200
        assert server.ask("/accounts/ADA").json()["balance"] == "11.00"


def test_a_save_into_the_file_itself_stops_the_server_and_is_named(tmp_path: Path) -> None:
    data = tmp_path / "data"
    journal = data / JOURNAL
    with served(tmp_path) as server:
        open_books(server)
        loaded = journal.read_bytes()
        assert {deposited(server, number).status for number in AFTER} == {200}
        journal.write_bytes(loaded)
        check_it_has_stopped(server)
    assert any("rows 7 to 11 are missing" in said for said in verify_folder(data).problems)
    with pytest.raises(DataDamaged, match=JOURNAL):
        opened(data)
