"""A savings club's day, on books made anew in data/demo/ each time, which are then served.

Run it with ``python3 dev.py demo``. Every step is a command that you can type yourself.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import shlex
import shutil
import socket
import subprocess
import sys
from itertools import count
from pathlib import Path

DEMO = Path("data/demo")
BOOKS = DEMO / "books"
COPY = DEMO / "careless-copy"
MEMBERS = 60
PURCHASES = 40_000
PORT = 5000


def main() -> None:
    """Play the day, and serve its books unless ``--exit`` is given."""
    reader = argparse.ArgumentParser(prog="python3 dev.py demo", description=__doc__)
    reader.add_argument("--exit", action="store_true", help="end before the books are served")
    ends = reader.parse_args().exit
    play()
    if not ends:
        serve()


def play() -> None:
    """Play the day; end with an error if a step does not end as it should."""
    shutil.rmtree(DEMO, ignore_errors=True)
    DEMO.mkdir(parents=True)

    say("Members join the club, from a command file that any spreadsheet can make.")
    write_members(DEMO / "members.csv")
    bank("run", str(DEMO / "members.csv"))
    bank("open-account", "Ada Lovelace", "--account", "ADA", "--initial-deposit", "250.00")
    bank("open-account", "Hill House Rentals", "--account", "LANDLORD")

    say("A day at the canteen: one file, one commit for each thousand of its lines.")
    write_purchases(DEMO / "canteen.csv")
    bank("run", str(DEMO / "canteen.csv"))

    say("Ada's rent is due, but her salary is not there yet: the transfer is refused, and kept.")
    rent = ["ADA", "LANDLORD", "900.00", "--description", "rent for November"]
    bank("transfer", *rent, expected=1)

    say("The salary arrives; what failed for want of money is tried again.")
    bank("deposit", "ADA", "1800.00", "--description", "salary")
    bank("retry", "--all")
    bank("history", "ADA")

    say("Are the books sound? Every row, every hash and every sum is checked.")
    bank("verify")

    say("Somebody opens a copy in a spreadsheet and changes one amount.")
    line = change_one_amount()
    say(f"(line {line} of {COPY / 'transactions.csv'}, by a thousand) Does the bank notice?")
    bank("verify", books=COPY, expected=65)

    books = f"--store csv:{BOOKS}"
    print(
        f"\nThe books are plain files: open {BOOKS / 'accounts.csv'} in a spreadsheet.\n"
        "Three commands to try, in another terminal if you like:\n"
        f"  python3 dev.py bank {books} accounts\n"
        f"  python3 dev.py bank {books} transfer ADA LANDLORD 12.50 --description cake\n"
        f"  python3 dev.py bank {books} transactions --account ADA"
    )


def serve() -> None:
    """Become the server of the club's books."""
    port = next(each for each in count(PORT) if is_free(each))
    if port != PORT:
        say(f"Port {PORT} is taken by another program, so {port} it is.")
    say("The bank is served now: on Swagger's page you can try every command in your browser.\n")
    words = ["--store", f"csv:{BOOKS}", "serve", "--port", str(port)]
    os.execv(sys.executable, [sys.executable, "-m", "SimpleBankingSystem", *words])  # noqa: S606 - no shell wanted


def is_free(port: int) -> bool:
    """Tell whether nobody else has a port."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def say(text: str) -> None:
    """Tell what comes next."""
    print(f"\n{text}", flush=True)


def bank(*words: str, books: Path = BOOKS, expected: int = 0) -> None:
    """Show a command as one would type it, and carry it out."""
    print(f"\n$ bank {shlex.join(words)}", flush=True)
    command = [sys.executable, "-m", "SimpleBankingSystem", "--store", f"csv:{books}", *words]
    status = subprocess.run(command, check=False).returncode
    if status != expected:
        sys.exit(f"The demo expected exit status {expected} and got {status}; please report it.")


def write_members(path: Path) -> None:
    """Write the command file with which the members join."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["command", "account", "name", "initial_deposit"])
        rows.writerow(["open_account", "CANTEEN", "The canteen", ""])
        for number in range(1, MEMBERS + 1):
            rows.writerow(["open_account", f"M{number:03d}", f"Member {number}", "2500.00"])


def write_purchases(path: Path) -> None:
    """Write the command file of the canteen's day, the same each time."""
    chosen = random.Random(1)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["command", "source", "target", "amount", "description"])
        for _ in range(PURCHASES):
            member = f"M{chosen.randint(1, MEMBERS):03d}"
            price = f"{chosen.randint(1, 4)}.{chosen.choice(['00', '20', '50'])}"
            rows.writerow(["transfer", member, "CANTEEN", price, "coffee and cake"])


def change_one_amount() -> int:
    """Change the amount of one row in a copy of the books, as a careless hand would."""
    shutil.copytree(BOOKS, COPY, ignore=shutil.ignore_patterns(".lock", "index.db*"))
    path = COPY / "transactions.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    at = len(lines) // 2
    cells = lines[at].split(",")
    amount = lines[0].split(",").index("amount")
    cells[amount] = f"1{cells[amount].zfill(6)}"
    lines[at] = ",".join(cells)
    path.write_text("".join(lines), encoding="utf-8")
    return at + 1


if __name__ == "__main__":
    main()
