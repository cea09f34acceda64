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
    return [each.id for each in reversed(bank.transactions(Query(limit=500)).items)]
