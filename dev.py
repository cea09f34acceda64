#!/usr/bin/env python3
"""Everything a developer does here, with nothing but Python 3.11: `python3 dev.py --help`.

It sets itself up: the first start makes `.venv` and installs the locked packages of
`requirements/` there, a later start only compares a stamp. The standard library is all it needs.
"""

import sys

# This file must parse on any Python 3.6, so that an old one gets a sentence and no traceback.
if sys.version_info < (3, 11):  # noqa: UP036 - it is the old Python that reads this
    sys.exit(
        "SimpleBankingSystem needs Python 3.11 or newer, and this is Python %d.%d."
        % sys.version_info[:2]
    )

import contextlib
import hashlib
import importlib.util
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
STAMP = ENVIRONMENT / "installed"
LOCKS = ROOT / "requirements"

PIP_WHEEL = "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
PUBLIC_INDEX = "https://pypi.org/simple"


# --- The environment ------------------------------------------------------------------------


def fingerprint(name: str) -> str:
    """Return what the stamp says when set `name` is installed: its lock, on this Python."""
    digest = hashlib.sha256((LOCKS / (name + ".txt")).read_bytes()).hexdigest()
    return "{} {}.{} {}".format(name, *sys.version_info[:2], digest)


def installed(name: str) -> bool:
    """Tell whether the locked set `name` is installed, whole. The `dev` set contains `run`."""
    if not (STAMP.exists() and PYTHON.exists()):
        return False
    return STAMP.read_text() in (fingerprint(name), fingerprint("dev"))


def set_up(name: str) -> None:
    """Make sure that `.venv` holds the locked set `name`; do nothing when it already does."""
    if installed(name):
        return
    with one_at_a_time():
        if installed(name):
            return
        tell("Installing requirements/" + name + ".txt into .venv, only this once ...")
        # Without a valid stamp it is half-made or another lock's, and is made anew.
        if not installed("run"):
            make_environment()
        install(name)


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait while another start of this file sets the same environment up."""
    import fcntl  # only a start that installs pays for it

    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def make_environment() -> None:
    """Make an empty `.venv`, without pip: Debian's Python often lacks ensurepip."""
    if ENVIRONMENT.is_symlink():
        # What would be cleared is a folder of somebody else's.
        sys.exit("The environment .venv is a symbolic link: remove it, and a folder is made here.")
    try:
        import venv  # slow to import, and seldom needed

        venv.create(ENVIRONMENT, clear=True, symlinks=True, with_pip=False)
    except ImportError:
        sys.exit(
            "This Python has no venv module: install it (apt-get install python3-venv) "
            "and run the same command again."
        )
    except OSError as error:
        sys.exit("The environment .venv could not be made: " + str(error))


def install(name: str) -> None:
    """Install the locked set `name`, every file checked against its hash, and stamp it.

    A start that is stopped in here leaves no stamp, so the next one begins anew.
    """
    STAMP.unlink(missing_ok=True)
    options = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-deps"]
    safety = ["--require-hashes", "--only-binary", ":all:"]
    command = [*pip(), "install", *options, *safety, "--requirement", str(LOCKS / (name + ".txt"))]
    # The environment is ours: what the user set for installs elsewhere must not reach into it.
    settings = {**os.environ, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}
    result = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    if result.returncode:
        errors = [line for line in result.stderr.splitlines() if line.startswith("ERROR:")]
        no_packages(errors[0].removeprefix("ERROR:") if errors else result.stderr.strip()[-500:])
    STAMP.write_text(fingerprint(name))


def pip() -> list[str]:
    """Return how to call pip for the environment: this Python's own, else a pinned one."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    wheel = ENVIRONMENT / PIP_WHEEL
    wheel.write_bytes(download_pip())
    return [str(PYTHON), str(wheel / "pip")]


def download_pip() -> bytes:
    """Fetch the pinned pip from the package index, and accept no other file than that."""
    import http.client  # only a Python without pip comes here
    import re
    import ssl
    import urllib.parse
    import urllib.request

    # No name and password of an index may end up in a message: it is asked without them.
    named = os.environ.get("PIP_INDEX_URL", PUBLIC_INDEX)
    index = re.sub("//[^/@]*@", "//", named).rstrip("/") + "/pip/"
    trusted = ssl.create_default_context(cafile=os.environ.get("PIP_CERT"))

    def fetch(address: str) -> bytes:
        request = urllib.request.Request(address, headers={"Accept": "text/html"})
        with urllib.request.urlopen(request, timeout=60, context=trusted) as answer:
            content: bytes = answer.read()
        return content

    try:
        found = re.search(r'href="([^"#]*' + re.escape(PIP_WHEEL) + ")", fetch(index).decode())
        content = fetch(urllib.parse.urljoin(index, found[1])) if found else b""
    except (OSError, ValueError, http.client.HTTPException) as error:
        no_packages(str(error))
    if hashlib.sha256(content).hexdigest() != PIP_SHA256:
        no_packages("the index does not offer " + PIP_WHEEL + " as it was published")
    return content


def no_packages(reason: str) -> NoReturn:
    """End with the one sentence that says what to do about missing packages."""
    sys.exit(
        "The locked packages could not be installed: connect this machine to the network, or "
        "name a package index that it reaches in PIP_INDEX_URL, and run the same command again "
        "(the reason given: " + " ".join(reason.split()) + ")."
    )


def tell(sentence: str) -> None:
    """Say what is going on, beside the results."""
    print(sentence, file=sys.stderr, flush=True)


# --- Running things in it -------------------------------------------------------------------


def variables(**more: str) -> dict[str, str]:
    """Return the environment variables of a child: the package is found from anywhere."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    # Without compiled files each of the hundreds of banks that tests start would compile it anew.
    kept = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPATH": os.pathsep.join(paths)}
    return {**os.environ, **kept, **more}


def become(*arguments: str, folder: Path = ROOT, **more: str) -> NoReturn:
    """Turn this process into the environment's Python, so that signals reach it directly."""
    os.chdir(folder)
    sys.stdout.flush()
    os.execve(PYTHON, [str(PYTHON), *arguments], variables(**more))  # noqa: S606 - no shell wanted


def run(*arguments: str, quiet: bool = False, **more: str) -> int:
    """Run the environment's Python and return its exit status; `quiet` prints failures only."""
    result = subprocess.run(
        [PYTHON, *arguments],
        cwd=ROOT,
        env=variables(**more),
        stdout=subprocess.PIPE if quiet else None,
        text=True,
        check=False,
    )
    if result.returncode and quiet:
        print(result.stdout)
    return result.returncode


# --- The commands ---------------------------------------------------------------------------


def demo(arguments: list[str]) -> NoReturn:
    """Show a savings club's day, made anew in data/demo/, and serve it; `--exit` ends before."""
    set_up("run")
    become("examples/demo.py", *arguments)


def bank(arguments: list[str]) -> NoReturn:
    """Run any command of the bank, on files where you are: `bank --help` lists them."""
    set_up("run")
    # A file of the user's, such as csv.py, must not be taken for a part of the bank.
    become("-P", "-m", "SimpleBankingSystem", *arguments, folder=Path())


def python(arguments: list[str]) -> NoReturn:
    """Run the environment's Python where you are."""
    set_up("run")
    become(*arguments, folder=Path())


def parallel() -> tuple[str, ...]:
    """Return what lets pytest use all processors."""
    return "-n", str(min(os.cpu_count() or 1, 8)), "--dist", "worksteal"


def test(arguments: list[str]) -> int:
    """Run every test with coverage (HTML in htmlcov/), or only what pytest's arguments select."""
    set_up("dev")
    if arguments:
        become("-m", "pytest", *arguments)
    reports = ["--cov", "--cov-report", "html", "--cov-report", "term"]
    failed = run("-m", "pytest", *parallel(), *reports)
    # Where the rules of money live, no branch may go untested.
    rules = "SimpleBankingSystem/ledger/*,SimpleBankingSystem/commands/*"
    money = ["--include", rules, "--fail-under", "100"]
    return failed or run("-m", "coverage", "report", *money, quiet=True)


def check(arguments: list[str]) -> int:
    """Check style, types, the layers, and how the bank is packed."""
    takes_nothing("check", arguments)
    set_up("dev")
    schema = ("-m", "check_jsonschema", "--builtin-schema")
    steps = [
        ("-m", "ruff", "check", "."),
        ("-m", "ruff", "format", "--check", "."),
        ("-m", "mypy"),
        ("-c", "from importlinter.cli import lint_imports_command as lint; lint(['--no-logo'])"),
        ("-c", "import os, sys; os.execl(sys.prefix + '/bin/hadolint', 'hadolint', 'Dockerfile')"),
        (*schema, "vendor.compose-spec", "docker-compose.yml"),
        (*schema, "vendor.github-workflows", ".github/workflows/ci.yml"),
    ]
    failed = [step for step in steps if run(*step)]
    return int(bool(failed))


def bench(arguments: list[str]) -> NoReturn:
    """Measure the speed, side by side with what it is compared to."""
    set_up("dev")
    become("-m", "benchmarks", *arguments)


def prove(arguments: list[str]) -> int:
    """Try to break every guarantee, for long, and write what was tried; `--short` takes minutes."""
    import tempfile  # only a proof pays for it

    set_up("dev")
    level = "short" if "--short" in arguments else "long"
    rest = [argument for argument in arguments if argument != "--short"]
    proofs = ("-m", "pytest", "-m", "guarantee", "--timeout", "0")
    if rest:
        become(*proofs, *rest, BANK_PROOF=level)
    with tempfile.TemporaryDirectory() as folder:
        notes = str(Path(folder) / "notes")
        failed = run(*proofs, *parallel(), BANK_PROOF=level, BANK_PROOF_NOTES=notes)
        return failed or run("-m", "tests.proof_report", notes, level)


def mutate(arguments: list[str]) -> NoReturn:
    """Change the code in one small place after the other, and count what no test notices."""
    set_up("dev")
    become("-m", "tests.mutants", *arguments)


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    command.__name__: command for command in (demo, bank, python, test, check, bench, prove, mutate)
}


def takes_nothing(name: str, arguments: list[str]) -> None:
    """Refuse arguments that would otherwise be ignored."""
    if arguments:
        sys.exit("dev.py " + name + " takes no arguments, and was given " + " ".join(arguments))


def usage() -> str:
    """Return one line for each command."""
    lines = ["python3 dev.py COMMAND ...", ""]
    lines += ["  {:8}{}".format(name, command.__doc__) for name, command in COMMANDS.items()]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Run the command that the arguments name and return its exit status."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage(), file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments else 2
    if sys.platform == "win32":
        sys.exit("dev.py needs Linux or macOS: on Windows, run it in WSL.")
    name, *rest = arguments
    if name not in COMMANDS:
        sys.exit("dev.py has no command '" + name + "': it has " + ", ".join(COMMANDS) + ".")
    try:
        return COMMANDS[name](rest)
    except KeyboardInterrupt:
        tell("Stopped.")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
