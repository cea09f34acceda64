"""Every verb, of a command or a question, has every surface, derived from its declaration alone."""

from __future__ import annotations

import json
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
from SimpleBankingSystem.api.books import books_of
from SimpleBankingSystem.bootstrap import Bank
from SimpleBankingSystem.cli.session import Verb
from SimpleBankingSystem.commands.base import REGISTRY, Command, Request, command
from SimpleBankingSystem.engine import bank as engine
from SimpleBankingSystem.ledger.account import internal_id
from SimpleBankingSystem.ledger.book import Book
from SimpleBankingSystem.ledger.errors import ERRORS
from SimpleBankingSystem.ledger.fields import AccountId, Amount, Text
from SimpleBankingSystem.ledger.working_copy import Look
from SimpleBankingSystem.questions.base import QUESTIONS, Answer, Question, question
from SimpleBankingSystem.questions.kinds import AnyAccountId
from SimpleBankingSystem.runs import run_file
from SimpleBankingSystem.shapes import COUNT, MONEY, items_of, record
from SimpleBankingSystem.stores.base import Query
from tests.banks import TickingClock, asked
from tests.servers import PREFIX

PUBLIC = [verb for verb, kind in REGISTRY.items() if kind.surfaces]
HIDDEN = [verb for verb, kind in REGISTRY.items() if not kind.surfaces]
TYPED = [verb for verb, kind in QUESTIONS.items() if kind.surfaces]
TESTS = Path(__file__).parent


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
    tests = TESTS / "commands"
    assert (tests / f"test_{verb}.py").exists() or any(
        f'"{verb}"' in path.read_text() for path in tests.glob("test_*.py")
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
    public = {verb.replace("_", "-") for verb in (*PUBLIC, *TYPED)}
    assert public - set(listed) == {"retry-all"}
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


@pytest.fixture
def asking(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], None]:
    """Ask a question on every surface, of books that have what the examples name."""
    monkeypatch.chdir(tmp_path)
    day = tmp_path / "day.csv"
    day.write_text(
        "command,name,account,amount\nopen_account,Ada,,\nopen_account,Eve,,\n"
        "register_customer,Ada Lovelace,,\ndeposit,,A00000001,20.00\n"
    )
    clock = TickingClock()
    clock.move(days=310)
    with Bank.open("csv:data", clock=clock) as bank:
        # The hold of the examples is the first transaction: it fails, and is tried again.
        held = bank.execute(asked("place_hold", account="A00000001", amount="10"))
        assert run_file(bank, day).completed == 4
        assert bank.retry(held.id).made == ("hold", "H00000000001")

    def every_surface(verb: str) -> None:
        kind = QUESTIONS[verb]
        assert kind.help().endswith("."), "a sentence for a person"
        is_documented(kind)
        with Bank.open("csv:data") as bank:
            as_json, as_csv = asked_over_http(bank, kind)
        if kind.surfaces:
            is_typed(kind, as_json, as_csv, capsys)

    return every_surface


def is_documented(kind: type[Question]) -> None:
    with Bank.open("memory:") as bank:
        swagger = create_app(bank=bank).test_client().get(f"{PREFIX}/swagger.json").get_json()
    operation = swagger["paths"][kind.route]["get"]
    assert operation["summary"] == kind.help().removesuffix(".")
    assert {"application/json", "text/csv"} < set(operation["produces"])
    assert {"200", "400", "404", "429", "503"} <= operation["responses"].keys()
    in_path = set(re.findall(r"{(\w+)}", kind.route))
    parameters = {each["name"]: each for each in operation.get("parameters", [])}
    assert parameters.keys() == kind.field_names
    for name, each in parameters.items():
        assert each["in"] == ("path" if name in in_path else "query")
        assert each["description"]
    assert {name: parameters[name]["x-example"] for name in in_path}.items() <= (
        kind.example().items()
    )
    model = operation["responses"]["200"]["schema"]["$ref"].rpartition("/")[2]
    assert swagger["definitions"][model] == kind.answers


def asked_over_http(bank: Bank, kind: type[Question]) -> tuple[Any, str]:
    """Ask the question of the example; return its answer as JSON and as CSV."""
    app = create_app(bank=bank)
    client = app.test_client()
    asked = kind.parse(kind.example())
    path = PREFIX + asked.path()
    plain = client.get(path)
    assert plain.content_type == "application/json"
    assert settled(plain.get_json()) == settled(bank.ask(asked))
    assert plain.get_json().keys() >= set(kind.answers["required"])
    table = client.get(path, headers={"Accept": "text/csv"})
    assert table.content_type == "text/csv; charset=utf-8"
    header = table.text.partition("\n")[0].split(",")
    assert header == [*(kind.columns or plain.get_json())]
    assert "items" not in kind.answers["properties"] or kind.columns, "a list has columns"
    books_of(app).close()
    return plain.get_json(), table.text


def is_typed(
    kind: type[Question], as_json: Any, as_csv: str, capsys: pytest.CaptureFixture[str]
) -> None:
    example = sub_command(kind.verb).example
    shown = answered(f"{kind.verb.replace('_', '-')} -h", capsys)
    assert kind.help() in " ".join(shown.split())
    assert f"  bank {example}" in shown
    required = [each.name for each in kind.fields if each.required]
    assert names(sub_command(kind.verb).params, click.Argument) == required
    assert settled(json.loads(answered(f"{example} --json", capsys))) == settled(as_json)
    assert settled(answered(f"{example} --csv", capsys)) == settled(as_csv)
    text = answered(example, capsys)
    if kind.gist:
        assert text == f"{as_json[kind.gist]}\n"
    elif kind.columns and kind.verb != "verify":
        assert text.split("\n")[0].split() == [*kind.columns]
    else:
        facts = as_json.get("facts", as_json)
        assert all(f"\n{name} " in f"\n{text}" for name in facts if facts[name])


def settled(answer: Any) -> str:
    """Return an answer without what no two checks of the books have in common."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return re.sub(r'("(seconds|rows_per_second)"[:,] ?)[0-9.]+|, "ended": {.*?}', r"\1", text)


@pytest.mark.parametrize("verb", QUESTIONS)
def test_a_question_has_every_surface(verb: str, asking: Callable[[str], None]) -> None:
    asking(verb)


@pytest.mark.parametrize("verb", QUESTIONS)
def test_a_question_has_a_test(verb: str) -> None:
    name = QUESTIONS[verb].__name__
    texts = [path.read_text() for path in (TESTS / "questions").glob("test_*.py")]
    assert any(f"{name}(" in text for text in texts)


@pytest.fixture
def worth() -> Iterator[type[Question]]:
    """Declare a question that the package does not have, as a new file of questions/ would."""

    @question(
        "net_worth",
        route="/accounts/{account}/worth",
        answers=record({"amount": MONEY, "transactions": COUNT}, title="Worth"),
        example={"motto": "more"},
    )
    class WorthOf(Question):
        """Say what an account is worth."""

        account: AnyAccountId
        motto: Text = ""

        def answer(self, bank: engine.Bank) -> Answer:
            found = bank.transactions(Query(account=self.account)).items
            return {"amount": str(bank.balance(self.account)), "transactions": len(found)}

    yield WorthOf
    del QUESTIONS["net_worth"]


def test_a_new_question_is_one_declaration(
    worth: type[Question], asking: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    asking("net_worth")
    assert "net-worth" in answered("-h", capsys)
    assert items_of(worth.answers) == worth.answers
    assert answered("net-worth A00000002", capsys) == "amount        0.00\ntransactions  1\n"
    assert answered("net-worth A00000002 --csv", capsys) == "amount,transactions\n0.00,1\n"


def test_no_question_is_declared_twice(worth: type[Question]) -> None:
    with pytest.raises(TypeError, match="net_worth is declared twice"):
        question("net_worth", route="/worth", answers=worth.answers)(worth)
