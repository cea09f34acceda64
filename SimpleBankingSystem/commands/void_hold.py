"""Give money free that was set aside."""

from __future__ import annotations

from collections.abc import Collection

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.fields import HoldId
from SimpleBankingSystem.ledger.hold import VOIDED, Hold
from SimpleBankingSystem.ledger.money import ZEROS
from SimpleBankingSystem.ledger.working_copy import Look


@command("void_hold", route="/holds/{hold}/void")
class VoidHold(Command):
    """Give free all that a hold has set aside."""

    hold: HoldId

    def accounts(self, look: Look) -> Collection[str]:
        """Touch the hold and its account."""
        hold = look.find(Hold, self.hold)
        return (self.hold, hold.account) if hold else (self.hold,)

    def apply(self, book: Book) -> None:
        """Resolve the hold."""
        hold = book.open_hold(self.hold)
        book.resolve(hold, VOIDED, ZEROS[hold.currency])
