"""The tooling: dev.py sets itself up anywhere, and says in one sentence where it can't.

The environments made here get one tiny package, from an index that the test serves itself: nothing
here needs a network.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.resources
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

import dev
from tests import proof_level

NOWHERE = "http://127.0.0.1:9/simple"
SENTENCE = re.compile(r"The locked packages could not be installed: .* in PIP_INDEX_URL, .*\.\n")
# What these tests start is dev.py, and nothing of the bank that could be covered.
pytestmark = pytest.mark.no_cover

HOST = str(Path(sys.base_prefix, "bin", "python3"))

Ended = subprocess.CompletedProcess[str]


@dataclass
class Clone:
    """A folder with a dev.py and locks of its own, as fresh as a clone."""

    root: Path
    index: str = NOWHERE

    def start(
        self, *arguments: str, python: str = sys.executable, folder: str = "."
    ) -> subprocess.Popen[str]:
        """Start dev.py on a Python without pip, unless `python` names another."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        # A machine that lets pip install nothing outside an environment, and only for its user.
        strict = {"PIP_REQUIRE_VIRTUALENV": "1", "PIP_USER": "1"}
        where = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": self.index, "PIP_RETRIES": "0"}
        return subprocess.Popen(
            [
                python,
                *(["-S"] if python == sys.executable else []),
                self.root / "dev.py",
                *arguments,
            ],
            cwd=self.root / folder,
            env=kept | strict | where | {"PIP_NO_CACHE_DIR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, python: str = sys.executable, folder: str = ".") -> Ended:
        """Start dev.py and wait for its end, which is never a traceback of its own."""
        with self.start(*arguments, python=python, folder=folder) as process:
            output, errors = process.communicate(timeout=60)
        assert 'dev.py", line' not in errors
        return Ended(process.args, process.returncode, output, errors)

    def tiny(self, python: str = sys.executable) -> Ended:
        """Import the tiny package in the environment."""
        return self.run("python", "-c", "import tiny; print(tiny.__name__)", python=python)

    def lock(self, name: str, digest: str) -> None:
        lines = f"# {name}\ntiny==1 --hash=sha256:{digest}\n"
        (self.root / "requirements" / f"{name}.txt").write_text(lines, encoding="ascii")


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    made = Clone(tmp_path / "clone")
    shutil.copytree(dev.LOCKS, made.root / "requirements")
    shutil.copy(dev.ROOT / "dev.py", made.root)
    return made


@pytest.fixture
def served(clone: Clone, tmp_path: Path) -> Iterator[Clone]:
    """A clone whose index offers pip and the tiny package that both locks name."""
    folder = tmp_path / "index"
    (folder / "pip").mkdir(parents=True)
    (folder / "tiny").mkdir()
    offer_pip(folder / "pip" / dev.PIP_WHEEL, clone)
    wheel = folder / "tiny" / "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", "")
        archive.writestr(
            "tiny-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1\n"
        )
        archive.writestr("tiny-1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("tiny-1.dist-info/RECORD", "tiny.py,,\n")
    clone.lock("run", digest(wheel))
    clone.lock("dev", digest(wheel))
    handler = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=folder)) as server:
        clone.index = f"http://127.0.0.1:{server.server_port}"
        serving = Thread(target=server.serve_forever)
        serving.start()
        yield clone
        server.shutdown()
        serving.join()


def offer_pip(wheel: Path, clone: Clone) -> None:
    """Offer the pip that Python carries along under the pinned name, and pin its hash."""
    try:
        bundled = importlib.resources.files("ensurepip") / "_bundled"
    except ModuleNotFoundError:
        pytest.skip("it needs python3-venv")
    content = next(file for file in bundled.iterdir() if file.name.startswith("pip-")).read_bytes()
    wheel.write_bytes(content)
    source = clone.root / "dev.py"
    pinned = source.read_text("utf-8").replace(dev.PIP_SHA256, digest(wheel))
    source.write_text(pinned, "utf-8")


def test_an_old_python_gets_one_sentence() -> None:
    source = (dev.ROOT / "dev.py").read_text("utf-8")
    ast.parse(source, feature_version=(3, 6))
    pretend = "import sys; sys.version_info = (3, 9, 2); exec(sys.stdin.read())"
    ended = subprocess.run(
        [sys.executable, "-c", pretend], input=source, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr == (
        "SimpleBankingSystem needs Python 3.11 or newer, and this is Python 3.9.\n"
    )


def test_importing_it_does_nothing(clone: Clone) -> None:
    subprocess.run([sys.executable, "-c", "import dev"], cwd=clone.root, check=True)
    assert not (clone.root / ".venv").exists()


def test_help_names_every_command(clone: Clone) -> None:
    asked, lost, unknown = clone.run("--help"), clone.run(), clone.run("tset")
    assert (asked.returncode, lost.returncode, unknown.returncode) == (0, 2, 1)
    assert asked.stdout == lost.stderr
    assert unknown.stderr.startswith("dev.py has no command 'tset': it has demo, bank, ")
    for command in dev.COMMANDS:
        assert command in asked.stdout
        assert command in unknown.stderr


def test_check_takes_no_arguments(clone: Clone) -> None:
    assert clone.run("check", "--fix").stderr == (
        "dev.py check takes no arguments, and was given --fix\n"
    )


@pytest.mark.parametrize("python", [sys.executable, HOST], ids=["without pip", "the host's pip"])
def test_the_first_start_installs_and_the_next_does_nothing(served: Clone, python: str) -> None:
    first = served.tiny(python)
    assert (first.returncode, first.stdout) == (0, "tiny\n")
    assert first.stderr == "Installing requirements/run.txt into .venv, only this once ...\n"
    served.index = NOWHERE
    second = served.tiny(python)
    assert (second.returncode, second.stdout, second.stderr) == (0, "tiny\n", "")


def test_the_development_set_contains_the_other(served: Clone) -> None:
    ended = served.run("test", "--version")  # the tiny package brings no pytest
    assert (ended.returncode, "No module named pytest" in ended.stderr) == (1, True)
    served.index = NOWHERE
    assert served.tiny().stderr == ""


def test_a_changed_lock_is_installed_anew(served: Clone) -> None:
    assert served.tiny().returncode == 0
    leftover = served.root / ".venv" / "leftover"
    leftover.touch()
    with (served.root / "requirements" / "run.txt").open("a") as lock:
        lock.write("# changed\n")
    assert "Installing" in served.tiny().stderr
    assert not leftover.exists()


def test_the_child_decides_the_exit_status(served: Clone) -> None:
    show = "import os, sys; print(os.getcwd(), sys.path[1], sys.argv[1:]); sys.exit(7)"
    ended = served.run("python", "-c", show, "--help", "two words")
    assert ended.returncode == 7
    assert ended.stdout == f"{served.root} {served.root} ['--help', 'two words']\n"


def test_the_bank_and_python_run_where_the_user_is_and_the_rest_in_the_root(served: Clone) -> None:
    show = "import os; print(os.getcwd())"
    files = {
        "SimpleBankingSystem/__init__.py": "",
        "SimpleBankingSystem/__main__.py": f"import csv; {show}",
        "examples/demo.py": show,
        "elsewhere/csv.py": "raise SystemExit('This is no part of the bank.')",
    }
    for name, text in files.items():
        (served.root / name).parent.mkdir(exist_ok=True)
        (served.root / name).write_text(text)
    here = f"{served.root}/elsewhere\n"
    assert served.run("bank", folder="elsewhere").stdout == here
    assert served.run("python", "-c", show, folder="elsewhere").stdout == here
    assert served.run("demo", folder="elsewhere").stdout == f"{served.root}\n"


@pytest.mark.parametrize("python", [sys.executable, HOST], ids=["without pip", "the host's pip"])
def test_without_a_network_it_says_what_to_do(clone: Clone, python: str) -> None:
    ended = clone.run("demo", python=python)
    assert (ended.returncode, ended.stdout) == (1, "")
    announced, sentence = ended.stderr.splitlines(keepends=True)
    assert announced.startswith("Installing ")
    assert SENTENCE.fullmatch(sentence)


def test_a_half_made_environment_is_mended(served: Clone) -> None:
    index, served.index = served.index, NOWHERE
    assert served.tiny().returncode == 1
    served.index = index
    assert served.tiny().stdout == "tiny\n"
    python = served.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("gone")
    assert served.tiny().stdout == "tiny\n"


def test_a_linked_environment_is_refused_and_not_cleared(served: Clone, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "treasure").touch()
    (served.root / ".venv").symlink_to(elsewhere)
    ended = served.tiny()
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines()[1:] == [
        "The environment .venv is a symbolic link: remove it, and a folder is made here."
    ]
    assert [each.name for each in elsewhere.iterdir()] == ["treasure"]


def test_an_interrupted_start_is_mended_by_the_next(served: Clone) -> None:
    index = served.index
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        served.index = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with served.start("demo") as process:
            connection, _ = silent.accept()
            with connection:
                os.killpg(process.pid, signal.SIGINT)
                _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.endswith("...\nStopped.\n")
    served.index = index
    assert served.tiny().stdout == "tiny\n"


def test_a_package_with_another_hash_is_refused(served: Clone) -> None:
    served.lock("run", "0" * 64)
    ended = served.tiny()
    assert ended.returncode == 1
    assert SENTENCE.search(ended.stderr)
    assert "HASH" in ended.stderr.upper()
    assert not list((served.root / ".venv").glob("lib/*/site-packages/tiny.py"))


def test_a_pip_with_another_hash_is_refused(served: Clone, tmp_path: Path) -> None:
    with (tmp_path / "index" / "pip" / dev.PIP_WHEEL).open("ab") as wheel:
        wheel.write(b"!")
    assert "does not offer" in served.tiny().stderr


@pytest.mark.parametrize("name", ["run", "dev"])
def test_the_locks_name_no_index_and_hash_everything(name: str) -> None:
    lock = (dev.LOCKS / f"{name}.txt").read_text("ascii")
    assert not re.search(r"://|index|file:|find-links", lock)
    packages = re.split(r"\n(?=[a-z])", lock)[1:]
    assert packages
    for package in packages:
        assert re.match(
            r"[a-z0-9-]+==[^\s;]+( ; .*)? \\\n    --hash=sha256:[0-9a-f]{64}\b", package
        )


def test_the_development_lock_contains_the_other() -> None:
    run, development = (
        set(re.findall(r"(?m)^[a-z0-9-]+==[^\s;]+", (dev.LOCKS / f"{name}.txt").read_text("ascii")))
        for name in ("run", "dev")
    )
    assert run < development


@pytest.mark.parametrize(("continuous", "status"), [("", 0), ("true", 1)])
def test_a_missing_program_is_named_at_the_end(
    tmp_path: Path, continuous: str, status: int
) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "packages").write_text("# programs\nsh\nno-such-program its-package\n")
    shutil.copy(dev.ROOT / "tests" / "conftest.py", tmp_path / "tests")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = needs\n")
    (tmp_path / "tests" / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.mark.needs('sh', 'no-such-program')\n"
        "def test_one(): pass\n"
        "@pytest.mark.needs('NO_SUCH_VARIABLE')\n"
        "def test_two(): pass\n"
        "@pytest.mark.needs('sh')\n"
        "def test_three(): pass\n"
    )
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", tmp_path],
        cwd=tmp_path,
        env=dev.variables(CI=continuous),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == status, ended.stdout + ended.stderr
    variable = "Could not run here: 1 test that needs NO_SUCH_VARIABLE (set NO_SUCH_VARIABLE)"
    program = "Could not run here: 1 test that needs no-such-program (apt-get install its-package)"
    assert variable in ended.stdout
    assert (program in ended.stdout) == (not continuous)
    assert ("no-such-program: list it in .ci/packages" in ended.stdout) == bool(continuous)


def test_a_proof_tries_harder_at_each_level(monkeypatch: pytest.MonkeyPatch) -> None:
    for proof in proof_level.FIGURES:
        figures = []
        for level in proof_level.LEVELS:
            monkeypatch.setenv("BANK_PROOF", level)
            figures.append(proof_level.figure(proof))
        assert figures == sorted(set(figures))
    monkeypatch.setenv("BANK_PROOF", "sometimes")
    with pytest.raises(ValueError, match="must be one of test, short, long"):
        proof_level.proof_level()
