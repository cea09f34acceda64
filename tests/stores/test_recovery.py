"""Opening books that were not left as they should be: mended where that is safe, refused else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from SimpleBankingSystem.ledger.errors import DataDamaged
from SimpleBankingSystem.stores.csv_files import archiver
from SimpleBankingSystem.stores.csv_files import store as stores
from SimpleBankingSystem.stores.csv_files.files import START
from SimpleBankingSystem.stores.csv_files.format import chained
from SimpleBankingSystem.stores.csv_files.rows import MARK
from SimpleBankingSystem.stores.csv_files.snapshot import SNAPSHOTS
from SimpleBankingSystem.stores.csv_files.store import CsvStore
from SimpleBankingSystem.stores.csv_files.verify import verify_folder
from tests.banks import asked, done, submitted, ticket, wait_until
from tests.stores.csv_books import (
    ARCHIVE,
    EXPECTED,
    JOURNAL,
    TORN,
    crash,
    kept,
    made,
    opened,
    report,
)


@pytest.fixture
def books(tmp_path: Path) -> Path:
    return made(tmp_path)


def test_a_changed_snapshot_is_rebuilt_and_the_cells_are_named(books: Path) -> None:
    """Guarantee 14: saving a file is detected, the cells are named."""
    path = books / "accounts.csv"
    path.write_text(path.read_text("utf-8").replace("90.00", "91.00"), "utf-8")
    with opened(books) as bank:
        assert kept(bank) == EXPECTED
        assert any(
            "ADA, balance: 91.00, the journal says 90.00." in problem for problem in report(bank)
        )
    assert len(list((books / "quarantine").iterdir())) == 1


@pytest.mark.parametrize("name", [each.name for each in SNAPSHOTS])
def test_a_lost_snapshot_is_rebuilt(books: Path, name: str) -> None:
    (books / name).unlink()
    with opened(books) as bank:
        assert kept(bank) == EXPECTED
        assert report(bank)
    assert bank.verify is not None


def test_a_torn_commit_is_set_aside_whole(books: Path) -> None:
    """Guarantee 6."""
    path = books / JOURNAL
    good = path.read_bytes()
    path.write_bytes(good + TORN)
    crash(books)
    with opened(books) as bank:
        assert kept(bank) == EXPECTED
        assert "set aside" in report(bank)[0]
    assert path.read_bytes() == good


def test_all_that_was_set_aside_is_told(books: Path) -> None:
    snapshot, journal = books / "accounts.csv", books / JOURNAL
    crash(books)
    journal.write_bytes(journal.read_bytes() + TORN)
    snapshot.write_bytes(snapshot.read_bytes().replace(b"90.00", b"91.00"))
    size = len(TORN) + snapshot.stat().st_size
    with opened(books) as bank:
        assert isinstance(bank.store, CsvStore)
        facts = bank.store.start_report.facts
    assert facts["bytes_set_aside"] == size
    assert len(list((books / "quarantine").iterdir())) == 2


@pytest.mark.parametrize("more", [TORN, b"\n"])
def test_behind_a_clean_stop_there_is_nothing_to_set_aside(books: Path, more: bytes) -> None:
    """Guarantee 5: only a crash leaves a torn commit."""
    path = books / JOURNAL
    path.write_bytes(path.read_bytes() + more)
    assert verify_folder(books).problems
    with pytest.raises(DataDamaged, match="line 4, seq 4"):
        opened(books)


def test_a_row_that_was_made_up_behind_a_clean_stop_is_refused(books: Path) -> None:
    path = books / JOURNAL
    last = path.read_bytes().splitlines()[-1]
    body = last[:-MARK].replace(b"3,3,3,T00000000003", b"4,4,4,T00000000004")
    path.write_bytes(path.read_bytes() + body + chained(last[-MARK:], body) + b"\n")
    assert "more behind row 3" in verify_folder(books).problems[0]
    with pytest.raises(DataDamaged, match="more behind row 3"):
        opened(books)


@pytest.mark.parametrize("name", [JOURNAL, ARCHIVE])
@pytest.mark.parametrize(
    ("old", "new"), [(b"amount", b"betrag"), (b"\xef\xbb\xbf", b""), (b",status,", b",")]
)
def test_a_changed_header_is_refused(books: Path, name: str, old: bytes, new: bytes) -> None:
    """Guarantee 5: also of a journal without a row, which could be written to."""
    path = books / name
    with opened(books) as bank:
        bank.archive()
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    with pytest.raises(DataDamaged, match=f"{name}, line 1: the header"):
        opened(books)


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (JOURNAL, b"10.00,EUR", b"11.00,EUR", "line 3, seq 3, column amount: reads 11.00, was 10"),
        (JOURNAL, b"\n2,2,2", b"\n", "line 2, seq 2"),
        (JOURNAL, b'"k2"', b"k2", "line 3, seq 3: only the look was changed, no value"),
        (JOURNAL, b"hash_v1\n", b"hash_v1\r\n", r"line 1: the header .* \(lines end with CR LF\)"),
        (JOURNAL, b"seq,commit_first,commit_last,transaction,command,status", b"", r"wrote\. The"),
        ("archived_transactions.csv", b"100.00,EUR", b"", "shorter than it was"),
        ("head.csv", b"generation", b"", "is not what the bank wrote"),
        ("head.csv", b"generation", b"", "Three ways on: restore a backup"),
    ],
)
def test_damage_is_refused_with_its_place(
    books: Path, name: str, old: bytes, new: bytes, said: str
) -> None:
    """Guarantee 5: the bank stops rather than guesses."""
    path = books / name
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))
    with pytest.raises(DataDamaged, match=said):
        opened(books)


@pytest.mark.parametrize(
    ("known", "old", "new"),
    [
        (3, b"10.00,EUR", b"11.00,EUR"),  # The head knows of the row,
        (1, b'"Bob"', b'"Rob"'),  # or a later commit follows: this one was synced before it.
    ],
)
def test_after_a_crash_damage_is_told_from_a_tear(
    books: Path, known: int, old: bytes, new: bytes
) -> None:
    """Guarantee 5."""
    path = books / JOURNAL
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))
    crash(books, last_seq=known)
    with pytest.raises(DataDamaged, match=r"line \d, seq \d(, column amount: reads|: the row, or)"):
        opened(books)
    assert path.read_bytes() == data.replace(old, new)


def test_a_snapshot_that_was_only_saved_otherwise_is_set_aside_too(books: Path) -> None:
    path = books / "accounts.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    with opened(books) as bank:
        assert kept(bank) == EXPECTED
        assert report(bank)[:-1] == ["accounts.csv: only the look was changed, no value."]
    assert "changed-accounts" in next((books / "quarantine").iterdir()).name


def test_archived_rows_in_the_journal_must_be_the_same(books: Path) -> None:
    """A crash leaves them in both files, but never changed."""
    archived = (books / "archived_transactions.csv").read_bytes()[START:]
    journal = (books / JOURNAL).read_bytes()
    path = books / JOURNAL
    path.write_bytes(journal[:START] + archived + journal[START:])
    with opened(books) as bank:
        assert kept(bank) == EXPECTED
    assert path.read_bytes() == journal
    path.write_bytes(journal[:START] + archived.replace(b"Ada", b"Eva") + journal[START:])
    with pytest.raises(DataDamaged, match="repeats archived rows, changed"):
        opened(books)


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files that are no derived ones."""
    return {path.name: path.read_bytes() for path in folder.glob("*.csv")}


@pytest.mark.parametrize(
    "changed",
    [
        lambda data: data.replace(b'"Ada"', b'"Adas"'),
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data + b"\n",
        lambda data: data + data[START:],
    ],
)
def test_an_archive_that_became_longer_is_refused_and_not_touched(
    books: Path, changed: Callable[[bytes], bytes]
) -> None:
    """Guarantee 5: only an unfinished copy may be cut off."""
    path = books / ARCHIVE
    path.write_bytes(changed(path.read_bytes()))
    before = contents(books)
    assert verify_folder(books).problems
    with pytest.raises(DataDamaged, match=ARCHIVE):
        opened(books)
    assert contents(books) == before


@pytest.mark.parametrize("rolled_at", [1_000_000, 2])
def test_an_older_head_costs_no_row(
    books: Path, rolled_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guarantee 6: one file of an older backup is refused; nothing is cut to its measure."""
    monkeypatch.setattr(archiver, "ROWS_PER_ARCHIVE", rolled_at)
    old = (books / "head.csv").read_bytes()
    with opened(books) as bank:
        bank.archive()
        done(bank, "deposit", account="ADA", amount="1.00")
        bank.archive()
    (books / "head.csv").write_bytes(old)
    before = contents(books)
    assert verify_folder(books).problems
    with pytest.raises(DataDamaged):
        opened(books)
    assert contents(books) == before


@pytest.mark.parametrize("arrived", [100, 600, 10_000])
def test_a_copy_to_the_archive_that_was_broken_off_is_taken_back(books: Path, arrived: int) -> None:
    archive, journal = books / ARCHIVE, (books / JOURNAL).read_bytes()
    good = archive.read_bytes()
    rows = journal[START:]
    archive.write_bytes(good + rows[:arrived] + b"\0" * (len(rows) - arrived))
    found = verify_folder(books)
    assert found.problems == []
    assert ARCHIVE in str(found.facts["unfinished"])
    with opened(books) as bank:
        assert kept(bank) == EXPECTED
    assert archive.read_bytes() == good
    assert not (books / "quarantine").exists()


def test_missing_rows_are_refused(books: Path) -> None:
    path = books / JOURNAL
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(DataDamaged, match="row 3 is missing"):
        opened(books)


@pytest.mark.parametrize("name", ["head.csv", ARCHIVE, JOURNAL])
def test_a_missing_file_is_refused(books: Path, name: str) -> None:
    (books / name).unlink()
    with pytest.raises(DataDamaged, match="is missing"):
        opened(books)


def test_a_changed_archive_is_found_when_it_is_needed(books: Path) -> None:
    path = books / "archived_transactions.csv"
    path.write_bytes(path.read_bytes().replace(b"100.00,EUR", b"900.00,EUR"))
    (books / "accounts.csv").unlink()
    with pytest.raises(DataDamaged, match=r"archived_transactions\.csv, line 2, seq 1"):
        opened(books)


def test_a_file_that_is_saved_while_the_bank_runs_stops_it(books: Path) -> None:
    """Guarantee 14: saving while the bank runs is detected before the next answer."""
    with opened(books) as bank:
        other = books / "other"
        shutil.copy(books / JOURNAL, other)
        other.rename(books / JOURNAL)
        for _ in range(2):
            with pytest.raises(DataDamaged, match="replaced or changed"):
                bank.execute(asked("deposit", account="ADA", amount="1"))
        assert str(bank.account("ADA").balance) == "90.00"


@pytest.mark.parametrize("noticed_by", ["commit", "close", "snapshot", "archive", "upkeep"])
def test_what_the_bank_wrote_is_kept_when_its_file_is_replaced(
    tmp_path: Path, noticed_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guarantee 5: an older copy that somebody saves costs no acknowledged row, ever."""
    monkeypatch.setattr(stores, "UPKEEP_SECONDS", 0.01)
    bank = opened(tmp_path, upkeep=noticed_by == "upkeep")
    store = bank.store
    assert isinstance(store, CsvStore)
    done(bank, "open_account", name="Ada", account="ADA", initial_deposit="5.00")
    bank.archive()
    shutil.copy(tmp_path / JOURNAL, tmp_path / "older")
    done(bank, "deposit", account="ADA", amount="1.00")
    acknowledged = (tmp_path / JOURNAL).read_bytes()
    (tmp_path / "older").rename(tmp_path / JOURNAL)
    if noticed_by == "upkeep":
        wait_until(lambda: not store._upkeep.is_alive())
    actions: dict[str, Callable[[], object]] = {
        "commit": lambda: bank.execute(asked("deposit", account="ADA", amount="1.00")),
        "close": bank.close,
        "snapshot": bank.snapshot,
        "archive": bank.archive,
        "upkeep": bank.snapshot,
    }
    with pytest.raises(DataDamaged, match="replaced or changed"):
        actions[noticed_by]()
    (copy,) = (tmp_path / "quarantine").iterdir()
    assert copy.read_bytes() == acknowledged
    bank.close()
    with pytest.raises(DataDamaged, match="row 2 is missing"):
        opened(tmp_path)
    shutil.copy(copy, tmp_path / JOURNAL)
    with opened(tmp_path) as bank:
        assert str(bank.account("ADA").balance) == "6.00"


def test_upkeep_archives_and_indexes_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "UPKEEP_SECONDS", 0.01)
    monkeypatch.setattr(stores, "NAMES_AT_MOST", 2)
    with opened(tmp_path, upkeep=True, archive_after=5) as bank:
        store = bank.store
        assert isinstance(store, CsvStore)
        done(bank, "open_account", name="Ada", account="ADA")
        for number in range(8):
            done(bank, "deposit", account="ADA", amount="1", key=f"k{number}")
        wait_until(lambda: store._head.anchor.archive_seq >= 6)
        wait_until(lambda: store._index.last_seq == 9)
        assert bank.by_key("k0").id == "T00000000002"
    with opened(tmp_path) as bank:
        assert str(bank.account("ADA").balance) == "8.00"
        assert bank.execute(asked("deposit", account="ADA", amount="1"), key="k0").seq == 2


def test_upkeep_survives_what_nobody_expects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(stores, "UPKEEP_SECONDS", 0.01)
    with opened(tmp_path, upkeep=True) as bank:
        store = bank.store
        assert isinstance(store, CsvStore)
        calls: list[int] = []

        def fail(*_: object) -> None:
            calls.append(len(calls))
            raise ValueError("oh")

        monkeypatch.setattr(store._index, "catch_up", fail)
        wait_until(lambda: len(calls) > 1)
        monkeypatch.undo()
    assert "upkeep failed" in caplog.text


def test_upkeep_says_so_when_the_disk_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(stores, "UPKEEP_SECONDS", 0.01)
    with opened(tmp_path, upkeep=True) as bank:
        store = bank.store
        assert isinstance(store, CsvStore)

        def fail() -> None:
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(store._head, "sync", fail)
        wait_until(lambda: not store._upkeep.is_alive())
        assert "the disk failed" in caplog.text.lower()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"2.00,EUR", b"3.00,EUR", "line 5, seq 5, column amount: reads 3.00, was 2.00"),
        (b"", b"", "line 4, seq 5: the last commit is not whole"),
        (b"cut", b"off", "line 5, seq 5: the file is cut off in this row"),
        (b"end", b"", "line 5, seq 5: the row is not whole"),
    ],
)
def test_a_commit_of_two_rows_is_refused_with_the_row_that_breaks(
    books: Path, old: bytes, new: bytes, said: str
) -> None:
    pair = [
        ticket("transfer", group="pair", source="ADA", target="BOB", amount=amount)
        for amount in ("1.00", "2.00")
    ]
    with opened(books) as bank:
        submitted(bank, *pair)
    path = books / JOURNAL
    data = path.read_bytes()
    first, last = data[: data.rindex(b"\n5,") + 1], data[data.rindex(b"\n5,") + 1 :]
    damaged = {b"": b"", b"cut": last[:-40], b"end": last[:-1]}.get(old, last.replace(old, new))
    path.write_bytes(first + damaged)
    with pytest.raises(DataDamaged, match=said):
        opened(books)
