"""head.csv: its slots keep their form, so that a later bank reads the books of an earlier one."""

from __future__ import annotations

from hashlib import sha256

from SimpleBankingSystem.stores.csv_files.head import SECTOR, Anchor, decode, encode


def test_a_slot_is_its_cells_their_check_and_blanks_up_to_the_line_s_end() -> None:
    anchor = Anchor(generation=7, last_seq=3, last_time="2026-01-01T00:00:00.000000Z")
    slot = encode(anchor)
    cells = ",".join(map(str, anchor))
    check = "h" + sha256(cells.encode()).hexdigest()[:16]
    assert slot.startswith(f'{cells},{check},"'.encode())
    assert slot.endswith(b' "\n')
    assert len(slot) == SECTOR == 512
    assert decode(slot) == anchor
    assert decode(slot.replace(check.encode(), b"h" + b"0" * 16)) is None
