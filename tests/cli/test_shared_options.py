"""What every command takes: the store, JSON, settings, the log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Say


def test_shared_options_stand_before_or_behind_the_verb(bank: Say) -> None:
    for words in (["--store", "memory:", "accounts"], ["accounts", "--store", "memory:"]):
        assert bank(*words).status == 0
        assert bank("--json", *words).json()["items"] == []
    assert not Path("data").exists()
    opened = bank("--currency", "JPY", "open-account", "Ada", "--account", "ADA")
    assert "JPY" not in opened.err
    bank("open-account", "Bob", "--account", "BOB", "--currency", "CZK")
    currencies = [each["currency"] for each in bank("accounts", "--json").json()["items"]]
    assert currencies == ["JPY", "CZK"]


def test_settings_show_where_each_value_comes_from(
    bank: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("bank.toml").write_text('currency = "CZK"\n')
    monkeypatch.setenv("BANK_QUEUE", "50")
    items = bank("settings", "--workers", "2", "--json").json()["items"]
    found = {each["setting"]: (each["value"], each["from"]) for each in items}
    assert found == {
        "store": ("csv:data", "default"),
        "currency": ("CZK", "bank.toml"),
        "archive_after": (100_000, "default"),
        "workers": (2, "flag --workers"),
        "queue": (50, "variable BANK_QUEUE"),
        "batch": (1_000, "default"),
        "rate": (100, "default"),
        "log": ("text", "default"),
    }
    assert "BANK_ARCHIVE_AFTER" in bank("settings").out
    assert not Path("data").exists()


def test_settings_that_do_not_work_end_with_78(bank: Say) -> None:
    for words in (["--queue", "many"], ["--store", "sql:x"]):
        answer = bank("accounts", *words)
        assert (answer.status, answer.out) == (78, "")
        assert f"flag {words[0]}" in answer.err
        assert "invalid_settings" in answer.err


def test_the_log_is_on_standard_error_and_names_the_transaction(club: Say) -> None:
    quiet = club("deposit", "ADA", "1.00")
    assert quiet.err == ""
    said = club("deposit", "ADA", "1.00", "-v")
    assert "INFO T00000000004 deposit is COMPLETED" in said.err
    lines = club("-v", "--log", "json", "deposit", "ADA", "1.00", "--json")
    assert lines.json()["status"] == "COMPLETED"
    records = [json.loads(line) for line in lines.err.splitlines()]
    (mine,) = [each for each in records if each.get("transaction") == "T00000000005"]
    assert mine["level"] == "info"
    assert mine["time"].endswith("+00:00")
