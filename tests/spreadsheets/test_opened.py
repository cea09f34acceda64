"""Guarantees 3 and 14: opened elsewhere, the books are the same, and sum to zero to the cent."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from pandas import isna, read_csv, to_datetime

from SimpleBankingSystem.runs import Options, run_file
from tests.banks import done
from tests.spreadsheets.office import COMMA, Cell, Office, columns_of, opened_as
from tests.stores.a_day import day
from tests.stores.csv_books import ARCHIVE, JOURNAL, opened

FILES = [
    *("accounts", "archived_transactions", "customers", "head", "holds"),
    *("results", "runs", "spent", "transactions"),
]
MONEY = {"amount", "source_balance", "target_balance", "balance", "held", "available"}
MONEY |= {"overdraft_limit", "minimum_balance", "captured"}
COMMANDS = """\
command,account,amount,description
deposit,RICH,0.10,0012
deposit,RICH,0.20,=1+1
withdraw,RICH,99999,too much
withdraw,RICH,1.O,no number
"""

READ_AS: dict[str, Callable[[str], object]] = {
    "DOUBLE": lambda text: text and Decimal(text),
    "TIMESTAMP WITH TIME ZONE": lambda text: text and datetime.fromisoformat(text),
}
"""What compares two texts of a kind of column in DuckDB; all others letter by letter."""

Table = dict[str, list[str]]
"""A file's columns by their names."""


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day in the archive, a few rows in the journal, and the results of a command file."""
    folder = tmp_path_factory.mktemp("books")
    with opened(folder) as bank:
        day(bank)
        bank.archive()
        for cents in range(1, 30):
            done(bank, "deposit", account="RICH", amount=f"{cents}.{cents:02d}")
            done(bank, "transfer", source="RICH", target="A00000001", amount=f"0.{cents:02d}")
        commands = folder / "commands.csv"
        commands.write_text(COMMANDS, "utf-8")
        run_file(bank, commands, Options(results=folder / "results.csv"))
        commands.unlink()
        (folder / "results.refused.csv").unlink()
    return folder


@pytest.fixture(scope="module")
def written(books: Path) -> dict[str, Table]:
    """What stands in the files, cell by cell."""
    assert sorted(path.stem for path in books.glob("*.csv")) == FILES
    return {name: _written(books / f"{name}.csv") for name in FILES}


def _written(path: Path) -> Table:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    return {name.strip(): [row[at] for row in rows] for at, name in enumerate(header)}


def movements(tables: dict[str, Table]) -> dict[str, list[Decimal]]:
    """Return each account's amounts in the COMPLETED rows, with their signs."""
    found: dict[str, list[Decimal]] = defaultdict(list)
    for name in ("archived_transactions", "transactions"):
        table = tables[name]
        columns = [table[each] for each in ("source", "target", "amount", "source_balance")]
        for source, target, amount, moved in zip(*columns, strict=True):
            if moved:
                found[source].append(-Decimal(amount))
                found[target].append(Decimal(amount))
    return found


@pytest.mark.needs("soffice")
def test_libreoffice_shows_every_cell_as_it_stands(
    books: Path, written: dict[str, Table], tmp_path: Path
) -> None:
    before = {path: path.read_bytes() for path in books.iterdir() if path.is_file()}
    office = Office(tmp_path / "profile")
    files = [*(books / f"{name}.csv" for name in FILES), *_with_sums(written, tmp_path)]
    sheets = office.sheets(files, tmp_path / "sheets", opened_as(COMMA))
    for name in FILES:
        _check_cells(sheets[name], written[name])
    _check_sums(sheets["sums"])
    assert _moved(sheets) == {name: sum(each) for name, each in movements(written).items()}
    assert {path: path.read_bytes() for path in before} == before


def _check_cells(rows: list[list[Cell]], table: Table) -> None:
    """Compare a sheet with its file: numbers and days by value, all else letter by letter."""
    shown = columns_of(rows)
    assert [name.strip() for name in shown] == [*table]
    for at, (name, texts) in enumerate(table.items()):
        cells = [row[at] if at < len(row) else Cell("") for row in rows[1:]]
        for cell, text in zip(cells, texts, strict=True):
            if cell.kind == "float":
                assert Decimal(cell.value) == Decimal(text), name
                assert name in MONEY or cell.text == text, name
            elif cell.kind == "date":
                assert (cell.value, cell.text) == (text, text), name
            else:
                assert cell.text.strip() == text.strip(), name
            assert name not in MONEY or not text or cell.kind == "float", name


def _with_sums(written: dict[str, Table], folder: Path) -> Iterator[Path]:
    """Make sheets that add up, in formulas of their own, what stands above these."""
    table = written["accounts"]
    last = len(table["id"]) + 1
    sums = [*zip(*table.values(), strict=True)]
    for currency in sorted(set(table["currency"])):
        formula = f'=SUMIF(D1:D{last};"{currency}";F1:F{last})'
        sums.append(("sum", "", "", currency, "", formula))
    yield _sheet(folder / "sums.csv", [[*table], *sums])
    names = sorted(movements(written))
    for number, name in enumerate(("archived_transactions", "transactions")):
        table = written[name]
        last = len(table["seq"]) + 1
        rows = [*zip(*table.values(), strict=True)]
        for account in names:
            paid, got = (
                f'SUMIFS(J1:J{last};{side}1:{side}{last};"{account}";L1:L{last};"<>")'
                for side in "HI"
            )
            rows.append(("moved", account, f"={got}-{paid}"))
        yield _sheet(folder / f"moved{number}.csv", [[*table], *rows])


def _sheet(path: Path, rows: Iterable[Iterable[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def _check_sums(rows: list[list[Cell]]) -> None:
    sums = [row[5] for row in rows if row[0].text == "sum"]
    assert len(sums) == 2
    for cell in sums:
        assert cell.formula
        assert round(Decimal(cell.value), 2) == 0


def _moved(sheets: dict[str, list[list[Cell]]]) -> dict[str, Decimal]:
    """Return what LibreOffice says came to each account, to the cent."""
    moved: dict[str, Decimal] = defaultdict(Decimal)
    for name in ("moved0", "moved1"):
        for row in sheets[name]:
            if row[0].text == "moved":
                assert row[2].formula
                moved[row[1].text] += round(Decimal(row[2].value), 2)
    return moved


def test_pandas_reads_every_cell_as_it_stands(books: Path, written: dict[str, Table]) -> None:
    for name in FILES:
        table = written[name]
        frame = read_csv(books / f"{name}.csv")
        frame.columns = frame.columns.str.strip()
        assert [*frame.columns] == [*table]
        for column, texts in table.items():
            values = ["" if isna(value) else value for value in frame[column]]
            for value, text in zip(values, texts, strict=True):
                if isinstance(value, str):
                    assert value == text
                else:
                    assert Decimal(str(value)) == Decimal(text)
                    assert column in MONEY or text == f"{value:.0f}"
        times = [column for column in table if column.endswith("_at") and any(table[column])]
        for column in times:
            told = to_datetime(frame[column]).dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            assert [*told] == [*frame[column]]
    accounts = read_csv(books / "accounts.csv")
    assert {*accounts.groupby("currency")["balance"].sum().round(2)} == {0}


def test_duckdb_reads_every_cell_as_it_stands(books: Path, written: dict[str, Table]) -> None:
    with duckdb.connect() as database:
        database.sql("set timezone = 'UTC'")
        for name in FILES:
            table, path = written[name], books / f"{name}.csv"
            found = database.read_csv(str(path))
            assert found.columns == [*table]
            rows = found.select("columns(*)::varchar").fetchall()
            for at, (column, texts) in enumerate(table.items()):
                kind, shown = str(found.types[at]), [row[at] or "" for row in rows]
                assert kind in {"DOUBLE", "BIGINT"} or column not in MONEY, column
                assert [*map(READ_AS.get(kind, str), shown)] == [
                    *map(READ_AS.get(kind, str), texts)
                ], column
        accounts, archive, journal = (
            database.read_csv(str(books / name)) for name in ("accounts.csv", ARCHIVE, JOURNAL)
        )
        sums = accounts.aggregate("sum(balance::decimal(18, 4))", "currency").fetchall()
        assert {*sums} == {(0,)}
        moved: dict[str, Decimal] = defaultdict(Decimal)
        posted = archive.union(journal).filter("source_balance is not null")
        for side, sign in (("source", -1), ("target", 1)):
            total = posted.aggregate(f"{side}, sum(amount::decimal(18, 4))", side)
            for account, amount in total.fetchall():
                moved[account] += sign * amount
        assert moved == {name: sum(each) for name, each in movements(written).items()}
