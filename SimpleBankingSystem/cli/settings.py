"""``bank settings``: what is set, and by what."""

from __future__ import annotations

import click

from SimpleBankingSystem.cli.session import Session, Verb
from SimpleBankingSystem.config import SETTINGS


@click.command("settings", cls=Verb, example="settings")
@click.pass_obj
def settings(session: Session) -> None:
    """Show every setting, and where its value comes from."""
    rows = [
        {
            "setting": name,
            "value": getattr(session.settings, name),
            "from": session.settings.origin(name),
            "variable": setting.variable,
            "meaning": setting.help,
        }
        for name, setting in SETTINGS.items()
    ]
    session.show_list(tuple(rows[0]), rows)
