"""How hard each proof tries: `test` on every run, `short` for minutes, `long` for a night.

`dev.py prove` sets the level in BANK_PROOF; without it the level is `test`.
"""

from __future__ import annotations

import os

LEVELS = ("test", "short", "long")

# A proof's figure at each level, in the order of LEVELS. A proof adds its own row.
FIGURES = {
    "crash images": (1_000, 20_000, 1_000_000),
    "kill cycles": (6, 100, 1_000),
    "server kills": (4, 100, 1_000),
    "kills at a sync": (2, 30, 300),
    "pairs of faults": (20, 1_000, 50_000),
    "damaged rows": (6, 12, 100),
    "model examples": (60, 500, 20_000),
    "model steps": (30, 50, 100),
    "schedules": (120, 1_000, 50_000),
    "schedules on a disk": (60, 1_000, 50_000),
    "broken command files": (200, 1_000, 200_000),
    "API cases": (150, 5_000, 250_000),
    "bad lines": (20_000, 2_000_000, 10_000_000),
    "overload rounds": (6, 60, 2_000),
    "soak seconds": (1, 60, 3_600),
}


def proof_level() -> str:
    """Return the level that BANK_PROOF names.

    Raises:
        ValueError: BANK_PROOF names none of LEVELS.
    """
    level = os.environ.get("BANK_PROOF", "test")
    if level not in LEVELS:
        raise ValueError(f"BANK_PROOF is {level!r}: it must be one of {', '.join(LEVELS)}")
    return level


def figure(proof: str) -> int:
    """Return how many cases the proof tries at the present level."""
    return FIGURES[proof][LEVELS.index(proof_level())]
