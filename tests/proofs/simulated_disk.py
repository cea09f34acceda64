"""A disk in memory that knows what is durable, and breaks where it is told to.

It knows for each file which contents are durable and which are only written, and for each folder
which names are. ``SimulatedDisk.moments`` has one entry per changing call; each gives the images
that a loss of power just before that call, or in the middle of it, may leave behind:

* of a file any mix of old and new 512-byte sectors, with its old length or a new one; what never
  arrived reads as zeros. Bytes that are appended may stop at any byte.
* of a folder any choice of the changes of names since its last sync. One rename is whole or not
  at all; two that depend on each other are not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from weakref import finalize

from SimpleBankingSystem.stores.csv_files.disk import Disk, File, SyncFailed

SECTOR = 512

Image = dict[Path, bytes | None]
"""What is on a disk: contents by path, None for a folder."""

READS = frozenset({"open", "exists", "names", "read", "size", "is_named"})
"""The calls that change nothing: a crash before one is a crash before the next change."""

SYNCS = frozenset({"sync_data", "sync", "sync_folder"})
"""The calls after which an error is final, whatever it says."""

CHANGES = SYNCS | {"append", "write_at", "create", "rename", "cut", "make_folder"}
"""The calls that change something."""


class Node:
    """A file's contents: ``versions[0]`` is durable, each change since adds one. Or a folder."""

    def __init__(self, content: bytes | None) -> None:
        self.versions: list[bytes] = [] if content is None else [content]

    @property
    def is_folder(self) -> bool:
        return not self.versions

    def change(self, content: bytes) -> None:
        self.versions.append(content)

    def sync(self) -> None:
        del self.versions[:-1]


@dataclass(slots=True, frozen=True)
class Change:
    """One change of a folder's names: what goes and what comes, at once."""

    gone: Path | None
    come: Path | None
    node: Node

    @property
    def folder(self) -> Path:
        return (self.gone or self.come or Path()).parent

    def apply(self, names: dict[Path, Node]) -> None:
        if self.gone is not None:
            names.pop(self.gone, None)
        if self.come is not None:
            names[self.come] = self.node


@dataclass(slots=True, frozen=True)
class Moment:
    """Just before a call, or in the middle of it: everything that a crash may leave there.

    ``call`` is the call's name and ``path`` the file; ``torn`` are the bytes that it appends, of
    which a part may have arrived. ``seen`` is what ``SimulatedDisk.watch`` said.
    """

    call: str
    path: Path
    phase: str
    seen: object
    names: Mapping[Path, Node]
    pending: tuple[Change, ...]
    versions: Mapping[Node, tuple[bytes, ...]]
    torn: tuple[Node, bytes] | None = None

    def nothing(self) -> Image:
        """Return the image in which only what was synced arrived."""
        return self._image([], lambda versions: versions[0])

    def everything(self) -> Image:
        """Return the image in which all arrived: what a killed process leaves."""
        return self._image(self.pending, lambda versions: versions[-1])

    def sample(self, random: Random) -> Image:
        """Return some image that is legal."""
        share = random.choice((0.2, 0.5, 0.8, 1.0))
        changes = [change for change in self.pending if random.random() < share]
        versions = dict(self.versions)
        if self.torn is not None:
            node, data = self.torn
            arrived = data[: random.randint(0, len(data))]
            versions[node] = (*versions[node], versions[node][-1] + arrived)
        return self._image(changes, lambda each: mixed(each, random), versions)

    def _image(
        self,
        changes: Collection[Change],
        arrived: Callable[[tuple[bytes, ...]], bytes],
        versions: Mapping[Node, tuple[bytes, ...]] | None = None,
    ) -> Image:
        names = dict(self.names)
        for change in changes:
            change.apply(names)
        found = versions or self.versions
        image: Image = {}
        for path in sorted(names):
            node = names[path]
            if path.parent in image or not image:
                image[path] = None if node.is_folder else arrived(found[node])
        return image


def mixed(versions: tuple[bytes, ...], random: Random) -> bytes:
    """Return a file of which each sector, and the length, has its own version."""
    if len(versions) == 1:
        return versions[0]
    size = len(random.choice(versions))
    # Mostly all of one version: what is lost is mostly little.
    main = random.choice((*versions, None))
    sectors: list[bytes] = []
    for start in range(0, size, SECTOR):
        one = main if main is not None and random.random() < 0.7 else random.choice(versions)
        sectors.append(one[start : start + SECTOR].ljust(SECTOR, b"\0"))
    return b"".join(sectors)[:size]


@dataclass(slots=True)
class Fault:
    """An error at the k-th of some calls, once or from then on; ``then`` counts from there."""

    number: int
    at: int
    calls: Collection[str] | None = None
    for_good: bool = False
    then: Fault | None = None
    counted: int = 0
    raised: list[str] = field(default_factory=list)

    def strikes(self, call: str, path: Path) -> bool:
        if self.raised and self.then is not None and self.then.strikes(call, path):
            self.number = self.then.number
            return True
        if self.calls is not None and call not in self.calls:
            return False
        self.counted += 1
        if self.counted < self.at or (self.raised and not self.for_good):
            return False
        self.raised.append(f"{call} {path.name}")
        return True


class SimulatedDisk(Disk):
    """A disk that begins with an image, all of it durable.

    ``watch`` is asked before each change what the world has been told so far. ``phase`` is a word
    for what the bank is doing, for statistics. ``fault`` is what goes wrong.
    """

    def __init__(self, image: Image) -> None:
        self._durable = {path: Node(content) for path, content in image.items()}
        self._names = dict(self._durable)
        self._pending: list[Change] = []
        self.moments: list[Moment] = []
        self.phase = ""
        self.watch: Callable[[], object] = lambda: None
        self.record = True
        self.fault: Fault | None = None

    # Images

    def moment(self, call: str = "", path: Path = Path(), torn: bytes = b"") -> Moment:
        """Return what a crash now may leave."""
        nodes = {*self._durable.values(), *self._names.values()}
        nodes.update(change.node for change in self._pending)
        versions = {node: tuple(node.versions) for node in nodes if not node.is_folder}
        return Moment(
            call,
            path,
            self.phase,
            self.watch(),
            dict(self._durable),
            tuple(self._pending),
            versions,
            (self._names[path], torn) if torn and path in self._names else None,
        )

    def visible(self) -> Image:
        """Return what programs see now."""
        return {
            path: None if node.is_folder else node.versions[-1]
            for path, node in sorted(self._names.items())
        }

    def called(self, call: str, path: Path, data: bytes = b"") -> None:
        """Take note of a call, and fail if that is due."""
        if self.record and call not in READS:
            self.moments.append(self.moment(call, path, data))
        if self.fault is not None and self.fault.strikes(call, path):
            kind = SyncFailed if call in SYNCS else OSError
            raise kind(self.fault.number, os.strerror(self.fault.number), str(path))

    # The disk

    def open(self, path: Path) -> File:
        self.called("open", path)
        return SimulatedFile(self, path, self._file(path))

    def open_to_read(self, path: Path) -> File:
        return self.open(path)

    def open_in_place(self, path: Path) -> File:
        return self.open(path)

    def create(self, path: Path) -> File:
        self.called("create", path)
        old = self._names.get(path)
        if old is not None:
            old.change(b"")
            return SimulatedFile(self, path, old)
        node = Node(b"")
        self._change(Change(None, path, node))
        return SimulatedFile(self, path, node)

    def exists(self, path: Path) -> bool:
        self.called("exists", path)
        return path in self._names

    def names(self, folder: Path) -> list[str]:
        self.called("names", folder)
        return sorted(path.name for path in self._names if path.parent == folder != path)

    def make_folder(self, path: Path) -> None:
        if path not in self._names:
            self.make_folder(path.parent)
            self.called("make_folder", path)
            self._change(Change(None, path, Node(None)))
            self.sync_folder(path.parent)

    def rename(self, old: Path, new: Path) -> None:
        self.called("rename", new)
        self._change(Change(old, new, self._file(old)))

    def sync_folder(self, path: Path) -> None:
        self.called("sync_folder", path)
        left: list[Change] = []
        for change in self._pending:
            if change.folder == path:
                change.apply(self._durable)
            else:
                left.append(change)
        self._pending = left

    def node(self, path: Path) -> Node | None:
        """Return what a name stands for."""
        return self._names.get(path)

    def _file(self, path: Path) -> Node:
        node = self._names.get(path)
        if node is None:
            raise FileNotFoundError(2, "No such file", str(path))
        return node

    def _change(self, change: Change) -> None:
        if change.folder not in self._names:
            raise FileNotFoundError(2, "No such folder", str(change.folder))
        change.apply(self._names)
        self._pending.append(change)


def _let_go(fd: int) -> None:
    """Do nothing: there is no descriptor to close."""
    del fd


class SimulatedFile(File):
    """An open file of the simulated disk."""

    def __init__(self, disk: SimulatedDisk, path: Path, node: Node) -> None:
        self.path = path
        self._disk = disk
        self._node = node
        self._let_go = finalize(self, _let_go, 0)

    def append(self, data: bytes) -> None:
        content = self._node.versions[-1]
        try:
            self._disk.called("append", self.path, bytes(data))
        except OSError:
            # A write that fails may have written a part.
            self._node.change(content + data[: len(data) // 2])
            raise
        self._node.change(content + data)

    def write_at(self, offset: int, data: bytes) -> None:
        self._disk.called("write_at", self.path)
        content = self._node.versions[-1].ljust(offset, b"\0")
        self._node.change(content[:offset] + data + content[offset + len(data) :])

    def read_at(self, offset: int, size: int) -> bytes:
        self._disk.called("read", self.path)
        return self._node.versions[-1][offset : offset + size]

    def size(self) -> int:
        self._disk.called("size", self.path)
        return len(self._node.versions[-1])

    def cut(self, size: int) -> None:
        self._disk.called("cut", self.path)
        self._node.change(self._node.versions[-1][:size].ljust(size, b"\0"))

    def sync_data(self) -> None:
        self._disk.called("sync_data", self.path)
        self._node.sync()

    def sync(self) -> None:
        self._disk.called("sync", self.path)
        self._node.sync()

    def is_named(self) -> bool:
        self._disk.called("is_named", self.path)
        return self._disk.node(self.path) is self._node
