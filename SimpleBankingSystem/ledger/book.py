"""The book: the working copy on which one batch of commands is decided, with the rules of money.

All rules of money live in ``Book.post``. Nothing here is visible to anybody until the store has
made the batch durable and published it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from SimpleBankingSystem.ledger.account import (
    ACTIVE,
    CLOSED,
    STATUSES,
    Account,
    internal_currency,
    internal_id,
    is_internal,
)
from SimpleBankingSystem.ledger.errors import (
    AccountClosed,
    AccountNotFound,
    BankError,
    CreditsBlocked,
    CurrencyMismatch,
    DebitsBlocked,
    HoldNotFound,
    HoldResolved,
    InsufficientFunds,
    LimitExceeded,
    SameAccount,
)
from SimpleBankingSystem.ledger.hold import Hold, placing
from SimpleBankingSystem.ledger.money import in_units
from SimpleBankingSystem.ledger.product import Product
from SimpleBankingSystem.ledger.spent import Spent
from SimpleBankingSystem.ledger.transaction import posting
from SimpleBankingSystem.ledger.working_copy import WorkingCopy


class Book(WorkingCopy):
    """What a command decides on: accounts with the rules of money."""

    def account(self, account_id: str) -> Account:
        """Return a customer's account as it stands in this batch.

        The id of an account that was merged into another means that other one.

        Raises:
            AccountNotFound: if there is none.
        """
        account = self.find(Account, account_id)
        if account is None:
            raise AccountNotFound(f"There is no account {account_id}.")
        return self.account(account.merged_into) if account.merged_into else account

    def heir(self, account_id: str) -> str:
        """Return the id of what an account is now: another one, if it was merged into that.

        Raises:
            AccountNotFound: there is no such account.
        """
        return account_id if is_internal(account_id) else self.account(account_id).id

    def open_account(self, account_id: str) -> Account:
        """Return an account that may still be changed; like ``account``.

        Raises:
            AccountNotFound: there is none.
            AccountClosed: it is closed, for good.
        """
        account = self.account(account_id)
        if account.status == CLOSED:
            raise AccountClosed(f"{account.id} is closed.")
        return account

    def open_hold(self, name: str) -> Hold:
        """Return a hold that is not resolved yet; its id must be held.

        Raises:
            HoldNotFound: there is none.
            HoldResolved: it was captured or voided.
        """
        found = self.find(Hold, name)
        if found is None:
            placed = self.look.transaction(placing(name))
            if placed is None or placed.made != (Hold.kind, name):
                raise HoldNotFound(f"There is no hold {name}.")
        if found is None or not found.is_open:
            raise HoldResolved(f"{name} is resolved already.")
        return found

    def holds_of(self, account_id: str) -> list[Hold]:
        """Return the open holds of an account as they stand in this batch; they must be held."""
        known = {each.id: each for each in self.look.every(Hold)}
        known |= {each.id: each for each in self._entities.values() if isinstance(each, Hold)}
        return [each for each in known.values() if each.account == account_id and each.is_open]

    def resolve(self, hold: Hold, status: str, captured: Decimal) -> None:
        """Put a hold as resolved, and its account with that much less held."""
        account = self.account(hold.account)
        self.put(replace(account, held=account.held - hold.amount))
        self.put(replace(hold, status=status, captured=captured, resolved_at=self.now))

    def post(self, source: str, target: str, amount: Decimal, *, limited: bool = True) -> None:
        """Move an amount from one account to another, or refuse to.

        The rules, in this order: both accounts exist, their status lets money go out and come in,
        both carry the same currency, the amount fits the currency's decimals, the source can
        afford it and keeps within its product's limits. The bank's own accounts have no limit, and
        their balances are kept by the store. ``limited=False`` is for what the customer did not
        ask for, such as a fee.

        Raises:
            AccountNotFound: one of the two does not exist.
            AccountClosed: one of the two is closed.
            DebitsBlocked: CreditsBlocked: the status of one of the two is against it.
            SameAccount: both are one account, named twice or merged into the other.
            CurrencyMismatch: they carry different currencies.
            TooManyDecimals: the amount does not fit the currency.
            InsufficientFunds: the source cannot afford it.
            LimitExceeded: it is more than the source's product allows at once, or in a day.
        """
        try:
            self._post(source, target, amount, limited=limited)
        except BankError:
            # A transfer that failed for its fee is shown as what it was: its first posting.
            tried = self._postings[0][:3] if self._postings else (source, target, amount)
            self.attempted = tried
            raise

    def _post(self, source: str, target: str, amount: Decimal, *, limited: bool) -> None:
        accounts = self.accounts
        payer = accounts.get(source)
        if payer is None and not is_internal(source):
            payer = self.account(source)
        payee = accounts.get(target)
        if payee is None and not is_internal(target):
            payee = self.account(target)
        if payer is not None and payer.status != ACTIVE:
            payer = self.paying(source)
            source = payer.id
        if payee is not None and payee.status != ACTIVE:
            payee = self.paid(target)
            target = payee.id
        if source == target:
            raise SameAccount(f"Both accounts are {source}: there is nothing to move.")
        currency = payer.currency if payer is not None else internal_currency(source)
        other = payee.currency if payee is not None else internal_currency(target)
        if currency != other:
            raise CurrencyMismatch(f"{source} carries {currency}, {target} {other}.")
        amount = in_units(amount, currency)
        source_balance = target_balance = None
        before = self._before
        if payer is not None:
            source_balance = payer.balance - amount
            if source_balance < payer.held - payer.overdraft_limit or payer.minimum_balance:
                self.afford(payer, amount)
            if limited and payer.type in self._limited:
                self._limit(payer, amount)
            before.append((accounts, source, payer))
            accounts[source] = payer.with_balance(source_balance)
        if payee is not None:
            target_balance = payee.balance + amount
            before.append((accounts, target, payee))
            accounts[target] = payee.with_balance(target_balance)
        self._postings.append(
            posting((source, target, amount, currency, source_balance, target_balance))
        )

    def afford(self, account: Account, amount: Decimal) -> None:
        """Insist that an account has an amount available.

        Raises:
            InsufficientFunds: it has less.
        """
        available = account.available
        if available < amount:
            message = f"{account.id} has {available} {account.currency} available, {amount} needed."
            raise InsufficientFunds(message)

    def paying(self, account_id: str) -> Account:
        """Return an account from which money may go.

        Raises:
            AccountNotFound: AccountClosed: DebitsBlocked: none may.
        """
        account = self.open_account(account_id)
        if not STATUSES[account.status].debits:
            raise DebitsBlocked(f"{account.id} is {account.status}: no money may go out.")
        return account

    def paid(self, account_id: str) -> Account:
        """Return an account to which money may come.

        Raises:
            AccountNotFound: AccountClosed: CreditsBlocked: none may.
        """
        account = self.open_account(account_id)
        if not STATUSES[account.status].credits:
            raise CreditsBlocked(f"{account.id} is {account.status}: no money may come in.")
        return account

    def limit_at_once(self, payer: Account, amount: Decimal) -> None:
        """Insist on what the payer's product allows at once.

        Raises:
            LimitExceeded: it is less.
        """
        product = self._limited.get(payer.type)
        limit = product.transaction_limit if product is not None else 0
        if limit and amount > limit:
            message = f"{payer.id} may pay {limit} {payer.currency} at once, {amount} is more."
            raise LimitExceeded(message)

    def _limit(self, payer: Account, amount: Decimal) -> None:
        """Insist on the limits of the payer's product, and count towards that of the day."""
        before = sum(each.amount for each in self._postings if each.source == payer.id)
        self.limit_at_once(payer, amount + before)
        limit = self._limited[payer.type].daily_limit
        if not limit:
            return
        day = self.now[:10]
        spent = self.find(Spent, payer.id)
        today = amount + (spent.amount if spent is not None and spent.day == day else 0)
        if today > limit:
            message = f"{payer.id} may pay {limit} {payer.currency} a day, it would be {today}."
            raise LimitExceeded(message)
        self.put(Spent(payer.id, day, today))

    def charge_for(
        self, costs: Callable[[Product, Decimal, str], Decimal], account_id: str, amount: Decimal
    ) -> None:
        """Post the fee that something costs by the terms of an account's product, if any."""
        account = self.accounts.get(account_id)
        # Who pays no fees, as most do, should not pay either for being looked up with care.
        if account is None or account.type in self._charging or account.merged_into:
            account = self.account(account_id)
            product = self._charging.get(account.type)
            if product is not None:
                self.charge(account, costs(product, amount, account.currency))

    def charge(self, account: Account, fee: Decimal) -> None:
        """Post a fee to the bank's own account for them."""
        if fee:
            self.post(account.id, internal_id("FEES", account.currency), fee, limited=False)
