"""Books to be damaged, and ways to damage them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.stores.csv_files.format import BOM, COLUMNS, FIRST_HASH, chained
from SimpleBankingSystem.stores.csv_files.rows import MARK
from SimpleBankingSystem.stores.csv_files.store import CsvStore
from SimpleBankingSystem.stores.csv_files.verify import verify_folder
from tests.banks import TickingClock, do, done

JOURNAL, ARCHIVE, ACCOUNTS, HEAD = (
    "transactions.csv",
    "archived_transactions.csv",
    "accounts.csv",
    "head.csv",
)
PROVED = "(proved by the row's hash)."
Lines = list[bytes]
Change = Callable[[Lines], Lines]


def opened(folder: Path, clock: TickingClock) -> Bank:
    return Bank(CsvStore(folder, clock=clock, upkeep=False), clock=clock)


def a_day(bank: Bank) -> None:
    """Write rows 1 to 6: two openings, two transfers, a refusal and a deposit."""
    done(bank, "open_account", name="Ada", account="ADA", initial_deposit="100.00")
    done(bank, "open_account", name="Bob", account="BOB")
    done(bank, "transfer", source="ADA", target="BOB", amount="10.00", description="cake")
    do(bank, "transfer", source="BOB", target="ADA", amount="900")
    done(bank, "deposit", account="BOB", amount="5.50", key="k-1")
    done(bank, "transfer", source="ADA", target="BOB", amount="30.00")


def change(path: Path, changed: Change) -> None:
    path.write_bytes(b"".join(changed(path.read_bytes().splitlines(keepends=True))))


def problems(folder: Path) -> list[str]:
    return verify_folder(folder).problems


def cell(line: int, column: str, value: str) -> Change:
    """Change one cell, as a text editor would."""

    def changed(lines: Lines) -> Lines:
        names = lines[0].decode().removeprefix("\ufeff").strip().split(",")
        cells = lines[line - 1].split(b",")
        cells[names.index(column)] = value.encode()
        return [*lines[: line - 1], b",".join(cells), *lines[line:]]

    return changed


def resaved(
    separator: str = ",",
    end: str = "\r\n",
    bom: bytes = BOM,
    edit: Callable[[list[list[str]]], None] = lambda _: None,
) -> Change:
    """Save as a spreadsheet does: quotes and trailing zeros are lost, and more."""

    def changed(lines: Lines) -> Lines:
        rows = list(csv.reader(io.StringIO(b"".join(lines).decode("utf-8-sig"))))
        for row in rows[1:]:
            for at, text in enumerate(row):
                if text.endswith(".00") and at != COLUMNS.index("error"):
                    row[at] = text[:-3]
        edit(rows)
        out = io.StringIO()
        csv.writer(out, delimiter=separator, lineterminator=end).writerows(rows)
        return [bom + out.getvalue().encode()]

    return changed


def rehashed(at: int, old: bytes, new: bytes) -> Change:
    """Change a row and give it, and all behind it, the hashes that this comes to."""

    def changed(lines: Lines) -> Lines:
        kept = lines[: at - 1]
        mark = lines[at - 2][-MARK - 1 : -1] if at > 2 else FIRST_HASH.encode()
        assert old in lines[at - 1]
        for line in [lines[at - 1].replace(old, new), *lines[at:]]:
            body = line[: -MARK - 1]
            mark = chained(mark, body)
            kept.append(body + mark + b"\n")
        return kept

    return changed
