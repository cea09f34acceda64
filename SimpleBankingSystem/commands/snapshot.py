"""Write the accounts as they are now."""

from __future__ import annotations

from SimpleBankingSystem.commands.base import Action, Maintenance, command


@command("snapshot", route="/snapshot")
class Snapshot(Action):
    """Write the accounts, as they are now, to the file that a spreadsheet opens."""

    def perform(self, bank: Maintenance) -> object:
        """Write the snapshot."""
        return bank.snapshot()
