"""What is asked about money that is set aside."""

from __future__ import annotations

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import NotFound
from SimpleBankingSystem.ledger.fields import AccountId, HoldId, shape_of
from SimpleBankingSystem.ledger.hold import CAPTURED, OPEN, VOIDED, Hold, placing
from SimpleBankingSystem.questions.base import Answer, Question, WholeList, question
from SimpleBankingSystem.shapes import MONEY, TEXT, TIME, page_of, record

HOLD = record(
    {
        "id": {**TEXT, "example": "H00000000001"},
        "account": {**TEXT, "example": "A00000001"},
        "amount": MONEY,
        "currency": {**TEXT, "example": "EUR"},
        "status": {**TEXT, "enum": [OPEN, CAPTURED, VOIDED]},
        "captured": MONEY,
        "description": TEXT,
        "placed_at": TIME,
        "resolved_at": TEXT,
    },
    title="Hold",
)


@question("holds", route="/holds", answers=page_of(HOLD))
class Holds(WholeList):
    """List the holds that are open, the oldest first."""

    account: AccountId = ""

    columns = ("id", "account", "amount", "currency", "placed_at", "description")

    def answer(self, bank: Bank) -> Answer:
        if self.account:
            bank.account(self.account)
        # Between two pages holds are resolved and placed: the cursor is a hold's own number.
        following = sorted(
            (number, each)
            for each in bank.every(Hold)
            if (number := int(each.id[1:])) > self.cursor
            and (not self.account or each.account == self.account)
        )
        page = following[: self.limit]
        return {
            "items": [shape_of(each) for _, each in page],
            "next": page[-1][0] if len(following) > len(page) else None,
        }


@question("hold", route="/holds/{hold}", answers=HOLD)
class OneHold(Question):
    """Show one hold that is open."""

    hold: HoldId

    def answer(self, bank: Bank) -> Answer:
        placed = bank.store.transaction(placing(self.hold))
        if bank.store.find(Hold, self.hold) is None and placed is not None and placed.made[1]:
            raise NotFound(f"{self.hold} is resolved already: it was captured or voided.")
        return shape_of(bank.find(Hold, self.hold))
