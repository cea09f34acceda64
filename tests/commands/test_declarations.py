"""The declaration of a command: what follows from it, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import pytest

from SimpleBankingSystem.commands import base
from SimpleBankingSystem.commands.base import REGISTRY, Action, Command, Request, command
from SimpleBankingSystem.commands.deposit import Deposit
from SimpleBankingSystem.commands.open_account import OpenAccount
from SimpleBankingSystem.commands.run_file import FinishRun
from SimpleBankingSystem.commands.transfer import Transfer
from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import InvalidCommand
from SimpleBankingSystem.ledger.fields import AccountId, Number, Text

VERBS = sorted(REGISTRY)
SHARED = ("description", "reference", "value_date", "tags")


@pytest.fixture
def undone() -> Iterator[None]:
    """Take back what a test declares."""
    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_help_text_an_example_and_a_test(verb: str) -> None:
    kind = REGISTRY[verb]
    assert kind.help().endswith(".")
    made = kind.parse(kind.example())
    assert made.verb == verb
    assert kind.parse({name: str(value) for name, value in kind.example().items()}) == made
    assert Path(__file__).with_name(f"test_{verb}.py").exists()


@pytest.mark.parametrize("verb", VERBS)
def test_only_what_has_surfaces_has_a_route(verb: str) -> None:
    kind = REGISTRY[verb]
    assert bool(kind.route) == kind.surfaces
    assert issubclass(kind, Command) or issubclass(kind, Action)


def test_fields_stand_in_the_order_of_their_declaration() -> None:
    assert [field.name for field in Transfer.fields] == ["source", "target", "amount", *SHARED]
    assert [field.name for field in Transfer.fields if field.required] == [
        "source",
        "target",
        "amount",
    ]


def test_typed_construction_is_checked_like_everything_else() -> None:
    made = Transfer("A00000001", "A00000002", Decimal("10.00"), tags=("a", "b", "a"))
    texts = {"source": "A00000001", "target": "A00000002", "amount": "10.00", "tags": "a b"}
    assert {made, Transfer.parse(texts)} == {made}
    assert made != Transfer.parse({**texts, "amount": "10.01"})
    assert repr(made).startswith("Transfer({'source': 'A00000001', 'target': 'A00000002', 'amo")
    with pytest.raises(InvalidCommand) as refused:
        Transfer("a", "A00000002", Decimal("NaN"), value_date="today")
    assert set(refused.value.errors) == {"source", "amount", "value_date"}
    assert refused.value.errors["value_date"] == "must be a day written as 2026-11-20"
    with pytest.raises(InvalidCommand) as refused:
        Transfer(None, None, None)  # type: ignore[arg-type]
    assert set(refused.value.errors) == {"source", "target", "amount"}
    with pytest.raises(InvalidCommand, match="is the source itself"):
        Transfer("A00000001", "A00000001", Decimal(1))


def test_a_command_is_frozen() -> None:
    made = Deposit("A00000001", Decimal(1))
    with pytest.raises(FrozenInstanceError):
        made.amount = Decimal(2)  # type: ignore[misc]


def test_only_what_was_given_is_recorded() -> None:
    assert OpenAccount("Ada").given() == {"name": "Ada"}
    assert OpenAccount("Ada", initial_deposit=Decimal("0.00"), tags=("x",)).given() == {
        "name": "Ada",
        "tags": ("x",),
    }
    assert OpenAccount.trusted({"name": "Ada"}) == OpenAccount("Ada", account="", description="")


def test_json_values_are_read_too() -> None:
    made = Deposit.parse({"account": "A00000001", "amount": Number("1.10"), "tags": ["a", "b"]})
    assert (str(made.amount), made.tags) == ("1.10", ("a", "b"))
    assert Deposit.parse({"account": "A00000001", "amount": "1", "tags": None, "reference": ""})
    with pytest.raises(InvalidCommand) as refused:
        Deposit.parse({"account": Number("1"), "amount": True, "tags": {"a": 1}})
    assert set(refused.value.errors) == {"account", "amount", "tags"}
    assert FinishRun.parse({"run_id": "R000001", "completed": 3, "failed": "0", "rejected": 0})


READER_ROWS = [
    ("transfer", "source,target,amount", "A00000001,A00000002,1"),
    ("transfer", "amount,target,source,description", "1,A00000002,A00000001,"),
    ("transfer", "source,target,amount,name", "A00000001,A00000002,1,"),
    ("transfer", "source,target,amount,name", "A00000001,A00000002,1,Ada"),
    ("transfer", "source,target,amount", "A00000001,A00000001,1"),
    ("transfer", "source,target,amount", "A00000001,,1"),
    ("transfer", "source,target,amount", "A00000001,A00000002,-1"),
    ("transfer", "source,target", "A00000001,A00000002"),
    ("transfer", "source,target", ","),
    ("open_account", "name,amount,overdraft_limit", "Ada,,5"),
    ("archive", "amount", ""),
    ("archive", "amount", "5"),
]


@pytest.mark.parametrize(("verb", "header", "line"), READER_ROWS)
def test_a_reader_of_rows_answers_what_parse_does(verb: str, header: str, line: str) -> None:
    kind, columns, row = REGISTRY[verb], header.split(","), line.split(",")

    def outcome(read: object) -> object:
        assert callable(read)
        try:
            return read()
        except InvalidCommand as error:
            return error.errors

    parsed = outcome(lambda: kind.parse(dict(zip(columns, row, strict=True))))
    assert outcome(lambda: kind.reader(columns)(row)) == parsed or (
        # Parse refuses a foreign field even where it is blank, a row may leave it so.
        isinstance(parsed, dict) and not any(row[columns.index(name)] for name in parsed)
    )


def test_what_a_reader_finds_good_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Transfer.reader(["source", "amount", "target", "description", "name"])
    row = ["A00000001", "1.20", "A00000002", "", ""]
    monkeypatch.delattr(Request, "parse")
    assert read(row) == Transfer("A00000001", "A00000002", Decimal("1.20"))


def test_a_kind_that_is_not_in_the_table_is_refused(undone: None) -> None:
    with pytest.raises(TypeError, match=r"Wave\.hand must be one of the kinds"):

        @command("wave")
        class Wave(Action):
            """Wave."""

            hand: str

    with pytest.raises(TypeError, match=r"Nod\.head must be one of the kinds"):

        @command("nod")
        class Nod(Action):
            """Nod."""

            head: Annotated[str, "no kind"]


def test_a_verb_is_declared_once(undone: None) -> None:
    with pytest.raises(TypeError, match="the verb deposit is declared twice"):

        @command("deposit")
        class Again(Action):
            """Pay in again."""


def test_a_new_operation_is_one_declaration(undone: None) -> None:
    @command("rename_account", route="/accounts/{account}/rename")
    class RenameAccount(Command):
        """Give an account another name."""

        account: AccountId
        remark: Text = "x"

    made = REGISTRY["rename_account"].parse({"account": "A00000001"})
    assert made == RenameAccount("A00000001")
    assert RenameAccount.example() == {"account": "A00000001"}
    assert Transfer.example() == {"source": "A00000001", "target": "A00000002", "amount": "10.00"}
    assert [field.name for field in RenameAccount.fields] == ["account", "remark", *SHARED]


def test_a_command_touches_every_account_that_it_names(bank: Bank) -> None:
    paid = Transfer.parse({"source": "ADA", "target": "BOB", "amount": "1"})
    assert paid.accounts(bank.store) == ["ADA", "BOB"]
    closed = REGISTRY["close_account"].parse({"account": "ADA"})
    assert isinstance(closed, Command)
    assert closed.accounts(bank.store) == ["ADA"]


def test_the_base_classes_decide_nothing_themselves() -> None:
    class Idle(Command):
        pass

    class Lazy(Action):
        pass

    for made, method in ((Idle, "apply"), (Lazy, "perform")):
        with pytest.raises(NotImplementedError):
            getattr(object.__new__(made), method)(None)
    assert issubclass(Request, object)
    assert base.Command.help()
