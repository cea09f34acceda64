"""A day of a bank: every kind of command, with every kind of outcome and text."""

from __future__ import annotations

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.stores.base import Query
from tests.banks import do, done, submitted, ticket

TEXTS = ["=1+1", "'quoted'", '"a;b"', ";=x", "0012", "1E5", "TRUE", "+", " x ", "\u674e", "a,b"]


def day(bank: Bank) -> list[str]:
    """Carry out a day of every kind of command; return its transactions' ids."""
    done(bank, "start_run", run_id="R000001", name="day.csv", digest="d", first_line="f")
    done(bank, "open_account", name="Rich", account="RICH", initial_deposit="100")
    done(bank, "open_account", name="Owing", overdraft_limit="50", description="first")
    done(bank, "open_account", name="Yen", account="YEN", currency="JPY", initial_deposit="7")
    done(bank, "deposit", account="A00000001", amount="1.5", key="k1", value_date="2020-02-29")
    paid = done(bank, "transfer", source="A00000001", target="RICH", amount="30", tags="rent may")
    failed = do(bank, "transfer", source="A00000001", target="RICH", amount="30", reference="F1")
    do(bank, "withdraw", account="NOBODY", amount="3", key="k2")
    do(bank, "deposit", account="RICH", amount="0.001")
    submitted(
        bank,
        ticket("deposit", group="g", account="A00000001", amount="1"),
        ticket("withdraw", group="g", account="A00000001", amount="1"),
    )
    submitted(
        bank,
        ticket("deposit", group="h", account="A00000001", amount="1"),
        ticket("withdraw", group="h", account="RICH", amount="1000"),
    )
    done(bank, "reverse", transaction=paid.id)
    do(bank, "reverse", transaction=paid.id)
    done(bank, "set_overdraft_limit", account="A00000001", overdraft_limit="20")
    bank.retry(failed.id)
    done(bank, "withdraw", account="YEN", amount="7")
    done(bank, "close_account", account="YEN")
    done(bank, "finish_run", run_id="R000001", completed="1", failed="2", rejected="3")
    for number, text in enumerate(TEXTS):
        done(bank, "deposit", account="RICH", amount="0.01", key=text, description=text)
        done(bank, "open_account", name=text, account=f"TEXT-{number}", reference=text)
    breadth(bank)
    return [each.id for each in reversed(bank.transactions(Query(limit=500)).items)]


def breadth(bank: Bank) -> None:
    """Go on with customers, products, statuses, holds, currencies, splits, merges and sweeps."""
    done(bank, "register_customer", name="Zo\u00eb d'Arc", address='=1+1;"Rue"', key="c1")
    done(bank, "register_customer", name="Bob", customer="C00000007")
    done(bank, "change_customer", customer="C00000007", address="0012")
    people = {"owners": "C00000007 C00000001", "users": "C00000001"}
    done(bank, "open_account", name="Both", account="BOTH", initial_deposit="500", **people)
    done(bank, "open_account", name="Heir", account="HEIR", product="savings", initial_deposit="10")
    done(bank, "open_account", name="Yen", account="YEN-2", currency="JPY", product="reward")
    done(bank, "set_owners", account="RICH", owners="C00000001")
    terms = {"daily_limit": "300", "transfer_fee": "0.1", "transfer_percent": "0.5"}
    done(bank, "define_product", product="club", currency="EUR", withdrawal_fee="1", **terms)
    done(bank, "change_product", account="BOTH", product="club")
    done(bank, "charge_fee", account="BOTH", amount="2", reference="letter")
    do(bank, "transfer", source="BOTH", target="RICH", amount="300.01", key="over the limit")
    # The amount is there, but not the fee: its row shows what could not be posted.
    done(bank, "open_account", name="Poor", account="FEED", product="club", initial_deposit="5")
    do(bank, "transfer", source="FEED", target="RICH", amount="5", key="poor")
    split = done(bank, "split", source="BOTH", parts="RICH=2 HEIR=1", amount="100", key="s1")
    done(bank, "split", source="BOTH", parts="RICH=2 HEIR=1.5", key="s2")
    do(bank, "split", source="BOTH", parts="RICH=300 HEIR=1", key="s3")
    done(bank, "reverse", transaction=split.id)
    changed = {"source": "BOTH", "target": "YEN-2", "rate": "160.12345678"}
    done(bank, "exchange", amount="10.01", key="e1", **changed)
    do(bank, "exchange", amount="1000", key="e2", **changed)
    holds = [
        done(bank, "place_hold", account="BOTH", amount="5", description=text).made[1]
        for text in ("=1", "", "0012", "x;-y")
    ]
    done(bank, "capture_hold", hold=holds[0], key="h1")
    done(bank, "capture_hold", hold=holds[1], target="HEIR", amount="3", key="h2")
    done(bank, "void_hold", hold=holds[2])
    do(bank, "capture_hold", hold=holds[3], target="YEN-2", key="h3")
    do(bank, "capture_hold", hold=holds[3], amount="5.01", key="h4")
    done(bank, "set_status", account="HEIR", status="credits_blocked", reason="=court")
    do(bank, "merge_accounts", source="BOTH", target="HEIR", key="m0")
    done(bank, "set_status", account="HEIR", status="dormant", reason="-")
    done(bank, "merge_accounts", source="BOTH", target="HEIR", key="m1")
    done(bank, "set_status", account="HEIR", status="active", reason="0012")
    done(bank, "transfer", source="BOTH", target="RICH", amount="1", key="t1")
    done(bank, "open_account", name="Held", account="HELD", overdraft_limit="9")
    done(bank, "place_hold", account="HELD", amount="9")
    done(bank, "merge_accounts", source="HELD", target="BOTH", key="m2")
    done(bank, "open_account", name="Gone", account="GONE", initial_deposit="7.77")
    done(bank, "close_account", account="GONE", sweep_to="HELD", key="x1")
    submitted(
        bank,
        ticket("define_product", group="k", product="club", daily_limit="1"),
        ticket("place_hold", group="k", account="RICH", amount="1"),
        ticket("split", group="k", source="RICH", parts="HEIR=1 NOBODY=2"),
    )
