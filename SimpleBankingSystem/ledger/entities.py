"""Every kind of entity, in the order in which a file about each is written."""

from __future__ import annotations

from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.ledger.customer import Customer
from SimpleBankingSystem.ledger.entity import Entity
from SimpleBankingSystem.ledger.hold import Hold
from SimpleBankingSystem.ledger.product import Product
from SimpleBankingSystem.ledger.run import Run
from SimpleBankingSystem.ledger.spent import Spent

ENTITIES: dict[str, type[Entity]] = {
    record.kind: record for record in (Account, Run, Customer, Hold, Product, Spent)
}
"""Every kind of entity by its word in the journal."""
