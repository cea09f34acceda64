"""What is asked about accounts."""

from __future__ import annotations

from typing import Annotated

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.questions.base import Answer, Question, WholeList, question
from SimpleBankingSystem.questions.kinds import FLAG, AnyAccountId, Moment, meaning
from SimpleBankingSystem.shapes import ACCOUNT, MONEY, TEXT, nullable, page_of, record

BALANCE = record(
    {
        "account": {**TEXT, "example": "A00000001"},
        "balance": MONEY,
        "currency": {**TEXT, "example": "EUR"},
        "at": nullable(TEXT),
    },
    title="Balance",
)


@question("accounts", route="/accounts", answers=page_of(ACCOUNT))
class Accounts(WholeList):
    """List accounts in the order of their opening."""

    internal: Annotated[bool, meaning(FLAG, "the bank's own accounts too")] = False

    columns = ("id", "name", "type", "status", "currency", "balance", "available", "opened_at")

    def answer(self, bank: Bank) -> Answer:
        return self.page(bank.accounts(internal=self.internal), Account.to_dict)


@question("account", route="/accounts/{account}", answers=ACCOUNT)
class OneAccount(Question):
    """Show one account."""

    account: AnyAccountId

    def answer(self, bank: Bank) -> Answer:
        return {**bank.account(self.account).to_dict()}


@question(
    "balance",
    route="/accounts/{account}/balance",
    answers=BALANCE,
    example={"at": "2026-11-20"},
)
class BalanceOf(Question):
    """Show an account's balance, now or at a past moment."""

    account: AnyAccountId
    at: Moment = ""

    gist = "balance"

    def answer(self, bank: Bank) -> Answer:
        balance = bank.balance(self.account, self.at)
        return {
            "account": self.account,
            "balance": str(balance),
            "currency": bank.account(self.account).currency,
            "at": self.at or None,
        }
