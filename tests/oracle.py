"""The rules of the bank a second time, as plainly as they can be written: dictionaries of integers.

It shares no code with the bank. Whatever store keeps the books, the bank must answer what this
oracle answers. Money is a whole number of a currency's smallest units.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field

DECIMALS = {"EUR": 2, "JPY": 0, "BHD": 3}

MAY_SUCCEED_LATER = {"account_not_found", "balance_not_zero", "insufficient_funds", "group_failed"}

Texts = dict[str, str]
Move = tuple[str, str, int, int, int]
"""Source, target, amount, and the balances of both after it."""


class Refused(Exception):
    """The code that a command gives."""


@dataclass
class Holder:
    """A customer's account."""

    currency: str
    limit: int
    balance: int = 0
    closed: bool = False


@dataclass
class Record:
    """What became of one command, so far."""

    verb: str
    texts: Texts
    code: str = ""
    attempt: int = 1
    moves: list[Move] = field(default_factory=list)
    group: tuple[str, ...] = ()


def units(text: str, currency: str) -> int:
    """Read an amount in the smallest units of a currency."""
    whole, _, part = text.partition(".")
    decimals = DECIMALS[currency]
    part = part.rstrip("0")
    if len(part) > decimals:
        raise Refused("too_many_decimals")
    return int(whole + part.ljust(decimals, "0"))


def written(amount: int, currency: str) -> str:
    """Write an amount as the bank shows it."""
    decimals = DECIMALS[currency]
    sign = "-" if amount < 0 else ""
    digits = str(abs(amount)).rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else sign + digits


class Oracle:
    """What the books should say."""

    def __init__(self) -> None:
        self.holders: dict[str, Holder] = {}
        self.cash: dict[str, int] = {}
        self.undone: set[str] = set()
        self.records: dict[str, Record] = {}

    # What a command does

    def carry_out(self, transaction_id: str, verb: str, texts: Texts) -> Record:
        """Carry out one command alone."""
        return self.carry_out_group({transaction_id: (verb, texts)})[transaction_id]

    def carry_out_group(self, commands: dict[str, tuple[str, Texts]]) -> dict[str, Record]:
        """Carry out the members of a group: all or none."""
        names = tuple(commands) if len(commands) > 1 else ()
        group = {name: Record(verb, texts, group=names) for name, (verb, texts) in commands.items()}
        self._decide(group)
        return group

    def _decide(self, group: dict[str, Record]) -> None:
        before = deepcopy((self.holders, self.cash, self.undone))
        for name, record in group.items():
            record.code, record.moves = "", []
            try:
                self._apply(record)
            except Refused as refused:
                self.holders, self.cash, self.undone = before
                for other in group.values():
                    other.code, other.moves = "group_failed", []
                group[name].code = str(refused)
                break
        for name, record in group.items():
            self.records.pop(name, None)
            self.records[name] = record

    def _apply(self, record: Record) -> None:
        texts = record.texts
        verb = record.verb
        if verb == "open_account":
            self._open(record)
        elif verb == "deposit":
            currency = self._holder(texts["account"]).currency
            self._move(record, f"CASH.{currency}", texts["account"], texts["amount"])
        elif verb == "withdraw":
            currency = self._holder(texts["account"]).currency
            self._move(record, texts["account"], f"CASH.{currency}", texts["amount"])
        elif verb == "transfer":
            self._move(record, texts["source"], texts["target"], texts["amount"])
        elif verb == "reverse":
            self._reverse(record)
        elif verb == "close_account":
            holder = self._open_holder(texts["account"])
            if holder.balance:
                raise Refused("balance_not_zero")
            holder.closed = True
        else:
            holder = self._open_holder(texts["account"])
            holder.limit = units(texts["overdraft_limit"], holder.currency)

    def _holder(self, name: str) -> Holder:
        if name not in self.holders:
            raise Refused("account_not_found")
        return self.holders[name]

    def _open_holder(self, name: str) -> Holder:
        holder = self._holder(name)
        if holder.closed:
            raise Refused("account_closed")
        return holder

    def _open(self, record: Record) -> None:
        texts = record.texts
        name = texts.get("account") or f"A{self._highest() + 1:08d}"
        if name in self.holders:
            raise Refused("account_exists")
        currency = texts.get("currency", "EUR")
        limit = units(texts.get("overdraft_limit", "0"), currency)
        self.holders[name] = Holder(currency, limit)
        if "initial_deposit" in texts:
            self._move(record, f"CASH.{currency}", name, texts["initial_deposit"])

    def _highest(self) -> int:
        made = [name for name in self.holders if len(name) == 9 and name[1:].isdigit()]
        return max((int(name[1:]) for name in made if name[0] == "A"), default=0)

    def _move(self, record: Record, source: str, target: str, amount: str) -> None:
        sides = [self._holder(name) for name in (source, target) if "." not in name]
        if any(holder.closed for holder in sides):
            raise Refused("account_closed")
        currencies = {self.holders[name].currency if name in self.holders else name[-3:]
                      for name in (source, target)}  # fmt: skip
        if len(currencies) > 1:
            raise Refused("currency_mismatch")
        (currency,) = currencies
        self._post(record, source, target, units(amount, currency), currency)

    def _post(self, record: Record, source: str, target: str, amount: int, currency: str) -> None:
        payer = self.holders.get(source)
        if payer is not None and payer.balance + payer.limit < amount:
            raise Refused("insufficient_funds")
        after = []
        for name, change in ((source, -amount), (target, amount)):
            if name in self.holders:
                self.holders[name].balance += change
                after.append(self.holders[name].balance)
            else:
                self.cash[currency] = self.cash.get(currency, 0) + change
                after.append(self.cash[currency])
        record.moves.append((source, target, amount, *after))  # type: ignore[arg-type]

    def _reverse(self, record: Record) -> None:
        undo = self.records.get(record.texts["transaction"])
        if undo is None:
            raise Refused("transaction_not_found")
        if undo.code or not undo.moves or undo.verb == "reverse":
            raise Refused("not_reversible")
        if record.texts["transaction"] in self.undone:
            raise Refused("already_reversed")
        self.undone.add(record.texts["transaction"])
        for source, target, amount, *_ in reversed(undo.moves):
            for name in (target, source):
                if name in self.holders and self.holders[name].closed:
                    raise Refused("account_closed")
            name = source if source in self.holders else target
            self._post(record, target, source, amount, self.holders[name].currency)

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

    def retry_all(self) -> dict[str, int]:
        """Try again what may succeed, in the order in which it failed."""
        outcome = {"retried": 0, "completed": 0, "failed": 0}
        chosen = [
            name
            for name, record in self.records.items()
            if record.code in MAY_SUCCEED_LATER - {"group_failed"} and record.attempt < 4
        ]
        for name in chosen:
            if not self.retry(name):
                outcome["retried"] += 1
                outcome["failed" if self.records[name].code else "completed"] += 1
        return outcome

    # What the books should show

    def balances(self) -> dict[str, str]:
        """Return every balance as the bank writes it."""
        found = {name: written(one.balance, one.currency) for name, one in self.holders.items()}
        return found | {f"CASH.{name}": written(cash, name) for name, cash in self.cash.items()}
