"""What keeps books from being lost: copies of them, and the way back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from SimpleBankingSystem.bootstrap import back_up_books, repair_books, restore_books
from SimpleBankingSystem.cli import terminal
from SimpleBankingSystem.cli.session import Session, Verb

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command("backup", cls=Verb, example="backup backups/monday")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.pass_obj
def backup(session: Session, folder: Path) -> int:
    """Copy the books to a new folder, also while a server holds them, and verify the copy.

    Keep the last hash that it prints somewhere else: bank verify --expect HASH.
    """
    with terminal.progress_bar("Verifying the copy") as progress:
        return session.show_report(asdict(back_up_books(session.settings, folder, progress)))


@click.command("restore", cls=Verb, example="restore backups/monday")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.pass_obj
def restore(session: Session, folder: Path) -> int:
    """Put a backup in place of the books, which are moved aside, never deleted.

    The backup is verified first. Nobody may hold the books meanwhile.
    """
    with terminal.progress_bar("Verifying the backup") as progress:
        return session.show_report(asdict(restore_books(session.settings, folder, progress)))


@click.command("repair", cls=Verb, example="repair --cosmetic")
@click.option("--cosmetic", is_flag=True, help="undo what a spreadsheet did to the look alone")
@click.pass_obj
def repair(session: Session, *, cosmetic: bool) -> int:
    """Give files that were saved without changing a value their own bytes back.

    The hashes in the rows prove that no value was changed; the saved file is kept in quarantine/.
    """
    if not cosmetic:
        raise click.UsageError("Give --cosmetic: what changed a value is not repaired by guessing.")
    with terminal.progress_bar("Proving the rows") as progress:
        report = repair_books(session.settings, progress)
    if not report.facts["repaired"]:
        terminal.say("No file had another look: nothing had to be repaired.")
    return session.show_report(asdict(report))


UPKEEP = [backup, restore, repair]
