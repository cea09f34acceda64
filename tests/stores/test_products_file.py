"""products.toml: what somebody changes in it is recorded, once, and what is wrong in it is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.errors import InvalidSettings
from SimpleBankingSystem.ledger.product import Product
from SimpleBankingSystem.stores.base import Query
from SimpleBankingSystem.stores.csv_files.verify import verify_folder
from tests.banks import done
from tests.stores.csv_books import opened, report

NAME = "products.toml"


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """The product club has a daily limit of 300 and a fee."""
    with opened(tmp_path / "books") as bank:
        terms = {"daily_limit": "300", "transfer_fee": "0.10", "currency": "EUR"}
        done(bank, "define_product", product="club", **terms)
        done(bank, "open_account", name="Ada", product="club")
    return tmp_path / "books"


def edited(books: Path, old: str, new: str) -> None:
    """Change the last place where something stands."""
    before, found, after = (books / NAME).read_text("utf-8").rpartition(old)
    assert found
    (books / NAME).write_text(before + new + after, "utf-8")


def terms_of(bank: Bank, name: str) -> dict[str, str]:
    product = bank.store.find(Product, name)
    assert product is not None
    shape = {term: str(getattr(product, term)) for term in Product.__slots__}
    return {term: text for term, text in shape.items() if text not in {"", "0", name}}


def changes(bank: Bank) -> list[str]:
    """Return the products that were changed by hand, the newest change first."""
    found = bank.transactions(Query(command="define_product")).items
    return [str(each.fields["product"]) for each in found if NAME in each.description]


@pytest.mark.parametrize(
    ("old", "new", "name", "expected"),
    [
        ('"300"', '"301"', "club", {"daily_limit": "301", "transfer_fee": "0.10"}),
        ('"300"', "301", "club", {"daily_limit": "301", "transfer_fee": "0.10"}),
        ('transfer_fee = "0.10"', "", "club", {"daily_limit": "300"}),
        ('daily_limit = "300"', "transfer_percent = 1.5", "club", {}),
        ("[club]", "[new]\nwithdrawal_fee = 1\n\n[club]", "new", {"withdrawal_fee": "1"}),
    ],
)
def test_a_change_by_hand_is_recorded_once(
    books: Path, old: str, new: str, name: str, expected: dict[str, str]
) -> None:
    edited(books, old, new)
    with opened(books) as bank:
        assert changes(bank) == [name]
        found = terms_of(bank, name)
        assert expected.items() <= found.items()
        assert any("changed-products" in problem for problem in report(bank))
        assert bank.verify().problems == []
    with opened(books) as bank:
        assert (changes(bank), terms_of(bank, name), report(bank)) == ([name], found, [])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"300"', '"-1"', r"\[club\] daily_limit: must be plain digits"),
        ('"300"', "1e3", r"\[club\] daily_limit: must be plain digits"),
        ('"300"', "inf", r"\[club\] daily_limit"),
        ('"300"', "true", r"\[club\] daily_limit"),
        ('"EUR"', '"JPY"', r"\[club\] 0.10 has more decimals than JPY"),
        ('"EUR"', '"BHD"', r"\[club\] A00000001 is kept on club and carries EUR"),
        ('"300"', "[300]", r"\[club\] daily_limit"),
        ("daily_limit", "dayly_limit", r"\[club\] dayly_limit is no term of a product"),
        ("daily_limit", "product", r"\[club\] product is no term of a product"),
        ("daily_limit", "id", r"\[club\] id is no term of a product"),
        ("daily_limit", "description", r"\[club\] description is no term of a product"),
        ("[club]", "[Club]", r"\[Club\] product: must be small letters"),
        ("[club]", "[internal]", r"\[internal\] product: internal means something else"),
        ("[club]", "[club", r"products\.toml"),
        ("as_of", "limit", "limit stands outside of a product"),
        ('"300"', "[" * 5_000, "too many brackets"),
    ],
)
def test_what_is_wrong_in_it_is_told_and_can_be_mended(
    books: Path, old: str, new: str, said: str
) -> None:
    sound = (books / NAME).read_bytes()
    edited(books, old, new)
    changed = (books / NAME).read_bytes()
    with pytest.raises(InvalidSettings, match=said):
        opened(books)
    assert (books / NAME).read_bytes() == changed
    (books / NAME).write_bytes(sound)
    with opened(books) as bank:
        assert (changes(bank), bank.verify().problems) == ([], [])


def test_what_is_written_into_it_while_the_bank_runs_is_kept_and_told_once(books: Path) -> None:
    edited(books, '"300"', '"301"')
    with opened(books) as bank:
        edited(books, '"301"', '"302"')
        (problem,) = bank.verify().problems
        assert problem.startswith(f"{NAME} was changed while the bank ran")
        assert '"302"' in Path(problem.split()[-1].rstrip(".")).read_text("utf-8")
        assert bank.verify().problems == []
        assert terms_of(bank, "club")["daily_limit"] == "301"
        edited(books, '"301"', '"303"')
    kept = [path.read_text("utf-8") for path in sorted((books / "quarantine").iterdir())]
    assert ['"303"' in each for each in kept] == [False, False, True]
    with opened(books) as bank:
        assert (report(bank), terms_of(bank, "club")["daily_limit"]) == ([], "301")


def test_a_product_or_a_file_that_is_gone_comes_back(books: Path) -> None:
    text = (books / NAME).read_text("utf-8")
    (books / NAME).write_text(text[: text.index("[club]")], "utf-8")
    missing = f"{NAME}: club is missing; no product can be deleted, and it is written again."
    assert verify_folder(books).problems == [missing]
    with opened(books) as bank:
        assert changes(bank) == []
        assert report(bank)[0] == missing
        assert "changed-products.toml" in report(bank)[1]
        assert terms_of(bank, "club")["daily_limit"] == "300"
    (books / NAME).unlink()
    with opened(books) as bank:
        assert terms_of(bank, "club")["daily_limit"] == "300"
    assert "[club]" in (books / NAME).read_text("utf-8")


def test_after_a_crash_it_does_not_come_over_what_was_defined_since(
    books: Path, tmp_path: Path
) -> None:
    edited(books, '"300"', '"301"')
    bank = opened(books)
    done(bank, "define_product", product="club", daily_limit="400")
    shutil.copytree(books, tmp_path / "crashed")
    bank.close()
    with opened(tmp_path / "crashed") as recovered:
        assert changes(recovered) == ["club"]
        assert terms_of(recovered, "club") == {"daily_limit": "400"}


def test_an_edit_after_a_crash_changes_what_it_names_alone(books: Path, tmp_path: Path) -> None:
    bank = opened(books)
    done(bank, "define_product", product="savings", daily_limit="7")
    shutil.copytree(books, tmp_path / "crashed")
    bank.close()
    edited(tmp_path / "crashed", '"300"', '"301"')
    with opened(tmp_path / "crashed") as recovered:
        assert changes(recovered) == ["club"]
        assert terms_of(recovered, "club")["daily_limit"] == "301"
        assert terms_of(recovered, "savings") == {"daily_limit": "7"}
