"""What the rows of a journal say of every entity, and what recovered books say."""

from __future__ import annotations

import json
from collections.abc import Sequence

from SimpleBankingSystem.ledger.account import is_internal
from SimpleBankingSystem.ledger.entities import ENTITIES
from SimpleBankingSystem.ledger.product import DEFAULT_PRODUCTS, Product
from SimpleBankingSystem.ledger.transaction import COMPLETED
from SimpleBankingSystem.stores.base import Store
from SimpleBankingSystem.stores.csv_files.format import entity_cells

RESOLVED = {"captured", "voided"}
"""Holds of which only the journal knows."""

Entities = dict[tuple[str, str], dict[str, object]]


def entities_in(rows: Sequence[dict[str, str]]) -> Entities:
    """Return what the rows say of every entity, but for balances, which have their own columns."""
    found: Entities = {(Product.kind, each.id): entity_cells(each) for each in DEFAULT_PRODUCTS}
    for row in rows:
        if row["status"] != COMPLETED or not row["details"]:
            continue
        for kind, values in json.loads(row["details"]).get("set", {}).items():
            found |= {(kind, value["id"]): value for value in values}
    for value in found.values():
        value.pop("balance", None)
    return {key: value for key, value in found.items() if value.get("status") not in RESOLVED}


def entities_of(store: Store) -> Entities:
    """Return what the recovered books say of every entity."""
    found = {
        (kind, each.id): entity_cells(each)
        for kind, record in ENTITIES.items()
        for each in store.every(record)
        if not is_internal(each.id)
    }
    for value in found.values():
        value.pop("balance", None)
    return found
