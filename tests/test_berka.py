from __future__ import annotations

import csv
import os
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from examples.berka import replay
from examples.berka.replay import main
from examples.berka.tables import History, Row, in_booking_order, read_clients, read_histories
from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.engine import bank as engine
from SimpleBankingSystem.questions.base import Answer
from SimpleBankingSystem.questions.statement import Statement
from tests.banks import TickingClock, done

TRANSACTIONS = """\
"trans_id";"account_id";"date";"type";"operation";"amount";"balance";"k_symbol";"bank";"account"
11;7;930102;"PRIJEM";"VKLAD";1000.00;1000.00;"";;
21;12;930103;"PRIJEM";"PREVOD Z UCTU";50.00;50.00;"DUCHOD";"YZ";"62457513"
13;7;930105;"VYDAJ";"VYBER";14.60;1202.20;"SLUZBY";;"0"
12;7;930105;"PRIJEM";"";216.75;1216.80;"\xdaROK";;
22;12;930201;"VYBER";"VYBER";80.00;-30.00;" ";;
23;12;930202;"PRIJEM";"VKLAD";500.00;470.00;"";;
"""

ACCOUNTS = """\
"account_id";"district_id";"frequency";"date"\r
12;74;"POPLATEK MESICNE";930101\r
7;55;"POPLATEK MESICNE";930101\r
99;1;"POPLATEK TYDNE";930101\r
"""

OWNERS = """\
"disp_id";"client_id";"account_id";"type"\r
1;3;7;"OWNER"\r
2;5;12;"DISPONENT"\r
3;4;12;"OWNER"\r
4;8;99;"OWNER"\r
"""

CLIENTS = """\
"client_id";"birth_number";"district_id"\r
8;"706213";2\r
3;"450204";1\r
4;"406009";1\r
5;"561201";2\r
"""

DISTRICTS = """\
A1;A2;A3\r
1;"Hl.m. Praha";"Prague"\r
2;"Benesov";"central Bohemia"\r
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tables = {
        "trans.asc": TRANSACTIONS,
        "account.asc": ACCOUNTS,
        "disp.asc": OWNERS,
        "client.asc": CLIENTS,
        "district.asc": DISTRICTS,
    }
    for name, text in tables.items():
        (tmp_path / name).write_bytes(text.encode("latin-1"))
    return tmp_path


# Reading


def test_the_tables_are_read(folder: Path) -> None:
    first, second, third = read_histories(folder)
    assert (first.account, first.owner, first.opened) == ("7", "3", "1993-01-01")
    assert (second.account, second.owner, second.users) == ("12", "4", ["5"])
    assert (third.account, third.rows, third.overdraft_limit()) == ("99", [], Decimal(0))
    assert second.rows == [
        Row(
            "21",
            "12",
            "1993-01-03",
            Decimal("50.00"),
            Decimal("50.00"),
            "PREVOD Z UCTU DUCHOD YZ 62457513",
        ),
        Row("22", "12", "1993-02-01", Decimal("-80.00"), Decimal("-30.00"), "VYBER"),
        Row("23", "12", "1993-02-02", Decimal("500.00"), Decimal("470.00"), "VKLAD"),
    ]
    assert [row.description for row in first.rows] == ["VKLAD", "\xdaROK", "VYBER SLUZBY"]


def test_published_balances_are_rounded_and_exact_ones_are_not(folder: Path) -> None:
    first, second, _ = read_histories(folder)
    assert list(first.roundings()) == [Decimal(text) for text in ("0.00", "-0.05", "0.00")]
    assert list(first.exact_balances())[-1] == Decimal("1202.15")
    assert first.overdraft_limit() == Decimal(0)
    assert second.overdraft_limit() == Decimal("30.00")


@pytest.mark.parametrize(
    ("table", "old", "new", "complaint"),
    [
        ("trans.asc", '"balance"', '"saldo"', "trans.asc lacks the column balance"),
        ("trans.asc", ";500.00;", ";500.00;1;", "trans.asc, line 7: not 10 fields"),
        ("trans.asc", ";500.00;", ";-500.00;", "trans.asc, transaction 23: must be plain digits"),
        ("trans.asc", "470.00", "NaN", "trans.asc, transaction 23: must be plain digits"),
        ("trans.asc", '"VYBER";"VYBER"', '"VYBIR";"VYBER"', "transaction 22: 'VYBIR' is neither"),
        ("trans.asc", "470.00", "470.20", "account 12, 1993-02-02"),
        ("account.asc", "12;74", "13;74", "account.asc lacks account 12"),
        ("disp.asc", '12;"OWNER"', '12;"USER"', "disp.asc lacks account 12"),
        ("disp.asc", '12;"DISP', '13;"DISP', "account.asc lacks account 13"),
        ("client.asc", '4;"406009"', '6;"406009"', "client.asc lacks client 4"),
        ("district.asc", '2;"Ben', '3;"Ben', "district.asc lacks district 2"),
    ],
)
def test_a_table_that_is_not_as_published_is_named(
    folder: Path, table: str, old: str, new: str, complaint: str
) -> None:
    text = (folder / table).read_bytes().decode("latin-1")
    assert old in text
    (folder / table).write_bytes(text.replace(old, new).encode("latin-1"))
    with pytest.raises(ValueError, match=complaint):
        _ = read_histories(folder), read_clients(folder)


def test_clients_are_in_the_order_of_their_numbers(folder: Path) -> None:
    assert [(each.id, each.district) for each in read_clients(folder)] == [
        ("3", "Hl.m. Praha"),
        ("4", "Hl.m. Praha"),
        ("5", "Benesov"),
        ("8", "Benesov"),
    ]


# The order of booking


def rows(*amounts_and_balances: str) -> list[Row]:
    found = []
    for text in amounts_and_balances:
        amount, balance = map(Decimal, text.split())
        found.append(Row(text, "7", "1993-01-01", amount, balance, ""))
    return found


@pytest.mark.parametrize(
    "booked",
    [
        ("500.00 500.00", "100.00 600.00", "-250.00 350.00"),
        # Where 500.00 is reached, both of the next but one fit exactly; only one leads on.
        ("500.00 500.00", "100.00 600.00", "-100.00 500.00", "-50.00 450.00"),
        # The exact step would come first, and leave no place for the rounded one.
        ("0.05 0.10", "100.00 100.00"),
    ],
)
@pytest.mark.parametrize("shuffled", [sorted, lambda texts: sorted(texts, reverse=True)])
def test_rows_of_a_day_are_ordered_by_their_balances(
    booked: Sequence[str], shuffled: Callable[[Sequence[str]], list[str]]
) -> None:
    assert [row.id for row in in_booking_order(rows(*shuffled(booked)))] == list(booked)


def test_a_balance_that_no_order_explains_is_refused() -> None:
    with pytest.raises(ValueError, match="account 7, 1993-01-01"):
        in_booking_order(rows("500.00 500.00", "100.00 600.11"))


# The replay


def test_the_command_file_is_by_day_and_openings_come_first(folder: Path) -> None:
    file = folder / "commands.csv"
    replay.write_commands(file, read_clients(folder), read_histories(folder), overdraft=True)
    with file.open(encoding="utf-8", newline="") as lines:
        header, *found = csv.reader(lines)
    assert tuple(header) == replay.COLUMNS
    assert [",".join(line) for line in found] == [
        "register_customer,C00000003,,Client,Hl.m. Praha,,,,,,,,",
        "register_customer,C00000004,,Client,Hl.m. Praha,,,,,,,,",
        "register_customer,C00000005,,Client,Benesov,,,,,,,,",
        "register_customer,C00000008,,Client,Benesov,,,,,,,,",
        "open_account,,A7,Client 3,,C00000003,,CZK,0,,1993-01-01,,",
        "open_account,,A12,Client 4,,C00000004,C00000005,CZK,30.00,,1993-01-01,,",
        "open_account,,A99,Client 8,,C00000008,,CZK,0,,1993-01-01,,",
        "deposit,,A7,,,,,,,1000.00,1993-01-02,11,VKLAD",
        "deposit,,A12,,,,,,,50.00,1993-01-03,21,PREVOD Z UCTU DUCHOD YZ 62457513",
        "deposit,,A7,,,,,,,216.75,1993-01-05,12,\xdaROK",
        "withdraw,,A7,,,,,,,14.60,1993-01-05,13,VYBER SLUZBY",
        "withdraw,,A12,,,,,,,80.00,1993-02-01,22,VYBER",
        "deposit,,A12,,,,,,,500.00,1993-02-02,23,VKLAD",
    ]


def figures(printed: str) -> dict[str, list[str]]:
    """Return the printed table: each figure's name and its value in every column."""
    lines = [line.strip("│ ").split("│") for line in printed.splitlines() if line.startswith("│")]
    return {name.strip(): [value.strip() for value in values] for name, *values in lines}


def test_a_small_bank_is_replayed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder), "--into", str(folder / "replay")]) == 0
    assert figures(capsys.readouterr().out) == {
        replay.REGISTERED: ["4", "4"],
        replay.OPENED: ["3", "3"],
        replay.LINKED: ["4", "4"],
        replay.MOVED: ["6", "6"],
        replay.REFUSED: ["0", "0"],
        replay.EXACT: ["6", "6"],
        replay.NEGATIVE: ["1", "1"],
        replay.LOWEST: ["-30.00", "-30.00"],
        replay.EQUAL: ["1", "1"],
        replay.LARGEST: ["0.05", "0.05"],
        replay.PROBLEMS: ["0", "0"],
        replay.STATEMENTS: ["45", "45"],
    }


def test_without_overdraft_a_withdrawal_is_refused_and_then_retried(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(folder), "--without-overdraft", "--into", str(folder / "replay")]) == 0
    assert figures(capsys.readouterr().out) == {
        replay.REGISTERED: ["4", "4", "4"],
        replay.OPENED: ["3", "3", "3"],
        replay.LINKED: ["4", "4", "4"],
        replay.MOVED: ["6", "5", "6"],
        replay.REFUSED: ["0", "1", "0"],
        replay.EXACT: ["6", "4", "4"],
        replay.NEGATIVE: ["1", "0", "0"],
        replay.LOWEST: ["-30.00", "50.00", "50.00"],
        replay.EQUAL: ["1", "0", "1"],
        replay.LARGEST: ["0.05", "80.00", "0.05"],
        replay.PROBLEMS: ["0", "0", "0"],
        replay.STATEMENTS: ["45", "45", "45"],
    }


def test_a_statement_that_does_not_add_up_is_noticed() -> None:
    with Bank.open("memory:", clock=TickingClock()) as bank:
        done(bank, "open_account", name="Ada", account="A7")
        for amount in ("1", "2"):
            done(bank, "deposit", account="A7", amount=amount, value_date="1993-02-03")
        history = History("7", "3", [], "1993-01-01", [])
        assert replay.sound_statements(bank, [history]) == 15
        # The first month begins with nothing, and the last one ends on the balance of now.
        done(bank, "deposit", account="A7", amount="4", value_date="1992-12-31")
        assert replay.sound_statements(bank, [history]) == 14
        done(bank, "deposit", account="A7", amount="4", value_date="1994-04-01")
        assert replay.sound_statements(bank, [history]) == 13


class Wrong(Statement):
    """A statement with a wrong balance."""

    def answer(self, bank: engine.Bank) -> Answer:
        answer = super().answer(bank)
        answer["items"][-1]["balance"] = "9.99"
        return answer


def test_a_wrong_balance_in_a_statement_is_noticed() -> None:
    with Bank.open("memory:", clock=TickingClock()) as bank:
        done(bank, "open_account", name="Ada", account="A7", initial_deposit="5")
        done(bank, "deposit", account="A7", amount="1")
        five, six = Decimal("5.00"), Decimal("6.00")
        day = bank.account("A7").opened_at[:10]
        assert replay.ends_of(Statement("A7", limit=1), bank) == (Decimal("0.00"), six)
        assert replay.ends_of(Wrong("A7", limit=1), bank) == (None, five)
        assert replay.ends_of(Statement("A7", until=day), bank) == (Decimal("0.00"),) * 2


def test_what_is_in_a_folder_is_never_replaced(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(folder.iterdir())
    assert main([str(folder), "--into", str(folder)]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before


def test_books_that_hold_accounts_are_left_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    books = f"csv:{folder / 'books'}"
    assert main([str(folder), "--into", str(folder / "first"), "--store", books]) == 0
    assert main([str(folder), "--into", str(folder / "second"), "--store", books]) == 78
    assert "holds accounts already" in capsys.readouterr().err


def test_a_missing_table_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), "--into", str(tmp_path / "replay")]) == 2
    assert "trans.asc" in capsys.readouterr().err


@pytest.mark.needs("BANK_BERKA")
@pytest.mark.no_cover
def test_fifteen_months_of_a_real_bank(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample = ["--every", "45"]
    assert main([os.environ["BANK_BERKA"], *sample, "--into", str(tmp_path / "replay")]) == 0
    assert figures(capsys.readouterr().out) == {
        replay.REGISTERED: ["5,369", "5,369"],
        replay.OPENED: ["4,500", "4,500"],
        replay.LINKED: ["5,369", "5,369"],
        replay.MOVED: ["46,997", "46,997"],
        replay.REFUSED: ["0", "0"],
        replay.EXACT: ["46,997", "46,997"],
        replay.NEGATIVE: ["88", "88"],
        replay.LOWEST: ["-5,446.60", "-5,446.60"],
        replay.EQUAL: ["664", "664"],
        replay.LARGEST: ["0.70", "0.70"],
        replay.PROBLEMS: ["0", "0"],
        replay.STATEMENTS: ["1,500", "1,500"],
    }


@pytest.mark.needs("BANK_BERKA")
@pytest.mark.no_cover
def test_a_real_bank_without_overdraft_refuses_26_and_completes_them_when_retried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    into = str(tmp_path / "replay")
    options = ["--without-overdraft", "--every", "45", "--into", into]
    assert main([os.environ["BANK_BERKA"], *options]) == 0
    found = figures(capsys.readouterr().out)
    assert found[replay.MOVED] == ["46,997", "46,971", "46,997"]
    assert found[replay.REFUSED] == ["0", "26", "0"]
    assert found[replay.EQUAL] == ["664", "654", "664"]
    assert found[replay.LARGEST] == ["0.70", "31,840.10", "0.70"]
    assert found[replay.PROBLEMS] == ["0", "0", "0"]
    assert found[replay.STATEMENTS] == ["1,500"] * 3


@pytest.mark.needs("BANK_BERKA")
@pytest.mark.no_cover
def test_every_real_row_has_its_place() -> None:
    histories: list[History] = read_histories(Path(os.environ["BANK_BERKA"]))
    steps = [rounding for history in histories for rounding in history.roundings()]
    counts = [steps.count(Decimal(text)) for text in ("0.00", "0.10", "-0.10")]
    assert (counts, len(steps)) == ([44_966, 1_229, 802], 46_997)
