"""Move the oldest part of the journal to the archive."""

from __future__ import annotations

from SimpleBankingSystem.commands.base import Action, Maintenance, command


@command("archive", route="/archive")
class Archive(Action):
    """Move the journal's finished transactions to the archive."""

    def perform(self, bank: Maintenance) -> object:
        """Archive them."""
        return bank.archive()
