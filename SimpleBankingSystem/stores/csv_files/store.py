"""The CSV store: plain files that a spreadsheet opens, kept by the rules of a database.

``commit`` is the heart: one write and one sync of the journal, then the head, then the published
state. The other modules of this folder each keep one file: ``journal`` transactions.csv, ``head``
head.csv, ``archiver`` the archive, ``index`` index.db, ``snapshot`` accounts.csv and those of the
other entities; ``recovery`` opens them all and ``verify`` checks them against each other.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from threading import Event, Lock, RLock, Thread

from SimpleBankingSystem.clock import Clock
from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.ledger.errors import BankError, DiskFull, InvalidSettings, OutcomeUnknown
from SimpleBankingSystem.ledger.run import LinesDone
from SimpleBankingSystem.ledger.transaction import PENDING, Transaction
from SimpleBankingSystem.stores.base import Extract, Page, Progress, Query, Report, Tally, silent
from SimpleBankingSystem.stores.csv_files.archiver import Archiver
from SimpleBankingSystem.stores.csv_files.disk import Disk, found_no_room
from SimpleBankingSystem.stores.csv_files.files import START, Files
from SimpleBankingSystem.stores.csv_files.format import encode
from SimpleBankingSystem.stores.csv_files.index import Index
from SimpleBankingSystem.stores.csv_files.lock import Lock as FolderLock
from SimpleBankingSystem.stores.csv_files.quarantine import Quarantine
from SimpleBankingSystem.stores.csv_files.recovery import Recovery
from SimpleBankingSystem.stores.csv_files.rows import Place
from SimpleBankingSystem.stores.csv_files.shelf import Shelf
from SimpleBankingSystem.stores.csv_files.snapshot import PRODUCTS, digest
from SimpleBankingSystem.stores.csv_files.verify import verify
from SimpleBankingSystem.stores.state import StateStore

log = logging.getLogger(__name__)

UPKEEP_SECONDS = 1.0
"""How often the head is synced, the index brought up to date and the journal's length looked at."""

SHORT = 10
"""A journal is short, so that a start is quick, with this part of the rows at which it is archived
while the bank runs."""

NAMES_AT_MOST = 50_000
"""Keys kept in memory before the index takes them over, even while the bank is busy."""


def refused(error: OSError) -> BankError:
    """Return what to tell whoever wanted something that the disk could not do."""
    if found_no_room(error):
        return DiskFull(f"The disk has no room ({error.strerror}).")
    return OutcomeUnknown(f"The disk failed ({error.strerror}: {error.filename}).")


class CsvStore(StateStore):
    """Books in one folder, held by one process.

    ``archive_after`` is the number of journal rows at which archiving starts by itself.
    ``upkeep`` starts the thread that does so; tests that drive the disk step by step leave it out.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Clock,
        archive_after: int = 100_000,
        progress: Progress = silent,
        disk: Disk | None = None,
        upkeep: bool = True,
    ) -> None:
        if sys.platform == "win32":
            message = "Windows cannot keep these books safely; use Docker or WSL."
            raise InvalidSettings(message)
        self._disk = disk or Disk()
        self._files = Files(folder)
        self._clock = clock
        self._archive_after = archive_after
        self._disk.make_folder(folder)
        self._lock = FolderLock(folder)
        try:
            self._open(progress)
        except BaseException:
            self._lock.release()
            raise
        self._section = Lock()
        self._upkeep_section = RLock()
        self._stopping = Event()
        self._upkeep = Thread(target=self._keep_up, name="upkeep", daemon=True)
        if upkeep:
            self._upkeep.start()

    def _open(self, progress: Progress) -> None:
        try:
            recovered = Recovery(self._disk, self._files, self._clock, progress)
        except OSError as error:
            raise refused(error) from error
        self.start_report = recovered.report
        self.requested = recovered.changes
        self._state = recovered.state
        self._head, self._journal = recovered.head, recovered.journal
        self._last_time = recovered.last_time
        anchor = self._head.anchor
        self._hash = anchor.last_hash
        archived = Place(anchor.archive_seq, anchor.archive_hash, START)
        self._pending_at = dict.fromkeys(self._state.pending, archived)
        self._unswapped: Place | None = None
        self._shelf = Shelf(self._disk, self._files)
        self._shelf.place(
            anchor.archive_files,
            anchor.archive_bytes,
            self._journal.file,
            self._journal.length,
            recovered.start,
        )
        self._archiver = Archiver(self._disk, self._files, self._head, self._shelf)
        self._products_found = digest(self._read_products())
        self._index = Index(self._files.index, self._shelf, anchor.archive_seq)

    @property
    def fault(self) -> BankError | None:
        return self._journal.broken

    # The commit section

    def commit(self, tickets: Sequence[Ticket], accounts: Mapping[str, Account]) -> None:
        """Append the batch's rows durably, then publish."""
        with self._section:
            state = self._state
            now = max(self._clock(), self._last_time)
            internal, last_seq = state.settle(tickets, now)
            data, mark = encode(tickets, last_seq, self._hash, now)
            before = Place(state.last_seq, self._hash, self._journal.length)
            self._journal.append(data)
            # The rows are durable: nobody may be told that nothing was taken, whatever happens.
            try:
                self._head.write(
                    last_seq=last_seq,
                    last_hash=mark,
                    last_transaction=state.last_transaction,
                    last_time=now,
                    journal_bytes=self._journal.length,
                )
                state.last_seq = last_seq
                self._hash, self._last_time = mark, now
                self._shelf.grow(self._journal.length)
                state.publish(tickets, {**accounts, **internal})
                if state.pending or self._pending_at:
                    self._note_pending(tickets, before)
            except BaseException as error:
                raise self._journal.stop(error) from error

    @contextmanager
    def _sound(self) -> Iterator[None]:
        """Hold the commit section, if the journal is still to be trusted.

        Raises:
            BankError: the disk failed, or somebody else wrote to the journal.
        """
        with self._section:
            self._journal.check()
            yield

    @contextmanager
    def _stopping_at_faults(self) -> Iterator[None]:
        """Let no error of the disk pass: for want of room it is tried again, any other is final.

        Raises:
            DiskFull: there is no room; nothing is lost.
            OutcomeUnknown: the disk failed.
        """
        try:
            yield
        except OSError as error:
            if found_no_room(error):
                raise refused(error) from error
            raise self._journal.stop(error) from error

    def _note_pending(self, tickets: Sequence[Ticket], before: Place) -> None:
        """Remember where rows without an outcome begin: the archive never goes past them."""
        for ticket in tickets:
            if ticket.status == PENDING:
                self._pending_at.setdefault(ticket.id, before)
            else:
                self._pending_at.pop(ticket.id, None)

    # Upkeep

    def _keep_up(self) -> None:
        """Do what can be late by a second, in a thread of its own."""
        seen, said = -1, ""
        while self._journal.broken is None and not self._stopping.wait(UPKEEP_SECONDS):
            try:
                with self._stopping_at_faults():
                    with self._sound():
                        rows = self._state.last_seq - self._head.anchor.archive_seq
                    self._head.sync()
                if rows > self._archive_after:
                    self.archive()
                idle = seen == self._state.last_seq
                if idle or len(self._state.names) > NAMES_AT_MOST:
                    self._catch_up()
                seen = self._state.last_seq
            except BankError as error:
                if error.message != said:
                    log.error("upkeep: %s", error.message)
                said = error.message
            except Exception:
                # Upkeep is late then; without it the head would never be synced again.
                log.exception("upkeep failed")

    def archive(self) -> Report:
        """Move the finished part of the journal to the archive; commits go on meanwhile."""
        with self._upkeep_section, self._stopping_at_faults():
            before = self._head.anchor.archive_seq
            if self._unswapped is None:
                with self._sound():
                    end = Place(self._state.last_seq, self._hash, self._journal.length)
                    cut = min(self._pending_at.values(), key=lambda each: each.seq, default=end)
                if cut.seq <= before:
                    return Report({"archived": 0})
                self.snapshot()
                self._archiver.copy(self._journal, cut, self._sound)
                self._unswapped = cut
            cut = self._unswapped
            with self._sound():
                self._journal = self._archiver.swap(self._journal, cut)
                distance = cut.offset - START
                self._pending_at = {
                    name: each.moved(distance) for name, each in self._pending_at.items()
                }
                self._unswapped = None
                self._head.write(journal_bytes=self._journal.length)
                self._head.sync()
            return Report({"archived": cut.seq - before, "last_archived_seq": cut.seq})

    def snapshot(self) -> Report:
        """Write the snapshots as they are now."""
        with self._upkeep_section, self._stopping_at_faults():
            with self._sound():
                as_of, state = self._state.last_seq, self._state.copy()
            problems = self._keep_edit()
            self._archiver.snapshot(state, as_of, self._sound)
            return Report({"accounts": len(state.accounts), "as_of": as_of}, problems)

    def _read_products(self) -> bytes:
        path = self._files.folder / PRODUCTS.name
        return self._disk.read(path) if self._disk.exists(path) else b""

    def _keep_edit(self) -> list[str]:
        """Keep what somebody wrote into products.toml meanwhile: it is about to be replaced.

        It is not taken over: it does not know of products that were defined since it was read.
        """
        found, anchor = digest(self._read_products()), self._head.anchor
        known = f"{anchor.digests} {anchor.next_digests}".split()
        if found in {*known, self._products_found, digest(b"")}:
            return []
        with closing(self._disk.open_to_read(self._files.folder / PRODUCTS.name)) as file:
            quarantine = Quarantine(self._disk, self._files.quarantine, self._clock)
            copy = quarantine.keep(file, 0, file.size(), "changed-products")
        problem = (
            f"{PRODUCTS.name} was changed while the bank ran, which changes no product: stop it "
            f"first, or use bank define-product. What was written is in {copy}."
        )
        log.warning("%s", problem)
        return [problem]

    def _catch_up(self, progress: Progress = silent) -> None:
        """Bring the index up to date; it takes over the names that memory held for it."""
        with self._section:
            names = list(self._state.names.items())
        self._index.catch_up(progress)
        with self._section:
            for name, transaction_id in names:
                if self._state.names.get(name) == transaction_id:
                    del self._state.names[name]

    def verify(
        self, progress: Progress = silent, *, chain_only: bool = False, expect: str = ""
    ) -> Report:
        """Check the files against each other as they are at this moment."""
        with self._upkeep_section:
            problems = self.snapshot().problems
            with self._section:
                anchor = self._head.anchor
            report = verify(
                self._disk, self._files, anchor, progress, chain_only=chain_only, expect=expect
            )
            return Report(report.facts, [*problems, *report.problems])

    def announce(self, url: str) -> None:
        self._lock.announce(url)

    def close(self) -> None:
        """Write the snapshots, mark the books as clean and let go of them."""
        self._stopping.set()
        if self._upkeep.is_alive():
            self._upkeep.join()
        try:
            if self._journal.broken is None:
                self._shorten()
                self.snapshot()
                with self._stopping_at_faults(), self._sound():
                    self._head.write(clean=1)
                    self._head.sync()
        finally:
            self._index.close()
            self._journal.close()
            self._head.close()
            self._lock.release()

    def _shorten(self) -> None:
        """Archive a journal that is no longer short: the next start reads all of its rows."""
        rows = self._state.last_seq - self._head.anchor.archive_seq
        if rows * SHORT > self._archive_after:
            try:
                self.archive()
            except DiskFull as error:
                log.warning("the journal stays as long as it is: %s", error.message)

    # Questions

    def transaction(self, transaction_id: str) -> Transaction | None:
        """Return a transaction as last recorded."""
        self._catch_up()
        return self._index.transaction(transaction_id)

    def by_key(self, key: str) -> Transaction | None:
        """Return the transaction of a key."""
        transaction_id = self._named(key)
        return self.transaction(transaction_id) if transaction_id else None

    def claimed(self, name: str) -> bool:
        """Tell whether a once-only name is taken."""
        return self._named(name) is not None

    def _named(self, name: str) -> str | None:
        """Return the transaction that has a key or claimed a name.

        Memory has the names of the journal's rows, but for those that the index took over.
        """
        found = self._state.names.get(name)
        return self._index.named(name) if found is None else found

    def transactions(self, query: Query) -> Page:
        """Return one page of transactions."""
        self._catch_up()
        return self._index.page(query, self.pending())

    def balance_at(self, account_id: str, moment: str) -> Decimal | None:
        """Return an account's balance after the last commit at or before a time."""
        self._catch_up()
        return self._index.balance_at(account_id, moment)

    def extract(self, account_id: str, since: str, until: str, limit: int, cursor: int) -> Extract:
        """Return what moved money on an account on value days."""
        self._catch_up()
        account = self._state.accounts[account_id]
        return self._index.extract(account, since, until, limit, cursor)

    def top_spenders(self, currency: str, limit: int) -> Sequence[tuple[str, Decimal]]:
        """Return the accounts from which most has gone out, and how much."""
        self._catch_up()
        return self._index.top_spenders(currency, limit)

    def tallies(self, since: str, until: str) -> Sequence[Tally]:
        """Return how commands fared, for each booking day."""
        self._catch_up()
        return self._index.tallies(since, until)

    def failed(self) -> Iterator[Transaction]:
        """Return the FAILED transactions."""
        self._catch_up()
        return self._index.failed()

    def group_of(self, transaction: Transaction) -> Sequence[Transaction]:
        """Return all members of a transaction's group."""
        if not transaction.group:
            return [transaction]
        self._catch_up()
        return self._index.group_of(transaction)

    def lines_done(self, run_id: str) -> LinesDone:
        """Return which lines of a run are recorded."""
        return self._state.lines.get(run_id, LinesDone())
