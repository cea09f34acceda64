"""Merge an account into another."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import ClassVar

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.errors import CurrencyMismatch, SameAccount
from SimpleBankingSystem.ledger.fields import AccountId
from SimpleBankingSystem.ledger.hold import Hold
from SimpleBankingSystem.ledger.money import ZEROS
from SimpleBankingSystem.ledger.working_copy import Look


@command("merge_accounts", route="/accounts/{source}/merge")
class MergeAccounts(Command):
    """Merge an account into another, which takes over its balance, its holds and its history.

    The id of the merged account stays valid: commands that name it mean the other one.
    """

    spends: ClassVar[bool] = False
    source: AccountId
    target: AccountId

    def check(self) -> Mapping[str, str]:
        """Refuse to merge an account into itself."""
        if self.source == self.target:
            return {"target": f"is the source itself, {self.source}; give another account"}
        return {}

    def accounts(self, look: Look) -> Collection[str]:
        """Touch both accounts, and the holds that move."""
        holds = (hold.id for hold in look.every(Hold) if hold.account == self.source)
        return (self.source, self.target, *holds)

    def apply(self, book: Book) -> None:
        """Move the balance and the holds, and put the account as closed and merged."""
        # Its status must let everything go even where that is nothing, or a block would be lost.
        source, target = book.paying(self.source), book.paid(self.target)
        if source.id == target.id:
            raise SameAccount(f"{self.source} and {self.target} are one account already.")
        if source.currency != target.currency:
            message = f"{source.id} carries {source.currency}, {target.id} {target.currency}."
            raise CurrencyMismatch(message)
        if source.held > source.balance:
            book.afford(target, source.held - source.balance)
        nothing = ZEROS[source.currency]
        for hold in book.holds_of(source.id):
            book.put(replace(hold, account=target.id))
        book.put(replace(target, held=target.held + source.held))
        book.put(replace(source, held=nothing, minimum_balance=nothing, merged_into=""))
        if source.balance > 0:
            book.post(source.id, target.id, source.balance, limited=False)
        elif source.balance < 0:
            book.post(target.id, source.id, -source.balance, limited=False)
        book.put(replace(book.account(source.id).closed(), merged_into=target.id))
