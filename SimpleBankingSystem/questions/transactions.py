"""What is asked about what happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Annotated, Any

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.fields import TEXT, CustomerId, Text, TransactionId
from SimpleBankingSystem.questions.base import Answer, Question, question
from SimpleBankingSystem.questions.kinds import (
    AmountMax,
    AmountMin,
    AnyAccountId,
    AtOnce,
    Cursor,
    Order,
    Since,
    Status,
    Until,
    Verb,
    meaning,
)
from SimpleBankingSystem.shapes import TRANSACTION, page_of
from SimpleBankingSystem.stores.base import Page, Query
from SimpleBankingSystem.tables import Row

TRANSACTIONS = page_of(TRANSACTION)

Key = Annotated[str, meaning(TEXT, "find the one with this key")]


@dataclass(frozen=True, eq=False, repr=False)
class Filtered(Question):
    """A list of transactions; its fields but the key have the names of ``Query``."""

    status: Status = field(default="", kw_only=True)
    command: Verb = field(default="", kw_only=True)
    since: Since = field(default="", kw_only=True)
    until: Until = field(default="", kw_only=True)
    amount_min: AmountMin = field(default=None, kw_only=True)
    amount_max: AmountMax = field(default=None, kw_only=True)
    reference: Text = field(default="", kw_only=True)
    order: Order = field(default="newest", kw_only=True)
    limit: AtOnce = field(default=50, kw_only=True)
    cursor: Cursor = field(default=0, kw_only=True)

    def answer(self, bank: Bank) -> Answer:
        page = self.found(bank)
        return {"items": [each.to_dict() for each in page.items], "next": page.next or None}

    def found(self, bank: Bank) -> Page:
        """Return the page that is asked for."""
        return bank.transactions(self.query())

    def rows(self, answer: Answer) -> Iterator[Row]:
        """Return a row for each posting, as the journal has: one alone would hide who got what."""
        for shape in answer["items"]:
            yield from ({**shape, **each} for each in shape.get("postings", [shape]))

    def query(self) -> Query:
        """Return the criteria."""
        named = {each.name for each in fields(Query)}
        given: dict[str, Any] = {name: each for name, each in self.given().items() if name in named}
        return Query(**given)


@question(
    "history",
    route="/accounts/{account}/transactions",
    answers=TRANSACTIONS,
    example={"since": "2026-11-01"},
)
class History(Filtered):
    """Show what happened on an account, with its balance after each transaction."""

    account: AnyAccountId

    columns = (
        *("completed_at", "id", "command", "status", "amount", "balance", "currency", "other"),
        "description",
    )

    def found(self, bank: Bank) -> Page:
        return bank.history(self.query())

    def rows(self, answer: Answer) -> Iterator[Row]:
        """Return the transactions as the account sees them: what came or went, what was left."""
        for shape in answer["items"]:
            moved = shape["source_balance"] or shape["target_balance"]
            # A single posting is not listed, but has left a balance.
            postings = shape.get("postings") or ([shape] if moved else [])
            if not postings:
                yield {**shape, "amount": None}
            if postings and not any(self.account in (e["source"], e["target"]) for e in postings):
                # It happened on an account that was merged into this one.
                yield {**shape, "other": f"{shape['source']} to {shape['target']}"}
            for each in postings if self.order == "oldest" else reversed(postings):
                sign, own, other = (
                    (1, "target", "source")
                    if each["target"] == self.account
                    else (-1, "source", "target")
                )
                if each[own] == self.account:
                    amount, balance = (
                        sign * Decimal(each["amount"]),
                        Decimal(each[f"{own}_balance"]),
                    )
                    yield {**shape, "amount": amount, "balance": balance, "other": each[other]}


@question(
    "transactions",
    route="/transactions",
    answers=TRANSACTIONS,
    example={"status": "FAILED", "limit": "10"},
)
class Transactions(Filtered):
    """List transactions, the newest first, or the one that has a key."""

    key: Key = ""
    account: AnyAccountId = ""

    columns = (
        *("id", "completed_at", "command", "status", "source", "target", "amount", "currency"),
        *("reference", "description"),
    )

    def found(self, bank: Bank) -> Page:
        if not self.key:
            return super().found(bank)
        found = bank.by_key(self.key)
        return Page([found] if self.query().matches(found) else [], 0)


@question("transaction", route="/transactions/{transaction}", answers=TRANSACTION)
class OneTransaction(Question):
    """Show one transaction."""

    transaction: TransactionId

    def answer(self, bank: Bank) -> Answer:
        return bank.transaction(self.transaction).to_dict()


@question("account_activity", route="/accounts/{account}/activity", answers=TRANSACTIONS)
class AccountActivity(Filtered):
    """Show who did what and when to an account, and to those that were merged into it."""

    account: AnyAccountId

    columns = (
        *("completed_at", "actor", "id", "command", "status", "source", "target", "amount"),
        *("currency", "description"),
    )

    def found(self, bank: Bank) -> Page:
        return bank.history(self.query())


@question("activity", route="/customers/{customer}/activity", answers=TRANSACTIONS)
class Activity(Filtered):
    """Show who did what and when to a customer and the accounts that are theirs."""

    customer: CustomerId

    columns = AccountActivity.columns

    def found(self, bank: Bank) -> Page:
        return bank.activity(self.customer, self.query())
