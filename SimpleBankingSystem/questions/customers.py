"""What is asked about customers."""

from __future__ import annotations

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.customer import Customer
from SimpleBankingSystem.ledger.fields import CustomerId, shape_of
from SimpleBankingSystem.questions.base import Answer, Question, WholeList, question
from SimpleBankingSystem.shapes import TEXT, TIME, page_of, record

CUSTOMER = record(
    {
        "id": {**TEXT, "example": "C00000001"},
        "name": {**TEXT, "example": "Ada Lovelace"},
        "address": TEXT,
        "registered_at": TIME,
    },
    title="Customer",
)


@question("customers", route="/customers", answers=page_of(CUSTOMER))
class Customers(WholeList):
    """List customers in the order of their registration."""

    columns = ("id", "name", "address", "registered_at")

    def answer(self, bank: Bank) -> Answer:
        return self.page(bank.every(Customer), shape_of)


@question("customer", route="/customers/{customer}", answers=CUSTOMER)
class OneCustomer(Question):
    """Show one customer."""

    customer: CustomerId

    def answer(self, bank: Bank) -> Answer:
        return shape_of(bank.find(Customer, self.customer))
