"""What recovery says of the place at which it stops: the words of verify, for one line only."""

from __future__ import annotations

from itertools import islice

from SimpleBankingSystem.stores.csv_files.breaks import WINDOW, Break, chains, explain
from SimpleBankingSystem.stores.csv_files.disk import Disk, File
from SimpleBankingSystem.stores.csv_files.format import JOURNAL_HEADER
from SimpleBankingSystem.stores.csv_files.head import Anchor
from SimpleBankingSystem.stores.csv_files.looks import Style
from SimpleBankingSystem.stores.csv_files.rows import MARK, BrokenRow, lines_of
from SimpleBankingSystem.stores.csv_files.suspects import Known
from SimpleBankingSystem.stores.state import State


def changed_header(disk: Disk, file: File) -> str:
    """Say in what a file's header differs from the one that the bank wrote."""
    header = next(lines_of(disk.blocks(file)), b"").removesuffix(b"\n")
    style = Style(header)
    notes = f" ({'; '.join(style.notes)})" if style.is_known and style.notes else ""
    return f": the header is not the one that the bank wrote{notes}."


def broken_row(disk: Disk, file: File, broken: BrokenRow, state: State, anchor: Anchor) -> str:
    """Say at which line and seq the chain breaks, and what happened there, with the column.

    ``state`` is that after the commit before.
    """
    blocks = disk.blocks(file, broken.start)
    lines = list(islice(lines_of(blocks), WINDOW))
    place = broken.place
    mark = place.mark.encode()
    if broken.start > place.offset:
        mark = file.read_at(broken.start - MARK - 1, MARK)
    rows = [line.removesuffix(b"\n") for line in lines]
    if not rows or chains(mark, rows[0]):
        # The row is as it was written; what is behind it, or its place, is not.
        return f"line {broken.line}, seq {broken.seq}: {broken.reason}."
    accounts = state.accounts.values()
    balances = {account.id: account.balance for account in accounts}
    currencies = {account.id: account.currency for account in accounts}
    known = Known(broken.seq, balances, currencies)
    anchored = frozenset({anchor.last_hash.encode(), anchor.archive_hash.encode()})
    style = Style(JOURNAL_HEADER[:-1])
    is_torn = len(rows) == 1 and rows == lines
    found = explain(Break(rows, mark, known, style, anchored, is_torn))
    offset, seq, text = found.said[0]
    return f"line {broken.line + offset}, seq {seq or broken.seq}{text}"
