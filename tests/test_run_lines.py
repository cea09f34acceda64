"""The lines of command files: CSV and JSON Lines, as broken as they come."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.runs import Options, Outcome, run_file
from SimpleBankingSystem.runs.lines import LINE_AT_MOST, READ_AT_ONCE, REASON_AT_MOST
from tests.command_files import (
    OPENINGS,
    balances,
    journal,
    opened_bank,
    rows,
    statuses,
    write,
)
from tests.guarantees import Proved
from tests.proof_level import figure

BOM = b"\xef\xbb\xbf"


HEADER = b"command,account,amount,description\n"


GOOD = b"deposit,ANNA,1.00,fine\n"


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    with opened_bank() as bank:
        run_file(bank, write(tmp_path / "openings.csv", OPENINGS))
        yield bank


def carried_out(bank: Bank, folder: Path, content: bytes) -> tuple[Outcome, dict[int, str]]:
    """Carry out a file; return the outcome and each line's status or code."""
    options = Options(results=folder / "out.csv")
    outcome = run_file(bank, write(folder / "in.csv", content), options)
    return outcome, statuses(folder / "out.csv")


# CSV that is right


@pytest.mark.parametrize(
    "content",
    [
        HEADER + GOOD,
        BOM + HEADER + GOOD,
        (HEADER + GOOD).replace(b"\n", b"\r\n"),
        BOM + (HEADER + GOOD).replace(b"\n", b"\r\n"),
        HEADER + GOOD.rstrip(b"\n"),
        b"\n\r\n" + HEADER + b"\n" + GOOD,
        b'"command","account","amount","description"\n"deposit","ANNA","1.00","fine"\n',
        b"description,amount,command,account\nfine,1.00,deposit,ANNA\n",
        b"amount,account,description,command,key,group,tags\n1.00,ANNA,fine,deposit,,,\n",
    ],
)
def test_forms_of_the_same_file(bank: Bank, tmp_path: Path, content: bytes) -> None:
    outcome, _ = carried_out(bank, tmp_path, content)
    assert (outcome.completed, outcome.failed, outcome.rejected) == (1, 0, 0)
    deposit = journal(bank)[-2]
    assert (deposit.command, deposit.description, deposit.target) == ("deposit", "fine", "ANNA")
    assert deposit.line == content.count(b"\n", 0, content.index(b"fine")) + 1


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('"rent, May"', "rent, May"),
        ('"say ""hello"""', 'say "hello"'),
        ('5" pipe', '5" pipe'),
        ("'=1+1", "=1+1"),
        ("'0012", "0012"),
        ('"a;\'=b"', "a;=b"),
        ("''tis", "'tis"),
        # Nobody's guard: the writer's own apostrophe.
        ("'tis", "'tis"),
        ("'t was, 't is", None),
        ("Grüße 字", "Grüße 字"),
        (" blanks ", " blanks "),
    ],
)
def test_texts_come_in_as_they_were_meant(
    bank: Bank, tmp_path: Path, cell: str, text: str | None
) -> None:
    carried_out(bank, tmp_path, HEADER + f"deposit,ANNA,1.00,{cell}\n".encode())
    deposits = [each.description for each in journal(bank) if each.command == "deposit"]
    assert deposits == ([] if text is None else [text])


def test_only_texts_are_unguarded(bank: Bank, tmp_path: Path) -> None:
    _, found = carried_out(bank, tmp_path, HEADER + b"deposit,'ANNA,1.00,\ndeposit,ANNA,'1,\n")
    assert found == {2: "invalid_command", 3: "invalid_command"}


def test_the_last_line_without_an_end_counts(bank: Bank, tmp_path: Path) -> None:
    outcome, _ = carried_out(bank, tmp_path, HEADER + GOOD * 2 + GOOD.strip())
    assert outcome.completed == 3


def test_lines_keep_their_numbers_across_pages(bank: Bank, tmp_path: Path) -> None:
    lines = 3 * READ_AT_ONCE // len(GOOD)
    content = bytearray(HEADER + GOOD * lines)
    bad = [3, lines // 2, lines]
    for number in bad:
        at = len(HEADER) + len(GOOD) * (number - 2)
        content[at : at + 7] = b"DEPOSIT"
    outcome, found = carried_out(bank, tmp_path, bytes(content))
    assert outcome.completed == lines - 3
    assert [line for line, status in found.items() if status != "COMPLETED"] == bad


# CSV with bad lines: each is named, and no other suffers


BAD_LINES = {
    "an unclosed quote": (b'deposit,ANNA,1.00,"fine\n', "has a quote that is not closed"),
    "an unclosed quote after a stray one": (b'dep"osit,"ANNA,1.00,\n', "quote that is not closed"),
    "text behind a quote": (b'deposit,ANNA,1.00,"fine" x\n', "is no CSV"),
    "too few cells": (b"deposit,ANNA,1.00\n", "has 3 cells, the header 4"),
    "too many cells": (b"deposit,ANNA,1,00,fine\n", "has 5 cells, the header 4"),
    "one cell": (b"deposit\n", "has 1 cells"),
    "a NUL": (b"deposit,ANNA,1.00,fi\0ne\n", "contains a NUL byte"),
    "a lone carriage return": (b"deposit,ANNA,1.00,fi\rne\n", "carriage return inside"),
    "two carriage returns": (b"deposit,ANNA,1.00,fine\r\r\n", "carriage return inside"),
    "Latin-1": (b"deposit,ANNA,1.00,caf\xe9\n", "is not UTF-8"),
    "a surrogate": (b"deposit,ANNA,1.00,\xed\xa0\x80\n", "is not UTF-8"),
    "a byte order mark inside": (b"deposit,ANNA,1.00,\xef\xbb\xbffine\n", "U+FEFF"),
    "a huge field": (b"deposit,ANNA,1.00," + b"x" * LINE_AT_MOST + b"\n", "is longer than"),
    "a field of many blocks": (
        b"deposit,ANNA,1.00," + b"x" * 5 * READ_AT_ONCE + b"\n",
        "is longer than",
    ),
    "a long field": (b"deposit,ANNA,1.00," + b"x" * 60_000 + b"\n", "140 are allowed"),
    "wide characters": (b"deposit,ANNA,1.00," + "字".encode() * 22_000 + b"\n", "is longer than"),
    "an unknown verb": (b"deposits,ANNA,1.00,\n", "did you mean deposit?"),
    "a hyphen": (b"open-account,ANNA,1.00,\n", "did you mean open_account?"),
    "no verb": (b",ANNA,1.00,\n", "command: is missing"),
    "a verb of the bank itself": (b"start_run,,,\n", "there is no 'start_run'"),
    "a missing field": (b"deposit,,1.00,\n", "account: is missing"),
    "several bad fields": (b"deposit,anna,ten,\n", "account: must be"),
    "a formula": (b"=1+1,ANNA,1.00,\n", "there is no '=1+1'"),
    "a huge number": (b"deposit,ANNA," + b"9" * 60_000 + b",\n", "amount: must be"),
    "a nice sum of money": (b'deposit,ANNA,"1,000.00",\n', "amount: must be"),
    "digits of other scripts": (b"deposit,ANNA,\xd9\xa1,\n", "amount: must be"),
}


@pytest.mark.parametrize("name", BAD_LINES)
def test_a_bad_line_is_refused_by_itself(bank: Bank, tmp_path: Path, name: str) -> None:
    line, reason = BAD_LINES[name]
    outcome, found = carried_out(bank, tmp_path, HEADER + GOOD + line + GOOD)
    assert found == {2: "COMPLETED", 3: "invalid_command", 4: "COMPLETED"}
    row = rows(tmp_path / "out.csv")[1]
    assert reason in row["reason"]
    assert len(row["reason"]) <= REASON_AT_MOST + 1
    assert len(outcome.problems) == 1
    assert outcome.refused_file is not None
    refused = outcome.refused_file.read_bytes()
    assert refused.startswith(BOM + HEADER)
    assert line.startswith(refused.removeprefix(BOM + HEADER)[:LINE_AT_MOST].removesuffix(b"\n"))


@pytest.mark.parametrize("name", BAD_LINES)
def test_a_bad_last_line_is_refused_too(bank: Bank, tmp_path: Path, name: str) -> None:
    line, _ = BAD_LINES[name]
    _, found = carried_out(bank, tmp_path, HEADER + GOOD + line.rstrip(b"\n"))
    assert found == {2: "COMPLETED", 3: "invalid_command"}


def mutated(content: bytes, draw: Random) -> tuple[bytes, range]:
    """Damage a file below its header; return it and the numbers of the lines that it touches."""
    lines = content.split(b"\n")
    first = draw.randrange(1, len(lines) - 2)
    line = bytearray(lines[first])
    for _ in range(draw.choice([1, 1, 1, 3, 10])):
        at = draw.randrange(len(line) + 1)
        insert = draw.choice(
            [b"\0", b"\r", b'"', b'""', b",", b"'", b";", b"\xff", BOM, b"\xc3", b"=", b"{", b" "]
        )
        match draw.randrange(4):
            case 0:
                line[at:at] = insert * draw.choice([1, 1, 2, 1000, LINE_AT_MOST])
            case 1:
                line[at : at + 1] = insert
            case 2:
                del line[at : at + draw.choice([1, 3, 100])]
            case _:
                line[at:at] = draw.randbytes(draw.choice([1, 4, 40])).replace(b"\n", b"")
    lines[first] = bytes(line)
    return b"\n".join(lines), range(first + 1, first + 2)


POSSIBLE = {"COMPLETED", "account_not_found", "invalid_command", "blank"}


def test_damage_to_a_line_never_reaches_another(tmp_path: Path, proved: Proved) -> None:
    """Guarantee 16."""
    content = HEADER + (GOOD + b'deposit,BERT,2.00,"fine, too"\n') * 20
    results = tmp_path / "out.csv"
    for seed in range(figure("broken command files")):
        damaged, touched = mutated(content, Random(seed))
        with opened_bank() as bank:
            run_file(bank, write(tmp_path / "openings.csv", OPENINGS))
            run_file(bank, write(tmp_path / "in.csv", damaged), Options(results=results))
            found = statuses(results)
            others = {line: status for line, status in found.items() if line not in touched}
            assert others == dict.fromkeys(set(range(2, 42)) - set(touched), "COMPLETED"), seed
            assert found.get(touched[0], "blank") in POSSIBLE, seed
            assert not bank.verify().problems
    proved(f"{figure('broken command files'):,} broken command files")


# JSON Lines


def test_json_lines_do_what_csv_does(bank: Bank, tmp_path: Path) -> None:
    content = (
        '{"command": "transfer", "source": "ANNA", "target": "CARL", "amount": 1.10}\n'
        "\n"
        '{"command": "deposit", "account": "ANNA", "amount": "2", "tags": ["food", "club"],'
        ' "description": "Grüße \\u5b57", "key": "k1", "reference": null}\r\n'
        '{"command": "open_account", "name": "Dora", "initial_deposit": 100}'
    )
    outcome, found = carried_out(bank, tmp_path, content.encode())
    assert found == {1: "COMPLETED", 3: "COMPLETED", 4: "COMPLETED"}
    assert outcome.completed == 3
    assert balances(bank)["CARL"] == "1.10"
    deposit = bank.by_key("k1")
    assert (deposit.tags, deposit.description) == (("food", "club"), "Grüße 字")


def test_a_byte_order_mark_before_json_lines(bank: Bank, tmp_path: Path) -> None:
    line = b'{"command": "deposit", "account": "ANNA", "amount": 1}\n'
    assert carried_out(bank, tmp_path, BOM + b"\n" + line)[1] == {2: "COMPLETED"}


BAD_JSON = {
    "a list": (b"[1]", "must be a JSON object"),
    "a text": (b'"deposit"', "must be a JSON object"),
    "no JSON": (b"{'command': 'deposit'}", "is no JSON"),
    "two objects": (b"{} {}", "is no JSON: Extra data"),
    "a field twice": (
        b'{"command":"deposit","account":"ANNA","amount":"1","amount":"2"}',
        "names a field twice",
    ),
    "a field twice inside": (b'{"command":{"a":1,"a":2}}', "names a field twice"),
    "NaN": (b'{"command":"deposit","account":"ANNA","amount":NaN}', "contains NaN"),
    "Infinity": (b'{"command":"deposit","account":"ANNA","amount":-Infinity}', "-Infinity"),
    "an exponent": (b'{"command":"deposit","account":"ANNA","amount":1e3}', "amount: must be"),
    "a huge exponent": (
        b'{"command":"deposit","account":"ANNA","amount":1e400}',
        "amount: must be",
    ),
    "a line end in a sum": (
        b'{"command":"deposit","account":"ANNA","amount":"1.00\\n"}',
        "amount: must be",
    ),
    "digits of other scripts": (
        b'{"command":"deposit","account":"ANNA","amount":"\\u0661"}',
        "amount: must be",
    ),
    "a truth": (b'{"command":"deposit","account":"ANNA","amount":true}', "amount: must be"),
    "a number as text": (b'{"command":"deposit","account":1,"amount":1}', "must be a text in quot"),
    "a number as verb": (b'{"command":1}', "command: must be a text in quotes"),
    "a list as key": (b'{"command":"deposit","key":["k"]}', "key: must be a text in quotes"),
    "an object": (b'{"command":"deposit","account":{},"amount":1}', "account: must be"),
    "great depth": (b'{"command":' + b"[" * 30_000 + b"]" * 30_000 + b"}", "nested too deeply"),
    "great depth without end": (b'{"command":' + b"[" * 60_000, "nested too deeply"),
    "many digits": (b'{"command":"deposit","amount":' + b"9" * 60_000 + b"}", "amount: must be"),
    "a lone surrogate": (
        b'{"command":"deposit","account":"ANNA","amount":1,"description":"\\ud800"}',
        "U+D800",
    ),
    "a surrogate as key": (b'{"command":"deposit","key":"\\udc80"}', "U+DC80"),
    "a surrogate as field": (
        b'{"command":"deposit","\\ud800":1}',
        "\\ud800: deposit has no such field",
    ),
    "a terminal's orders": (b'{"command":"\\u001b[2J\\n"}', "U+001B"),
    "a line end as field": (b'{"command":"deposit","a\\nb\\u2028":1}', "a\\u000ab\\u2028: deposit"),
    "a line end": (b'{"command":"deposit","key":"a\\nb"}', "U+000A"),
    "an unknown field": (b'{"command":"deposit","amuont":1}', "amuont: deposit has no such field"),
    "a NUL": (b'{"command":"dep\0osit"}', "NUL byte"),
    "Latin-1": (b'{"command":"caf\xe9"}', "not UTF-8"),
    "too long": (b'{"command":"' + b"x" * LINE_AT_MOST + b'"}', "is longer than"),
    "no verb": (b"{}", "command: is missing"),
    "the verb of the bank itself": (b'{"command":"finish_run"}', "there is no 'finish_run'"),
    "an action with a key": (b'{"command":"archive","key":"k"}', "neither a key nor a group"),
}


@pytest.mark.parametrize("name", BAD_JSON)
def test_a_bad_json_line_is_refused_by_itself(bank: Bank, tmp_path: Path, name: str) -> None:
    line, reason = BAD_JSON[name]
    good = b'{"command":"deposit","account":"ANNA","amount":"1.00"}\n'
    outcome, found = carried_out(bank, tmp_path, good + line + b"\n" + good)
    assert found == {1: "COMPLETED", 2: "invalid_command", 3: "COMPLETED"}
    assert reason in rows(tmp_path / "out.csv")[1]["reason"]
    assert outcome.problems[0].isprintable()
    assert outcome.refused_file == tmp_path / "out.refused.jsonl"
    assert line.startswith(outcome.refused_file.read_bytes()[:LINE_AT_MOST].strip())


def test_a_float_never_exists(bank: Bank, tmp_path: Path) -> None:
    line = b'{"command":"deposit","account":"ANNA","amount":9007199254740.99}\n'
    carried_out(bank, tmp_path, line)
    assert balances(bank)["ANNA"] == "9007199255740.99"


# The examples that are shipped


def test_the_examples_run(tmp_path: Path) -> None:
    examples = Path(__file__).parent.parent / "examples"
    found = sorted([*examples.glob("*.csv"), *examples.glob("*.jsonl")])
    assert found
    with opened_bank() as bank:
        for file in found:
            outcome = run_file(bank, file, Options(results=tmp_path / f"{file.stem}.out.csv"))
            assert outcome.rejected == 0, outcome.problems
            assert outcome.completed > 0
        assert not bank.verify().problems
