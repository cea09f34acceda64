"""The oracle's rules: what each verb does to dictionaries of integers."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field

from tests.oracle_records import (
    DECIMALS,
    NO_CREDITS,
    NO_DEBITS,
    TERMS,
    Hold,
    Holder,
    Record,
    Refused,
    Texts,
    afford,
    half_even,
    highest,
    in_units,
    keep_within,
    parts_of,
    scaled,
    units,
    written,
)


@dataclass
class World:
    """All that a command may change, and each verb's rules; ``day`` is the present one's number."""

    holders: dict[str, Holder] = field(default_factory=dict)
    own: dict[str, int] = field(default_factory=dict)
    customers: dict[str, str] = field(default_factory=dict)
    products: dict[str, dict[str, int]] = field(default_factory=dict)
    currencies: Texts = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    spent: dict[str, tuple[int, int]] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)
    day: int = 0
    undo: Record | None = None

    def __post_init__(self) -> None:
        for name, terms in {
            "standard": {},
            "savings": {"minimum_balance": "5", "daily_limit": "1000"},
            "reward": {"overdraft_limit": "100", "transfer_fee": "0.10"},
        }.items():
            self._define_product(Record("", {"product": name, **terms}))

    def copy(self) -> World:
        """Return the world as it is, to go back to."""
        made = copy(self)
        for name in ("holders", "holds"):
            setattr(made, name, {key: copy(value) for key, value in getattr(self, name).items()})
        for name in ("own", "customers", "products", "currencies", "spent", "undone"):
            setattr(made, name, copy(getattr(self, name)))
        return made

    def carry_out(self, record: Record, undo: Record | None) -> None:
        """Do what a command asks, or raise Refused and be of no use any more.

        ``undo`` is the record that it names, if there is one.
        """
        self.undo = undo
        getattr(self, f"_{record.verb}")(record)

    # Accounts

    def name(self, name: str) -> str:
        """Return the account that a name means: the one that took over the one it was given to."""
        if name not in self.holders:
            raise Refused("account_not_found")
        heir = self.holders[name].heir
        return self.name(heir) if heir else name

    def now(self, name: str) -> str:
        """Return what any account is now, also one of the bank's own."""
        return name if "." in name else self.name(name)

    def _holder(self, name: str) -> Holder:
        return self.holders[self.name(name)]

    def _changeable(self, name: str) -> Holder:
        holder = self._holder(name)
        if holder.status == "closed":
            raise Refused("account_closed")
        return holder

    def _paying(self, name: str) -> Holder:
        holder = self._changeable(name)
        if holder.status in NO_DEBITS:
            raise Refused("debits_blocked")
        return holder

    def _paid(self, name: str) -> Holder:
        holder = self._changeable(name)
        if holder.status in NO_CREDITS:
            raise Refused("credits_blocked")
        return holder

    def _open_account(self, record: Record) -> None:
        texts = record.texts
        name = texts.get("account") or f"A{highest('A', self.holders) + 1:08d}"
        if name in self.holders:
            raise Refused("account_exists")
        owners = self._known(texts)
        product = self._product(texts.get("product", "standard"))
        kept_in = self.currencies[product]
        currency = texts.get("currency") or kept_in or "EUR"
        if kept_in and currency != kept_in:
            raise Refused("currency_mismatch")
        terms = self.products[product]
        limit = in_units(terms["overdraft_limit"], currency)
        if "overdraft_limit" in texts:
            limit = units(texts["overdraft_limit"], currency)
        minimum = in_units(terms["minimum_balance"], currency)
        self.holders[name] = Holder(currency, product, limit, minimum, owners)
        if "initial_deposit" in texts:
            self._move(record, f"CASH.{currency}", name, texts["initial_deposit"])

    def _close_account(self, record: Record) -> None:
        holder = self._changeable(record.texts["account"])
        sweep_to = record.texts.get("sweep_to")
        if sweep_to and self._holder(sweep_to) and holder.balance > 0 and not holder.held:
            holder.minimum = 0
            name = self.name(record.texts["account"])
            self._post(record, name, sweep_to, holder.balance)
        if holder.balance or holder.held:
            raise Refused("balance_not_zero")
        holder.status, holder.limit, holder.minimum = "closed", 0, 0

    def _merge_accounts(self, record: Record) -> None:
        old, new = self._paying(record.texts["source"]), self._paid(record.texts["target"])
        source, target = (self.name(record.texts[side]) for side in ("source", "target"))
        if source == target:
            raise Refused("same_account")
        if old.currency != new.currency:
            raise Refused("currency_mismatch")
        if old.held > old.balance:
            afford(new, old.held - old.balance)
        for hold in self.holds.values():
            if hold.is_open and hold.account == source:
                hold.account = target
        new.held, old.held, old.minimum = new.held + old.held, 0, 0
        if old.balance > 0:
            self._post(record, source, target, old.balance)
        elif old.balance < 0:
            self._post(record, target, source, -old.balance)
        old.status, old.heir, old.limit = "closed", target, 0

    def _set_status(self, record: Record) -> None:
        self._changeable(record.texts["account"]).status = record.texts["status"]

    def _set_overdraft_limit(self, record: Record) -> None:
        holder = self._changeable(record.texts["account"])
        holder.limit = units(record.texts["overdraft_limit"], holder.currency)

    # Customers and products

    def _register_customer(self, record: Record) -> None:
        customers = self.customers
        name = record.texts.get("customer") or f"C{highest('C', customers) + 1:08d}"
        if name in customers:
            raise Refused("customer_exists")
        customers[name] = record.texts["name"]

    def _change_customer(self, record: Record) -> None:
        name = record.texts["customer"]
        if name not in self.customers:
            raise Refused("customer_not_found")
        self.customers[name] = record.texts["name"]

    def _known(self, texts: Texts) -> tuple[str, ...]:
        owners = tuple(texts.get("owners", "").split())
        if not set(owners) <= set(self.customers):
            raise Refused("customer_not_found")
        return owners

    def _set_owners(self, record: Record) -> None:
        holder = self._changeable(record.texts["account"])
        holder.owners = self._known(record.texts)

    def _product(self, name: str) -> str:
        if name not in self.products:
            raise Refused("product_not_found")
        return name

    def _define_product(self, record: Record) -> None:
        texts = record.texts
        if currency := texts.get("currency"):
            for name in TERMS:
                if not name.endswith("_percent"):
                    in_units(scaled(texts.get(name, "0"), 4), currency)
            kept = [one for one in self.holders.values() if one.product == texts["product"]]
            if any(one.currency != currency for one in kept if one.status != "closed"):
                raise Refused("currency_mismatch")
        self.products[texts["product"]] = {name: scaled(texts.get(name, "0"), 4) for name in TERMS}
        self.currencies[texts["product"]] = texts.get("currency", "")

    def _change_product(self, record: Record) -> None:
        holder = self._changeable(record.texts["account"])
        product = self._product(record.texts["product"])
        if self.currencies[product] not in {"", holder.currency}:
            raise Refused("currency_mismatch")
        terms = self.products[product]
        holder.product = product
        holder.limit = in_units(terms["overdraft_limit"], holder.currency)
        holder.minimum = in_units(terms["minimum_balance"], holder.currency)

    # Holds

    def _place_hold(self, record: Record) -> None:
        holder = self._paying(record.texts["account"])
        amount = units(record.texts["amount"], holder.currency)
        afford(holder, amount)
        keep_within(self.products[holder.product]["transaction_limit"], holder.currency, amount)
        holder.held += amount
        self.holds[f"H{record.id[1:]}"] = Hold(self.name(record.texts["account"]), amount)

    def _resolved(self, record: Record) -> Hold:
        hold = self.holds.get(record.texts["hold"])
        if hold is None:
            raise Refused("hold_not_found")
        if not hold.is_open:
            raise Refused("hold_resolved")
        hold.is_open = False
        self.holders[hold.account].held -= hold.amount
        return hold

    def _void_hold(self, record: Record) -> None:
        self._resolved(record)

    def _capture_hold(self, record: Record) -> None:
        hold = self._resolved(record)
        currency = self.holders[hold.account].currency
        amount = units(record.texts.get("amount", "0"), currency) or hold.amount
        if amount > hold.amount:
            raise Refused("hold_exceeded")
        target = record.texts.get("target") or f"CASH.{currency}"
        self._post(record, hold.account, target, amount, limited=True)

    # Money

    def _deposit(self, record: Record) -> None:
        name = record.texts["account"]
        self._move(record, f"CASH.{self._holder(name).currency}", name, record.texts["amount"])

    def _withdraw(self, record: Record) -> None:
        name = record.texts["account"]
        self._move(record, name, f"CASH.{self._holder(name).currency}", record.texts["amount"])
        self._charge_for(record, "withdrawal", name)

    def _transfer(self, record: Record) -> None:
        texts = record.texts
        self._move(record, texts["source"], texts["target"], texts["amount"])
        self._charge_for(record, "transfer", texts["source"])

    def _charge_fee(self, record: Record) -> None:
        name = record.texts["account"]
        fees = f"FEES.{self._holder(name).currency}"
        self._post(record, name, fees, record.texts["amount"])

    def _charge_for(self, record: Record, what: str, name: str) -> None:
        """Charge what all that this command moved so far costs."""
        holder = self._holder(name)
        terms = self.products[holder.product]
        unit = 10 ** (4 - DECIMALS[holder.currency])
        moved = sum(amount for _, _, amount, *_ in record.moves) * unit
        cost = terms[f"{what}_fee"] * 10**6 + moved * terms[f"{what}_percent"]
        fee = half_even(cost, unit * 10**6)
        if fee:
            self._post(record, name, f"FEES.{holder.currency}", fee)

    def _split(self, record: Record) -> None:
        texts = record.texts
        parts = parts_of(texts["parts"])
        if "amount" not in texts:
            for name, part in parts:
                self._move(record, texts["source"], name, part)
        else:
            currency = self._holder(texts["source"]).currency
            whole = units(texts["amount"], currency)
            weights = [scaled(part, 4) for _, part in parts]
            shares = [whole * weight // sum(weights) for weight in weights]
            rests = [whole * weight % sum(weights) for weight in weights]
            for at in sorted(range(len(parts)), key=lambda at: (-rests[at], at)):
                shares[at] += sum(shares) < whole
            for (name, _), share in zip(parts, shares, strict=True):
                if share:
                    self._post(record, texts["source"], name, share, limited=True)
        self._charge_for(record, "transfer", texts["source"])

    def _exchange(self, record: Record) -> None:
        texts = record.texts
        paid, got = (self._holder(texts[side]).currency for side in ("source", "target"))
        if paid == got:
            raise Refused("currency_mismatch")
        amount, rate = units(texts["amount"], paid), scaled(texts["rate"], 9)
        of_paid, of_got = 10 ** DECIMALS[paid], 10 ** DECIMALS[got]
        bought = half_even(amount * rate * of_got, of_paid * 10**9)
        if not bought:
            raise Refused("nothing_moved")
        worth = half_even(bought * of_paid * 10**9, of_got * rate)
        pool, rounding = f"EXCHANGE.{paid}", f"ROUNDING.{paid}"
        self._post(record, texts["source"], pool, amount, limited=True)
        if worth < amount:
            self._post(record, pool, rounding, amount - worth)
        elif worth > amount:
            self._post(record, rounding, pool, worth - amount)
        self._post(record, f"EXCHANGE.{got}", texts["target"], bought)

    def _reverse(self, record: Record) -> None:
        undo = self.undo
        if undo is None:
            raise Refused("transaction_not_found")
        if undo.code or not undo.moves or undo.verb == "reverse":
            raise Refused("not_reversible")
        if record.texts["transaction"] in self.undone:
            raise Refused("already_reversed")
        self.undone.add(record.texts["transaction"])
        moves = [(self.now(to), self.now(by), amount) for by, to, amount, *_ in undo.moves]
        for source, target, amount in reversed([m for m in moves if m[0] != m[1]] or moves):
            self._post(record, source, target, amount)

    def _move(self, record: Record, source: str, target: str, amount: str) -> None:
        self._post(record, source, target, amount, limited=True)

    def _post(
        self, record: Record, source: str, target: str, amount: int | str, *, limited: bool = False
    ) -> None:
        names = [self.now(name) for name in (source, target)]
        if "." not in source:
            self._paying(source)
        if "." not in target:
            self._paid(target)
        source, target = names
        if source == target:
            raise Refused("same_account")
        currency = self.currency_of(source)
        if currency != self.currency_of(target):
            raise Refused("currency_mismatch")
        if isinstance(amount, str):
            amount = units(amount, currency)
        if source in self.holders:
            afford(self.holders[source], amount)
            if limited:
                self._keep_within_limits(record, source, amount)
        after = []
        for name, change in ((source, -amount), (target, amount)):
            if name in self.holders:
                self.holders[name].balance += change
                after.append(self.holders[name].balance)
            else:
                self.own[name] = self.own.get(name, 0) + change
                after.append(self.own[name])
        record.moves.append((source, target, amount, *after))  # type: ignore[arg-type]

    def _keep_within_limits(self, record: Record, name: str, amount: int) -> None:
        holder = self.holders[name]
        terms = self.products[holder.product]
        before = sum(moved for source, _, moved, *_ in record.moves if source == name)
        keep_within(terms["transaction_limit"], holder.currency, amount + before)
        if terms["daily_limit"]:
            day, spent = self.spent.get(name, (self.day, 0))
            today = amount + (spent if day == self.day else 0)
            keep_within(terms["daily_limit"], holder.currency, today)
            self.spent[name] = self.day, today

    def currency_of(self, name: str) -> str:
        """Return the currency of an account, the bank's own or a customer's."""
        return name[-3:] if "." in name else self.holders[name].currency

    # What the books should show

    def balances(self) -> Texts:
        """Return every balance as the bank writes it."""
        found = {name: written(one.balance, one.currency) for name, one in self.holders.items()}
        return found | {name: written(own, name[-3:]) for name, own in self.own.items()}

    def accounts(self) -> dict[str, tuple[object, ...]]:
        """Return what else there is to know of every account."""
        return {
            name: (
                (one.product, one.status, one.owners, one.heir),
                written(one.held, one.currency),
                written(one.balance - one.held + one.limit - one.minimum, one.currency),
            )
            for name, one in self.holders.items()
        }

    def open_holds(self) -> dict[str, tuple[str, str]]:
        """Return the holds that are not resolved: on what account, and how much."""
        return {
            name: (hold.account, written(hold.amount, self.currency_of(hold.account)))
            for name, hold in self.holds.items()
            if hold.is_open
        }
