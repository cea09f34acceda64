"""What is asked about products."""

from __future__ import annotations

from dataclasses import fields

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.fields import ProductId, shape_of
from SimpleBankingSystem.ledger.product import Product
from SimpleBankingSystem.questions.base import Answer, Question, WholeList, question
from SimpleBankingSystem.shapes import MONEY, TEXT, page_of, record

TERMS = [each.name for each in fields(Product)]

PRODUCT = record(
    {
        "id": {**TEXT, "example": "savings"},
        "currency": {**TEXT, "description": "blank: any"},
        **dict.fromkeys(TERMS[2:], MONEY),
    },
    title="Product",
)


@question("products", route="/products", answers=page_of(PRODUCT))
class Products(WholeList):
    """List the products, with their terms as they are now."""

    columns = tuple(TERMS)

    def answer(self, bank: Bank) -> Answer:
        return self.page(bank.every(Product), shape_of)


@question("product", route="/products/{product}", answers=PRODUCT)
class OneProduct(Question):
    """Show the terms of one product."""

    product: ProductId

    def answer(self, bank: Bank) -> Answer:
        return shape_of(bank.find(Product, self.product))
