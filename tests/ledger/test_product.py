"""Products: what limits and costs, and in which units."""

from __future__ import annotations

from decimal import Decimal

import pytest

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


@pytest.mark.parametrize(("term", "limits", "costs"), TERMS)
def test_what_limits_and_what_costs(term: str, limits: bool, costs: bool) -> None:
    product = Product("club", **{term: Decimal("0.01")})
    assert (product.is_limited, product.has_fees) == (limits, costs)
    zero = Product("club", **{term: Decimal("0.00")})
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
    terms = {"transfer_fee": Decimal(flat), "transfer_percent": Decimal(percent)}
    product = Product("club", **terms)
    assert str(product.transfer_costs(Decimal(amount), currency)) == cost
    assert not product.withdrawal_costs(Decimal(amount), currency)
    other = Product("club", withdrawal_fee=Decimal(flat), withdrawal_percent=Decimal(percent))
    assert str(other.withdrawal_costs(Decimal(amount), currency)) == cost


def test_the_default_ones_are_as_they_are_told() -> None:
    standard, savings, reward = DEFAULT_PRODUCTS
    assert not (standard.is_limited or standard.has_fees)
    assert (savings.daily_limit, savings.minimum_balance) == (1000, 5)
    assert (reward.overdraft_limit, reward.transfer_fee) == (100, Decimal("0.10"))
