"""What the model asks of the bank: every verb, with texts that mostly mean something."""

from __future__ import annotations

from hypothesis import strategies as st

Asked = tuple[str, dict[str, str | int]]
"""A verb and its texts; a number stands for one of the last transactions, or holds."""

NAMES = ("A00000001", "A00000002", "A00000003", "ADA", "BOB", "YEN", "NOBODY")
AMOUNTS = ("1", "5.00", "10", "5", "10.0", "0.01", "0.001", "1000.5")
PRODUCTS = ("standard", "savings", "reward", "club", "club", "nope")
STATUSES = ("active", "active", "debits_blocked", "credits_blocked", "frozen", "dormant")
RATES = ("2", "0.5", "161.23456789", "0.0062", "1.333333333", "0.000000001", "999999999")
CUSTOMERS = ("C00000001", "C00000002", "C00000001 C00000002", "C00000009")

amounts = st.sampled_from(AMOUNTS)
names = st.sampled_from(("ADA", "BOB", "A00000001", *NAMES))
names_but_ada = st.sampled_from(("BOB", "BOB", "A00000001", "YEN", "NOBODY"))
yen = st.sampled_from(("YEN", "A00000002", "BOB"))
others = {"ADA": names_but_ada, "BOB": st.just("ADA"), "A00000001": yen}
"""Whom each account pays."""
numbers = st.integers(0, 4)
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
        asking(verb, source=st.just(one), target=other, **texts) for one, other in others.items()
    ]


commands: st.SearchStrategy[Asked] = st.one_of(
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
    asking("deposit", account=names, amount=amounts),
    asking("deposit", account=names, amount=amounts),
    asking("withdraw", account=names, amount=amounts),
    *to_another("transfer", amount=amounts),
    *to_another("exchange", amount=amounts, rate=st.sampled_from(RATES)),
    asking("exchange", source=yen, target=st.just("ADA"), amount=amounts,
           rate=st.sampled_from(RATES)),
    asking("split", {"amount": amounts}, source=st.just("ADA"), parts=shares),
    asking("charge_fee", account=names, amount=amounts),
    asking("place_hold", account=names, amount=amounts),
    asking("capture_hold", {"amount": amounts, "target": names}, hold=numbers),
    asking("void_hold", hold=numbers),
    asking("close_account", account=names),
    asking("close_account", {"sweep_to": names_but_ada}, account=st.just("ADA")),
    *to_another("merge_accounts"),
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
            "minimum_balance": amounts,
            "transaction_limit": amounts,
            "daily_limit": st.sampled_from(("12", "1000.5")),
            "withdrawal_fee": amounts,
            "withdrawal_percent": st.sampled_from(("1.5", "10", "0.0001")),
            "transfer_fee": amounts,
            "transfer_percent": st.sampled_from(("2.5", "100")),
        },
        product=products,
    ),
    asking("change_product", account=names, product=products),
    asking("reverse", transaction=numbers),
)  # fmt: skip
