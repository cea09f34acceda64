"""What a bank can be asked: its store's answers, and a refusal where there is nothing to tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.ledger.customer import Customer
from SimpleBankingSystem.ledger.errors import NotFound
from SimpleBankingSystem.ledger.run import LinesDone, Run
from SimpleBankingSystem.ledger.transaction import Transaction
from SimpleBankingSystem.ledger.working_copy import Record
from SimpleBankingSystem.stores.base import Extract, Page, Query, Store, Tally
from SimpleBankingSystem.stores.tallies import together


class Asked:
    """The questions that a bank answers from its store; none changes anything."""

    store: Store
    currency: str

    def account(self, account_id: str) -> Account:
        """Return an account.

        Raises:
            NotFound: there is none.
        """
        account = self.store.account(account_id)
        if account is None:
            raise NotFound(f"There is no account {account_id}.")
        return account

    def accounts(self, *, internal: bool = False) -> Sequence[Account]:
        """Return all accounts of one moment, in the order of opening."""
        return self.store.accounts(internal=internal)

    def balance(self, account_id: str, at: str = "") -> Decimal:
        """Return an account's balance, now or as it was at a UTC time.

        Raises:
            NotFound: there is no such account, or there was none then.
        """
        account = self.account(account_id)
        if not at:
            return account.balance
        balance = self.store.balance_at(account_id, at)
        if balance is None:
            raise NotFound(f"There was no account {account_id} at {at}.")
        return balance

    def transaction(self, transaction_id: str) -> Transaction:
        """Return a transaction as last recorded.

        Raises:
            NotFound: there is none.
        """
        transaction = self.store.transaction(transaction_id)
        if transaction is None:
            raise NotFound(f"There is no transaction {transaction_id}.")
        return transaction

    def by_key(self, key: str) -> Transaction:
        """Return the transaction of a key.

        Raises:
            NotFound: the key was never used.
        """
        transaction = self.store.by_key(key)
        if transaction is None:
            raise NotFound(f"No transaction has the key {key}.")
        return transaction

    def transactions(self, query: Query) -> Page:
        """Return one page of transactions.

        Raises:
            NotFound: the account that it asks for does not exist.
        """
        if query.account:
            self.account(query.account)
        return self.store.transactions(query)

    def history(self, query: Query) -> Page:
        """Return one page of what happened on an account, and on those merged into it.

        Raises:
            NotFound: the account does not exist.
        """
        self.account(query.account)
        merged = self.store.merged_into(query.account)
        return self.store.transactions(replace(query, also=(*merged,)))

    def extract(
        self, account_id: str, since: str, until: str, limit: int, cursor: int = 0
    ) -> Extract:
        """Return what moved money on an account, by value day; ``until`` is exclusive.

        Raises:
            NotFound: the account does not exist.
        """
        self.account(account_id)
        return self.store.extract(account_id, since, until, limit, cursor)

    def top_spenders(self, currency: str, limit: int) -> Sequence[tuple[str, Decimal]]:
        """Return the accounts from which most has gone out, and how much; of equals by id."""
        return self.store.top_spenders(currency or self.currency, limit)

    def tallies(self, since: str, until: str) -> Sequence[Tally]:
        """Return how commands fared in a period, by command and outcome; ``until`` is exclusive."""
        return together(self.store.tallies(since, until))

    def activity(self, customer_id: str, query: Query) -> Page:
        """Return one page of what happened to a customer and the accounts that are theirs now.

        Raises:
            NotFound: there is no such customer.
        """
        self.find(Customer, customer_id)
        theirs = (each.id for each in self.store.accounts_of(customer_id))
        return self.store.transactions(replace(query, account=customer_id, also=(*theirs,)))

    def find(self, record: type[Record], entity_id: str) -> Record:
        """Return a customer, a product, an open hold, a run.

        Raises:
            NotFound: there is none.
        """
        found = self.store.find(record, entity_id)
        if found is None:
            raise NotFound(f"There is no {record.kind} {entity_id}.")
        return found

    def every(self, record: type[Record]) -> Sequence[Record]:
        """Return all entities of a kind, in the order of their making."""
        return self.store.every(record)

    def runs(self) -> Sequence[Run]:
        """Return all runs in the order of their start."""
        return self.every(Run)

    def lines_done(self, run_id: str) -> LinesDone:
        """Return which lines of a run are recorded."""
        return self.store.lines_done(run_id)
