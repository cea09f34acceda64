"""Take the money that was set aside, or a part of it."""

from __future__ import annotations

from collections.abc import Collection

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.account import internal_id
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.errors import HoldExceeded
from SimpleBankingSystem.ledger.fields import AccountId, HoldId, MaybeAmount
from SimpleBankingSystem.ledger.hold import CAPTURED, Hold
from SimpleBankingSystem.ledger.money import in_units
from SimpleBankingSystem.ledger.working_copy import Look


@command("capture_hold", route="/holds/{hold}/capture")
class CaptureHold(Command):
    """Take what was set aside, or a part, to an account or as cash; the rest is free again."""

    hold: HoldId
    target: AccountId = ""
    amount: MaybeAmount = None

    def accounts(self, look: Look) -> Collection[str]:
        """Touch the hold and its account, and the one that is paid."""
        hold = look.find(Hold, self.hold)
        names = (self.hold, self.target, hold.account if hold else "")
        return tuple(name for name in names if name)

    def apply(self, book: Book) -> None:
        """Resolve the hold, then post what is captured."""
        hold = book.open_hold(self.hold)
        amount = in_units(self.amount or hold.amount, hold.currency)
        if amount > hold.amount:
            raise HoldExceeded(f"{hold.id} holds {hold.amount} {hold.currency}, not {amount}.")
        book.resolve(hold, CAPTURED, amount)
        target = self.target or internal_id("CASH", hold.currency)
        book.post(hold.account, target, amount)
