from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from SimpleBankingSystem import config
from SimpleBankingSystem.bootstrap import Bank, check_machine
from SimpleBankingSystem.config import SETTINGS, Settings
from SimpleBankingSystem.ledger.errors import InvalidSettings
from SimpleBankingSystem.stores.memory import MemoryStore


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    assert config.load(environment={}, folder=tmp_path) == Settings()
    assert {Settings().origin(name) for name in SETTINGS} == {"default"}


def test_a_flag_beats_a_variable_beats_the_file_beats_the_default(tmp_path: Path) -> None:
    (tmp_path / "bank.toml").write_text('workers = 2\nqueue = 20\nbatch = "200"\n')
    environment = {"BANK_WORKERS": "3", "BANK_QUEUE": "30", "BANK_LOG": "", "HOME": "x"}
    settings = config.load({"workers": "4"}, environment, tmp_path)
    assert settings == replace(Settings(), workers=4, queue=30, batch=200, origins=settings.origins)
    assert settings.origin("workers") == "flag --workers"
    assert settings.origin("queue") == "variable BANK_QUEUE"
    assert settings.origin("batch") == str(tmp_path / "bank.toml")
    assert settings.origin("log") == "default"


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("currency", "euro", "a currency's three letters"),
        ("archive_after", "0", "from 1"),
        ("workers", "-1", "from 1 to 256"),
        ("workers", "257", "from 1 to 256"),
        ("queue", "1.0", "whole number"),
        ("batch", "१०", "whole number"),
        ("log", "xml", "text or json"),
    ],
)
def test_a_bad_value_is_named_with_its_place_and_how_to_mend_it(
    name: str, text: str, reason: str, tmp_path: Path
) -> None:
    variable = SETTINGS[name].variable
    with pytest.raises(InvalidSettings) as refused:
        config.load({}, {variable: text}, tmp_path)
    for part in (name, repr(text), variable, reason):
        assert part in refused.value.message


def test_all_bad_values_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "bank.toml").write_text("queue = [1]\n")
    with pytest.raises(InvalidSettings) as refused:
        config.load({"log": "loud"}, {"BANK_BATCH": "many"}, tmp_path)
    for part in ("queue", "bank.toml", "log", "--log", "batch", "BANK_BATCH"):
        assert part in refused.value.message


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"worker = 1\n", "no setting worker "),
        (b"workers: 1\n", "is not TOML"),
        (b'store = "\xff"\n', "cannot be read"),
    ],
)
def test_a_file_that_is_no_settings_file_says_so(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    (tmp_path / "bank.toml").write_bytes(content)
    with pytest.raises(InvalidSettings, match=reason):
        config.load({}, {}, tmp_path)


def test_a_settings_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "bank.toml").mkdir()
    with pytest.raises(InvalidSettings, match="cannot be read"):
        config.load({}, {}, tmp_path)


def test_python_gives_settings_by_name() -> None:
    with Bank.open("memory:", currency="CZK", workers=2) as bank:
        assert isinstance(bank.store, MemoryStore)
        assert bank.currency == "CZK"
    with pytest.raises(InvalidSettings, match="no setting worker "):
        Bank.open("memory:", worker=2)
    with pytest.raises(InvalidSettings, match="by argument, must be a whole number"):
        Bank.open("memory:", workers=True)


@pytest.mark.parametrize("url", ["books", "sql:books", "csv:", "memory:books", ":", "CSV:books"])
def test_a_store_that_cannot_be_is_refused_with_what_is_allowed(url: str) -> None:
    with pytest.raises(InvalidSettings, match=r"csv:FOLDER|write memory:") as refused:
        Bank.open(url)
    assert repr(url) in refused.value.message


def test_a_bank_that_cannot_start_lets_go_of_the_books(tmp_path: Path) -> None:
    class NoBank(Bank):
        def __init__(self, *_: object, **__: object) -> None:
            raise RuntimeError("no thread can be started")

    url = f"csv:{tmp_path / 'data'}"
    with pytest.raises(RuntimeError, match="no thread"):
        NoBank.open(url)
    with Bank.open(url) as bank:
        assert bank.accounts() == []


def test_windows_is_told_where_the_bank_runs() -> None:
    check_machine("linux")
    check_machine("darwin")
    with pytest.raises(InvalidSettings, match="Docker or WSL"):
        check_machine("win32")
