"""The results file, and the file of refused lines beside it."""

from __future__ import annotations

import csv
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import (
    BankError,
    InvalidFile,
)
from SimpleBankingSystem.runs import Options, run_file
from tests.command_files import (
    OPENINGS,
    journal,
    opened_bank,
    rows,
    statuses,
    transfers,
    write,
)


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    with opened_bank() as bank:
        run_file(bank, write(tmp_path / "openings.csv", OPENINGS))
        yield bank


def test_results_say_what_became_of_each_line(bank: Bank, tmp_path: Path) -> None:
    file = write(
        tmp_path / "day.csv",
        "command,source,target,amount,account\n"
        "transfer,ANNA,CARL,10.00,\n"
        "deposit,,,5.00,CARL\n"
        "withdraw,,,2.00,ANNA\n"
        "withdraw,,,5000,ANNA\n"
        "withdraw,,,=1+1,ANNA\n",
    )
    run_file(bank, file, Options(results=tmp_path / "out.csv"))
    found = rows(tmp_path / "out.csv")
    shown = [(row["line"], row["transaction"], row["status"], row["balance"]) for row in found]
    ids = {each.line: each.id for each in journal(bank) if each.run == "R000002"}
    assert shown == [
        ("2", ids[2], "COMPLETED", "990.00"),
        ("3", ids[3], "COMPLETED", "15.00"),
        ("4", ids[4], "COMPLETED", "988.00"),
        ("5", ids[5], "FAILED", ""),
        ("6", "", "REJECTED", ""),
    ]
    assert found[3]["reason"] == "ANNA has 988.00 EUR available, 5000.00 needed."
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbfline,")


def test_the_balance_is_that_after_the_fee_and_every_part(bank: Bank, tmp_path: Path) -> None:
    file = write(
        tmp_path / "day.csv",
        "command,source,target,amount,account,product,transfer_fee,parts\n"
        "define_product,,,,,wallet,0.50,\n"
        "change_product,,,,ANNA,wallet,,\n"
        "transfer,ANNA,CARL,10.00,,,,\n"
        "split,ANNA,,,,,,CARL=1.00 BERT=2.00\n",
    )
    run_file(bank, file, Options(results=tmp_path / "out.csv"))
    shown = [row["balance"] for row in rows(tmp_path / "out.csv")]
    assert shown == ["", "", "989.50", "986.00"]


def test_no_reason_is_a_formula_in_a_spreadsheet(bank: Bank, tmp_path: Path) -> None:
    """Guarantee 15."""
    file = write(tmp_path / "evil.jsonl", '{"command": "deposit", "=1;=2": "x"}\n')
    run_file(bank, file, Options(results=tmp_path / "out.csv"))
    reason = rows(tmp_path / "out.csv")[0]["reason"]
    assert reason.startswith("'=1;'=2: deposit has no such field")


def test_refused_lines_stand_as_they_were_in_a_file_that_can_be_mended(
    bank: Bank, tmp_path: Path
) -> None:
    content = (
        b"command,account,amount,description\r\n"
        b"deposit,ANNA,1.00,fine\r\n"
        b'deposit,ANNA,1.0O,"caf\xc3\xa9"\r\n'
        b"deposit,ANNA,1.00,caf\xe9\r\n"
    )
    options = Options(results=tmp_path / "out.csv")
    outcome = run_file(bank, write(tmp_path / "in.csv", content), options)
    assert outcome.refused_file == tmp_path / "out.refused.csv"
    refused = outcome.refused_file.read_bytes()
    assert refused == (
        b"\xef\xbb\xbfcommand,account,amount,description\n"
        b'deposit,ANNA,1.0O,"caf\xc3\xa9"\r\n'
        b"deposit,ANNA,1.00,caf\xe9\r\n"
    )
    mended = refused.replace(b"1.0O", b"1.00").replace(b"\xe9\r", b"\xc3\xa9\r")
    again = run_file(bank, write(outcome.refused_file, mended))
    assert (again.completed, again.rejected) == (2, 0)


def test_without_a_refused_line_there_is_no_such_file(bank: Bank, tmp_path: Path) -> None:
    options = Options(results=tmp_path / "out.csv")
    outcome = run_file(bank, write(tmp_path / "in.csv", transfers(3)), options)
    assert outcome.refused_file is None
    assert sorted(each.name for each in tmp_path.iterdir()) == ["in.csv", "openings.csv", "out.csv"]


def test_only_the_first_problems_are_kept_in_memory(bank: Bank, tmp_path: Path) -> None:
    outcome = run_file(bank, write(tmp_path / "bad.csv", transfers(500, "x")))
    assert outcome.rejected == 500
    assert len(outcome.problems) == 20
    assert outcome.problems[0].startswith("line 2: ")


# The results file


@pytest.mark.parametrize("content", ["anything", "line,transaction\n", "seq,commit_first"])
def test_a_file_that_holds_no_results_is_never_overwritten(
    bank: Bank, tmp_path: Path, content: str
) -> None:
    precious = write(tmp_path / "precious.csv", content)
    with pytest.raises(InvalidFile, match="holds no results"):
        run_file(bank, write(tmp_path / "in.csv", transfers(1)), Options(results=precious))
    assert precious.read_text() == content
    assert len(bank.runs()) == 1


def test_the_command_file_is_never_its_own_results_file(bank: Bank, tmp_path: Path) -> None:
    file = write(tmp_path / "in.csv", transfers(1))
    with pytest.raises(InvalidFile, match="itself"):
        run_file(bank, file, Options(results=file))
    mended = write(tmp_path / "out.refused.csv", transfers(1, "x"))
    with pytest.raises(InvalidFile, match="itself"):
        run_file(bank, mended, Options(results=tmp_path / "out.csv"))
    assert (file.read_text(), mended.read_text()) == (transfers(1), transfers(1, "x"))


@pytest.mark.parametrize("place", ["missing/out.csv", ".", "/dev/full"])
def test_results_that_cannot_be_written_are_refused_first(
    bank: Bank, tmp_path: Path, place: str
) -> None:
    file = write(tmp_path / "in.csv", transfers(1))
    with pytest.raises(BankError, match=r"cannot be written: [^[]*$") as refusal:
        run_file(bank, file, Options(results=tmp_path / place))
    assert refusal.value.message.count(str(tmp_path)) <= 1
    assert len(bank.runs()) == 1


def test_old_results_make_room_for_new_ones(bank: Bank, tmp_path: Path) -> None:
    options = Options(results=tmp_path / "out.csv")
    run_file(bank, write(tmp_path / "one.csv", transfers(9)), options)
    run_file(bank, write(tmp_path / "two.csv", transfers(2, "0.02")), options)
    assert list(statuses(tmp_path / "out.csv")) == [2, 3]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("in.csv", ["command,account,amount", "deposit,ANNA,x"]),
        ("in.jsonl", ['{"command": "deposit", "account": "ANNA", "amount": "x"}']),
    ],
)
def test_refused_lines_of_an_older_run_are_gone(
    bank: Bank, tmp_path: Path, name: str, lines: list[str]
) -> None:
    options = Options(results=tmp_path / "out.csv")
    outcome = run_file(bank, write(tmp_path / name, "\n".join(lines)), options)
    assert outcome.refused_file is not None
    assert lines[-1] in outcome.refused_file.read_text()
    good = write(tmp_path / f"good {name}", "\n".join(lines).replace("x", "1"))
    assert run_file(bank, good, options).completed == 1
    assert not outcome.refused_file.exists()


@pytest.mark.parametrize("content", ["precious", "name;amount\n", '{"precious": 1}'])
def test_a_file_that_holds_no_refused_lines_is_never_touched(
    bank: Bank, tmp_path: Path, content: str
) -> None:
    precious = write(tmp_path / "out.refused.csv", content)
    file = write(tmp_path / "in.csv", transfers(1, "x"))
    with pytest.raises(InvalidFile, match=r"out\.refused\.csv cannot be written: it exists and"):
        run_file(bank, file, Options(results=tmp_path / "out.csv"))
    assert precious.read_text() == content
    assert len(bank.runs()) == 1
    assert not (tmp_path / "out.csv").exists()


def test_results_are_one_physical_line_each(bank: Bank, tmp_path: Path) -> None:
    text = "command,account,amount\n" + 'deposit,ANNA,"1\x0b;""=x"\n' + "deposit,ANNA,=2\n"
    options = Options(results=tmp_path / "out.csv")
    run_file(bank, write(tmp_path / "in.csv", text), options)
    lines = (tmp_path / "out.csv").read_bytes().decode("utf-8-sig").split("\n")
    assert len(lines) == 4
    assert all(len(row) == 6 for row in csv.reader(lines[:3], strict=True))


def test_results_that_do_not_fit_stop_the_run_which_goes_on_later(
    bank: Bank, tmp_path: Path
) -> None:
    file = write(tmp_path / "in.csv", transfers(2500))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(InvalidFile, match="cannot be written"):
            run_file(bank, file, Options(results=tmp_path / "out.csv"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    outcome = run_file(bank, file, Options(results=tmp_path / "rest.csv"))
    assert outcome.already_done + outcome.completed == 2500
    assert len(rows(tmp_path / "rest.csv")) == outcome.completed > 0


def test_refused_lines_that_cannot_be_written_stop_the_run(bank: Bank, tmp_path: Path) -> None:
    (tmp_path / "out.refused.csv").mkdir()
    with pytest.raises(InvalidFile, match=r"out\.refused\.csv cannot be written"):
        run_file(
            bank,
            write(tmp_path / "in.csv", transfers(1, "x")),
            Options(results=tmp_path / "out.csv"),
        )
