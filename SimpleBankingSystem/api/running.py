"""Command files over HTTP: taken durably, carried out by a thread each, resumed after a crash."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, Thread
from typing import IO, BinaryIO

from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.ledger.errors import BankError, Busy, DiskFull, InternalError, NotFound
from SimpleBankingSystem.ledger.run import RUNNING, Run
from SimpleBankingSystem.problems import problem
from SimpleBankingSystem.runs import Options, Outcome, run_file
from SimpleBankingSystem.runs.results import refused_path
from SimpleBankingSystem.stores.csv_files.disk import BLOCK, Disk
from SimpleBankingSystem.wire import KINDS

log = logging.getLogger(__name__)

STOPS = ".stop_on_error"
"""Ends the name of an empty file beside a command file that was given to stop at an error."""

Counts = tuple[int, int, int, int, int, int]
"""Bytes read, bytes in all; lines dealt with, COMPLETED, FAILED and REJECTED."""


class Runs:
    """The command files of one bank, in a folder: each file is there before its run begins."""

    def __init__(self, bank: Bank, folder: Path) -> None:
        self.bank = bank
        self._folder = folder
        self._disk = Disk()
        self._lock = Lock()
        self._running: dict[str, Future[str]] = {}
        self._counts: dict[str, Counts] = {}
        self._ended: dict[str, dict[str, object]] = {}
        self._threads: list[Thread] = []
        self._is_broken_off = False

    def take(self, blocks: Iterator[bytes], extension: str, options: Options) -> str:
        """Take a command file durably, begin to carry it out, and return the run's id.

        Raises:
            InvalidFile: it is no command file.
            RunRefused: it looks like an earlier run that was changed since.
            DiskFull: there is no room for it.
        """
        path, is_new = self._kept(blocks, extension)
        return self._begin(path, options, is_new=is_new).result()

    def rehearse(self, stream: BinaryIO, options: Options) -> dict[str, object]:
        """Carry out a command file and keep nothing; return the shape of what it came to."""
        with TemporaryDirectory() as folder:
            results = Path(folder) / "results.csv"
            asked = replace(options, results=results, name=options.name or "dry run")
            outcome = run_file(self.bank, stream, asked, self._go_on)
            refused = outcome.refused_file
            return {
                "id": outcome.run_id,
                "name": outcome.name,
                "ended": end_of(outcome),
                "results": text_of(results),
                "refused": text_of(refused) if refused else "",
            }

    def break_off(self) -> None:
        """Let rehearsals end: nobody is left to hear of them."""
        self._is_broken_off = True

    def _go_on(self, *_counts: int) -> None:
        if self._is_broken_off:
            raise Busy("The bank is stopping.")

    def resume(self) -> None:
        """Go on with the runs that a stop or a crash broke off, as far as their files are here.

        One that was to stop at an error may have met it, and waits until its file is given again.
        """
        for run in self.bank.runs():
            found = list(self._folder.glob(f"{run.digest}.*")) if run.status == RUNNING else []
            for path in [each for each in found if each.suffix in {".csv", ".jsonl"}]:
                if ".results" in path.name or ".refused" in path.name:
                    continue
                if path.with_suffix(STOPS).exists():
                    self._ended[run.id] = {"stopped": True}
                else:
                    self._begin(path, Options(name=run.name), is_new=False)

    def counts(self, run_id: str) -> Counts | None:
        """Return how far a run is, None where nobody carries it out."""
        return self._counts.get(run_id)

    def ended(self, run_id: str) -> Mapping[str, object] | None:
        """Return what came of a run's last execution, None where this process saw no end of it."""
        return self._ended.get(run_id)

    def results(self, run: Run) -> Path:
        """Return the results file of a run.

        Raises:
            NotFound: it was not given over HTTP.
        """
        path = self._results(run.digest)
        if not path.exists():
            raise NotFound(f"The results of {run.id} are not kept here.")
        return path

    def refused(self, run: Run) -> Path:
        """Return the file of a run's refused lines.

        Raises:
            NotFound: no line was refused.
        """
        results = self.results(run)
        for extension in KINDS.values():
            path = refused_path(results, extension)
            if path.exists():
                return path
        raise NotFound(f"No line of {run.id} was refused.")

    def wait(self) -> None:
        """Wait until all threads have ended, which they do soon once the bank takes no more."""
        for thread in self._threads:
            thread.join()

    def _results(self, digest: str) -> Path:
        return self._folder / f"{digest}.results.csv"

    def _kept(self, blocks: Iterator[bytes], extension: str) -> tuple[Path, bool]:
        """Write a command file under its digest's name, and tell whether it was not there yet."""
        part = self._folder / f"{secrets.token_hex(8)}.part"
        digest = sha256()
        try:
            with self._lock:
                self._disk.make_folder(self._folder)
            file = self._disk.create(part)
            try:
                for block in blocks:
                    digest.update(block)
                    file.append(block)
                file.sync()
            finally:
                file.close()
            path = self._folder / f"{digest.hexdigest()}.{extension}"
            with self._lock:
                is_new = not path.exists()
                self._disk.rename(part, path)
            self._disk.sync_folder(self._folder)
        except OSError as error:
            message = f"The command file cannot be kept: {error.strerror}."
            raise DiskFull(message) from error
        finally:
            part.unlink(missing_ok=True)
        return path, is_new

    def _mark(self, path: Path, options: Options) -> None:
        """Keep durably whether the run is to stop at an error.

        Raises:
            DiskFull: there is no room for it.
        """
        mark = path.with_suffix(STOPS)
        try:
            if options.stop_on_error:
                self._disk.replace(mark)
            else:
                mark.unlink(missing_ok=True)
        except OSError as error:
            message = f"The command file cannot be kept: {error.strerror}."
            raise DiskFull(message) from error

    def _begin(self, path: Path, options: Options, *, is_new: bool) -> Future[str]:
        """Start the thread of a run, unless there is one; its id comes once it is in the books."""
        digest = path.name.partition(".")[0]
        with self._lock:
            begun = self._running.get(digest)
            if begun is None:
                begun = self._running[digest] = Future()
                asked = replace(options, results=self._results(digest))
                thread = Thread(
                    target=self._carry_out,
                    args=(path, digest, asked, begun, is_new),
                    name=f"run-{digest}",
                    daemon=True,
                )
                self._threads = [each for each in self._threads if each.is_alive()] + [thread]
                thread.start()
        return begun

    def _carry_out(
        self, path: Path, digest: str, options: Options, begun: Future[str], is_new: bool
    ) -> None:
        def tell(*counts: int) -> None:
            self._counts[begun.result()] = counts  # type: ignore[assignment]

        def begins(run_id: str) -> None:
            self._ended.pop(run_id, None)
            begun.set_result(run_id)

        ended: dict[str, object] = {}
        try:
            self._mark(path, options)
            outcome = run_file(self.bank, path, replace(options, begun=begins), tell)
            ended = end_of(outcome)
            if not begun.done():
                begun.set_result(outcome.run_id)
        except BaseException as error:
            if not begun.done():
                # Whoever gave the file is told, and nothing of it is kept; what was here before
                # is an earlier run's.
                if is_new:
                    path.unlink(missing_ok=True)
                    path.with_suffix(STOPS).unlink(missing_ok=True)
                begun.set_exception(error)
            elif isinstance(error, BankError):
                log.warning("the run of %s stops: %s", path.name, error.message)
                ended = {"error": problem(error)}
            else:
                log.exception("the run of %s stops", path.name)
                ended = {"error": problem(InternalError())}
        finally:
            with self._lock:
                del self._running[digest]
                if ended:
                    self._ended[begun.result()] = ended
                    self._counts.pop(begun.result(), None)


def text_of(path: Path) -> str:
    """Return a whole file; a dry run is in memory, and so may be what it says."""
    return path.read_text(encoding="utf-8-sig", errors="replace") if path.exists() else ""


def end_of(outcome: Outcome) -> dict[str, object]:
    """Return the outcome of an execution as it stands on the wire."""
    elsewhere = ("run_id", "name", "refused_file")
    shape = asdict(outcome)
    return {name: value for name, value in shape.items() if name not in elsewhere}


def kind_of(mimetype: str) -> str:
    """Return the extension of a command file that is sent with a content type.

    Raises:
        UnsupportedMediaType: it is none of a command file.
    """
    extension = KINDS.get(mimetype)
    if extension is None:
        raise UnsupportedMediaType(f"Send a command file as {' or '.join(KINDS)}.")
    return extension


def blocks_of(stream: IO[bytes], length: int) -> Iterator[bytes]:
    """Read a stream that was announced with a length.

    Raises:
        BadRequest: it broke off, which no server tells: half a file would look like a whole one.
    """
    while block := stream.read(BLOCK):
        length -= len(block)
        yield block
    if length:
        raise BadRequest("The command file broke off; nothing of it was carried out.")
