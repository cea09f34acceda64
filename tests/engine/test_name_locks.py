"""What tickets lock: what they name, what that was merged into, and numbers to be made."""

from __future__ import annotations

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.engine.tickets import name_locks
from SimpleBankingSystem.ledger.entity import numbering
from tests.banks import done, ticket

LOCKED = [
    ("deposit", {"account": "RICH", "amount": "1"}, {"RICH"}),
    ("deposit", {"account": "OLD", "amount": "1"}, {"OLD", "POOR"}),
    ("deposit", {"account": "OLDER", "amount": "1"}, {"OLDER", "OLD", "POOR"}),
    ("transfer", {"source": "OLDER", "target": "RICH", "amount": "1"},
     {"OLDER", "OLD", "POOR", "RICH"}),
    ("deposit", {"account": "A00000001", "amount": "1"}, {"A00000001", numbering("A")}),
    ("open_account", {"name": "x"}, {numbering("A")}),
    ("open_account", {"name": "x", "account": "NEW", "owners": "C00000001"},
     {"NEW", "C00000001", numbering("C")}),
    ("register_customer", {"name": "x"}, {numbering("C")}),
    ("set_owners", {"account": "OLD", "owners": "C00000007"},
     {"OLD", "POOR", "C00000007", numbering("C")}),
    ("merge_accounts", {"source": "RICH", "target": "OLD"},
     {"RICH", "OLD", "POOR", "H00000000007"}),
    ("capture_hold", {"hold": "H00000000007", "target": "OLD"},
     {"H00000000007", "RICH", "OLD", "POOR"}),
    ("void_hold", {"hold": "H00000000099"}, {"H00000000099"}),
    ("define_product", {"product": "club"}, {"club"}),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "texts", "names"), LOCKED)
def test_everything_that_may_be_touched_is_locked(
    bank: Bank, verb: str, texts: dict[str, str], names: set[str]
) -> None:
    """OLDER was merged into OLD, and that one into POOR; T7 sets money aside on RICH."""
    for name in ("OLD", "OLDER"):
        done(bank, "open_account", name=name, account=name)
    done(bank, "merge_accounts", source="OLDER", target="OLD")
    done(bank, "merge_accounts", source="OLD", target="POOR")
    assert done(bank, "place_hold", account="RICH", amount="1").made[1] == "H00000000007"
    asking, other = ticket(verb, **texts), ticket("deposit", account="EMPTY", amount="1")
    name_locks([other, asking], bank.store)
    assert set(asking.names) == names
    assert set(other.names) == {"EMPTY"}
