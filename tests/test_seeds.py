"""What the replaced systems could do, where no other test shows it: each test bears its row."""

from __future__ import annotations

import csv
import logging
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import dev
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import InvalidCommand
from SimpleBankingSystem.stores.csv_files.store import CsvStore
from tests import seed_table
from tests.banks import STORES, TickingClock, asked, do, done, wait_until

TESTS = Path(__file__).parent


def test_every_row_has_a_test_that_bears_its_number() -> None:
    assert set(seed_table.bearers()) == set(seed_table.ROWS) >= set(seed_table.VERBS)


def test_the_table_of_the_rows_is_the_one_that_its_program_makes() -> None:
    """When it is not: ``python3 dev.py python -m tests.seed_table``."""
    assert seed_table.BETWEEN.findall(seed_table.PLACE.read_text("utf-8")) == [seed_table.table()]


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def test_a4_every_command_passes_the_queue_and_what_goes_wrong_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = TickingClock()
    with (
        caplog.at_level(logging.INFO),
        Bank(CsvStore(tmp_path, clock=clock), workers=0, clock=clock) as bank,
    ):
        bank.accept(asked("open_account", name="Ada"))
        assert len(bank._queue._tickets) == 1
        bank.close(0)
    assert "PENDING until the next start" in caplog.text


def test_a5_the_books_are_three_files_and_archiving_is_automatic(tmp_path: Path) -> None:
    clock = TickingClock()
    names = ("accounts.csv", "transactions.csv", "archived_transactions.csv")
    with Bank(CsvStore(tmp_path, clock=clock, archive_after=20), clock=clock) as bank:
        assert all((tmp_path / name).exists() for name in names)
        done(bank, "open_account", name="Ada", account="ADA")
        for _ in range(30):
            done(bank, "deposit", account="ADA", amount="1")
        wait_until(lambda: rows_of(tmp_path / "archived_transactions.csv"))
        done(bank, "deposit", account="ADA", amount="1")
    accounts, journal, archive = (rows_of(tmp_path / name) for name in names)
    assert {row["id"]: row["balance"] for row in accounts}["ADA"] == "31.00"
    assert len(archive) >= 20
    assert [int(row["seq"]) for row in archive + journal] == list(range(1, 33))


@pytest.mark.parametrize(
    ("verb", "texts"),
    [
        ("open_account", {"name": "Ada", "initial_deposit": "-1"}),
        ("deposit", {"account": "ADA", "amount": "0"}),
        ("withdraw", {"account": "ADA", "amount": "-1"}),
        ("transfer", {"source": "ADA", "target": "BOB", "amount": "0.00"}),
    ],
)
def test_a6_money_is_decimal_and_above_zero(verb: str, texts: dict[str, str]) -> None:
    with pytest.raises(InvalidCommand):
        asked(verb, **texts)


def test_a7_coverage_is_measured_with_an_html_report() -> None:
    settings = tomllib.loads((dev.ROOT / "pyproject.toml").read_text("utf-8"))
    assert settings["tool"]["coverage"]["report"]["fail_under"] >= 80
    assert settings["tool"]["coverage"]["run"]["branch"]
    assert '"--cov-report", "html"' in (dev.ROOT / "dev.py").read_text("utf-8")


def bank_says(folder: Path, *words: str) -> str:
    """Type words after ``bank``, with the books in a folder."""
    ended = subprocess.run(
        [sys.executable, "-m", "SimpleBankingSystem", "--store", f"csv:{folder}", *words],
        cwd=dev.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_a11_a_command_file_is_carried_out_as_a_batch(tmp_path: Path) -> None:
    lines = ["command,name,account,amount", "open_account,Ada,ADA,"]
    file = tmp_path / "day.csv"
    file.write_text("\n".join([*lines, *["deposit,,ADA,0.50"] * 200]) + "\n", "ascii")
    bank_says(tmp_path / "data", "run", str(file))
    assert "100.00" in bank_says(tmp_path / "data", "account", "ADA")
    commits = {row["commit_first"] for row in rows_of(tmp_path / "data" / "transactions.csv")}
    assert len(commits) < 50


def test_b11_continuous_integration_runs_what_a_developer_runs() -> None:
    workflow = (dev.ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    assert "run: .ci/run" in workflow
    steps = (dev.ROOT / ".ci" / "run").read_text("utf-8")
    assert steps.endswith("python3 dev.py check\npython3 dev.py test\n")
    decisions = (dev.ROOT / "docs" / "DECISIONS.md").read_text("utf-8")
    assert re.search(r"(?m)^\*\*20[0-9]{2}-[0-9]{2}-[0-9]{2} ", decisions)
    assert (dev.ROOT / "CHANGELOG.md").read_text("utf-8").startswith("# Changelog\n")


def test_c2_money_moves_from_the_command_line(tmp_path: Path) -> None:
    for words in (
        "open-account Ada --account ADA --initial-deposit 10",
        "open-account Bob --account BOB",
        "deposit ADA 5",
        "withdraw ADA 3",
        "transfer ADA BOB 2.50",
    ):
        bank_says(tmp_path, *words.split())
    assert "9.50" in bank_says(tmp_path, "account", "ADA")
    assert "2.50" in bank_says(tmp_path, "account", "BOB")


def test_c6_the_rules_the_stores_and_the_whole_are_tested_with_fixtures() -> None:
    for place in ("ledger", "commands", "engine", "stores", "cli", "proofs"):
        assert list((TESTS / place).glob("test_*.py")), place
    assert "@pytest.fixture(params=STORES)" in (TESTS / "stores" / "conftest.py").read_text("utf-8")
    assert set(STORES) >= {"memory", "csv"}


def test_d2_the_ledger_only_grows_and_a_client_may_give_the_day(tmp_path: Path) -> None:
    clock = TickingClock()
    journal = tmp_path / "transactions.csv"
    before = b""
    with Bank(CsvStore(tmp_path, clock=clock), clock=clock) as bank:
        for verb, texts in [
            ("open_account", {"name": "Ada", "account": "ADA", "initial_deposit": "5"}),
            ("withdraw", {"account": "ADA", "amount": "9", "value_date": "1999-12-31"}),
            ("reverse", {"transaction": "T00000000001"}),
        ]:
            do(bank, verb, **texts)
            assert journal.read_bytes().startswith(before)
            before = journal.read_bytes()
    assert journal.read_bytes() == before
    assert [row["value_date"] for row in rows_of(journal)] == [
        "2026-01-01",
        "1999-12-31",
        "2026-01-01",
    ]
