"""What a command is going to do, and what it did, in a person's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.commands.base import Command, Field, Request
from SimpleBankingSystem.ledger.account import ACTIVE, is_internal
from SimpleBankingSystem.ledger.errors import NotFound, TooManyDecimals
from SimpleBankingSystem.ledger.fields import AMOUNT, CUSTOMER_IDS, LIMIT, PARTS, Kind
from SimpleBankingSystem.ledger.money import in_units
from SimpleBankingSystem.ledger.product import Product
from SimpleBankingSystem.questions.base import EVERYTHING, QUESTIONS, Answer, Question, WholeList
from SimpleBankingSystem.questions.products import TERMS
from SimpleBankingSystem.remote import RemoteBank
from SimpleBankingSystem.tables import Row, facts_of

MANY = {CUSTOMER_IDS.name: "customer", PARTS.name: "account"}
"""What a kind of field names that may name several, by the kind's name."""

LEGS = ("account", "name", "change", "balance", "currency")


def thing(kind: Kind) -> str:
    """Return what a kind of field names, such as ``account``; blank if it names nothing."""
    name = kind.name.removesuffix(" id")
    question = QUESTIONS.get(name)
    return name if question is not None and name in question.field_names else ""


def list_of(kind: Kind) -> type[Question] | None:
    """Return the question that lists what a kind of field names."""
    listing = QUESTIONS.get(f"{MANY.get(kind.name) or thing(kind)}s")
    return listing if listing is not None and issubclass(listing, WholeList) else None


class Known:
    """What the bank knows of the things that a command names, each asked for once."""

    def __init__(self, bank: Bank | RemoteBank) -> None:
        self._bank = bank
        self._found: dict[tuple[str, str], Answer | None] = {}

    def find(self, name: str, thing_id: str) -> Answer | None:
        """Return a thing as its question shows it, None if there is none."""
        key = name, thing_id
        if key not in self._found:
            try:
                self._found[key] = self._bank.ask(QUESTIONS[name].parse({name: thing_id}))
            except NotFound:
                self._found[key] = None
        return self._found[key]

    def name_of(self, account_id: str) -> str:
        """Return whose an account is, blank if there is no such account."""
        account = self.find("account", account_id)
        return str(account["name"]) if account else ""

    def words(self, name: str, thing_id: str) -> str:
        """Return what a person knows a thing by."""
        found = self.find(name, thing_id)
        if found is None:
            return f"{thing_id}: there is no such {name} yet"
        return f"{thing_id}: {DESCRIBED.get(name, _facts)(self, found)}"

    def preview(self, request: Request) -> Iterator[tuple[str, str]]:
        """Return what is going to be done: each given field and what it means."""
        given, currency = request.given(), self.currency(request)
        for field in request.fields:
            if field.name in given:
                for text in self._meanings(request, field, given[field.name], currency):
                    yield field.name.replace("_", " "), text
        if isinstance(request, Command) and (fee := self._fee(request)):
            yield "fee", fee

    def _fee(self, command: Command) -> str:
        """Return what a command costs by the terms of the payer's product, blank if nothing."""
        given = command.given()
        payer = given.get("source") or given.get("account")
        account = self.find("account", str(payer)) if payer else None
        while account and account["merged_into"]:
            account = self.find("account", account["merged_into"])
        terms = account and self.find("product", account["type"])
        if not account or not terms:
            return ""
        numbers = (Decimal(terms[name]) for name in TERMS[2:])
        product = Product(terms["id"], terms["currency"], *numbers)
        parts: Any = given.get("parts", ())
        amount: Any = given.get("amount") or sum((part for _, part in parts), Decimal(0))
        fee = command.costs(product, amount, account["currency"])
        return f"{money(fee, account['currency'])} by the terms of {product.id}" if fee else ""

    def _meanings(self, request: Request, field: Field, value: Any, currency: str) -> Iterator[str]:
        named = thing(field.kind)
        if named and named == request.makes:
            is_taken = self.find(named, value) is not None
            yield f"{value}, {'but there is one already' if is_taken else 'a new one'}"
        elif named:
            yield self.words(named, value)
        elif field.kind is CUSTOMER_IDS:
            yield from (self.words("customer", each) for each in value)
        elif field.kind is PARTS:
            is_share = bool(request.given().get("amount"))
            for account_id, part in value:
                much = (
                    f"{part:f} {'share' if part == 1 else 'shares'}"
                    if is_share
                    else money(part, currency)
                )
                yield f"{much} to {self.words('account', account_id)}"
        elif field.kind in (AMOUNT, LIMIT):
            yield money(value, currency)
        else:
            yield field.kind.show(value)

    def currency(self, request: Request) -> str:
        """Return the currency of a command's amounts, blank if only the bank's rules tell."""
        given = request.given()
        if "currency" in given:
            return str(given["currency"])
        for field in request.fields:
            named = thing(field.kind)
            if named and field.name in given and named != request.makes:
                found = self.find(named, str(given[field.name]))
                if found and found.get("currency"):
                    return str(found["currency"])
        makes_account = request.makes == "account"
        return self._bank.currency if makes_account and isinstance(self._bank, Bank) else ""

    def legs(self, transaction: Answer) -> list[Row]:
        """Return what a transaction did to each account but the bank's own, and its balance."""
        postings: Sequence[Any] = transaction.get("postings", [transaction])
        changes: dict[tuple[str, str], Decimal] = {}
        balances: dict[str, object] = {}
        for each in postings:
            if each["amount"] is None or each["source_balance"] is None:
                continue
            for end, sign in (("source", -1), ("target", 1)):
                key = each[end], each["currency"]
                changes[key] = changes.get(key, Decimal(0)) + sign * Decimal(each["amount"])
                balances[each[end]] = each[f"{end}_balance"]
        return [
            {
                "account": account_id,
                "name": self.name_of(account_id),
                "change": f"{change:f}",
                "balance": balances[account_id],
                "currency": currency,
            }
            for (account_id, currency), change in changes.items()
            if not is_internal(account_id)
        ]


def search(bank: Bank | RemoteBank, listing: type[Question], word: str) -> list[Row]:
    """Return the rows of a list in which a word is found, in capitals or not."""
    asked = listing.parse({}).onward(limit=EVERYTHING)
    rows = asked.rows(bank.ask(asked))
    sought = word.casefold()
    return [row for row in rows if any(sought in text.casefold() for _, text in facts_of(row))]


def money(amount: Decimal, currency: str) -> str:
    """Return an amount with its currency, written as the books do where that loses nothing."""
    if not currency:
        return f"{amount:f}"
    try:
        amount = in_units(amount, currency)
    except TooManyDecimals:
        pass
    return f"{amount:f} {currency}"


def _account(known: Known, found: Answer) -> str:
    if found["merged_into"]:
        return f"merged into {known.words('account', found['merged_into'])}"
    currency = found["currency"]
    parts = [found["name"]]
    owners = [known.find("customer", each) for each in found["owners"]]
    names = [owner["name"] for owner in owners if owner and owner["name"] != found["name"]]
    if names:
        parts.append(f"of {' and '.join(names)}")
    if found["status"] != ACTIVE:
        parts.append(found["status"].replace("_", " "))
    parts.append(f"balance {found['balance']} {currency}")
    if found["available"] != found["balance"]:
        parts.append(f"available {found['available']} {currency}")
    return ", ".join(parts)


def _customer(known: Known, found: Answer) -> str:
    del known
    return ", ".join(text for text in (found["name"], found["address"]) if text)


def _hold(known: Known, found: Answer) -> str:
    return (
        f"{found['amount']} {found['currency']} held on {known.words('account', found['account'])}"
    )


def _transaction(known: Known, found: Answer) -> str:
    parts = [f"{found['command'].replace('_', ' ')}, {found['status']}"]
    if found["amount"] is not None:
        # Where nothing was moved, the account tells the currency.
        account = known.find("account", found["source"] or found["target"])
        currency = found["currency"] or (account or {}).get("currency", "")
        parts.append(money(Decimal(found["amount"]), currency))
    for word, end in (("from", "source"), ("to", "target")):
        account_id = found[end]
        if account_id:
            name = known.name_of(account_id)
            parts.append(f"{word} {account_id}" + (f" ({name})" if name else ""))
    if found["error"]:
        parts.append(found["error"]["message"].removesuffix("."))
    return ", ".join(parts)


def _product(known: Known, found: Answer) -> str:
    del known
    terms = [
        f"{name.replace('_', ' ')} {text}"
        for name, text in facts_of(found)
        if name != "id" and text not in ("", "0")
    ]
    return ", ".join(terms) or "no limits, no fees"


def _facts(known: Known, found: Answer) -> str:
    del known
    return ", ".join(f"{name.replace('_', ' ')} {text}" for name, text in facts_of(found) if text)


DESCRIBED: dict[str, Callable[[Known, Answer], str]] = {
    "account": _account,
    "customer": _customer,
    "hold": _hold,
    "product": _product,
    "transaction": _transaction,
}
"""How a thing is told to a person; what is not here is told fact by fact."""
