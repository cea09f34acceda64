"""Settings → store → bank: the one place that names concrete classes."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import SimpleBankingSystem.commands  # noqa: F401 - importing them registers the verbs
from SimpleBankingSystem import config
from SimpleBankingSystem.clock import Clock, utc_now
from SimpleBankingSystem.commands.base import Action, Command, Request
from SimpleBankingSystem.config import Settings
from SimpleBankingSystem.engine import bank as engine
from SimpleBankingSystem.ledger.errors import InvalidSettings
from SimpleBankingSystem.ledger.transaction import Transaction
from SimpleBankingSystem.stores.base import Progress, Report, Store, silent

if TYPE_CHECKING:
    # A command starts sooner without the questions.
    from SimpleBankingSystem.questions.base import Answer, Question

log = logging.getLogger(__name__)


class Bank(engine.Bank):
    """The bank, ready to be opened by the URL of its store."""

    @classmethod
    def open(
        cls,
        url: str = "",
        *,
        clock: Clock = utc_now,
        progress: Progress = silent,
        **settings: object,
    ) -> Self:
        """Open the books at a URL: ``csv:FOLDER`` or ``memory:``; a blank one is the default.

        ``settings`` are those of ``config.py`` by name; ``progress`` is told of a long start.

        Raises:
            InvalidSettings: a setting, or the machine, does not allow it.
            InUse: another process holds the books.
            DataDamaged: they are not what the bank wrote.
        """
        chosen = {"store": url, **settings} if url else settings
        return cls.start(config.given(chosen), clock=clock, progress=progress)

    @classmethod
    def start(
        cls, settings: Settings, *, clock: Clock = utc_now, progress: Progress = silent
    ) -> Self:
        """Open the books that settings name; raises what ``open`` raises."""
        store = open_store(settings, clock, progress)
        try:
            return cls(
                store,
                currency=settings.currency,
                workers=settings.workers,
                queue=settings.queue,
                batch=settings.batch,
                clock=clock,
            )
        except BaseException:
            store.close()
            raise

    def give(self, request: Request, key: str = "") -> Answer:
        """Carry out a command or an action; return what came of it as every surface shows it.

        Raises what ``execute`` and ``perform`` raise.
        """
        if isinstance(request, Command):
            return self.execute(request, key=key).to_dict()
        assert isinstance(request, Action)
        done: Any = self.perform(request)
        return done.to_dict() if isinstance(done, Transaction) else done

    def ask(self, question: Question) -> Answer:
        """Answer a question, in the shape that every surface gives."""
        return question.answer(self)


def open_store(settings: Settings, clock: Clock, progress: Progress) -> Store:
    """Open the store that ``settings.store`` names.

    Raises:
        InvalidSettings: no store has that name, or the machine is Windows.
    """
    check_machine(sys.platform)
    scheme, _, place = settings.store.partition(":")
    opener = STORES.get(scheme)
    if opener is None:
        raise settings.refuse("store", "must be csv:FOLDER, or memory: to keep nothing")
    return opener(place, settings, clock, progress)


def check_books(
    settings: Settings, progress: Progress = silent, *, chain_only: bool = False, expect: str = ""
) -> Report:
    """Check the books that settings name without opening them, so also such as are damaged.

    Raises:
        InvalidSettings: the store keeps nothing that could be checked, or this is Windows.
        InUse: another process holds the books.
        DataDamaged: there are no books.
    """
    folder = _folder(settings)
    from SimpleBankingSystem.stores.csv_files.verify import verify_folder

    return verify_folder(folder, progress, chain_only=chain_only, expect=expect)


def back_up_books(
    settings: Settings, target: Path, progress: Progress = silent, *, clock: Clock = utc_now
) -> Report:
    """Copy the books that settings name to a new folder, also while somebody holds them.

    Raises:
        InvalidSettings: the store keeps nothing that could be copied, or this is Windows.
        InvalidCommand: there is something in the folder.
        DataDamaged: there are no books, or their files do not belong together.
        OSError: a file cannot be read or written.
    """
    folder = _folder(settings)
    from SimpleBankingSystem.stores.csv_files.backup import back_up

    return back_up(folder, target, clock, progress)


def restore_books(
    settings: Settings, source: Path, progress: Progress = silent, *, clock: Clock = utc_now
) -> Report:
    """Put a backup in place of the books that settings name, which are moved aside.

    Raises:
        InvalidSettings: the store keeps no files, or the machine cannot put them in place.
        InvalidCommand: the backup is the books themselves.
        InUse: a process holds the books, or the backup.
        DataDamaged: the backup is damaged, or there are no books in it.
        OSError: a file cannot be read or written.
    """
    folder = _folder(settings)
    from SimpleBankingSystem.stores.csv_files.restore import restore

    return restore(source, folder, clock, progress)


def repair_books(
    settings: Settings, progress: Progress = silent, *, clock: Clock = utc_now
) -> Report:
    """Give files that were only saved in another look their own bytes back.

    Raises:
        InvalidSettings: the store keeps no files, or this is Windows.
        InUse: a process holds the books.
        DataDamaged: there are no books, or more than the look was changed.
        OSError: a file cannot be read or written.
    """
    folder = _folder(settings)
    from SimpleBankingSystem.stores.csv_files.repair import repair_looks

    return repair_looks(folder, clock, progress)


def _folder(settings: Settings) -> Path:
    """Return the folder of the books that settings name."""
    check_machine(sys.platform)
    scheme, _, place = settings.store.partition(":")
    if scheme != "csv" or not place:
        raise settings.refuse("store", "must be csv:FOLDER: this is done to files")
    return Path(place).expanduser()


def calm_collector() -> None:
    """Let Python look for circular rubbish a hundred times less often than it would.

    The bank makes some dozens of objects per command and none in circles; looking costs a tenth
    of the time. Only a process of the bank's own does this, never the library in another's.
    """
    gc.freeze()
    gc.set_threshold(70_000, 20, 100)


def check_machine(platform: str) -> None:
    """Refuse Windows, whose disks and locks nobody has proved.

    Raises:
        InvalidSettings: it is Windows.
    """
    if platform == "win32":
        raise InvalidSettings("The bank does not run on Windows itself: use Docker or WSL.")


def _open_csv(place: str, settings: Settings, clock: Clock, progress: Progress) -> Store:
    if not place:
        raise settings.refuse("store", "names no folder: write csv:FOLDER")
    from SimpleBankingSystem.stores.csv_files.store import CsvStore

    store = CsvStore(
        Path(place).expanduser(),
        clock=clock,
        archive_after=settings.archive_after,
        progress=progress,
    )
    _tell(store.start_report)
    return store


def _tell(report: Report) -> None:
    """Put into the log what a start did; a person sees it if anything noteworthy happened."""
    facts = report.facts
    noteworthy = report.problems or facts["after_a_crash"] or facts["queued_again"]
    log.log(
        logging.WARNING if noteworthy else logging.INFO,
        "The books were opened%s: %s rows replayed, %s bytes set aside, %s accepted transactions "
        "queued again, %s seconds.",
        " after a crash" if facts["after_a_crash"] else "",
        facts["rows_replayed"],
        facts["bytes_set_aside"],
        facts["queued_again"],
        facts["seconds"],
        extra={"facts": facts},
    )
    for problem in report.problems:
        log.warning("%s", problem)


def _open_memory(place: str, settings: Settings, clock: Clock, progress: Progress) -> Store:
    del progress
    if place:
        raise settings.refuse("store", "needs nothing after the colon: write memory:")
    from SimpleBankingSystem.stores.memory import MemoryStore

    return MemoryStore(clock)


STORES: dict[str, Callable[[str, Settings, Clock, Progress], Store]] = {
    "csv": _open_csv,
    "memory": _open_memory,
}
"""Every kind of store by the scheme of its URL; each is imported only when it is chosen."""
