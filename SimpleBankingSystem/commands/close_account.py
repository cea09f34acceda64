"""Close an account for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.account import CLOSED
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.errors import AccountClosed, BalanceNotZero
from SimpleBankingSystem.ledger.fields import AccountId
from SimpleBankingSystem.ledger.money import ZEROS


@command("close_account", route="/accounts/{account}/close")
class CloseAccount(Command):
    """Close an account for good; refused while there is money on it, unless that goes elsewhere."""

    spends: ClassVar[bool] = False
    account: AccountId
    sweep_to: AccountId = ""

    def check(self) -> Mapping[str, str]:
        """Refuse to move the money to the very account that is closed."""
        if self.sweep_to == self.account:
            return {"sweep_to": f"is the account itself, {self.account}; give another account"}
        return {}

    def apply(self, book: Book) -> None:
        """Move the money where it is to go, and put the account as closed."""
        account = book.account(self.account)
        if account.status == CLOSED:
            raise AccountClosed(f"{account.id} is closed already.")
        if self.sweep_to:
            # A wrong name is told even where there is no money that would have gone there.
            book.account(self.sweep_to)
        if self.sweep_to and account.balance > 0 and not account.held:
            book.put(replace(account, minimum_balance=ZEROS[account.currency]))
            book.post(account.id, self.sweep_to, account.balance, limited=False)
            account = book.account(account.id)
        if account.balance or account.held:
            held = f", and {account.held} are held" if account.held else ""
            way = "" if held or account.balance < 0 else " Say with sweep_to where it is to go."
            message = f"{account.id} has {account.balance} {account.currency} on it{held}.{way}"
            raise BalanceNotZero(message)
        book.put(account.closed())
