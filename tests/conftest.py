"""What every test may ask for: the programs it needs on the machine."""

from __future__ import annotations

import gc
import os
import shutil
import signal
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest

pytest_plugins = ["tests.guarantees"]

COUNTING = "COVERAGE_PROCESS_CONFIG"
"""How coverage tells the processes that are started to count what they do."""

_MISSING = "it needs "
_PACKAGES = Path(__file__).parents[1] / ".ci" / "packages"


def pytest_configure(config: pytest.Config) -> None:
    """Hear the signals that tests send to what they start, which inherits what is ignored here.

    A shell lets its background jobs ignore Ctrl-C, and nohup the end of the terminal.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    count_once(config)


def count_once(config: pytest.Config) -> None:
    """Let a worker of pytest-xdist cover what it does once, and not at all where it should not.

    It would do so three times: because of the variable, since pytest-cov begins before it knows
    that this is a worker, and when it knows. A test with ``no_cover`` ends only the last.
    """
    if config.getoption("numprocesses", None):
        os.environ.pop(COUNTING, None)
    counting = config.pluginmanager.getplugin("_cov")
    if counting is not None and hasattr(config, "workerinput"):
        counting.cov_controller.cov.stop()


def pytest_unconfigure() -> None:
    """Let the collector free what the bank froze: DuckDB reports whatever is left at the exit."""
    gc.unfreeze()


def _is_there(thing: str) -> bool:
    """Look for a program, or for the environment variable that a name in capitals means."""
    return bool(os.environ.get(thing) if thing.isupper() else shutil.which(thing))


def _package(program: str) -> str:
    """Return the Debian package of a program, which mostly has its name."""
    lines = (line.split() for line in _PACKAGES.read_text("utf-8").splitlines())
    return next((words[-1] for words in lines if words[0] == program), program)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for thing in marker.args:
            if _is_there(thing):
                continue
            if os.environ.get("CI") and not thing.isupper():
                pytest.fail(f"{_MISSING}{thing}: list it in .ci/packages", pytrace=False)
            pytest.skip(_MISSING + thing)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Do not count either what is covered by the processes of a test that is not counted."""
    how = os.environ.pop(COUNTING, None) if item.get_closest_marker("no_cover") else None
    try:
        return (yield)
    finally:
        if how is not None:
            os.environ[COUNTING] = how


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    """End, after every other summary, by naming what this machine could not run."""
    yield
    reasons = (report.longrepr[2] for report in terminalreporter.stats.get("skipped", []))
    missing = Counter(reason.split(_MISSING)[1] for reason in reasons if _MISSING in reason)
    for thing, count in sorted(missing.items()):
        remedy = f"set {thing}" if thing.isupper() else f"apt-get install {_package(thing)}"
        tests = "1 test that needs" if count == 1 else f"{count} tests that need"
        terminalreporter.write_line(f"Could not run here: {tests} {thing} ({remedy})", yellow=True)
