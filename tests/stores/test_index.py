"""index.db is a cache: whatever becomes of it, the answers are the same and no key moves twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from SimpleBankingSystem.commands.base import REGISTRY, Command, command
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.account import internal_id
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.errors import DataDamaged
from SimpleBankingSystem.ledger.fields import AccountId, Amount
from SimpleBankingSystem.ledger.transaction import PENDING
from SimpleBankingSystem.ledger.working_copy import Look
from SimpleBankingSystem.stores.base import Query
from SimpleBankingSystem.stores.csv_files import index as indexes
from SimpleBankingSystem.stores.csv_files import shelf, tables
from SimpleBankingSystem.stores.csv_files import store as stores
from SimpleBankingSystem.stores.csv_files.store import CsvStore
from tests.banks import DEADLINE, do, done, ticket, wait_until
from tests.stores.conftest import Books
from tests.stores.csv_books import ARCHIVE, made, opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made(tmp_path)


def questions(bank: Bank) -> list[object]:
    page = bank.transactions(Query(account="ADA"))
    return [
        [each.id for each in page.items],
        bank.by_key("k1").id,
        bank.by_key("k2").id,
        str(bank.balance("ADA", bank.by_key("k1").completed_at)),
    ]


ANSWERS = [["T00000000003", "T00000000001"], "T00000000001", "T00000000003", "100.00"]


def test_the_index_may_be_deleted_broken_or_another_s(folder: Path) -> None:
    index = folder / "index.db"
    with opened(folder) as bank:
        assert questions(bank) == ANSWERS
    index.unlink()
    with opened(folder) as bank:
        assert questions(bank) == ANSWERS
    index.write_bytes(b"no database at all" * 100)
    with opened(folder) as bank:
        assert questions(bank) == ANSWERS
    with sqlite3.connect(index) as database:
        database.execute("UPDATE reach SET mark = 'h0'")
    database.close()
    with opened(folder) as bank:
        assert questions(bank) == ANSWERS
    with sqlite3.connect(index) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with opened(folder) as bank:
        assert questions(bank) == ANSWERS


def test_rows_are_indexed_whole_wherever_a_block_ends(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "BLOCK", 1024)
    with opened(folder) as bank:
        for number in range(20):
            done(bank, "deposit", account="ADA", amount="1", key=f"n{number}")
        bank.archive()
        paid = [done(bank, "deposit", account="BOB", amount="1", key=f"m{n}") for n in range(20)]
        everything = list(bank.transactions(Query(limit=500)).items)
        assert everything[:20] == paid[::-1]
        assert [each.seq for each in everything] == list(range(43, 0, -1))
        assert bank.by_key("n7").seq == 11


def test_a_position_that_has_become_wrong_is_not_believed(folder: Path) -> None:
    index = folder / "index.db"
    with opened(folder) as bank:
        assert questions(bank) == ANSWERS
    with sqlite3.connect(index) as database:
        database.execute("UPDATE rows SET position = 0 WHERE seq = 3")
    database.close()
    with opened(folder) as bank:
        assert bank.transaction("T00000000003").status == "COMPLETED"
        assert questions(bank) == ANSWERS


def changed(folder: Path, statement: str) -> None:
    """Change the index as nobody should."""
    with sqlite3.connect(folder / "index.db") as database:
        database.execute(statement)
    database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE names SET number = 2 WHERE name = 'k1'",
        "UPDATE rows SET position = position + 7 WHERE seq = 1",
        "UPDATE rows SET seq = 7 WHERE seq = 1",
        "DELETE FROM transactions",
    ],
)
def test_a_key_of_the_archive_is_what_its_row_says(folder: Path, statement: str) -> None:
    """Guarantee 4: the index is not believed where the row says otherwise."""
    with opened(folder) as bank:
        assert questions(bank) == ANSWERS
        bank.archive()
    changed(folder, statement)
    with opened(folder) as bank:
        assert bank.by_key("k1").id == "T00000000001"
        again = do(bank, "transfer", source="ADA", target="BOB", amount="10.00", key="k2")
        assert again.id == "T00000000003"
        assert str(bank.account("ADA").balance) == "90.00"


def test_keys_that_the_index_took_over_are_never_forgotten(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guarantee 4: memory has let go of them, so an index that is made anew must learn them."""
    monkeypatch.setattr(indexes, "ROWS_AT_ONCE", 1)
    with opened(folder) as bank:
        assert questions(bank) == ANSWERS
        store = bank.store
        assert isinstance(store, CsvStore)
        store._index._begin_again(indexes.StaleIndex("It is to be made anew"))
        again = do(bank, "transfer", source="ADA", target="BOB", amount="10.00", key="k2")
        assert again.id == "T00000000003"
        assert bank.by_key("k1").id == "T00000000001"
        assert str(bank.account("ADA").balance) == "90.00"


def test_the_index_is_consistent_after_a_loss_of_power(folder: Path) -> None:
    """Guarantee 4: nothing else knows the archive's keys, so its log is synced."""
    file = tables.Tables(folder / "index.db")
    file.open()
    assert file.all("PRAGMA journal_mode") == [("wal",)]
    assert file.all("PRAGMA synchronous") == [(1,)]
    file.close()


def test_without_room_for_the_index_questions_are_answered_and_upkeep_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Guarantee 8: reading goes on."""
    monkeypatch.setattr(stores, "UPKEEP_SECONDS", 0.01)
    with opened(tmp_path, upkeep=True) as bank:
        store = bank.store
        assert isinstance(store, CsvStore)
        done(bank, "open_account", name="Ada", account="ADA")
        wait_until(lambda: store._index.last_seq == 1)
        store._index._tables.all("PRAGMA max_page_count = 1")
        for number in range(100):
            done(bank, "deposit", account="ADA", amount="1", key=f"{number} {'k' * 100}")
        wait_until(lambda: store._index.last_seq == 101)
        assert "database or disk is full" in caplog.text
        assert store._upkeep.is_alive()
        assert len(bank.transactions(Query(account="ADA", limit=500)).items) == 101
    with sqlite3.connect(tmp_path / "index.db") as database:
        assert database.execute("SELECT seq FROM reach").fetchall() == [(1,)]
    database.close()


def test_where_no_index_can_be_written_there_is_one_for_the_moment(folder: Path) -> None:
    """Guarantee 8: neither a wrong place nor what cannot be thrown away stops a question."""
    (folder / "index.db").unlink()
    (folder / "index.db").mkdir()
    with opened(folder) as bank:
        assert questions(bank) == ANSWERS
    (folder / "index.db").rmdir()
    (folder / "index.db").write_bytes(b"no database at all" * 100)
    (folder / "index.db-wal").mkdir()
    with opened(folder) as bank:
        assert questions(bank) == ANSWERS


@pytest.mark.parametrize("is_indexed", [False, True])
def test_a_changed_row_is_never_served(folder: Path, *, is_indexed: bool) -> None:
    """Guarantee 5: a row that is read is held against the hash of the row before."""
    if is_indexed:
        with opened(folder) as bank:
            assert questions(bank) == ANSWERS
    path = folder / ARCHIVE
    path.write_bytes(path.read_bytes().replace(b"100.00,EUR,-100.00", b"900.00,EUR,-100.00"))
    with opened(folder) as bank:
        for _ in range(2):
            with pytest.raises(DataDamaged, match="Row 1 is not what was written"):
                bank.transactions(Query(account="ADA"))
            with pytest.raises(DataDamaged, match="Row 1 is not what was written"):
                bank.by_key("k1")


@pytest.fixture
def verbs() -> Iterator[None]:
    """One that completes without moving anything, and one that posts twice."""
    before = dict(REGISTRY)

    @command("greet", route="/accounts/{account}/greet")
    class Greet(Command):
        """Greet somebody."""

        account: AccountId

        def accounts(self, look: Look) -> list[str]:
            return [self.account]

        def apply(self, book: Book) -> None:
            book.account(self.account)

    @command("pay_in_twice", route="/accounts/{account}/pay_in_twice")
    class PayInTwice(Command):
        """Pay in twice."""

        account: AccountId
        amount: Amount

        def accounts(self, look: Look) -> list[str]:
            return [self.account]

        def apply(self, book: Book) -> None:
            for _ in range(2):
                book.post(internal_id("CASH", "EUR"), self.account, self.amount)

    yield
    REGISTRY.clear()
    REGISTRY.update(before)


@pytest.mark.usefixtures("verbs")
def test_a_command_that_moves_nothing_changes_no_balance_of_the_past(books: Books) -> None:
    """Guarantee 12."""
    done(books.bank, "open_account", name="Ada", account="ADA", initial_deposit="5")
    done(books.bank, "greet", account="ADA")
    assert str(books.store.balance_at("ADA", books.clock())) == "5.00"


@pytest.mark.usefixtures("verbs")
@pytest.mark.parametrize("rows_at_once", [1, 2, 3, 4])
def test_wherever_indexing_stops_a_transaction_is_whole(
    tmp_path: Path, rows_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guarantee 12: an index that was stopped goes on as if it had not been."""
    monkeypatch.setattr(indexes, "ROWS_AT_ONCE", rows_at_once)
    with opened(tmp_path) as bank:
        done(bank, "open_account", name="Ada", account="ADA", initial_deposit="5")
        paid = done(bank, "pay_in_twice", account="ADA", amount="1")
        store = bank.store
        assert isinstance(store, CsvStore)
        store._index._asked(lambda: store._index._add_some(store._shelf.end))
    with opened(tmp_path) as bank:
        assert bank.transaction(paid.id).seq == 2
        found = bank.transactions(Query(account="ADA")).items
        assert [(each.seq, len(each.postings)) for each in found] == [(2, 2), (1, 1)]


def test_what_is_pending_is_listed_by_the_time_when_it_was_asked(books: Books) -> None:
    """Guarantee 12: it has no outcome yet whose time could count."""
    bank, store = books.bank, books.store
    done(bank, "open_account", name="Ada", account="ADA", initial_deposit="5")
    before = books.clock()
    waiting = ticket("deposit", account="ADA", amount="1")
    waiting.id, waiting.status = f"T{store.number(1):011d}", PENDING
    waiting.created_at, waiting.actor = books.clock(), "local"
    after = books.clock()
    store.commit([waiting], {})
    done(bank, "deposit", account="ADA", amount="2")
    end = books.clock()

    def seqs(query: Query) -> list[int]:
        return [each.seq for each in store.transactions(query).items]

    assert seqs(Query(since=before)) == [3, 2]
    assert seqs(Query(since=after)) == [3]
    assert seqs(Query(since=end)) == []
    assert seqs(Query(until=after)) == [2, 1]
    assert seqs(Query(until=before)) == [1]
    assert seqs(Query(since=before, until=after)) == [2]


def test_a_question_does_not_wait_until_all_rows_are_indexed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexes, "ROWS_AT_ONCE", 10)
    with opened(folder) as bank:
        for _ in range(200):
            bank.carry_out([ticket("deposit", account="ADA", amount="1") for _ in range(10)])
        index = bank.store._index  # type: ignore[attr-defined]
        begun = Event()
        other = Thread(target=index.catch_up, args=(lambda *_: begun.set(),))
        other.start()
        assert begun.wait(DEADLINE)
        assert index.named("nobody's") is None
        assert index.last_seq < 2000
        other.join()
