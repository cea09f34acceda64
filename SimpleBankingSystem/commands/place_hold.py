"""Set money aside."""

from __future__ import annotations

from dataclasses import replace

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.fields import AccountId, Amount
from SimpleBankingSystem.ledger.hold import OPEN, Hold
from SimpleBankingSystem.ledger.money import ZEROS, in_units


@command("place_hold", route="/accounts/{account}/holds", makes=Hold)
class PlaceHold(Command):
    """Set money aside on an account, to be captured or given free later."""

    account: AccountId
    amount: Amount

    def apply(self, book: Book) -> None:
        """Put the account with more held, and the hold."""
        account = book.paying(self.account)
        amount = in_units(self.amount, account.currency)
        book.afford(account, amount)
        # More could never be captured. That of the day is for the day on which it is.
        book.limit_at_once(account, amount)
        book.put(replace(account, held=account.held + amount))
        book.put(
            Hold(
                id=book.next_hold_id(),
                account=account.id,
                amount=amount,
                currency=account.currency,
                status=OPEN,
                captured=ZEROS[account.currency],
                description=self.description,
                placed_at=book.now,
            )
        )
