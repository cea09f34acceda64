"""What every benchmark shares: folders on a real disk, rounds in turn, medians, the tables."""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from rich.console import Console
from rich.table import Table

from benchmarks.peers import floor

ROOT = Path(__file__).resolve().parents[1]
# On the repository's own disk: a folder in memory would make every sync free.
WORK = Path(__file__).resolve().parent / ".work"

Figures = dict[str, float]
Contender = Callable[[], Figures]
Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Plan:
    """How large a measurement is, and where its files go."""

    rows: int
    rounds: int
    seconds: float
    long: bool
    folder: Path

    @contextmanager
    def place(self) -> Iterator[Path]:
        """Give a folder for one contender's files, and remove it afterwards."""
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            yield Path(name)


class Absent(Exception):
    """This contender cannot be measured on this machine; the message says why."""


@dataclass(frozen=True)
class Goal:
    """How one contender's figure should stand to a peer's or, without a peer, by itself."""

    name: str
    figure: str
    peer: str | None = None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def wanted(self) -> str:
        """The bound as it is printed; empty where there is none."""
        unit = " ×" if self.peer else ""
        if self.at_least is not None:
            return f"≥ {shown(self.at_least)}{unit}"
        return "" if self.at_most is None else f"≤ {shown(self.at_most)}{unit}"

    @property
    def sentence(self) -> str:
        """What is compared with what."""
        return (
            f"{self.name} / {self.peer}, {self.figure}"
            if self.peer
            else f"{self.name}, {self.figure}"
        )


@dataclass
class Comparison:
    """Contenders measured in turn, A B A B, so that a machine's moods meet all of them."""

    title: str
    goals: Sequence[Goal] = ()
    measured: dict[str, list[Figures]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)

    def run(self, contenders: Mapping[str, Contender], rounds: int) -> Comparison:
        """Measure every contender once a round, and return this comparison."""
        for number in range(1, rounds + 1):
            for name, contender in contenders.items():
                if name in self.absent:
                    continue
                tell(f"{self.title}: round {number} of {rounds}, {name}")
                os.sync()  # Nobody pays for pages that the one before left unwritten.
                try:
                    figures = contender()
                except Absent as reason:
                    self.absent[name] = str(reason)
                else:
                    self.measured.setdefault(name, []).append(figures)
        return self

    def medians(self, name: str) -> Figures:
        """Return the median over the rounds of each of one contender's figures."""
        rounds = self.measured[name]
        return {figure: statistics.median(one[figure] for one in rounds) for figure in rounds[0]}

    def standings(self, goal: Goal) -> list[float]:
        """Return a goal's value round by round: a ratio pairs what was measured side by side."""
        own = [figures[goal.figure] for figures in self.measured.get(goal.name, [])]
        if goal.peer is None:
            return own
        peers = [figures[goal.figure] for figures in self.measured.get(goal.peer, [])]
        return [ours / theirs for ours, theirs in zip(own, peers, strict=False)]

    def print(self) -> None:
        """Print the figures, then the ratios and the goals."""
        figures = list(dict.fromkeys(key for one in self.measured.values() for key in one[0]))
        CONSOLE.print(f"\n{self.title}", style="bold", markup=False)
        table = Table("median")
        for figure in figures:
            table.add_column(figure, justify="right")
        for name in self.measured:
            medians = self.medians(name)
            table.add_row(name, *(shown(medians.get(figure, math.nan)) for figure in figures))
        CONSOLE.print(table)
        self.print_goals()
        for name, reason in self.absent.items():
            CONSOLE.print(f"not measured: {name}: {reason}", markup=False)

    def print_goals(self) -> None:
        """Print each goal's median, its lowest and highest round, and what was wanted."""
        table = Table("ratio or goal")
        for heading in ("median", "lowest", "highest", "goal"):
            table.add_column(heading, justify="right")
        for goal in self.goals:
            if standings := self.standings(goal):
                values = statistics.median(standings), min(standings), max(standings)
                table.add_row(goal.sentence, *map(shown, values), goal.wanted)
        if table.rows:
            CONSOLE.print(table)

    def document(self) -> dict[str, Any]:
        """Return everything measured, for a JSON file."""
        goals = [
            {"of": goal.sentence, "goal": goal.wanted, "median": statistics.median(standings)}
            for goal in self.goals
            if (standings := self.standings(goal))
        ]
        medians = {name: self.medians(name) for name in self.measured}
        return {
            "title": self.title,
            "medians": medians,
            "goals": goals,
            "rounds": self.measured,
            "absent": self.absent,
        }


@dataclass(frozen=True)
class Finished:
    """A process that ended well: its wall clock and its resident memory as it went."""

    seconds: float
    output: str
    memory: list[float]

    def figures(self, rows: int) -> Figures:
        """Return the rate for `rows` rows, and the memory in MB at a tenth, the end and most."""
        samples = self.memory or [math.nan]
        return {
            "transfers/s": rows / self.seconds,
            "seconds": self.seconds,
            "MB at 10 %": samples[len(samples) // 10],
            "MB at the end": samples[-1],
            "MB at most": max(samples),
        }


def process(*command: str | Path, **environment: str) -> Finished:
    """Run one process to its end, from the repository, and clock it whole.

    Raises RuntimeError with what it wrote last when it fails: a failed run has no speed.
    """
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        begun = time.perf_counter()
        child = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=output, stderr=errors
        )
        samples: list[float] = []
        watch = threading.Thread(target=watch_memory, args=(child, samples))
        watch.start()
        status = child.wait()
        seconds = time.perf_counter() - begun
        watch.join()
        output.seek(0)
        errors.seek(0)
        if status:
            raise RuntimeError(f"{command} ended with {status}: {errors.read()[-2000:]}")
        return Finished(seconds, output.read(), samples)


def watch_memory(child: subprocess.Popen[bytes], samples: list[float]) -> None:
    """Note a process's resident memory every 50 ms until it ends."""
    while child.returncode is None:
        time.sleep(0.05)
        if not math.isnan(now := memory(child.pid)):
            samples.append(now)


def memory(process_id: int | str = "self", line: str = "VmRSS") -> float:
    """Return a process's resident memory in MB (`VmHWM`: its highest), NaN where unknown."""
    try:
        lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
    except OSError:
        return math.nan
    kilobytes = [int(text.split()[1]) for text in lines if text.startswith(f"{line}:")]
    return kilobytes[0] / 1024 if kilobytes else math.nan


def in_fresh_process(
    work: Callable[Parameters, Answer], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Answer:
    """Call a function in a new Python, so that no round inherits another's memory."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        return pool.submit(work, *args, **kwargs).result()


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def shown(value: float) -> str:
    """Return a figure with three digits that mean something."""
    if math.isnan(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine(folder: Path) -> dict[str, str | float]:
    """Return what the figures depend on: cores, Python, file system, and a sync's cost."""
    return {
        "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "file system": file_system(folder),
        "fdatasync µs": round(floor.measure(folder, seconds=1)["ms each"] * 1000),
    }


def file_system(folder: Path) -> str:
    """Return the kind of file system that a folder is on; refuse one in memory."""
    if sys.platform != "linux":
        return "unknown"
    answer = subprocess.run(
        ["stat", "--file-system", "--format=%T", folder], capture_output=True, text=True, check=True
    )
    kind = answer.stdout.strip()
    if kind in {"tmpfs", "ramfs"}:
        sys.exit(f"{folder} is in memory, where durability costs nothing: give --folder a disk.")
    return kind


def write_json(path: Path, surroundings: dict[str, str | float], done: list[Comparison]) -> None:
    """Write what was measured, so that documents can quote it without retyping."""
    document = {
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": surroundings,
        "comparisons": [comparison.document() for comparison in done],
    }
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def tell(sentence: str) -> None:
    """Say what is being measured, beside the results."""
    print(sentence, file=sys.stderr, flush=True)


# A pipe has no width of its own, and a table must not be cut there.
CONSOLE = Console() if sys.stdout.isatty() else Console(width=120)
