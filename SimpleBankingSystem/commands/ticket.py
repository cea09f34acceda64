"""A ticket: one command on its way through the bank, with what came of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock
from typing import TYPE_CHECKING

from SimpleBankingSystem.commands.base import Command
from SimpleBankingSystem.ledger.account import Account
from SimpleBankingSystem.ledger.customer import Customer
from SimpleBankingSystem.ledger.transaction import NOTHING_MADE, PENDING, Posting, Transaction

if TYPE_CHECKING:
    from SimpleBankingSystem.ledger.entity import Entity
    from SimpleBankingSystem.ledger.errors import BankError


class Latch:
    """What a submitter waits on: it opens when the last of its tickets is done.

    It is a bare lock that starts locked, a tenth of the cost of an Event; ``count`` is changed
    under the queue's mutex only.
    """

    __slots__ = ("_opened", "count")

    def __init__(self, count: int) -> None:
        self.count = count
        self._opened = Lock()
        if count:
            self._opened.acquire()

    def open(self) -> None:
        """Let whoever waits go on: the count has come down to zero."""
        self._opened.release()

    def wait(self, seconds: float = -1) -> bool:
        """Wait until all tickets are done; False if that took longer than ``seconds``."""
        if not self._opened.acquire(timeout=seconds):
            return False
        self._opened.release()
        return True


@dataclass(slots=True, eq=False)
class Ticket:
    """One command on its way: what was asked, and once decided what came of it.

    ``run``, ``line`` and its ``text`` are set where a command file asks. ``names`` are what it
    locks; ``members`` are the tickets of its group, carried by the first of them. ``refusal`` is
    set where the command was refused without a transaction, ``accepted`` where it is in the
    journal as PENDING already. ``recorded`` is the earlier transaction that a repeated key
    answers, and ``leader`` the ticket with the same key that is still under way.

    A ticket is made per command, and slots cost less than attributes in a dictionary.
    """

    command: Command
    run: str = ""
    line: int = 0
    text: str = ""
    key: str = ""
    group: str = ""
    actor: str = "local"
    attempt: int = 1
    id: str = ""
    created_at: str = ""
    names: Collection[str] = ()
    members: Sequence[Ticket] = ()
    latch: Latch | None = None
    status: str = PENDING
    started_at: str = ""
    completed_at: str = ""
    seq: int = 0
    postings: Sequence[Posting] = ()
    puts: Sequence[Entity] = ()
    claims: Sequence[str] = ()
    attempted: tuple[str, str, Decimal] | None = None
    error: BankError | None = None
    accepted: bool = False
    refusal: BankError | None = None
    recorded: Transaction | None = None
    leader: Ticket | None = None

    def undecide(self) -> None:
        """Forget what deciding came to so far, because the command is decided again."""
        self.status, self.started_at = PENDING, ""
        self.postings, self.puts, self.claims = (), (), ()
        self.attempted = self.error = self.refusal = None

    def transaction(self) -> Transaction:
        """Return the record of what came of the command.

        Raises:
            BankError: the refusal, where there is no transaction.
        """
        if self.refusal is not None:
            raise self.refusal
        if self.recorded is not None:
            return self.recorded
        command = self.command
        source, target = self.legs()
        return Transaction(
            id=self.id,
            seq=self.seq,
            command=command.verb,
            status=self.status,
            attempt=self.attempt,
            source=source,
            target=target,
            postings=tuple(self.postings),
            value_date=command.value_date or (self.completed_at or self.created_at)[:10],
            actor=self.actor,
            key=self.key,
            group=self.group,
            reference=command.reference,
            description=command.description,
            tags=command.tags,
            error=self.error,
            created_at=self.created_at,
            started_at=self.started_at,
            completed_at=self.completed_at,
            fields=command.given(),
            run=self.run,
            line=self.line,
            made=self.made(),
        )

    def made(self) -> tuple[str, str]:
        """Return the kind and the id of what the command made anew, blank if nothing."""
        kind = self.command.makes
        return next(((kind, each.id) for each in self.puts if each.kind == kind), NOTHING_MADE)

    def legs(self) -> tuple[str, str]:
        """Return source and target as a row shows them: what was posted, tried, set or named."""
        if self.postings:
            return self.postings[0][:2]
        if self.attempted is not None:
            return self.attempted[:2]
        for entity in self.puts:
            if isinstance(entity, Account | Customer):
                return self._merged_into(entity.id), entity.id
        command = self.command
        return getattr(command, "source", ""), getattr(command, "target", "") or getattr(
            command, "account", ""
        )

    def _merged_into(self, account_id: str) -> str:
        """Return the account that the command merged into another one, blank if it did not."""
        accounts = (each for each in self.puts if isinstance(each, Account))
        return next((each.id for each in accounts if each.merged_into == account_id), "")

    @classmethod
    def again(cls, transaction: Transaction, command: Command) -> Ticket:
        """Return a ticket that carries on a transaction that is in the journal."""
        return cls(
            command,
            transaction.run,
            transaction.line,
            key=transaction.key,
            group=transaction.group,
            actor=transaction.actor,
            attempt=transaction.attempt,
            id=transaction.id,
            created_at=transaction.created_at,
        )
