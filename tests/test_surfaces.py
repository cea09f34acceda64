"""Every verb has every surface, derived from its declaration and from nothing else."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import SimpleBankingSystem
from SimpleBankingSystem import cli
from SimpleBankingSystem.api import create_app
from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.cli.session import Verb
from SimpleBankingSystem.commands.base import REGISTRY, Command, Request, command
from SimpleBankingSystem.ledger.account import internal_id
from SimpleBankingSystem.ledger.book import Book, Look
from SimpleBankingSystem.ledger.errors import ERRORS
from SimpleBankingSystem.ledger.fields import AccountId, Amount, Text
from SimpleBankingSystem.runs import run_file
from tests.servers import PREFIX

PUBLIC = [verb for verb, kind in REGISTRY.items() if kind.surfaces]
HIDDEN = [verb for verb, kind in REGISTRY.items() if not kind.surfaces]
TESTS = Path(__file__).parent / "commands"


def sub_command(verb: str) -> Verb:
    found = cli.bank.get_command(click.Context(cli.bank), verb.replace("_", "-"))
    assert isinstance(found, Verb)
    return found


def names(params: Collection[click.Parameter], kind: type[click.Parameter]) -> list[str | None]:
    return [param.name for param in params if isinstance(param, kind)]


def answered(words: str, capsys: pytest.CaptureFixture[str]) -> str:
    status = cli.answer(shlex.split(words))
    captured = capsys.readouterr()
    assert status == 0, captured.err
    return captured.out


@pytest.fixture
def gift() -> Iterator[type[Request]]:
    """Declare an operation that the package does not have, as a new file of commands/ would."""

    @command("give_gift", route="/accounts/{account}/gift")
    class GiveGift(Command):
        """Give an account a present from the bank."""

        account: AccountId
        amount: Amount
        occasion: Text = ""

        def accounts(self, look: Look) -> Collection[str]:
            return (self.account,)

        def apply(self, book: Book) -> None:
            currency = book.account(self.account).currency
            book.post(internal_id("GIFTS", currency), self.account, self.amount)

    yield GiveGift
    del REGISTRY["give_gift"]


@pytest.fixture
def check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], None]:
    monkeypatch.chdir(tmp_path)

    def every_surface(verb: str) -> None:
        has_a_help_and_an_example(verb, capsys)
        is_a_sub_command(verb)
        has_columns_in_a_command_file(verb)
        has_a_documented_route(verb)
        has_a_name_in_python(verb)

    return every_surface


def has_a_help_and_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    kind = REGISTRY[verb]
    assert kind.help().endswith("."), "a sentence for a person"
    assert kind.route.startswith("/"), "a place in the API"
    assert kind.parse(kind.example()).given().keys() >= kind.example().keys()
    shown = answered(f"{verb.replace('_', '-')} -h", capsys)
    assert kind.help() in " ".join(shown.split())
    assert f"  bank {sub_command(verb).example}" in shown


def is_a_sub_command(verb: str) -> None:
    kind, found = REGISTRY[verb], sub_command(verb)
    required = [declared.name for declared in kind.fields if declared.required]
    optional = {declared.name for declared in kind.fields if not declared.required}
    assert names(found.params, click.Argument) == required
    assert set(names(found.params, click.Option)) >= optional
    assert ("key" in names(found.params, click.Option)) == issubclass(kind, Command)
    # The example is a command line that gives the command just what its own example gives.
    words = shlex.split(found.example)[1:]
    given = found.make_context(verb, words).params
    values = {declared.name: given[declared.name] for declared in kind.fields}
    assert kind.parse(values) == kind.parse(kind.example())


def has_columns_in_a_command_file(verb: str) -> None:
    kind = REGISTRY[verb]
    columns = ["command", *(declared.name for declared in kind.fields)]
    row = ["", *(kind.example().get(name, "") for name in columns[1:])]
    assert kind.reader(columns)(row) == kind.parse(kind.example())


def has_a_documented_route(verb: str) -> None:
    kind = REGISTRY[verb]
    with Bank.open("memory:") as bank:
        client = create_app(bank=bank).test_client()
        swagger = client.get(f"{PREFIX}/swagger.json").get_json()
    operation = swagger["paths"][kind.route]["post"]
    assert operation["operationId"] == verb
    assert operation["summary"] == kind.help().removesuffix(".")
    assert {"400", "404", "409", "422", "429", "503"} < operation["responses"].keys()
    by_place: dict[str, dict[str, dict[str, Any]]] = {}
    for parameter in operation.get("parameters", []):
        by_place.setdefault(parameter["in"], {})[parameter["name"]] = parameter
    in_path = by_place.get("path", {})
    assert {f"{{{name}}}" for name in in_path} == set(re.findall(r"{\w+}", kind.route))
    assert ("Idempotency-Key" in by_place.get("header", {})) == issubclass(kind, Command)
    # The examples of the path and of the body give the command what its own example gives.
    example = {name: parameter["x-example"] for name, parameter in in_path.items()}
    for payload in by_place.get("body", {}).values():
        model = swagger["definitions"][payload["schema"]["$ref"].rpartition("/")[2]]
        assert model["properties"].keys() | in_path.keys() == kind.field_names
        example |= model["example"]
    assert kind.parse(example) == kind.parse(kind.example())


def has_a_name_in_python(verb: str) -> None:
    kind = REGISTRY[verb]
    assert getattr(SimpleBankingSystem, kind.__name__) is kind
    assert kind.__name__ in dir(SimpleBankingSystem)


@pytest.mark.parametrize("verb", PUBLIC)
def test_a_verb_has_every_surface(verb: str, check: Callable[[str], None]) -> None:
    check(verb)


@pytest.mark.parametrize("verb", PUBLIC)
def test_a_verb_has_a_test(verb: str) -> None:
    assert (TESTS / f"test_{verb}.py").exists() or any(
        f'"{verb}"' in path.read_text() for path in TESTS.glob("test_*.py")
    )


@pytest.mark.parametrize("verb", HIDDEN)
def test_what_only_the_bank_asks_for_is_on_no_surface(verb: str) -> None:
    assert cli.bank.get_command(click.Context(cli.bank), verb.replace("_", "-")) is None
    assert REGISTRY[verb].route == ""


def test_verbs_are_listed_once_in_the_help(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    listed = cli.bank.list_commands(click.Context(cli.bank))
    assert len(listed) == len(set(listed))
    assert {verb.replace("_", "-") for verb in PUBLIC} - set(listed) == {"retry-all"}
    assert "--all" in answered("retry -h", capsys)
    shown = answered("-h", capsys)
    assert all(f"\n  {name} " in shown for name in listed)


def test_public_names_are_the_bank_its_verbs_and_its_errors() -> None:
    assert SimpleBankingSystem.Bank is Bank
    for error in ERRORS.values():
        assert getattr(SimpleBankingSystem, error.__name__) is error
    with pytest.raises(AttributeError, match="Nonsense"):
        _ = SimpleBankingSystem.Nonsense


def test_a_new_operation_is_one_declaration(
    gift: type[Request],
    check: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    check("give_gift")
    assert "give-gift" in answered("-h", capsys)

    (tmp_path / "day.csv").write_text(
        "command,name,account,amount,occasion\n"
        "open_account,Ada Lovelace,ADA,,\n"
        "give_gift,,ADA,5.00,birthday\n"
    )
    answered("run day.csv", capsys)
    answered("give-gift ADA 10.00 --occasion 'a wedding' --reference G-1", capsys)
    assert answered("balance ADA", capsys) == "15.00\n"
    assert "GIFTS.EUR" in answered("accounts --internal", capsys)
    assert answered("transactions --command give-gift", capsys).count("give_gift") == 2
    with Bank.open("csv:data") as bank:
        client = create_app(bank=bank).test_client()
        answer = client.post(f"{PREFIX}/accounts/ADA/gift", json={"amount": "0.50"})
        assert answer.get_json()["target_balance"] == "15.50"
        client.post(f"{PREFIX}/transactions/{answer.get_json()['id']}/reverse")
        transaction = bank.execute(gift.parse({"account": "ADA", "amount": "1"}))  # type: ignore[arg-type]
        assert transaction.to_dict()["source"] == "GIFTS.EUR"
        lines = tmp_path / "more.jsonl"
        lines.write_text('{"command": "give_gift", "account": "ADA", "amount": "4.00"}\n')
        assert run_file(bank, lines).completed == 1
    assert answered("balance ADA", capsys) == "20.00\n"
