"""verify on books with everything in them: runs, groups, texts, archive files that rolled."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from SimpleBankingSystem.ledger.product import DEFAULT_PRODUCTS, Product
from SimpleBankingSystem.stores.base import Query
from SimpleBankingSystem.stores.csv_files import archiver
from SimpleBankingSystem.stores.csv_files.files import Files
from SimpleBankingSystem.stores.csv_files.head import SECTOR
from SimpleBankingSystem.stores.csv_files.store import CsvStore
from SimpleBankingSystem.stores.csv_files.verify import verify, verify_folder
from tests.banks import TickingClock, done, submitted, ticket
from tests.proofs.simulated_disk import SimulatedDisk
from tests.stores.a_day import day
from tests.stores.verify.damages import (
    ARCHIVE,
    HEAD,
    JOURNAL,
    PROVED,
    change,
    opened,
    problems,
    rehashed,
)

ROLLED = "archived_transactions_0001.csv"


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two archive files, and a journal with lines of a run that is not finished."""
    folder = tmp_path_factory.mktemp("rich")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archiver, "ROWS_PER_ARCHIVE", 20)
        with opened(folder, TickingClock()) as bank:
            day(bank)
            bank.archive()
            done(bank, "start_run", run_id="R000002", name="b.csv", digest="d", first_line="f")
            bank.archive()
            way = {"source": "RICH", "target": "A00000001"}
            lines = [ticket("transfer", amount="1", **way) for _ in range(3)]
            for number, line in enumerate(lines, 1):
                line.run, line.line = "R000002", number
            last = ticket("deposit", account="RICH", amount="1")
            last.run, last.line = "R000002", 4
            submitted(bank, *lines, last)
    assert (folder / ROLLED).exists()
    return folder


@pytest.fixture
def books(rich: Path, tmp_path: Path) -> Path:
    return shutil.copytree(rich, tmp_path / "books")


def test_sound_books_with_everything_in_them_have_no_problems(rich: Path) -> None:
    whole, chain = verify_folder(rich), verify_folder(rich, chain_only=True)
    assert whole.problems == chain.problems == []
    assert whole.facts["rows"] == chain.facts["rows"] == whole.facts["last_seq"]
    assert {"sum_EUR", "sum_JPY"} <= whole.facts.keys()


def test_a_balance_that_no_amount_can_have_moves_as_a_whole(tmp_path: Path) -> None:
    """What many deposits brought is swept, merged and undone by one posting each."""
    most = "9999999999999.99"
    with opened(tmp_path, TickingClock()) as bank:
        for name in ("FROM", "OVER", "INTO"):
            done(bank, "open_account", name=name, account=name, initial_deposit=most)
        done(bank, "deposit", account="FROM", amount=most)
        done(bank, "close_account", account="FROM", sweep_to="OVER")
        done(bank, "merge_accounts", source="OVER", target="INTO")
    assert problems(tmp_path) == []
    with opened(tmp_path, TickingClock()) as bank:
        assert str(bank.account("INTO").balance) == "39999999999999.96"


def test_without_head_they_are_checked_as_far_as_they_tell(books: Path) -> None:
    (books / HEAD).unlink()
    assert problems(books) == ["head.csv: the file is missing."]


def test_a_changed_line_of_a_run_is_named(books: Path) -> None:
    path = books / JOURNAL
    path.write_bytes(path.read_bytes().replace(b'{""line"":2,', b'{""line"":907,'))
    (problem,) = problems(books)
    assert 'column details: reads "{""line"":907,""run"":""R000002""}", was ' in problem
    assert PROVED in problem


def test_made_up_lines_of_a_run_are_named(books: Path) -> None:
    """With right hashes: what is no number, and what is another line than the snapshot's."""
    at = 1 + next(at for at, line in enumerate(lines_of(books)) if b'""line"":2,' in line)
    sound = (books / JOURNAL).read_bytes()
    change(books / JOURNAL, rehashed(at, b'{""line"":2,', b'{""line"":x,'))
    assert "some details cannot be read (invalid literal" in problems(books)[0]
    (books / JOURNAL).write_bytes(sound)
    change(books / JOURNAL, rehashed(at, b'{""line"":2,', b'{""line"":9,'))
    found = problems(books)
    said = "runs.csv, line 3, R000002, lines_done: '1-4, the journal says '1-1 3-4 9-9."
    assert said in found


def lines_of(books: Path) -> list[bytes]:
    return (books / JOURNAL).read_bytes().splitlines()


CELLS = [
    (
        "runs.csv",
        '"day.csv"',
        '"night.csv"',
        "2, R000001, name: night.csv, the journal says day.csv",
    ),
    ("customers.csv", '"Bob"', '"Eve"', "3, C00000007, name: Eve, the journal says Bob"),
    ("customers.csv", '"Rue"', '"Weg"', '2, C00000001, address: \'=1+1;"Weg", the journal says'),
    ("customers.csv", "C00000007", "C00000008", "3: C00000008 is not in the journal"),
    ("holds.csv", "HEIR,9.00", "HEIR,9.01", "3, H00000000077, amount: 9.01, the journal says 9.00"),
    (
        "holds.csv",
        "HEIR,9.00",
        "RICH,9.00",
        "3, H00000000077, account: RICH, the journal says HEIR",
    ),
    (
        "holds.csv",
        "open,0.00,,",
        "voided,0.00,,",
        "3, H00000000077, status: voided, the journal says",
    ),
    ("spent.csv", "121.51", "1.51", "2, BOTH, amount: 1.51, the journal says 121.51"),
    (
        "spent.csv",
        "HEIR,2026-01-01",
        "HEIR,2025-01-01",
        "3, HEIR, day: 2025-01-01, the journal says",
    ),
    ("accounts.csv", ",14.00,", ",4.00,", ", HEIR, held: 4.00, the journal says 14.00"),
    (
        "accounts.csv",
        '"Held",standard,EUR,closed',
        '"Held",standard,EUR,active',
        ", HELD, status: ",
    ),
    ("accounts.csv", ",HEIR,9", ",RICH,9", ", merged_into: RICH, the journal says HEIR"),
    (
        "accounts.csv",
        "C00000007 C00000001,",
        "C00000001,",
        ", BOTH, owners: C00000001, the journal",
    ),
]


@pytest.mark.parametrize(("name", "old", "new", "said"), CELLS)
def test_a_changed_cell_of_a_snapshot_is_named_and_mended(
    books: Path, name: str, old: str, new: str, said: str
) -> None:
    path = books / name
    sound = path.read_bytes()
    assert old.replace('"Rue"', '""Rue""').encode() in sound
    doubled = old.replace('"Rue"', '""Rue""'), new.replace('"Weg"', '""Weg""')
    path.write_bytes(sound.replace(doubled[0].encode(), doubled[1].encode(), 1))
    found = problems(books)
    assert found[0].startswith(f"{name}, line ")
    assert said in found[0]
    with opened(books, TickingClock()) as bank:
        assert isinstance(bank.store, CsvStore)
        report = bank.store.start_report.problems
        assert bank.verify().problems == []
    assert report[:-1] == found
    assert f"changed-{path.stem}" in report[-1]
    assert problems(books) == []
    assert sorted(path.read_bytes().splitlines()) == sorted(sound.splitlines())


def test_a_product_that_was_changed_by_hand_becomes_a_command(books: Path) -> None:
    path = books / "products.toml"
    path.write_bytes(path.read_bytes().replace(b'daily_limit = "300"', b'daily_limit = "301"'))
    said = "products.toml: club is not what the journal says; the next start records the change."
    assert problems(books) == [said]
    with opened(books, TickingClock()) as bank:
        product = bank.store.find(Product, "club")
        assert product is not None
        assert product.daily_limit == 301
        newest = bank.transactions(Query(limit=1)).items[0]
        assert (newest.command, newest.description) == (
            "define_product",
            "changed in products.toml",
        )
        everything_else = {each.id: each for each in bank.store.every(Product) if each.id != "club"}
        assert list(everything_else.values()) == list(DEFAULT_PRODUCTS)
    assert problems(books) == []
    with opened(books, TickingClock()) as bank:
        assert bank.transactions(Query(limit=1)).items[0] == newest


@pytest.mark.parametrize("line", [2, 3])
def test_a_damaged_slot_of_the_head_is_named_and_mended(books: Path, line: int) -> None:
    data = bytearray((books / HEAD).read_bytes())
    data[(line - 1) * SECTOR] ^= 1
    (books / HEAD).write_bytes(data)
    assert problems(books) == [f"head.csv, line {line}: this slot is not what the bank wrote."]
    with opened(books, TickingClock()) as bank:
        assert bank.verify().problems == []
    assert problems(books) == []


def test_a_damaged_header_of_the_head_is_named(books: Path) -> None:
    (books / HEAD).write_bytes((books / HEAD).read_bytes().replace(b"generation", b"Generation"))
    said = f"{HEAD}, line 1: the header is not the one that the bank wrote."
    assert problems(books) == [said]


def test_what_a_disk_cannot_read_is_named_and_the_rest_is_checked(books: Path) -> None:
    image = {books: None, **{path: path.read_bytes() for path in books.iterdir()}}
    for name, calls in ((ROLLED, "read"), (ARCHIVE, "read"), (JOURNAL, "read"), (ROLLED, "open")):
        disk = BadSpot(image)
        disk.bad = (calls, books / name)
        found = verify(disk, Files(books)).problems
        assert any(f"{name}: the file cannot be read" in problem for problem in found), found


class BadSpot(SimulatedDisk):
    """A disk that cannot do one thing with one file."""

    bad: tuple[str, Path] | None = None

    def called(self, call: str, path: Path, data: bytes = b"") -> None:
        if (call, path) == self.bad:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
