"""Products: what limits and costs, and in which units."""

from __future__ import annotations

from decimal import Decimal

import pytest

from SimpleBankingSystem.commands.define_product import DefineProduct
from SimpleBankingSystem.ledger.product import DEFAULT_PRODUCTS, Product

TERMS = [
    ("overdraft_limit", False, False),
    ("minimum_balance", False, False),
    ("transaction_limit", True, False),
    ("daily_limit", True, False),
    ("withdrawal_fee", False, True),
    ("withdrawal_percent", False, True),
    ("transfer_fee", False, True),
    ("transfer_percent", False, True),
]


def kept(**terms: str) -> Product:
    """Return a product of these terms."""
    product = DefineProduct.parse({"product": "club", **terms}).defined()
    assert product.id == "club"
    return product


@pytest.mark.parametrize(("term", "limits", "costs"), TERMS)
def test_what_limits_and_what_costs(term: str, limits: bool, costs: bool) -> None:
    product = kept(**{term: "0.01"})
    assert (product.is_limited, product.has_fees) == (limits, costs)
    zero = kept(**{term: "0.00"})
    assert (zero.is_limited, zero.has_fees) == (False, False)


@pytest.mark.parametrize(
    ("flat", "percent", "amount", "currency", "cost"),
    [
        ("0", "2.5", "0.20", "EUR", "0.00"),
        ("0", "2.5", "0.60", "EUR", "0.02"),
        ("0", "2.5", "1", "EUR", "0.02"),
        ("0.10", "0", "5", "JPY", "0"),
        ("0.5", "1", "100", "JPY", "2"),
        ("0.5", "0", "100", "JPY", "0"),
        ("0.0005", "0.0001", "500", "BHD", "0.001"),
        ("9999999999999", "100", "9999999999999.99", "EUR", "19999999999998.99"),
    ],
)
def test_a_fee_is_flat_plus_a_percentage_in_units_of_the_currency(
    flat: str, percent: str, amount: str, currency: str, cost: str
) -> None:
    product = kept(transfer_fee=flat, transfer_percent=percent)
    assert str(product.transfer_costs(Decimal(amount), currency)) == cost
    assert not product.withdrawal_costs(Decimal(amount), currency)
    other = kept(withdrawal_fee=flat, withdrawal_percent=percent)
    assert str(other.withdrawal_costs(Decimal(amount), currency)) == cost


def test_the_default_ones_are_as_they_are_told() -> None:
    standard, savings, reward = DEFAULT_PRODUCTS
    assert (standard.is_limited, standard.has_fees) == (False, False)
    assert savings == Product("savings", minimum_balance=Decimal(5), daily_limit=Decimal(1000))
    assert reward.overdraft_limit == 100
    assert reward.transfer_fee == Decimal("0.10")
