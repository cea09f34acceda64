"""Groups of lines: carried out together, refused together, never cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from SimpleBankingSystem.commands.deposit import Deposit
from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import DiskFull
from SimpleBankingSystem.ledger.run import LINES_AT_ONCE
from SimpleBankingSystem.runs import Options, run_file
from SimpleBankingSystem.runs.groups import GROUPS_REMEMBERED, chunks, whole
from SimpleBankingSystem.runs.lines import Entry
from tests.command_files import (
    OPENINGS,
    FailingStore,
    balances,
    lines_of,
    opened_bank,
    statuses,
    write,
)

HEADER = "command,source,target,amount,group,key\n"


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    with opened_bank() as bank:
        run_file(bank, write(tmp_path / "openings.csv", OPENINGS))
        yield bank


def carried_out(bank: Bank, folder: Path, lines: Sequence[str]) -> dict[int, str]:
    """Carry out lines below the header; return each one's status or code."""
    text = HEADER + "".join(line + "\n" for line in lines)
    run_file(bank, write(folder / "in.csv", text), Options(results=folder / "out.csv"))
    return statuses(folder / "out.csv")


def line(group: str, amount: str = "1.00", source: str = "ANNA", key: str = "") -> str:
    """Return a transfer to Carl."""
    return f"transfer,{source},CARL,{amount},{group},{key}"


DONE, FAILED, BAD = "COMPLETED", "group_failed", "invalid_command"
SHORT = "transfer,ANNA,CARL"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # All members are good.
        ([line("g"), line("g"), line("")], [DONE, DONE, DONE]),
        # One cannot be paid for: it keeps its code, and lines beside the group are not touched.
        (
            [line(""), line("g"), line("g", "5000"), line("g"), line("")],
            [DONE, FAILED, "insufficient_funds", FAILED, DONE],
        ),
        # One is malformed, the first, the middle or the last.
        ([line("g", "x"), line("g"), line("h")], [BAD, FAILED, DONE]),
        ([line("g"), line("g", "x"), line("g"), line("")], [FAILED, BAD, FAILED, DONE]),
        ([line("g"), line("g", "x"), line("h")], [FAILED, BAD, DONE]),
        # A line whose group cannot be read may be of either group beside it.
        ([line("g"), SHORT, line("g"), line("")], [FAILED, BAD, FAILED, DONE]),
        ([line("g"), SHORT, line("h"), line("i")], [FAILED, BAD, FAILED, DONE]),
        ([SHORT, line("g"), line("g"), line("h")], [BAD, FAILED, FAILED, DONE]),
        ([line(""), SHORT, line(""), line("g")], [DONE, BAD, DONE, DONE]),
        ([line("g"), SHORT], [FAILED, BAD]),
        ([line("g"), line("\x0b"), line("h")], [FAILED, BAD, FAILED]),
        ([line("g"), line('"h'), line("")], [FAILED, BAD, DONE]),
        ([line("g"), SHORT, SHORT, line("g")], [FAILED, BAD, BAD, FAILED]),
        # Two groups side by side.
        (
            [line("g", "5000"), line("g"), line("h"), line("h")],
            ["insufficient_funds", FAILED] + [DONE] * 2,
        ),
        # A group that comes back is refused there.
        ([line("g"), line("h"), line("g"), line("g")], [DONE, DONE, BAD, BAD]),
        ([line("g"), line(""), line("g")], [DONE, DONE, BAD]),
        # A member whose key was used before: the others are not carried out alone.
        ([line("", key="k"), line("g"), line("g", key="k")], [DONE, "key_reused", DONE]),
        # Actions have no group, and none lies within one.
        (["archive,,,,g,", line("g")], [BAD, FAILED]),
        ([line("g"), "archive,,,,,", line("g")], [DONE, DONE, BAD]),
    ],
)
def test_groups(bank: Bank, tmp_path: Path, lines: list[str], expected: list[str]) -> None:
    found = carried_out(bank, tmp_path, lines)
    assert found == dict(enumerate(expected, 2))


def test_a_failed_group_moves_nothing(bank: Bank, tmp_path: Path) -> None:
    carried_out(bank, tmp_path, [line("g"), line("g", "5000"), line("g")])
    assert balances(bank)["CARL"] == "0.00"


def test_blank_lines_do_not_end_a_group(bank: Bank, tmp_path: Path) -> None:
    found = carried_out(bank, tmp_path, [line("g"), "", ",,,,,", line("g", "5000")])
    assert found == {2: FAILED, 5: "insufficient_funds"}


def test_a_group_is_never_cut(bank: Bank, tmp_path: Path) -> None:
    before = [line("")] * (LINES_AT_ONCE - 5)
    group = [line("g", "0.01")] * 9 + [line("g", "5000")]
    found = carried_out(bank, tmp_path, [*before, *group, line("")])
    codes = list(found.values())
    assert codes == [DONE] * len(before) + [FAILED] * 9 + ["insufficient_funds", DONE]


def test_a_group_of_the_largest_size(bank: Bank, tmp_path: Path) -> None:
    found = carried_out(bank, tmp_path, [line("")] + [line("g", "0.01")] * LINES_AT_ONCE)
    assert list(found.values()) == [DONE] * (LINES_AT_ONCE + 1)


def test_a_group_that_is_too_large_is_refused_whole(bank: Bank, tmp_path: Path) -> None:
    size = 2 * LINES_AT_ONCE + 7
    found = carried_out(bank, tmp_path, [line("g", "0.01")] * size + [line("")])
    assert list(found.values()) == [BAD] * size + [DONE]


def test_stop_on_error_keeps_groups_together(bank: Bank, tmp_path: Path) -> None:
    text = HEADER + "\n".join([line("g"), line("g"), line("h"), line("h", "x"), line("")])
    outcome = run_file(bank, write(tmp_path / "in.csv", text), Options(stop_on_error=True))
    assert (outcome.completed, outcome.rejected, outcome.stopped) == (2, 2, True)


@pytest.mark.parametrize("good", [1, 2, 4, 7, 11])
def test_a_broken_run_leaves_no_half_group(tmp_path: Path, good: int) -> None:
    lines = [line(f"g{at // 3}", "0.01", "ANNA" if at % 2 else "BERT") for at in range(3000)]
    file = write(tmp_path / "in.csv", HEADER + "\n".join(lines))
    store = FailingStore(DiskFull("full"))
    with opened_bank(store, workers=2, batch=100) as bank:
        run_file(bank, write(tmp_path / "openings.csv", OPENINGS))
        store.fail(after=good)
        with pytest.raises(DiskFull):
            run_file(bank, file)
        assert {done // 3 * 3 + 2 for done in (at - 2 for at in lines_of(bank, "R000002"))} == {
            done for done in (at - 2 for at in lines_of(bank, "R000002")) if done % 3 == 2
        }
        store.fail(after=0, times=0)
        assert run_file(bank, file).rejected == 0
        assert lines_of(bank, "R000002") == list(range(2, 3002))


def entries(groups: Sequence[str]) -> list[Entry]:
    """Return lines of deposits with these groups."""
    made: list[Entry] = []
    for number, group in enumerate(groups, 1):
        ticket = Ticket(Deposit.parse({"account": "ANNA", "amount": "1"}), "R000001", number, "")
        ticket.group = group
        made.append(ticket)
    return made


def test_only_so_many_names_of_groups_are_remembered() -> None:
    names = [f"g{at}" for at in range(GROUPS_REMEMBERED)]
    last = list(whole(entries([*names, "g0", "g1", "late", "g2", "g0"])))[GROUPS_REMEMBERED:]
    # The name g2 is forgotten when "late" comes, as the third after the first so many.
    assert [type(unit[0]).__name__ for unit in last] == [
        "RefusedLine",
        "RefusedLine",
        "Ticket",
        "RefusedLine",
        "Ticket",
    ]


def test_no_chunk_reaches_further_than_the_resumption_rule_allows() -> None:
    groups = [f"g{at // 7}" if at % 50 else "" for at in range(10_000)]
    found = list(chunks(whole(entries(groups)), singly=False))
    assert [entry.line for chunk in found for entry in chunk] == list(range(1, 10_001))
    assert all(chunk[-1].line - chunk[0].line < LINES_AT_ONCE for chunk in found)
    assert len(found) < 15
