"""`python -m benchmarks`: measure the bank beside what a user would pick instead."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from benchmarks.frame import CONSOLE, WORK, Comparison, Plan, machine, write_json

# In the order of the goals; each is the module of that name.
NAMES = ("command_file", "in_process", "http", "restart", "history", "flat_curve", "anchors")


def main() -> None:
    """Run the named benchmarks, all of them by default, and print what they measured."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", metavar="NAME", nargs="*", help=", ".join(NAMES))
    parser.add_argument("--rows", type=int, help="transfers in a command file (1,000,000)")
    parser.add_argument("--rounds", type=int, help="rounds to take the median of (3)")
    parser.add_argument("--seconds", type=float, help="how long a timed load lasts (5)")
    parser.add_argument("--quick", action="store_true", help="one short round, to try it out")
    parser.add_argument("--long", action="store_true", help="ten million where growth matters")
    parser.add_argument("--folder", type=Path, default=WORK, help="where files go (%(default)s)")
    parser.add_argument("--json", type=Path, help="also write everything measured here")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are {NAMES}")
    options.folder.mkdir(parents=True, exist_ok=True)
    plan = Plan(
        rows=options.rows or (50_000 if options.quick else 1_000_000),
        rounds=options.rounds or (1 if options.quick else 3),
        seconds=options.seconds or (1 if options.quick else 5),
        long=options.long,
        folder=options.folder.resolve(),
    )
    surroundings = machine(plan.folder)
    CONSOLE.print(", ".join(f"{name} {value}" for name, value in surroundings.items()))
    done: list[Comparison] = []
    for name in options.names or NAMES:
        for comparison in import_module(f"benchmarks.{name}").measure(plan):
            comparison.print()
            done.append(comparison)
            if options.json:
                write_json(options.json, surroundings, done)


if __name__ == "__main__":
    main()
