"""Backups, and the way back, as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Say
from tests.cli.test_with_server import serving
from tests.stores.csv_books import TORN, crash


def test_a_backup_is_made_and_its_last_hash_is_printed(club: Say) -> None:
    made = club("backup", "backups/monday")
    assert (made.status, made.err) == (0, "")
    facts = dict(line.split(maxsplit=1) for line in made.out.splitlines())
    assert facts["backup"] == "backups/monday"
    assert facts["rows"] == "2"
    assert club("verify", "--expect", facts["last_hash"]).status == 0
    assert club("balance", "ADA", "--store", "csv:backups/monday").out == "100.00\n"
    again = club("backup", "backups/monday")
    assert again.status == 2
    assert "name a folder that does not exist yet" in again.err
    assert club("backup", "other", "--store", "memory:").status == 78
    assert club("backup", "other", "--store", "csv:nowhere").status == 65
    assert club("backup", "data/.lock").status == 2


def test_a_backup_is_made_while_a_server_holds_the_books(club: Say, alone: Path) -> None:
    with serving(alone):
        club("deposit", "ADA", "1.00")
        made = club("backup", "copy", "--json")
    assert made.status == 0, made.err
    assert made.json()["facts"]["rows"] == 3
    assert club("balance", "ADA", "--store", "csv:copy").out == "101.00\n"


def test_a_backup_is_restored_and_the_books_are_moved_aside(club: Say, alone: Path) -> None:
    club("backup", "monday")
    club("deposit", "ADA", "1.00")
    restored = club("restore", "monday")
    assert (restored.status, restored.err) == (0, "")
    facts = dict(line.split(maxsplit=1) for line in restored.out.splitlines())
    assert facts["books"] == "data"
    assert facts["rows"] == "2"
    assert club("balance", "ADA").out == "100.00\n"
    assert club("balance", "ADA", "--store", f"csv:{facts['moved_aside']}").out == "101.00\n"


def test_books_that_a_server_holds_are_not_replaced(club: Say, alone: Path) -> None:
    club("backup", "monday")
    with serving(alone):
        refused = club("restore", "monday")
    assert refused.status == 75
    assert "in use by process" in refused.err
    assert club("restore", "nowhere").status == 65
    assert club("restore", "data").status == 2


def test_a_saved_file_gets_its_own_bytes_back(club: Say, alone: Path) -> None:
    journal = alone / "data" / "transactions.csv"
    before = journal.read_bytes()
    journal.write_bytes(before.replace(b"\n", b"\r\n"))
    refused = club("accounts")
    assert refused.status == 65
    assert "line 1: the header is not the one that the bank wrote (lines end with" in refused.err
    assert "bank repair --cosmetic" in refused.err
    unclear = club("repair")
    assert unclear.status == 2
    assert "Give --cosmetic" in unclear.err
    repaired = club("repair", "--cosmetic")
    assert repaired.status == 0
    assert repaired.out.startswith("repaired     transactions.csv\nsaved_files  data/quarantine/")
    assert journal.read_bytes() == before
    assert "nothing had to be repaired" in club("repair", "--cosmetic").err
    journal.write_bytes(before.replace(b"100.00,EUR", b"900.00,EUR"))
    damaged = club("repair", "--cosmetic", "--json")
    assert damaged.status == 65
    assert "column amount" in damaged.problem()["detail"]


def test_a_start_after_a_crash_says_what_it_did(
    club: Say, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert club("accounts").err == ""
    journal = alone / "data" / "transactions.csv"
    for form in ("text", "json"):
        monkeypatch.setenv("BANK_LOG", form)
        journal.write_bytes(journal.read_bytes() + TORN.replace(b"4,4,5,", b"3,3,4,"))
        crash(alone / "data")
        said = club("accounts").err
        assert "The books were opened after a crash: 2 rows replayed, 32 bytes set aside, 0" in said
        assert "32 bytes of transactions.csv are set aside in data/quarantine/" in said
    facts = json.loads(said.splitlines()[0])["facts"]
    assert facts.pop("seconds") >= 0
    kept = facts.pop("set_aside_in")[0]
    assert Path(kept).read_bytes().startswith(b"3,3,4,")
    assert facts == {
        "after_a_crash": True,
        "bytes_set_aside": 32,
        "queued_again": 0,
        "rows_replayed": 2,
    }
    assert club("accounts").err == ""
    quiet = club("-v", "accounts").err
    assert json.loads(quiet.splitlines()[0])["facts"]["after_a_crash"] is False
