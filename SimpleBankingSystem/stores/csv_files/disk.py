"""The seam to the file system: every call by which the books can be lost, and no other.

The store uses the disk through these few operations only, so that the crash tests can put a
simulated one in its place and know what is durable after each call. (``index.db`` is a cache that
may be deleted at any time; it does not come through here.)
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from weakref import finalize

BLOCK = 1 << 20
"""Bytes read at once."""

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""The errors that say that a call found no room: nothing is lost, and room may come back."""


class SyncFailed(OSError):
    """A sync failed: what was written before it may be lost, whatever the reason says."""


def found_no_room(error: OSError) -> bool:
    """Tell whether a call failed only for want of room, so that it may be tried again."""
    return error.errno in NO_ROOM and not isinstance(error, SyncFailed)


def syncs() -> tuple[Callable[[int], object], Callable[[int], object]]:
    """Return what makes a file's data durable, and what makes all of it durable.

    macOS has no fdatasync, and its fsync leaves the data in the cache of the drive.
    """
    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is None:
        return os.fdatasync, os.fsync
    return (lambda descriptor: fcntl.fcntl(descriptor, full),) * 2


_sync_data, _sync_all = syncs()


def synced(call: Callable[[int], object], descriptor: int) -> None:
    """Sync a descriptor and give an error its own name."""
    try:
        call(descriptor)
    except OSError as error:
        raise SyncFailed(error.errno, error.strerror) from error


def _exchange(one: bytes, other: bytes) -> int:
    """Exchange two names by the system's call for it; Python has none. Not 0 if it failed."""
    exchanging = 2
    system = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":
        return int(system.renamex_np(one, other, exchanging))
    here = -100
    return int(system.renameat2(here, one, here, other, exchanging))


class File:
    """An open file, unbuffered: what was not written is never written later behind our back.

    It closes itself when nobody refers to it any more, so that a question that is reading the
    journal may finish while archiving puts another file in its place.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._let_go = finalize(self, os.close, descriptor)

    def close(self) -> None:
        """Let go of the file; nobody writes by mistake into one that got its number since."""
        self._descriptor = -1
        self._let_go()

    def append(self, data: bytes) -> None:
        """Write all of the data at the end; part of it may be there after an error."""
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]

    def write_at(self, offset: int, data: bytes) -> None:
        """Write all of the data in place."""
        view = memoryview(data)
        while view:
            written = os.pwrite(self._descriptor, view, offset)
            view, offset = view[written:], offset + written

    def read_at(self, offset: int, size: int) -> bytes:
        """Read up to ``size`` bytes; fewer only at the end of the file."""
        return os.pread(self._descriptor, size, offset)

    def size(self) -> int:
        """Return the length in bytes."""
        return os.fstat(self._descriptor).st_size

    def cut(self, size: int) -> None:
        """Give back everything after ``size`` bytes."""
        os.ftruncate(self._descriptor, size)

    def sync_data(self) -> None:
        """Make the contents durable, with the length but without times and the like."""
        synced(_sync_data, self._descriptor)

    def sync(self) -> None:
        """Make the contents and all that belongs to the file durable, but not its name."""
        synced(_sync_all, self._descriptor)

    def is_named(self) -> bool:
        """Tell whether the path still names this file and not another in its place."""
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            return False
        return os.path.samestat(found, os.fstat(self._descriptor))


class Disk:
    """The real file system."""

    def open(self, path: Path) -> File:
        """Open a file for appending, and for reading at any place."""
        return File(path, os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC))

    def open_to_read(self, path: Path) -> File:
        """Open a file for reading at any place; it may be one that nobody may write."""
        return File(path, os.open(path, os.O_RDONLY | os.O_CLOEXEC))

    def open_in_place(self, path: Path) -> File:
        """Open a file for writing in place, and for reading at any place."""
        return File(path, os.open(path, os.O_RDWR | os.O_CLOEXEC))

    def create(self, path: Path) -> File:
        """Make an empty file in place of whatever has the name."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        return File(path, os.open(path, flags, 0o640))

    def exists(self, path: Path) -> bool:
        """Tell whether there is a file or folder of this name."""
        return os.path.lexists(path)

    def names(self, folder: Path) -> list[str]:
        """Return the names in a folder, sorted."""
        return sorted(os.listdir(folder))

    def make_folder(self, path: Path) -> None:
        """Make a folder durably, with those above it, if it does not exist."""
        if not path.is_dir():
            self.make_folder(path.parent)
            try:
                os.mkdir(path, 0o750)
            except FileExistsError:  # Another thread was quicker, or it is a file.
                if not path.is_dir():
                    raise
            self.sync_folder(path.parent)

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name, in place of whatever has it."""
        os.rename(old, new)

    def exchange(self, one: Path, other: Path) -> None:
        """Let two names stand for each other's file or folder: a crash finds both or neither so.

        Raises:
            OSError: this system, or the file system, cannot.
        """
        try:
            failed = _exchange(os.fsencode(one), os.fsencode(other))
        except AttributeError as error:
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), str(other)) from error
        if failed:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(other))

    def sync_folder(self, path: Path) -> None:
        """Make the names in a folder durable."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            synced(os.fsync, descriptor)
        finally:
            os.close(descriptor)

    # What follows is made of the operations above.

    def blocks(self, file: File, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Read a part of a file, block by block."""
        end = file.size() if end is None else end
        while start < end:
            block = file.read_at(start, min(BLOCK, end - start))
            if not block:
                break
            yield block
            start += len(block)

    def are_alike(self, file: File, start: int, other: File, other_start: int, size: int) -> bool:
        """Tell whether two files have the same bytes in two places."""
        ours = self.blocks(file, start, start + size)
        theirs = self.blocks(other, other_start, other_start + size)
        return all(mine == their for mine, their in zip_longest(ours, theirs))

    def size(self, path: Path) -> int:
        """Return the length of a file in bytes."""
        with closing(self.open_to_read(path)) as file:
            return file.size()

    def read(self, path: Path) -> bytes:
        """Read a whole file."""
        with closing(self.open_to_read(path)) as file:
            return b"".join(self.blocks(file))

    def copy(self, source: File, start: int, end: int, target: File) -> None:
        """Append a part of one file to another."""
        for block in self.blocks(source, start, end):
            target.append(block)

    def replace(self, path: Path, *parts: bytes) -> None:
        """Put a new file in place of one, durably: a reader and a crash find the old or the new."""
        temporary = path.with_name(path.name + ".new")
        with closing(self.create(temporary)) as file:
            for part in parts:
                file.append(part)
            file.sync()
        self.rename(temporary, path)
        self.sync_folder(path.parent)
