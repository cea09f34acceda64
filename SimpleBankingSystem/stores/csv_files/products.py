"""products.toml: the terms of the products, for people to read, and to change by hand.

The bank writes the file like every snapshot. What somebody changes in it while the bank is stopped
becomes commands at the next start, so that the journal knows of every change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields

from SimpleBankingSystem.commands.define_product import DefineProduct
from SimpleBankingSystem.ledger.errors import BankError
from SimpleBankingSystem.ledger.fields import Number
from SimpleBankingSystem.ledger.product import Product
from SimpleBankingSystem.stores.csv_files.format import cell, entity_of
from SimpleBankingSystem.stores.state import State

HEAD = """\
# The terms of each product: a currency, limits, and fees; what is not stated is not limited and
# costs nothing. To change a product, or add one, stop the bank, change this file, and start again:
# each change is then recorded in the journal, just as `bank define-product` records it.
"""

Terms = dict[str, object]


def encode(products: Iterable[Product], as_of: int) -> bytes:
    """Return the file: money as texts, since TOML's numbers are floats to other programs."""
    lines = [HEAD, f"as_of = {as_of}"]
    for product in products:
        lines += ["", f"[{product.id}]"]
        for field in fields(product):
            value = getattr(product, field.name)
            if field.name != "id" and value:
                lines.append(f'{field.name} = "{cell(value)}"')
    return "\n".join([*lines, ""]).encode()


def stated(data: bytes) -> dict[str, Terms]:
    """Return the terms that a file states for each product, numbers as their digits.

    Raises:
        ValueError: it is no such file.
    """
    import tomllib  # it is read at a start only

    try:
        found = tomllib.loads(data.decode("utf-8-sig"), parse_float=Number)
    except RecursionError:
        raise ValueError("there are too many brackets in one another") from None
    found.pop("as_of", None)
    terms: dict[str, Terms] = {}
    for name, given in found.items():
        if not isinstance(given, dict):
            message = f"{name} stands outside of a product"
            raise ValueError(message)  # noqa: TRY004 - it is what somebody wrote that is wrong
        terms[name] = {term: _digits(value) for term, value in given.items()}
    return terms


def _digits(value: object) -> object:
    """Return a whole number as the digits that it is read from, anything else as it is."""
    return Number(value) if isinstance(value, int) and not isinstance(value, bool) else value


def load(state: State, data: bytes) -> None:
    """Put the products of a file that the bank wrote into a state."""
    for name, terms in stated(data).items():
        state.put(entity_of(Product.kind, {"id": name, **terms}))


def changes(data: bytes, state: State) -> Iterator[DefineProduct]:
    """Yield the commands that record what somebody changed in a file.

    Raises:
        ValueError: the file, or a product in it, is not what it should be.
    """
    known = {field.name for field in fields(Product)} - {"id"}
    for name, terms in stated(data).items():
        if foreign := sorted(terms.keys() - known):
            raise ValueError(f"[{name}] {foreign[0]} is no term of a product")
        try:
            asked = DefineProduct.parse(
                {"product": name, **terms, "description": "changed in products.toml"}
            )
            if asked.defined() == state.tables[Product.kind].get(name):
                continue
            asked.suit(state.accounts.values())
        except BankError as error:
            raise ValueError(f"[{name}] {error}") from None
        yield asked


def missing(data: bytes, state: State) -> list[str]:
    """Say which products a file no longer has.

    Raises:
        ValueError: it is no such file.
    """
    names = state.tables[Product.kind].keys() - stated(data).keys()
    why = "no product can be deleted, and it is written again"
    return [f": {name} is missing; {why}." for name in sorted(names)]
