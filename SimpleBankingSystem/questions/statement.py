"""A statement: one account over a period, with the balance after every row."""

from __future__ import annotations

from dataclasses import field

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import InvalidCommand
from SimpleBankingSystem.ledger.fields import AccountId, Date
from SimpleBankingSystem.questions.base import Answer, Question, question
from SimpleBankingSystem.questions.kinds import AtOnce, Cursor
from SimpleBankingSystem.shapes import MONEY, TEXT, nullable, record

ROW = record(
    {
        "value_date": {"type": "string", "format": "date", "example": "2026-11-20"},
        "transaction": {**TEXT, "example": "T00000000001"},
        "command": {**TEXT, "example": "transfer"},
        "other": {**TEXT, "example": "A00000002"},
        "reference": TEXT,
        "description": TEXT,
        "amount": MONEY,
        "balance": MONEY,
    }
)

STATEMENT = record(
    {
        "account": {**TEXT, "example": "A00000001"},
        "name": {**TEXT, "example": "Ada Lovelace"},
        "currency": {**TEXT, "example": "EUR"},
        "since": nullable(TEXT),
        "until": nullable(TEXT),
        "opening": MONEY,
        "items": {"type": "array", "items": ROW},
        "closing": MONEY,
        "next": nullable({"type": "integer", "description": "give it as cursor for the next page"}),
    },
    title="Statement",
)


@question(
    "statement",
    route="/accounts/{account}/statement",
    answers=STATEMENT,
    example={"since": "2026-11-01", "until": "2026-12-01"},
)
class Statement(Question):
    """Show an account over a period of value days: opening, every row with its balance, closing."""

    account: AccountId
    since: Date = ""
    until: Date = ""
    limit: AtOnce = field(default=500, kw_only=True)
    cursor: Cursor = field(default=0, kw_only=True)

    columns = tuple(ROW["properties"])

    def answer(self, bank: Bank) -> Answer:
        if self.since and self.until and self.since >= self.until:
            raise InvalidCommand({"until": f"must be a day after {self.since}"})
        account = bank.account(self.account)
        found = bank.extract(self.account, self.since, self.until, self.limit, self.cursor)
        balance = found.carried
        items = []
        for transaction, amount in found.items:
            balance += amount
            others = [
                end
                for each in transaction.postings
                for end in each[:2]
                if self.account in each[:2] and end != self.account
            ]
            items.append(
                {
                    "value_date": transaction.value_date,
                    "transaction": transaction.id,
                    "command": transaction.command,
                    "other": " ".join(dict.fromkeys(others)),
                    "reference": transaction.reference,
                    "description": transaction.description,
                    "amount": str(amount),
                    "balance": str(balance),
                }
            )
        return {
            "account": account.id,
            "name": account.name,
            "currency": account.currency,
            "since": self.since or None,
            "until": self.until or None,
            "opening": str(found.opening),
            "items": items,
            "closing": str(found.closing),
            "next": found.next or None,
        }

    def rows(self, answer: Answer) -> list[dict[str, object]]:
        """Return the rows between the opening balance and the closing one.

        They are on the first page and on the last, so that pages joined are one statement.
        """
        opening = {"value_date": answer["since"], "command": "opening"}
        closing = {"value_date": answer["until"], "command": "closing"}
        return [
            *([] if self.cursor else [{**opening, "balance": answer["opening"]}]),
            *answer["items"],
            *([] if answer["next"] else [{**closing, "balance": answer["closing"]}]),
        ]
