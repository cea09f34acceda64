"""Opening the books: telling a tear from damage, and folding what is whole into the state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from time import monotonic

from SimpleBankingSystem.clock import Clock
from SimpleBankingSystem.commands.define_product import DefineProduct
from SimpleBankingSystem.ledger.errors import DataDamaged, DiskFull, InvalidSettings
from SimpleBankingSystem.stores.base import Progress, Report
from SimpleBankingSystem.stores.csv_files import head as heads
from SimpleBankingSystem.stores.csv_files import products
from SimpleBankingSystem.stores.csv_files.archiver import begin_next_file, is_begun_copy, repeated
from SimpleBankingSystem.stores.csv_files.differences import Expected, expected_snapshots
from SimpleBankingSystem.stores.csv_files.disk import Disk, File, found_no_room
from SimpleBankingSystem.stores.csv_files.files import START, Files
from SimpleBankingSystem.stores.csv_files.fold import Fold
from SimpleBankingSystem.stores.csv_files.format import FIRST_HASH, JOURNAL_HEADER, SEQ
from SimpleBankingSystem.stores.csv_files.head import Anchor, Head
from SimpleBankingSystem.stores.csv_files.journal import Journal
from SimpleBankingSystem.stores.csv_files.problems import WAYS_ON, Problems, missing_rows
from SimpleBankingSystem.stores.csv_files.quarantine import Quarantine
from SimpleBankingSystem.stores.csv_files.refusal import broken_row, changed_header
from SimpleBankingSystem.stores.csv_files.rows import (
    MARK,
    BrokenRow,
    Chain,
    Place,
    later_commit_follows,
    lines_of,
)
from SimpleBankingSystem.stores.csv_files.snapshot import PRODUCTS, SNAPSHOTS, digest
from SimpleBankingSystem.stores.state import State


class Recovery:
    """Opens a data directory once; ``head``, ``journal``, ``state`` and ``report`` are the result.

    ``changes`` are what somebody changed in products.toml, to be recorded.

    Nothing acknowledged is ever dropped: an unacknowledged last commit is set aside whole in
    ``quarantine/``, anything else that does not fit raises DataDamaged.
    """

    start: int
    """Where in the journal's file the rows begin that the archive has not."""

    def __init__(self, disk: Disk, files: Files, clock: Clock, progress: Progress) -> None:
        self._disk = disk
        self._files = files
        self._progress = progress
        begun = monotonic()
        self.report = Report()
        self.state = State()
        self.last_time = ""
        self.changes: list[DefineProduct] = []
        self._quarantine = Quarantine(disk, files.quarantine, clock)
        self._aside: list[tuple[Path, int, str]] = []
        self._bytes_aside, self._copies = 0, list[str]()
        if not disk.exists(files.head):
            create_books(disk, files)
        self.head = Head(disk, files.head)
        # What a killed bank wrote may be in the page cache only, and rows are dropped at its word.
        self.head.sync()
        self._settle_archive()
        self.journal = Journal(disk, files.journal, self._quarantine)
        self._check_header(self.journal.file)
        after_a_crash = not self.head.anchor.clean
        end = self._read_books()
        self._make_durable(end)
        self.report.facts |= {
            "after_a_crash": after_a_crash,
            "bytes_set_aside": self._bytes_aside,
            "set_aside_in": self._copies,
            "queued_again": len(self.state.pending),
            "seconds": round(monotonic() - begun, 3),
        }

    def _settle_archive(self) -> None:
        """Finish or take back an archiving that a crash interrupted before it was in the head."""
        disk, files = self._disk, self._files
        *full, numbered = (files.rolled(at + 1) for at in range(self.head.anchor.archive_files + 1))
        is_numbered = disk.exists(numbered)
        for path in [*full, *([] if is_numbered else [files.archive]), files.journal]:
            if not disk.exists(path):
                raise DataDamaged(f"{path} is missing. {WAYS_ON}")
        if is_numbered:
            # The head would have known of the first row behind it.
            with closing(disk.open(numbered)) as file:
                is_next = not self._surplus(file)
            if not is_next or (disk.exists(files.archive) and disk.size(files.archive) > START):
                raise DataDamaged(f"{numbered} is more than {files.head} knows of. {WAYS_ON}")
            begin_next_file(disk, files, self.head, nullcontext)
        with closing(disk.open(files.archive)) as archive:
            if not self._surplus(archive):
                return
            end = self.head.anchor.archive_bytes
            if not is_begun_copy(disk, archive, end, files.journal):
                message = f"{archive.path} goes on behind the last row that was archived. {WAYS_ON}"
                raise DataDamaged(message)
            archive.cut(end)
            archive.sync()

    def _surplus(self, archive: File) -> int:
        """Return how many bytes stand behind the last archived row, which must be in its place."""
        anchor = self.head.anchor
        self._check_header(archive)
        surplus = archive.size() - anchor.archive_bytes
        if surplus < 0:
            message = f"{archive.path} is {-surplus} bytes shorter than it was. {WAYS_ON}"
            raise DataDamaged(message)
        end = archive.read_at(anchor.archive_bytes - MARK - 1, MARK + 1)
        if anchor.archived_rows and end != anchor.archive_hash.encode() + b"\n":
            place = f"row {anchor.archive_seq}, the last that was archived, is not in its place"
            raise DataDamaged(f"{archive.path}: {place}. {WAYS_ON}")
        return surplus

    def _check_header(self, file: File) -> None:
        if file.read_at(0, START) != JOURNAL_HEADER:
            raise DataDamaged(f"{file.path}, line 1{changed_header(self._disk, file)} {WAYS_ON}")

    def _read_books(self) -> Place:
        """Fold the books into the state; return the end of the last whole commit."""
        anchor = self.head.anchor
        self.start = start = START + self._dropped_late(anchor)
        self._rewrite = start > START or not anchor.clean
        is_loaded = self._load_snapshots(anchor)
        fold = Fold(self.state, self.head.anchor.snapshots_as_of if is_loaded else 0)
        if not is_loaded:
            self._fold_archive(fold, anchor)
        chain = Chain(Place(anchor.archive_seq, anchor.archive_hash, start))
        rows = chain.rows(self._journal_lines(start))
        changed = [] if is_loaded else expected_snapshots(self._disk, self._files, anchor)
        try:
            for snapshot in changed:
                if chain.place.seq < snapshot.as_of:
                    fold.add(up_to(rows, snapshot.as_of))
                fold.finish()
                self._name_troubles(snapshot)
            fold.add(rows)
        except BrokenRow as broken:
            fold.finish()
            self._tear_or_damage(broken, anchor)
        fold.finish()
        self._check_reach(chain.place, anchor)
        self.state.last_seq = chain.place.seq
        self.state.last_transaction = max(self.state.last_transaction, anchor.last_transaction)
        self.last_time = max(fold.last_time, anchor.last_time)
        self.report.facts["rows_replayed"] = fold.rows
        return chain.place

    def _load_snapshots(self, anchor: Anchor) -> bool:
        """Load the snapshots, unless one is not what the head knows.

        Then the state is empty and everything has to be replayed.
        """
        disk, folder = self._disk, self._files.folder
        paths = [folder / each.name for each in SNAPSHOTS]
        texts = [disk.read(path) if disk.exists(path) else b"" for path in paths]
        digests = " ".join(map(digest, texts))
        if digests == anchor.next_digests:
            self.head.write(snapshots_as_of=anchor.next_as_of, digests=digests)
        kept = self.head.anchor
        if digests != kept.digests or kept.snapshots_as_of < anchor.archive_seq:
            return False
        for snapshot, text in zip(SNAPSHOTS, texts, strict=True):
            snapshot.load(self.state, text)
        return True

    def _fold_archive(self, fold: Fold, anchor: Anchor) -> None:
        place = Place(0, FIRST_HASH, START)
        paths = [self._files.rolled(number + 1) for number in range(anchor.archive_files)]
        for path in [*paths, self._files.archive]:
            chain = Chain(Place(place.seq, place.mark, START))
            with closing(self._disk.open(path)) as file:
                self._check_header(file)
                try:
                    blocks = self._disk.blocks(file, START, file.size())
                    fold.add(chain.rows(lines_of(self._told(blocks, file.size()))))
                except BrokenRow as broken:
                    fold.finish()
                    raise self._damage(file, broken) from broken
            place = chain.place
        if (place.seq, place.mark) != (anchor.archive_seq, anchor.archive_hash):
            raise DataDamaged(f"{self._files.archive} does not end where it did. {WAYS_ON}")

    def _journal_lines(self, start: int) -> Iterator[bytes]:
        size = self.journal.length
        return lines_of(self._told(self._disk.blocks(self.journal.file, start, size), size))

    def _told(self, blocks: Iterator[bytes], total: int) -> Iterator[bytes]:
        done = 0
        for block in blocks:
            yield block
            done += len(block)
            self._progress(done, total)

    def _name_troubles(self, snapshot: Expected) -> None:
        """Say what somebody changed in a snapshot, which is to be set aside."""
        path, found = snapshot.path, Problems()
        if snapshot.snapshot is PRODUCTS and self._disk.exists(path):
            self._note_changes(path)
            return
        for line, text in snapshot.troubles(self._disk, self.state):
            found.add(path.name, text, line)
        if found and self._disk.exists(path):
            self._aside.append((path, 0, f"changed-{path.stem}"))
        self.report.problems += found.texts()

    def _note_changes(self, path: Path) -> None:
        """Note what somebody changed in products.toml; the file is kept, comments and all."""
        data = self._disk.read(path)
        try:
            self.changes = list(products.changes(data, self.state))
            missing = products.missing(data, self.state)
        except ValueError as error:
            remedy = "Mend it, or delete it: it is then written anew, as the journal has it."
            raise InvalidSettings(f"{path}: {error}. {remedy}") from error
        if self.changes:
            self.report.facts["products_changed"] = [each.product for each in self.changes]
        self.report.problems += [f"{path.name}{each}" for each in missing]
        if self.changes or missing:
            self._aside.append((path, 0, f"changed-{path.stem}"))

    def _dropped_late(self, anchor: Anchor) -> int:
        """Return how many bytes of the journal are in the archive already."""
        files = self._files
        length, is_same = repeated(self._disk, files.archive, files.journal, anchor)
        if not is_same:
            raise DataDamaged(f"{files.journal} repeats archived rows, changed. {WAYS_ON}")
        return length

    def _tear_or_damage(self, broken: BrokenRow, anchor: Anchor) -> None:
        """Take an unacknowledged last commit for one to be set aside, refuse anything else.

        After a clean stop there is none.
        """
        blocks = self._disk.blocks(self.journal.file, broken.start)
        acknowledged = broken.place.seq < anchor.last_seq
        if anchor.clean or acknowledged or later_commit_follows(lines_of(blocks), broken.seq):
            raise self._damage(self.journal.file, broken)
        self._aside.append((self._files.journal, broken.place.offset, "torn-commit"))

    def _damage(self, file: File, broken: BrokenRow) -> DataDamaged:
        happened = broken_row(self._disk, file, broken, self.state, self.head.anchor)
        return DataDamaged(f"{file.path}, {happened} {WAYS_ON}")

    def _check_reach(self, place: Place, anchor: Anchor) -> None:
        """Insist that the journal reaches as far as the head knows, or farther after a crash."""
        if place.seq < anchor.last_seq:
            missing = missing_rows(place.seq + 1, anchor.last_seq)
            raise DataDamaged(f"{self._files.journal}: {missing}. {WAYS_ON}")
        if anchor.clean and place.seq > anchor.last_seq:
            more = f"there is more behind row {anchor.last_seq}, the last that the bank wrote here"
            raise DataDamaged(f"{self._files.journal}: {more}. {WAYS_ON}")
        if place.seq == anchor.last_seq and place.mark != anchor.last_hash:
            message = f"{self._files.journal}: row {place.seq} is not the one that was written."
            raise DataDamaged(f"{message} {WAYS_ON}")

    def _make_durable(self, end: Place) -> None:
        """Set aside what does not fit, make the rest durable, and note where it ends.

        Without room for that the bank serves questions and refuses commands.
        """
        self.journal.length = end.offset
        try:
            for path, start, what in self._aside:
                self._set_aside(path, start, what)
            if self._rewrite:
                self._rewrite_journal(end)
            self.head.write(
                clean=0,
                last_seq=end.seq,
                last_hash=end.mark,
                last_transaction=self.state.last_transaction,
                last_time=self.last_time,
                journal_bytes=self.journal.length,
            )
            self.head.sync()
        except OSError as error:
            if not found_no_room(error):
                raise
            message = f"No room to secure the journal ({error.strerror}); read only."
            self.journal.broken = DiskFull(message)
            self.report.problems.append(message)

    def _set_aside(self, path: Path, start: int, what: str) -> None:
        """Copy the end of a file to quarantine/, durably, and say so."""
        with closing(self._disk.open(path)) as file:
            size = file.size()
            copy = self._quarantine.keep(file, start, size, what)
        self._bytes_aside += size - start
        self._copies.append(str(copy))
        self.report.problems.append(f"{size - start} bytes of {path.name} are set aside in {copy}.")

    def _rewrite_journal(self, end: Place) -> None:
        """Put the verified rows into a new file.

        What a crash left may be in the page cache only; a new file with a sync of its own makes
        it durable.
        """
        blocks = self._disk.blocks(self.journal.file, self.start, end.offset)
        self._disk.replace(self._files.journal, JOURNAL_HEADER, *blocks)
        self.journal.close()
        self.journal, self.start = self.journal.reopened(), START


def create_books(disk: Disk, files: Files) -> None:
    """Make new books, the head last: without it nothing was ever acknowledged.

    Raises:
        DataDamaged: there are rows but no head; it must have been deleted.
    """
    made = {
        files.journal: JOURNAL_HEADER,
        files.archive: JOURNAL_HEADER,
        **{files.folder / each.name: each.encode(State(), 0) for each in SNAPSHOTS},
    }
    for path, content in made.items():
        if disk.exists(path) and len(disk.read(path)) > len(content):
            message = f"{path} has rows but {files.head} is missing. {WAYS_ON}"
            raise DataDamaged(message)
    for path, content in made.items():
        disk.replace(path, content)
    anchor = Anchor(
        clean=1,
        journal_bytes=START,
        archive_bytes=START,
        digests=" ".join(digest(made[files.folder / each.name]) for each in SNAPSHOTS),
    )
    heads.create(disk, files.head, anchor)


def up_to(rows: Iterator[list[str]], seq: int) -> Iterator[list[str]]:
    """Yield the rows up to a seq and leave the rest."""
    for row in rows:
        yield row
        if int(row[SEQ]) >= seq:
            return
