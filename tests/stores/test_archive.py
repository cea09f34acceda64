"""What is archived while other commands still wait for their outcome."""

from __future__ import annotations

from pathlib import Path

from SimpleBankingSystem.commands.ticket import Ticket
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import InsufficientFunds
from SimpleBankingSystem.ledger.transaction import FAILED, PENDING
from tests.banks import done, ticket
from tests.stores.csv_books import JOURNAL, opened


def accepted(bank: Bank) -> Ticket:
    """Write the row of a withdrawal that nobody carries out."""
    waiting = ticket("withdraw", account="ADA", amount="9")
    waiting.id, waiting.status = f"T{bank.store.number(1):011d}", PENDING
    bank.store.commit([waiting], {})
    return waiting


def refused(bank: Bank, waiting: Ticket) -> None:
    """Write its outcome."""
    waiting.status, waiting.accepted = FAILED, True
    waiting.error = InsufficientFunds("No money.")
    bank.store.commit([waiting], {})


def test_the_archive_goes_up_to_the_first_row_without_an_outcome(tmp_path: Path) -> None:
    with opened(tmp_path) as bank:
        done(bank, "open_account", name="Ada", account="ADA", initial_deposit="5")
        first = accepted(bank)
        done(bank, "deposit", account="ADA", amount="1")
        second = accepted(bank)
        assert bank.archive() == {"archived": 1, "last_archived_seq": 1}
        assert bank.archive() == {"archived": 0}
        refused(bank, first)
        assert bank.archive() == {"archived": 2, "last_archived_seq": 3}
        assert (tmp_path / JOURNAL).read_text().splitlines()[1].startswith("4,4,4,")
        refused(bank, second)
        assert bank.archive() == {"archived": 3, "last_archived_seq": 6}
        assert bank.verify().problems == []
    with opened(tmp_path) as bank:
        assert bank.transaction(second.id).status == FAILED
