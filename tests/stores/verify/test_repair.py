"""Guarantee 14: a save that changed only the look is undone to the byte, anything else refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from SimpleBankingSystem.ledger.errors import DataDamaged, InUse
from SimpleBankingSystem.stores.csv_files.disk import Disk
from SimpleBankingSystem.stores.csv_files.repair import repair_looks
from tests.banks import TickingClock
from tests.stores.csv_books import crash
from tests.stores.verify.damages import (
    ACCOUNTS,
    ARCHIVE,
    JOURNAL,
    Change,
    cell,
    change,
    opened,
    problems,
    resaved,
)
from tests.stores.verify.test_verify import DAMAGES, LOOK

Contents = dict[str, bytes]

COSMETIC = (
    LOOK,
    "only the look was changed",
    "columns were added",
    "columns are lost: 'group'",
    "in another order",
)


def contents(books: Path) -> Contents:
    return {path.name: path.read_bytes() for path in books.glob("*.csv*")}


def repaired(books: Path) -> dict[str, object]:
    return repair_looks(books, TickingClock()).facts


def refused(books: Path) -> str:
    """Return why books are not repaired, and insist that nothing was changed."""
    before = contents(books)
    with pytest.raises(DataDamaged) as found:
        repaired(books)
    assert contents(books) == before
    assert not (books / "quarantine").exists()
    assert "bank restore DIR" in found.value.message
    return found.value.message


@pytest.mark.parametrize(("damage", "said"), DAMAGES)
def test_the_look_is_repaired_and_nothing_else(books: Path, damage: Change, said: str) -> None:
    before = contents(books)
    change(books / JOURNAL, damage)
    saved = (books / JOURNAL).read_bytes()
    if any(words in said for words in COSMETIC):
        facts = repaired(books)
        assert facts["repaired"] == [JOURNAL]
        assert contents(books) == before
        (kept,) = (books / "quarantine").iterdir()
        assert kept.read_bytes() == saved
        assert facts["saved_files"] == [str(kept)]
    else:
        assert said.removeprefix(": ") in refused(books)
    assert re.fullmatch(r"(.*(line 1:|line \d+, seq \d|missing).*--cosmetic.*)?", refusal(books))


def refusal(books: Path) -> str:
    """Open books, and return why they cannot be, nothing if they can."""
    try:
        opened(books, TickingClock()).close()
    except DataDamaged as error:
        return error.message
    return ""


def test_journal_archive_and_snapshot_that_were_all_saved_are_sound_again(old_books: Path) -> None:
    before = contents(old_books)
    for name in (JOURNAL, ARCHIVE):
        change(old_books / name, resaved(";", bom=b""))
    path = old_books / ACCOUNTS
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert repaired(old_books)["repaired"] == [ARCHIVE, JOURNAL]
    assert {**contents(old_books), ACCOUNTS: before[ACCOUNTS]} == before
    opened(old_books, TickingClock()).close()
    assert problems(old_books) == []


def test_a_value_that_was_changed_as_well_is_named(books: Path) -> None:
    change(books / JOURNAL, cell(4, "amount", "11.00"))
    change(books / JOURNAL, resaved(";"))
    message = refused(books)
    assert "column amount: reads 11.00, was 10.00" in message
    assert LOOK not in message


def test_many_differences_are_counted(books: Path) -> None:
    for line in range(2, 8):
        change(books / JOURNAL, cell(line, "reference", f"x{line}"))
    assert "(3 more.)" in refused(books)


def test_sound_books_stay_as_they_are(books: Path) -> None:
    before = contents(books)
    facts = repaired(books)
    assert (facts["repaired"], facts["rows"]) == ([], 6)
    assert contents(books) == before


def test_what_a_crash_left_is_not_guessed(books: Path) -> None:
    """Rows behind the head may have been acknowledged: only sound rows before them tell."""
    path = books / JOURNAL
    path.write_bytes(path.read_bytes() + b"7,7,8,T00000000007")
    crash(books)
    change(path, lambda lines: [line.replace(b"\n", b"\r\n") for line in lines])
    assert "A crash left 18 bytes from line 8" in refused(books)


def test_what_was_killed_and_saved_is_repaired(books: Path) -> None:
    before = (books / JOURNAL).read_bytes()
    crash(books)
    change(books / JOURNAL, resaved(";"))
    repaired(books)
    assert (books / JOURNAL).read_bytes() == before


def test_nobody_may_hold_the_books(books: Path, tmp_path: Path) -> None:
    with opened(books, TickingClock()), pytest.raises(InUse):
        repaired(books)
    with pytest.raises(DataDamaged, match="no books"):
        repaired(tmp_path / "nowhere")


@pytest.mark.parametrize("at", ["rename", "sync_folder"])
def test_a_crash_leaves_the_saved_file_or_the_repaired_one(
    books: Path, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, before = books / JOURNAL, (books / JOURNAL).read_bytes()
    change(path, resaved(";"))
    saved = path.read_bytes()
    done = getattr(Disk, at)

    def broken_off(disk: Disk, *given: Path) -> None:
        if given[-1] == path or path.read_bytes() != saved:
            raise KeyboardInterrupt
        done(disk, *given)

    monkeypatch.setattr(Disk, at, broken_off)
    with pytest.raises(KeyboardInterrupt):
        repaired(books)
    monkeypatch.undo()
    assert path.read_bytes() == (saved if at == "rename" else before)
    (kept,) = (books / "quarantine").iterdir()
    assert kept.read_bytes() == saved
    repaired(books)
    assert path.read_bytes() == before
