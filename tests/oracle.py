"""The oracle: a second bank that shares no code with the first.

Whatever store keeps the books, the bank must answer what this oracle answers.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.oracle_records import Record, Refused, Texts
from tests.oracle_rules import World

MAY_SUCCEED_LATER = {
    *("account_not_found", "customer_not_found", "product_not_found"),
    *("debits_blocked", "credits_blocked", "limit_exceeded"),
    *("balance_not_zero", "insufficient_funds", "group_failed"),
}


class Oracle:
    """What the books should say."""

    def __init__(self) -> None:
        self.world = World()
        self.records: dict[str, Record] = {}

    # What a command does

    def carry_out(self, transaction_id: str, verb: str, texts: Texts) -> Record:
        """Carry out one command alone."""
        return self.carry_out_group({transaction_id: (verb, texts)})[transaction_id]

    def carry_out_group(self, commands: dict[str, tuple[str, Texts]]) -> dict[str, Record]:
        """Carry out the members of a group: all or none."""
        names = tuple(commands) if len(commands) > 1 else ()
        group = {
            name: Record(verb, texts, name, group=names) for name, (verb, texts) in commands.items()
        }
        self._decide(group)
        return group

    def _decide(self, group: dict[str, Record]) -> None:
        before = self.world.copy()
        for name, record in group.items():
            record.code, record.moves = "", []
            try:
                self.world.carry_out(record, self.records.get(record.texts.get("transaction", "")))
            except Refused as refused:
                self.world = before
                for other in group.values():
                    other.code, other.moves = "group_failed", []
                group[name].code = str(refused)
                break
        for name, record in group.items():
            self.records.pop(name, None)
            self.records[name] = record

    # Trying again

    def retry(self, transaction_id: str) -> str:
        """Try a transaction, or its whole group, again; return why not, or nothing."""
        record = self.records.get(transaction_id)
        if record is None:
            return "not_found"
        members = {name: self.records[name] for name in record.group or (transaction_id,)}
        for member in members.values():
            if not member.code:
                return "not_failed"
            if member.attempt == 4:
                return "retries_used_up"
            if member.code not in MAY_SUCCEED_LATER:
                return "not_retryable"
        for member in members.values():
            member.attempt += 1
        self._decide(members)
        return ""

    def retry_all(self, order: Sequence[str]) -> dict[str, int]:
        """Try again what may succeed, in the order in which the bank has done so."""
        outcome = {"retried": 0, "completed": 0, "failed": 0}
        chosen = [
            name
            for name, record in self.records.items()
            if record.code in MAY_SUCCEED_LATER - {"group_failed"} and record.attempt < 4
        ]
        for name in sorted(chosen, key=order.index):
            if not self.retry(name):
                outcome["retried"] += 1
                outcome["failed" if self.records[name].code else "completed"] += 1
        return outcome
