"""What the model asks of the bank: every verb, with texts that mostly mean something."""

from __future__ import annotations

from hypothesis import strategies as st

Asked = tuple[str, dict[str, str | int]]
"""A verb and its texts; a number stands for one of the last transactions, or holds."""

NAMES = ("A00000001", "A00000002", "A00000003", "ADA", "BOB", "YEN", "NOBODY")
AMOUNTS = ("1", "5.00", "10", "5", "10.0", "0.01", "0.001", "1000.5")
PRODUCTS = ("standard", "savings", "reward", "club", "club", "club", "nope")
STATUSES = ("active", "active", "active", "debits_blocked", "credits_blocked", "frozen", "dormant")
RATES = ("2", "0.5", "161.23456789", "0.0062", "1.333333333", "0.000000001", "999999999")
CUSTOMERS = ("C00000001", "C00000002", "C00000001 C00000002", "C00000009")

amounts = st.sampled_from(AMOUNTS)
names = st.sampled_from(("ADA", "BOB", "A00000001", "ADA", "BOB", *NAMES))
names_but_ada = st.sampled_from(("BOB", "BOB", "A00000001", "YEN", "NOBODY"))
yen = st.sampled_from(("YEN", "A00000002", "BOB"))
others = {"ADA": names_but_ada, "BOB": st.just("ADA"), "A00000001": yen}
"""Whom each account pays."""
numbers = st.integers(0, 4)
small = st.sampled_from(("0.01", "1", "0.001", "0.5"))
rates = st.sampled_from(RATES)
keys = st.sampled_from(("", "", "", "", "k1", "k2", "k3"))
products = st.sampled_from(PRODUCTS)
customers = st.sampled_from(CUSTOMERS)
people = st.sampled_from(("Ada", "Bob"))
shares = st.dictionaries(
    st.sampled_from(("BOB", "A00000001", "A00000002")), amounts, min_size=1, max_size=3
).map(lambda parts: " ".join(f"{name}={part}" for name, part in parts.items()))


def asking(
    verb: str,
    optional: dict[str, st.SearchStrategy[str]] | None = None,
    **texts: st.SearchStrategy[str] | st.SearchStrategy[int],
) -> st.SearchStrategy[Asked]:
    """Return a strategy for commands of a verb."""
    return st.tuples(st.just(verb), st.fixed_dictionaries(texts, optional=optional or {}))


def to_another(verb: str, **texts: st.SearchStrategy[str]) -> list[st.SearchStrategy[Asked]]:
    """Return strategies for what goes from an account to another."""
    return [
        asking(verb, None, source=st.just(one), target=other, **texts)
        for one, other in others.items()
    ]


often = [
    asking("deposit", account=names, amount=amounts),
    asking("withdraw", account=names, amount=amounts),
    *to_another("transfer", amount=amounts),
    asking(
        "exchange", source=st.just("A00000001"), target=st.just("YEN"), amount=amounts, rate=rates
    ),
    asking("split", {"amount": amounts}, source=st.just("ADA"), parts=shares),
    asking("place_hold", account=names, amount=amounts),
    asking("capture_hold", {"amount": small, "target": names}, hold=numbers),
]
"""What is asked twice as often."""

commands: st.SearchStrategy[Asked] = st.one_of(
    *often,
    *often,
    asking("exchange", source=names, target=names_but_ada, amount=amounts, rate=rates).filter(
        lambda asked: asked[1]["source"] != asked[1]["target"]
    ),
    asking(
        "open_account",
        {
            "account": st.sampled_from(NAMES[:-1]),
            "currency": st.sampled_from(("EUR", "EUR", "JPY", "BHD")),
            "initial_deposit": amounts,
            "overdraft_limit": amounts,
            "product": products,
            "owners": customers,
        },
        name=people,
    ),
    asking("charge_fee", account=names, amount=amounts),
    asking("void_hold", hold=numbers),
    asking("close_account", account=names),
    asking("close_account", {"sweep_to": names_but_ada}, account=st.just("ADA")),
    asking("merge_accounts", source=st.just("ADA"), target=names_but_ada),
    asking("merge_accounts", source=st.sampled_from(NAMES[:3]), target=st.just("ADA")),
    asking("set_overdraft_limit", account=names, overdraft_limit=amounts),
    asking("set_status", account=names, status=st.sampled_from(STATUSES), reason=people),
    asking("register_customer", {"customer": st.sampled_from(CUSTOMERS[:2])}, name=people),
    asking("change_customer", customer=st.sampled_from(CUSTOMERS[:2]), name=people),
    asking("set_owners", {"owners": customers}, account=names),
    asking(
        "define_product",
        {
            "currency": st.sampled_from(("EUR", "JPY")),
            "overdraft_limit": amounts,
            "minimum_balance": small,
            "transaction_limit": amounts,
            "daily_limit": st.sampled_from(("12", "1000.5")),
            "withdrawal_fee": small,
            "withdrawal_percent": st.sampled_from(("1.5", "10", "0.0001")),
            "transfer_fee": small,
            "transfer_percent": st.sampled_from(("2.5", "100")),
        },
        product=products,
    ),
    asking("change_product", account=names, product=products),
    asking("reverse", transaction=numbers),
)

FIRST: list[Asked] = [
    ("register_customer", {"name": "Ada"}),
    (
        "define_product",
        {
            "product": "club",
            "transaction_limit": "12",
            "daily_limit": "20",
            "overdraft_limit": "20",
            "withdrawal_fee": "0.01",
            "transfer_percent": "2.5",
        },
    ),
    ("open_account", {"name": "Ada", "account": "ADA", "initial_deposit": "100"}),
    ("open_account", {"name": "Bob", "account": "BOB", "product": "club"}),
    ("open_account", {"name": "Eve", "account": "A00000001", "initial_deposit": "99"}),
    ("open_account", {"name": "Yen", "account": "YEN", "currency": "JPY", "initial_deposit": "10"}),
    ("place_hold", {"account": "ADA", "amount": "5"}),
    ("place_hold", {"account": "BOB", "amount": "5"}),
]
"""What every story begins with."""
