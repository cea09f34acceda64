"""Guarantees 7 and 8 on a real server: its kernel says that the disk failed, or that it is full."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from tests.guarantees import Proved
from tests.processes import SECONDS, Answer, Served, running, served

JOURNAL = "data/transactions.csv"
ENOUGH = 1_000
"""Transfers after which an error should have been met."""


def open_accounts(server: Served) -> None:
    for account in ("ADA", "BOB"):
        opening = {"name": "Member", "account": account, "initial_deposit": "100000.00"}
        assert server.ask("/accounts", opening).status == 201


def transfer(server: Served, key: str) -> Answer:
    body = {"target": "BOB", "amount": "1.00"}
    return server.ask("/accounts/ADA/transfer", body, **{"Idempotency-Key": key})


def transfer_until_refused(server: Served, code: str, name: str = "key") -> list[str]:
    """Transfer until the server refuses; return the keys, of which the last one was refused."""
    keys: list[str] = []
    for number in range(ENOUGH):
        keys.append(f"{name}-{number}")
        answer = transfer(server, keys[-1])
        if answer.status != 200:
            assert (answer.status, answer.json()["code"]) == (503, code)
            return keys
    raise AssertionError(f"none of {ENOUGH} transfers met the error")


def balance(server: Served, account: str) -> Decimal:
    """Return a balance, which is answered whatever the disk does."""
    return Decimal(server.ask(f"/accounts/{account}").json()["balance"])


@pytest.mark.needs("strace")
def test_after_a_failed_sync_the_client_learns_the_truth_by_its_key(
    tmp_path: Path, proved: Proved
) -> None:
    with served(tmp_path) as server:
        open_accounts(server)
        assert server.ended() == 0
    # The program is the process that we start, and strace a grandchild of it.
    inject = ("-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=3")
    strace = ("strace", "-D", "-f", "-q", "-o", "/dev/null", "-P", str(tmp_path / JOURNAL))
    with served(tmp_path, under=(*strace, *inject)) as server:
        *acknowledged, unknown = transfer_until_refused(server, "outcome_unknown")
        assert acknowledged
        again = transfer(server, unknown)
        other = transfer(server, "other")
        assert [each.json()["code"] for each in (again, other)] == ["outcome_unknown"] * 2
        assert balance(server, "BOB") == 100_000 + len(acknowledged)
        assert server.ask("/health").status == 503
    with served(tmp_path) as server:
        for key in acknowledged:
            (found,) = server.ask(f"/transactions?key={key}").json()["items"]
            assert found["status"] == "COMPLETED"
        told = [transfer(server, unknown) for _ in range(2)]
        assert {each.status for each in told} == {200}
        assert told[0].json()["id"] == told[1].json()["id"]
        assert server.ask("/transactions?key=other").status == 404
        assert balance(server, "BOB") == 100_000 + len(acknowledged) + 1
        assert server.ended() == 0
    proved(f"a failed sync of a real server after {len(acknowledged)} transfers")


def test_a_real_server_whose_files_may_not_grow_refuses_until_they_may(
    tmp_path: Path, proved: Proved
) -> None:
    """Guarantee 8: the kernel writes a part of a row, and says EFBIG for the rest."""
    rounds = 3
    done = 0
    with served(tmp_path) as server:
        open_accounts(server)
        for more in range(1_000, 1_000 + rounds):
            limit = (tmp_path / JOURNAL).stat().st_size + more
            with no_file_longer_than(limit, server):
                *acknowledged, refused = transfer_until_refused(server, "disk_full", f"full-{more}")
                done += len(acknowledged)
                assert balance(server, "BOB") == 100_000 + done
            assert transfer(server, refused).status == 200
            done += 1
        assert server.ended() == 0
    with served(tmp_path) as server:
        assert balance(server, "BOB") == 100_000 + done
    proved(f"a real server without room {rounds} times, between {done} transfers")


@pytest.mark.needs("unshare")
def test_a_real_server_on_a_disk_that_is_full_refuses_until_there_is_room(
    tmp_path: Path, proved: Proved
) -> None:
    """Guarantee 8: also where the whole file system is full."""
    with small_disk(tmp_path / "data", "2m") as (disk, there):
        ballast = disk / "ballast"
        with served(tmp_path, under=there) as server:
            open_accounts(server)
            left = os.statvfs(disk).f_bavail * os.statvfs(disk).f_bsize
            ballast.write_bytes(b"x" * (left - (1 << 16)))
            *acknowledged, refused = transfer_until_refused(server, "disk_full")
            done = len(acknowledged)
            assert done
            assert transfer(server, refused).json()["code"] == "disk_full"
            assert balance(server, "BOB") == 100_000 + done
            ballast.unlink()
            assert transfer(server, refused).status == 200
            assert transfer(server, acknowledged[0]).status == 200
            assert server.ended() == 0
        with served(tmp_path, under=there) as server:
            assert balance(server, "BOB") == 100_000 + done + 1
            assert server.ended() == 0
        with running(tmp_path, "verify", under=there) as (process, log):
            assert process.wait(SECONDS) == 0, log.read_text()
    proved(f"a real server on a file system that was full after {done} transfers")


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Mount a small disk where only some processes see it.

    Yields the disk as this process sees it, and what makes a program one of those.
    """
    folder.mkdir()
    mounting = 'mount -t tmpfs -o size="$1" none "$0" && echo mounted && exec cat'
    with Popen(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mounting, folder, size],
        stdin=PIPE,
        stdout=PIPE,
        text=True,
    ) as keeper:
        assert keeper.stdout is not None
        if keeper.stdout.readline() != "mounted\n":
            pytest.skip("this machine lets nobody mount a disk of his own")
        inside = ("nsenter", "--target", str(keeper.pid), "--user", "--mount")
        entering = (
            "--preserve-credentials",
            "sh",
            "-c",
            'cd "$0" && exec "$@"',
            str(folder.parent),
        )
        yield Path(f"/proc/{keeper.pid}/root{folder}"), (*inside, *entering)


@contextmanager
def no_file_longer_than(limit: int, server: Served) -> Iterator[None]:
    """Let the kernel refuse the server what makes a file longer."""
    before = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, before[1]))
    yield
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, before)
