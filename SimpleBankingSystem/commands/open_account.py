"""Open an account."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

from SimpleBankingSystem.commands.base import Command, command
from SimpleBankingSystem.ledger.account import ACTIVE, Account, internal_id
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.entity import made_number, no_room_after, numbering
from SimpleBankingSystem.ledger.errors import AccountExists, CurrencyMismatch
from SimpleBankingSystem.ledger.fields import (
    AccountId,
    Currency,
    CustomerIds,
    Limit,
    MaybeLimit,
    Name,
    ProductId,
)
from SimpleBankingSystem.ledger.money import ZEROS, in_units
from SimpleBankingSystem.ledger.product import STANDARD
from SimpleBankingSystem.ledger.working_copy import Look


@command("open_account", route="/accounts", makes=Account)
class OpenAccount(Command):
    """Open an account for somebody, with an id of their own choice or a made one."""

    name: Name
    account: AccountId = ""
    currency: Currency = ""
    initial_deposit: Limit = Decimal(0)
    overdraft_limit: MaybeLimit = None
    product: ProductId = STANDARD
    owners: CustomerIds = ()
    users: CustomerIds = ()

    def check(self) -> Mapping[str, str]:
        """Refuse an id after which no more could be made."""
        reason = no_room_after(Account.letter, self.account)
        return {"account": reason} if reason else {}

    def accounts(self, look: Look) -> Collection[str]:
        """Hold the id and the customers, and the numbering where the id is, or may be, made."""
        del look
        names = {*self.owners, *self.users}
        if self.account:
            names.add(self.account)
        if not self.account or made_number(Account.letter, self.account):
            names.add(numbering(Account.letter))
        return names

    def apply(self, book: Book) -> None:
        """Put the account, then the initial deposit on it."""
        account_id = self.account or book.next_id(Account.letter)
        if book.find(Account, account_id) is not None:
            raise AccountExists(f"There is an account {account_id} already.")
        for customer in self.owners + self.users:
            book.customer(customer)
        product = book.product(self.product)
        currency = self.currency or product.currency or book.currency
        if product.currency and currency != product.currency:
            raise CurrencyMismatch(f"{product.id} is kept in {product.currency}, not {currency}.")
        overdraft_limit = self.overdraft_limit
        if overdraft_limit is None:
            overdraft_limit = product.overdraft_limit
        account = Account(
            id=account_id,
            name=self.name,
            type=product.id,
            currency=currency,
            status=ACTIVE,
            balance=ZEROS[currency],
            held=ZEROS[currency],
            overdraft_limit=in_units(overdraft_limit, currency),
            opened_at=book.now,
            minimum_balance=in_units(product.minimum_balance, currency),
            owners=self.owners,
            users=self.users,
        )
        book.put(account)
        if self.initial_deposit:
            book.post(internal_id("CASH", currency), account_id, self.initial_deposit)
