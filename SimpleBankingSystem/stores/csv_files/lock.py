"""One writer per data directory, even if the lock file is deleted."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path

from filelock import FileLock, Timeout

from SimpleBankingSystem.ledger.errors import InUse


class Lock:
    """Two locks at once: filelock on ``.lock``, and flock on the folder itself.

    The first is the one that people see; it is lost when somebody deletes the file. The second
    has no file that could be deleted. Who holds them is written into ``.lock`` for the message
    only. Both are let go by the system when the process ends, however it ends.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / ".lock"
        self._file_lock = FileLock(path, thread_local=False)
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._file_lock.acquire(timeout=0)
            fcntl.flock(self._folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (Timeout, BlockingIOError, RuntimeError) as error:
            self._file_lock.release(force=True)
            os.close(self._folder)
            holder = _holder(path)
            message = f"The books in {folder} are in use{holder}; one process at a time holds them."
            raise InUse(message) from error
        path.write_text(f"{os.getpid()} {socket.gethostname()}\n", encoding="utf-8")

    def release(self) -> None:
        """Let go of the folder; the file stays, since unlinking it would give two holders."""
        os.close(self._folder)
        self._file_lock.release(force=True)


def _holder(path: Path) -> str:
    try:
        process, host = path.read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return ""
    return f" by process {process} on {host}"
