"""Guarantee 14: a file that was saved by a spreadsheet is told, and whether only its look changed.

LibreOffice saves the files in several ways, some after they were edited as people do; what other
programs do alone, such as losing only the byte order mark, is done by script.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from SimpleBankingSystem.ledger.errors import DataDamaged
from SimpleBankingSystem.stores.csv_files.format import BOM
from SimpleBankingSystem.stores.csv_files.repair import repair_looks
from SimpleBankingSystem.stores.csv_files.verify import verify_folder
from tests.banks import TickingClock, done
from tests.guarantees import Proved
from tests.proof_level import proof_level
from tests.spreadsheets.office import COMMA, SEMICOLON, TAB, Office, opened_as
from tests.stores.a_day import day
from tests.stores.csv_books import ARCHIVE, JOURNAL, opened, report

ACCOUNTS, RUNS, HEAD = "accounts.csv", "runs.csv", "head.csv"
ALL = [JOURNAL, ARCHIVE, ACCOUNTS, RUNS, HEAD]
LOOK = ": only the look was changed, no value"

Rows = list[list[str]]
Edit = Callable[[Rows], None]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day in the archive, and eight transfers, rows 43 to 50, in lines 2 to 9 of the journal."""
    folder = tmp_path_factory.mktemp("books")
    with opened(folder) as bank:
        day(bank)
        bank.archive()
        for number in range(1, 9):
            amount, text = f"{9 - number}.50", f"cake; =no {number}"
            paid = {"source": "RICH", "target": "A00000001", "description": text}
            done(bank, "transfer", amount=amount, **paid)
    return folder


# How people edit


def column(rows: Rows, name: str) -> int:
    return rows[0].index(name)


def nothing(_: Rows) -> None:
    """Only open and save."""


def amount(rows: Rows) -> None:
    rows[3][column(rows, "amount")] = "11.11"


def balance(rows: Rows) -> None:
    rows[3][column(rows, "balance")] = "11.11"


def status(rows: Rows) -> None:
    rows[3][column(rows, "status")] = "FAILED"


def text(rows: Rows) -> None:
    rows[3][column(rows, "description")] = "a gift"


def deleted(rows: Rows) -> None:
    del rows[3]


def deleted_at_the_end(rows: Rows) -> None:
    del rows[-2:]


def by_amount(rows: Rows) -> None:
    at = column(rows, "amount")
    rows[1:] = sorted(rows[1:], key=lambda row: row[at])


def twice(rows: Rows) -> None:
    rows.insert(4, rows[3])


def added_row(rows: Rows) -> None:
    rows.append([*rows[3]])


def added_column(rows: Rows) -> None:
    for number, row in enumerate(rows):
        row.append(f"seen {number}" if number else "note")


def lost_column(rows: Rows) -> None:
    at = column(rows, "description")
    for row in rows:
        del row[at]


UNKNOWN = ": the row, or the hash of the row before it, was changed; the column is unknown."
HASH = "(proved by the row's hash)."

JOURNAL_EDITS: dict[Edit, list[str]] = {
    nothing: [],
    amount: [f", line 4, seq 94, column amount: reads 11.11, was 6.50 {HASH}"],
    status: [f", line 4, seq 94, column status: reads FAILED, was COMPLETED {HASH}"],
    text: [f", line 4, seq 94{UNKNOWN}"],
    deleted: [", line 4, seq 95: row 94 is missing before this one."],
    deleted_at_the_end: [": rows 98 to 99 are missing at the end."],
    by_amount: [
        ", line 2, seq 99: rows 92 to 99 stand in the order 99, 98, 97, 96, 95, 94, 93, 92."
    ],
    twice: [", line 5, seq 94: the row stands here a second time."],
    added_row: [", line 10: there is more behind row 99, the last that the bank wrote here."],
    added_column: [],
    lost_column: [f", lines 2 to 9, seq 92 to 99{UNKNOWN}"],
}
"""What was done to the journal, and what verify says beside that it has another look."""

OTHER_EDITS: list[tuple[str, Edit, str]] = [
    (ARCHIVE, nothing, LOOK),
    (ARCHIVE, deleted, ", line 4, seq 4: row 3 is missing before this one."),
    (ARCHIVE, by_amount, " stand in the order "),
    (ACCOUNTS, nothing, f"{LOOK}."),
    (ACCOUNTS, deleted, ": A00000001 is missing."),
    (ACCOUNTS, balance, "the journal says 41.50."),
    (RUNS, nothing, f"{LOOK}."),
    (HEAD, nothing, ": the file is not what the bank wrote."),
]


# How programs save


def by_comma(files: list[Path], folder: Path) -> list[Path]:
    return Office(folder / "profile").saved(files, folder, opened=opened_as(COMMA))


def by_tab(files: list[Path], folder: Path) -> list[Path]:
    return Office(folder / "profile").saved(files, folder, TAB, opened=opened_as(COMMA))


def in_germany(files: list[Path], folder: Path) -> list[Path]:
    """Save with semicolons, and commas in amounts."""
    office = Office(folder / "profile", "de-DE")
    return office.saved(files, folder, SEMICOLON, opened=opened_as(COMMA))


def by_way_of(form: str, files: list[Path], folder: Path) -> list[Path]:
    """Save as a workbook, and open that and save it as CSV."""
    office = Office(folder / "profile")
    return office.saved(office.converted(files, folder, form, opened=opened_as(COMMA)), folder)


WAYS: dict[str, Callable[[list[Path], Path], list[Path]]] = {
    "with commas": by_comma,
    "in Germany": in_germany,
    "by way of xlsx": lambda files, folder: by_way_of("xlsx", files, folder),
}
if proof_level() != "test":
    WAYS |= {
        "with tabs": by_tab,
        "by way of ods": lambda files, folder: by_way_of("ods", files, folder),
    }


def edited(books: Path, name: str, edit: Edit, to: Path) -> Path:
    """Edit a file as it would be done in a sheet that has not been saved yet."""
    rows = list(csv.reader(io.StringIO((books / name).read_text("utf-8-sig"))))
    edit(rows)
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(rows)
    to.write_bytes(BOM + out.getvalue().encode())
    return to


def with_file(books: Path, name: str, content: bytes, folder: Path) -> Path:
    """Copy books, with another file in the place of one of theirs."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(books, folder)
    (folder / name).write_bytes(content)
    return folder


def check_start(books: Path, damaged: Path, name: str) -> None:
    """Snapshots are made anew, whatever was done to them; with all else the bank stops."""
    if name not in {ACCOUNTS, RUNS}:
        before = {path: path.read_bytes() for path in damaged.glob("*.csv")}
        with pytest.raises(DataDamaged, match=name):
            opened(damaged)
        assert {path: path.read_bytes() for path in damaged.glob("*.csv")} == before
        return
    saved = (damaged / name).read_bytes()
    with opened(damaged) as bank:
        said = report(bank)
    assert any(each.startswith(name) for each in said)
    (kept,) = (damaged / "quarantine").iterdir()
    assert kept.read_bytes() == saved
    anew, written = ((folder / name).read_bytes().split(b"\n") for folder in (damaged, books))
    assert sorted(anew) == sorted(written)
    assert verify_folder(damaged).problems == []


def check_repair(books: Path, damaged: Path, name: str, *, only_look: bool) -> None:
    """A file that only looks different gets its own bytes back; no other is touched."""
    if only_look:
        assert repair_looks(damaged, TickingClock()).facts["repaired"] == [name]
        assert (damaged / name).read_bytes() == (books / name).read_bytes()
        assert verify_folder(damaged).problems == []
        return
    before = (damaged / name).read_bytes()
    with pytest.raises(DataDamaged):
        repair_looks(damaged, TickingClock())
    assert (damaged / name).read_bytes() == before


@pytest.mark.needs("soffice")
@pytest.mark.parametrize("way", WAYS)
def test_what_libreoffice_saved_is_told(
    way: str, books: Path, tmp_path: Path, proved: Proved
) -> None:
    cases = [(JOURNAL, edit, said) for edit, said in JOURNAL_EDITS.items()]
    cases += [(name, edit, [said]) for name, edit, said in OTHER_EDITS]
    files = [
        edited(books, name, edit, tmp_path / f"{number}.csv")
        for number, (name, edit, _) in enumerate(cases)
    ]
    made = WAYS[way](files, tmp_path / "made")
    for (name, edit, said), path in zip(cases, made, strict=True):
        damaged = with_file(books, name, path.read_bytes(), tmp_path / "copy")
        found = verify_folder(damaged).problems
        if name == JOURNAL:
            look, *found = found
            assert look.startswith(f"{JOURNAL}, line"), look
            assert (LOOK in look) == (edit is not lost_column)
            assert "the byte order mark is lost" in look
            assert found == [f"{JOURNAL}{each}" for each in said], edit
        else:
            assert said[0] in found[-1], edit
            assert len(found) <= 2
        check_start(books, damaged, name)
        if name in {JOURNAL, ARCHIVE}:
            check_repair(books, damaged, name, only_look=edit in {nothing, added_column})
    proved(f"{len(cases)} files saved by LibreOffice {way}")


# What programs do to the look, one thing at a time


def without_quotes(content: bytes) -> bytes:
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return BOM + out.getvalue().encode()


def without_zeros(content: bytes) -> bytes:
    """Write 5.50 as 5.5, and 5.00 as 5."""
    return re.sub(rb"(?<=,)(-?[0-9]+)(?:\.0+|(\.[0-9]*[1-9])0+)(?=,)", rb"\1\2", content)


LOOKS: dict[str, Callable[[bytes], bytes]] = {
    "lines end with CR LF": lambda content: content.replace(b"\n", b"\r\n"),
    "the byte order mark is lost": lambda content: content.removeprefix(BOM),
    "quotes": without_quotes,
    "zeros": without_zeros,
}


@pytest.mark.parametrize("name", [JOURNAL, ARCHIVE, ACCOUNTS])
@pytest.mark.parametrize("look", LOOKS)
def test_another_look_is_proved_to_be_no_more(
    look: str, name: str, books: Path, tmp_path: Path
) -> None:
    content = LOOKS[look]((books / name).read_bytes())
    assert content != (books / name).read_bytes()
    damaged = with_file(books, name, content, tmp_path / "copy")
    (said,) = verify_folder(damaged).problems
    assert said.startswith(name)
    assert LOOK in said
    assert name == ACCOUNTS or look in {"quotes", "zeros"} or look in said
    check_start(books, damaged, name)
