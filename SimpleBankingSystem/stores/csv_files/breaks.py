"""What happened where the chain of hashes breaks: one explanation, proved where it can be.

The rules are asked one after the other, from what leaves no doubt to what is only likely. Each
tells what is wrong, how many lines that explains, and what the rows said before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from SimpleBankingSystem.stores.csv_files.format import COLUMNS, HASH, SEQ, SOURCE_BALANCE, chained
from SimpleBankingSystem.stores.csv_files.looks import Style, written
from SimpleBankingSystem.stores.csv_files.problems import missing_rows
from SimpleBankingSystem.stores.csv_files.rows import MARK
from SimpleBankingSystem.stores.csv_files.suspects import (
    PRINTABLE,
    Cells,
    Known,
    contradictions,
    fits,
    is_one_character_away,
    joined,
    likely_cell,
    money_by_later_rows,
    other_character,
    possible_cell,
    slip,
)

WINDOW = 1000
"""How many lines ahead a row that is out of its place is looked for."""

NO_ROW = ": this is no row that the bank wrote."
TWICE = ": the row stands here a second time."
DISPLACED = ": the row does not belong here."

_printed = re.compile(rb"h[0-9a-f]{32}")
_inside = re.compile(rb",h[0-9a-f]{32}")
_seq = re.compile(rb'"?([0-9]{1,18})"?[^0-9]')
_cell_of = re.compile(r'("(?:[^"]|"")*"|[^,]*)(?:,|$)')


@dataclass(slots=True)
class Break:
    """A line that does not chain, those after it, and what is known of the rows before.

    ``mark`` is the hash that the line should follow, empty where that could not be read.
    ``anchored`` are hashes that are known from elsewhere; ``is_torn`` tells that the first line
    is the end of the file and has no line end.
    """

    lines: Sequence[bytes]
    mark: bytes
    known: Known
    style: Style
    anchored: frozenset[bytes]
    is_torn: bool

    @property
    def line(self) -> bytes:
        """The line that does not chain."""
        return self.lines[0]

    @property
    def after(self) -> bytes:
        """The line after it, empty if there is none."""
        return self.lines[1] if len(self.lines) > 1 else b""

    @property
    def seq(self) -> int:
        """The row that should stand here."""
        return self.known.seq

    def variants(self) -> list[Cells]:
        """Return the line's cells as the bank may have written them, none if it is no row."""
        cells = self.style.cells(self.line)
        if cells is None:
            return []
        # With the amounts as they stand, and with all decimals.
        return list(islice(written(cells, self.known.currencies), 2))

    def cells(self) -> Cells | None:
        """Return the likeliest of these."""
        variants = self.variants()
        return variants[-1] if variants else None


@dataclass(slots=True)
class Finding:
    """What happened.

    ``said`` are the sentences, each with the number of its line, counted from the first, and its
    seq. The next line is row ``seq`` + 1 and follows ``mark``. ``rows`` are what the lines said
    before, proved; ``guess`` is a row that may be right or wrong, and ``gap`` tells that rows
    before it are missing.
    """

    said: list[tuple[int, int, str]]
    lines: int
    seq: int
    mark: bytes
    rows: list[bytes] = field(default_factory=list)
    guess: Cells | None = None
    gap: bool = False
    look_only: bool = False


def chains(mark: bytes, line: bytes) -> bool:
    """Tell whether a line is the row that follows a hash."""
    return line[-MARK:] == chained(mark, line[:-MARK])


def seq_of(line: bytes) -> int:
    """Return the seq that a line begins with, 0 if there is none."""
    found = _seq.match(line)
    return int(found[1]) if found else 0


def explain(found: Break, *, patient: bool = True) -> Finding:
    """Say what happened at a break; without patience only what is quickly found."""
    if not found.mark:
        return _behind_the_unknown(found)
    for rule in RULES if patient else QUICK_RULES:
        finding = rule(found)
        if finding is not None:
            return finding
    return _changed(found)


def _look(found: Break) -> Finding | None:
    """The row has the same values and was written otherwise."""
    row = _as_written(found, found.mark, found.line)
    if not row:
        return None
    finding = _one(found, found.style.said, row)
    finding.look_only = True
    return finding


def _out_of_place(found: Break) -> Finding | None:
    """The row that belongs here stands further down: rows were moved, doubled or put in."""
    lines, seq = found.lines, found.seq
    start = next((i for i, line in enumerate(lines) if _is_row_here(found, line)), 0)
    if not start:
        return None
    places: dict[int, int] = {}
    for i, line in enumerate(lines):
        places.setdefault(seq_of(line), i)
    order, furthest = [start], start
    rows = [_as_written(found, found.mark, lines[start])]
    while len(order) <= furthest:
        at = places.get(seq + len(order))
        row = b"" if at is None else _as_written(found, rows[-1][-MARK:], lines[at])
        if at is None or not row:
            return _strangers(found, start)
        order.append(at)
        rows.append(row)
        furthest = max(furthest, at)
    numbers = [seq_of(line) for line in lines[: len(order)]]
    shown = ", ".join(map(str, numbers[:10])) + (" …" if len(numbers) > 10 else "")
    last = seq + len(order) - 1
    said = [(0, numbers[0], f": rows {seq} to {last} stand in the order {shown}.")]
    return Finding(said, len(order), last, rows[-1][-MARK:], rows)


def _is_row_here(found: Break, line: bytes) -> bool:
    """Tell whether a line is the row that belongs here, perhaps with another look."""
    if chains(found.mark, line):
        return True
    return seq_of(line) == found.seq and bool(_as_written(found, found.mark, line))


def _as_written(found: Break, mark: bytes, line: bytes) -> bytes:
    """Return a line as the bank wrote it, nothing if it is not the row that follows a hash."""
    if chains(mark, line):
        return line
    cells = found.style.cells(line)
    variants = written(cells, found.known.currencies) if cells else ()
    return next((joined(row) for row in variants if fits(mark, row)), b"")


def _strangers(found: Break, count: int) -> Finding:
    """Pass over lines that do not belong here."""
    said = []
    for i, line in enumerate(found.lines[:count]):
        seq = seq_of(line)
        is_row = seq and found.style.cells(line) is not None
        text = NO_ROW if not is_row else TWICE if seq < found.seq else DISPLACED
        said.append((i, seq if is_row else 0, text))
    return Finding(said, count, found.seq - 1, found.mark)


def _cut_in_two(found: Break) -> Finding | None:
    """A line end was put into the row."""
    for character in (b"", *PRINTABLE):
        line = found.line + character + found.after
        if chains(found.mark, line):
            column = COLUMNS[min(len(_raw_cells(found.line)), len(COLUMNS)) - 1]
            finding = _one(found, f", column {column}: a line end cuts the row in two.", line)
            finding.lines = 2
            return finding
    return None


def _run_together(found: Break) -> Finding | None:
    """The line end between two rows was lost."""
    place = _inside.search(found.line)
    if place is None:
        return None
    first, rest = found.line[: place.end()], found.line[place.end() :]
    second = next((each for each in (rest, rest[1:]) if chains(first[-MARK:], each)), b"")
    if not second or not chains(found.mark, first):
        return None
    text = f": the line end between rows {found.seq} and {found.seq + 1} is lost."
    return Finding([(0, found.seq, text)], 1, found.seq + 1, second[-MARK:], [first, second])


def _hash(found: Break) -> Finding | None:
    """The row is right and its hash is not: the next row follows the hash that it had."""
    line = found.line
    for size in (MARK, MARK - 1, MARK + 1, len(line) - line.rfind(b",") - 1):
        body, printed = line[:-size], line[-size:]
        right = chained(found.mark, body)
        if not body.endswith(b","):
            continue
        if right in found.anchored:
            proof = "head.csv"
        elif chains(right, found.after):
            proof = "the row after it"
        elif is_one_character_away(printed, right):
            proof = "the row itself"
        else:
            continue
        reads = printed.decode(errors="replace")
        text = f", column hash_v1: reads {reads}, was {right.decode()} (proved by {proof})."
        return _one(found, text, body + right)
    return None


def _likely_cell(found: Break) -> Finding | None:
    """One cell was changed, and others say what stood there."""
    return _cell(found, likely_cell)


def _possible_cell(found: Break) -> Finding | None:
    """One cell was changed, and trying finds what stood there."""
    return _cell(found, possible_cell)


def _cell(found: Break, search: Callable[[bytes, Cells, Known], Cells | None]) -> Finding | None:
    for cells in found.variants():
        before = search(found.mark, cells, found.known)
        if before is not None:
            return _proved(found, cells, before)
    return None


def _all_money(found: Break) -> Finding | None:
    """Amount and both balances were changed together, and a later row tells what they were."""
    cells = found.cells()
    if cells is None or not cells[SOURCE_BALANCE]:
        return None
    rows = (found.style.cells(line) for line in found.lines[1:])
    before = money_by_later_rows(cells, filter(None, rows), found.known)
    if before is None or not fits(found.mark, before):
        return None
    return _proved(found, cells, before)


def _slip(found: Break) -> Finding | None:
    """One bit was flipped, or one character added or swapped."""
    return _character(found, slip)


def _other_character(found: Break) -> Finding | None:
    """One character was changed or lost."""
    return _character(found, other_character)


def _character(found: Break, search: Callable[[bytes, bytes], bytes | None]) -> Finding | None:
    line = search(found.mark, found.line)
    return None if line is None else _proved(found, _raw_cells(found.line), _raw_cells(line))


def _repeated(found: Break) -> Finding | None:
    """Rows from further up stand here again, more of them than the window shows."""
    count = 0
    for line in found.lines:
        if not 0 < seq_of(line) < found.seq or found.style.cells(line) is None:
            break
        count += 1
    return _strangers(found, count) if count else None


def _missing(found: Break) -> Finding | None:
    """Rows are missing before this one, which is taken as it is."""
    cells, after = found.cells(), seq_of(found.after)
    seq = seq_of(found.line)
    if cells is None or seq <= found.seq or after not in (0, seq + 1):
        return None
    return _begin_again(found, cells)


def _changed(found: Break) -> Finding:
    """The row was changed, and nobody can say how."""
    cells, seq = found.cells(), found.seq
    if cells is None or not _mark_of(cells) or not cells[SEQ].isdecimal():
        text = ": the file is cut off in this row." if found.is_torn else _width_trouble(found.line)
        return Finding([(0, seq, text)], 1, seq, b"", gap=True)
    text = ": the row, or the hash of the row before it, was changed; the column is unknown"
    suspects = contradictions(cells, found.known)
    if suspects:
        text += f"; suspect: {', '.join(suspects)}"
    cells[SEQ] = str(seq)
    return Finding([(0, seq, f"{text}.")], 1, seq, _mark_of(cells), guess=cells)


def _behind_the_unknown(found: Break) -> Finding:
    """Begin again at the first row behind one whose hash could not be read."""
    cells = found.cells()
    if cells is None or not _mark_of(cells):
        return _changed(found)
    return _begin_again(found, cells)


def _begin_again(found: Break, cells: Cells) -> Finding:
    """Take a row as it is, and say which rows before it are missing."""
    seq = max(seq_of(found.line), found.seq)
    said = []
    if seq > found.seq:
        said.append((0, seq, f": {missing_rows(found.seq, seq - 1)} before this one."))
    cells[SEQ] = str(seq)
    return Finding(said, 1, seq, _mark_of(cells), guess=cells, gap=True)


def _one(found: Break, text: str, line: bytes) -> Finding:
    """Return what is said of one row that is proved."""
    return Finding([(0, found.seq, text)], 1, found.seq, line[-MARK:], [line])


def _proved(found: Break, cells: Cells, before: Cells) -> Finding:
    """Name the cells in which a row differs from what it was."""
    changed = [i for i in range(HASH) if cells[i : i + 1] != before[i : i + 1]] or [HASH]
    if len(cells) != len(before) or len(changed) > 3:
        # A separator was hit: the cells behind it have only moved.
        changed = changed[:1]
    columns = ", ".join(COLUMNS[i] for i in changed)
    reads = ", ".join(_shown("".join(cells[i : i + 1])) for i in changed)
    was = ", ".join(_shown(before[i]) for i in changed)
    text = f", column {columns}: reads {reads}, was {was} (proved by the row's hash)."
    return _one(found, text, joined(before[: len(COLUMNS)]))


def _shown(cell: str) -> str:
    return cell if cell.isprintable() and cell else repr(cell)


def _mark_of(cells: Cells) -> bytes:
    """Return the hash that a row prints, nothing if it has not the form of one."""
    mark = cells[HASH].encode()
    return mark if _printed.fullmatch(mark) else b""


def _width_trouble(line: bytes) -> str:
    width = len(_raw_cells(line))
    if 2 * width < len(COLUMNS) or width == len(COLUMNS):
        return NO_ROW
    return f": the row has {width} columns instead of {len(COLUMNS)}."


def _raw_cells(line: bytes) -> Cells:
    """Return a line's cells as they stand in the file, quotes included."""
    text = line.decode(errors="replace")
    cells = _cell_of.findall(text)
    # The pattern also finds nothing, at the very end, unless that is the last cell.
    return cells if text.endswith(",") else cells[:-1]


Rule = Callable[[Break], Finding | None]

RULES: tuple[Rule, ...] = (
    _look,
    _out_of_place,
    _cut_in_two,
    _run_together,
    _hash,
    _likely_cell,
    _all_money,
    _repeated,
    _missing,
    _slip,
    _possible_cell,
    _other_character,
)
QUICK_RULES: tuple[Rule, ...] = (_look, _repeated, _missing)
