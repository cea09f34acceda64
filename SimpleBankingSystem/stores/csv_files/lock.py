"""One writer per data directory, even if the lock file is deleted."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from SimpleBankingSystem.ledger.errors import InUse
from SimpleBankingSystem.wire import this_process

log = logging.getLogger(__name__)

LOCK_FILE = ".lock"


class Lock:
    """Two locks at once: filelock on ``.lock``, and flock on the folder itself.

    The first is the one that people see; it is lost when somebody deletes the file. The second
    has no file that could be deleted. Who holds them is written into ``.lock``, for the message
    and for those who can ask a server instead; what an earlier holder wrote there is overwritten
    by the next. Both are let go by the system when the process ends, however it ends.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_FILE
        self._file_lock = FileLock(self._path, thread_local=False)
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._file_lock.acquire(timeout=0)
            fcntl.flock(self._folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (Timeout, BlockingIOError, RuntimeError) as error:
            self._file_lock.release(force=True)
            os.close(self._folder)
            raise _in_use(folder) from error
        self.announce("")

    def announce(self, url: str) -> None:
        """Write who holds the folder, and the URL at which it answers, if it serves."""
        self._path.write_text(f"{this_process()} {url}".rstrip() + "\n", encoding="utf-8")

    def release(self) -> None:
        """Let go of the folder; the file stays, since unlinking it would give two holders."""
        os.close(self._folder)
        self._file_lock.release(force=True)


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Keep the books from being opened while they are read; nothing is written for that.

    Where the folder knows no locks, such as a backup on a disk of another kind, there is none.

    Raises:
        InUse: somebody has them open.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _in_use(folder) from error
        except OSError as error:
            log.warning("%s is read without a lock: %s", folder, error.strerror)
        yield
    finally:
        os.close(descriptor)


def _in_use(folder: Path) -> InUse:
    """Return the refusal that names who holds a folder."""
    try:
        process, host, *urls = (folder / LOCK_FILE).read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return InUse(f"The books in {folder} are in use; one process at a time holds them.")
    server = "".join(urls)
    serving = f", the server at {server}" if server else ""
    return InUse(
        f"The books in {folder} are in use by process {process} on {host}{serving}; "
        f"one process at a time holds them.",
        holder=f"{process} {host}",
        server=server,
    )
