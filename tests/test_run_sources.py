"""What a command file may come from, and what is none."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper
from pathlib import Path
from threading import Thread

import pytest

from SimpleBankingSystem.commands.base import REGISTRY, Action, command
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import (
    DiskFull,
    InvalidFile,
    RunRefused,
)
from SimpleBankingSystem.runs import Options, run_file
from SimpleBankingSystem.runs.lines import LINE_AT_MOST, READ_AT_ONCE, blocks
from tests.command_files import (
    OPENINGS,
    journal,
    lines_of,
    opened_bank,
    transfers,
    write,
)

BOM = b"\xef\xbb\xbf"


HEADER = b"command,account,amount,description\n"


GOOD = b"deposit,ANNA,1.00,fine\n"


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    with opened_bank() as bank:
        run_file(bank, write(tmp_path / "openings.csv", OPENINGS))
        yield bank


# Files that are no command files: nothing is carried out


NO_FILES = {
    "empty": (b"", "is empty"),
    "only a byte order mark": (BOM, "is empty"),
    "only blank lines": (b"\n \r\n\n", "is empty"),
    "UTF-16": ((HEADER + GOOD).decode().encode("utf-16"), "is UTF-16"),
    "UTF-16 without a mark": ((HEADER + GOOD).decode().encode("utf-16-le"), "NUL bytes"),
    "UTF-32": ((HEADER + GOOD).decode().encode("utf-32"), "is UTF-16"),
    "a spreadsheet": (b"PK\x03\x04\x14\0\x06\0", "is a spreadsheet"),
    "compressed": (b"\x1f\x8b\x08\0", "is compressed"),
    "a JSON list": (b'[{"command": "deposit"}]', "is a JSON list"),
    "NUL bytes": (b"\0" * 100_000, "NUL bytes"),
    "Latin-1": (b"command,caf\xe9\n", "not UTF-8"),
    "semicolons": (HEADER.replace(b",", b";"), "is cut by semicolons"),
    "tabs": (HEADER.replace(b",", b"\t"), "is cut by tabs"),
    "lone carriage returns": ((HEADER + GOOD).replace(b"\n", b"\r"), "lone carriage return"),
    "an unclosed quote": (b'command,"account\n' + GOOD, "a quote that is not closed"),
    "a line without end": (b"x" * 2 * LINE_AT_MOST, "first line is longer"),
    "no header": (GOOD, "There is no column 'deposit'"),
    "an unknown column": (b"command,acount\n", "'acount'; did you mean account?"),
    "a column in capitals": (b"Command,account\n", "'Command'; did you mean command?"),
    "a blank before a column": (b"command, account\n", "' account'; did you mean account?"),
    "a column of the bank itself": (b"command,run_id\n", "no column 'run_id'"),
    "a doubled column": (b"command,amount,account,amount\n", "names the column amount twice"),
    "a nameless column": (b"command,account,\n", "Column 3 has no name"),
    "no command column": (b"account,amount\n", "no column 'command'"),
}


@pytest.mark.parametrize("name", NO_FILES)
@pytest.mark.parametrize("streamed", [False, True])
def test_what_is_no_command_file_is_refused_whole(
    bank: Bank, tmp_path: Path, name: str, streamed: bool
) -> None:
    content, reason = NO_FILES[name]
    before = len(journal(bank))
    source = BytesIO(content) if streamed else write(tmp_path / "in.csv", content)
    with pytest.raises(InvalidFile, match=reason):
        run_file(bank, source, Options(name="broken", results=tmp_path / "out.csv"))
    assert len(journal(bank)) == before
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom", "/dev/full"])
def test_a_device_without_end_is_refused_at_once(bank: Bank, device: str) -> None:
    with pytest.raises(
        InvalidFile, match=r"NUL bytes|not UTF-8|quote|longer|empty|no column|no CSV|Lines end"
    ):
        run_file(bank, device, Options(name="device"))


def test_what_cannot_be_read_is_refused(bank: Bank, tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="directory"):
        run_file(bank, tmp_path)
    with pytest.raises(InvalidFile, match="No such file"):
        run_file(bank, tmp_path / "missing.csv")
    with pytest.raises(InvalidFile, match="cannot be read"):
        run_file(bank, "/proc/self/mem")
    with pytest.raises(InvalidFile, match="cannot be opened"):
        run_file(bank, "null\0byte.csv")


def test_a_pipe_whose_line_never_ends_is_refused(bank: Bank, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def pour() -> None:
        with pipe.open("wb", buffering=0) as end:
            end.write(HEADER)
            try:
                while True:
                    end.write(b"x" * 65_536)
            except BrokenPipeError:
                return

    writer = Thread(target=pour)
    writer.start()
    with pytest.raises(InvalidFile, match="may have no end"):
        run_file(bank, pipe, Options(name="endless"))
    writer.join(10)
    assert not writer.is_alive()


def test_a_stream_that_does_not_fit_is_refused(bank: Bank) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(DiskFull, match="cannot be copied"):
            run_file(bank, BytesIO(HEADER + GOOD * 200_000), Options(name="large"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(bank.runs()) == 1


def test_a_header_alone_is_a_run_of_no_lines(bank: Bank, tmp_path: Path) -> None:
    assert run_file(bank, write(tmp_path / "a.csv", HEADER)).completed == 0
    other = write(tmp_path / "b.csv", b"command,account\n")
    assert run_file(bank, other).run_id == "R000003"


def test_of_a_line_that_is_too_long_only_the_beginning_is_in_memory(tmp_path: Path) -> None:
    with (tmp_path / "long").open("w+b") as file:
        file.truncate(50_000_000)
        file.write(HEADER)
        file.seek(0)
        found = [line for block in blocks(file, 1) for line in block.lines]
    assert [len(line) for line in found] == [len(HEADER) - 1, LINE_AT_MOST + 1]


def test_many_equal_lines_cost_no_more_memory_than_a_page(tmp_path: Path) -> None:
    with write(tmp_path / "in.csv", transfers(20_000)).open("rb") as file:
        assert max(len(block.lines) for block in blocks(file, 1)) <= READ_AT_ONCE // len(
            "transfer,"
        )


def test_standard_input_needs_a_name_and_is_known_by_its_content(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    def feed(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(text.encode())))

    feed(transfers(3))
    with pytest.raises(InvalidFile, match="--run NAME"):
        run_file(bank, "-")
    feed(transfers(3))
    assert run_file(bank, "-", Options(name="May")).completed == 3
    feed(transfers(3))
    assert run_file(bank, "-", Options(name="May")).finished_before
    feed(transfers(3, "0.02"))
    with pytest.raises(RunRefused, match="has the name of"):
        run_file(bank, "-", Options(name="May"))


def test_an_open_stream_is_left_open(bank: Bank) -> None:
    stream = BytesIO(transfers(3).encode())
    assert run_file(bank, stream, Options(name="May")).completed == 3
    assert not stream.closed


def test_a_pipe_in_the_file_system_is_read_to_its_end_first(bank: Bank, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_bytes, args=(transfers(5000).encode(),))
    writer.start()
    outcome = run_file(bank, pipe, Options(name="piped"))
    writer.join()
    assert outcome.completed == 5000


def test_a_file_that_changes_meanwhile_stops_the_run(bank: Bank, tmp_path: Path) -> None:
    file = write(tmp_path / "in.csv", transfers(3) + "meddle,,,\n" + transfers(3)[29:])

    @command("meddle")
    class Meddle(Action):
        """Change the file while it is carried out."""

        def perform(self, bank: object) -> None:
            with file.open("ab") as more:
                more.write(b"transfer,ANNA,CARL,1.00\n")

    try:
        with pytest.raises(InvalidFile, match="was changed"):
            run_file(bank, file)
    finally:
        del REGISTRY[Meddle.verb]
    assert lines_of(bank, "R000002") == [2, 3, 4]
