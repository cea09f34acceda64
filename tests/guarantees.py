"""Which test proves which guarantee, and what it tried: a plugin of pytest for ``dev.py prove``.

A test bears the numbers with which its docstring begins, or else those of its module's:
``Guarantees 7 and 8: …``. With BANK_PROOF_NOTES each that passes adds a line to the file of that
name, from which ``tests/proof_report.py`` makes its table.
"""

from __future__ import annotations

import json
import os
import re
import sys
from functools import cache
from typing import Protocol

import pytest

NUMBERED = re.compile(r"Guarantees? (\d+(?:(?:,| and) \d+)*)")
NOTES = "BANK_PROOF_NOTES"


class Proved(Protocol):
    """What the fixture ``proved`` gives: a proof tells it, in a few words, what it tried and saw.

    ``figures`` stand in the row of each guarantee, ``beside`` once below the table.
    """

    def __call__(self, figures: str = "", *, beside: str = "") -> None: ...


def numbers_in(*docstrings: str | None) -> list[int]:
    """Return the numbers of the first docstring that begins with some."""
    for docstring in docstrings:
        if docstring and (found := NUMBERED.match(docstring)):
            return [int(number) for number in re.findall(r"\d+", found[1])]
    return []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the proofs and all tests that bear numbers, so that ``-m guarantee`` selects them."""
    for item in items:
        if isinstance(item, pytest.Function):
            numbers = numbers_in(item.function.__doc__, item.module.__doc__)
            if numbers or "proofs" in item.path.parts:
                item.add_marker(pytest.mark.guarantee(*numbers))
                item.user_properties.append(("guarantees", numbers))
            if {"proofs", "spreadsheets"} & {*item.path.parts}:
                # They try the same lines many times: to count them takes as long as the proof.
                item.add_marker(pytest.mark.no_cover)


@pytest.fixture
def proved(request: pytest.FixtureRequest) -> Proved:
    """Return what notes figures of this test, to be shown when it has passed."""

    def note(figures: str = "", *, beside: str = "") -> None:
        request.node.user_properties += [("figures", figures), ("beside", beside)]

    return note


@cache
def show(text: str) -> None:
    """Show a text, once however many cases of a test say the same."""
    if text:
        sys.stdout.write(f"\n{text}\n")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Show what a test that passed has tried, and add it to the notes."""
    properties = dict(report.user_properties)
    if report.when != "call" or not report.passed or "guarantees" not in properties:
        return
    for word in ("figures", "beside"):
        show(properties.get(word, ""))
    if name := os.environ.get(NOTES):
        said = {word: properties.get(word, "") for word in ("guarantees", "figures", "beside")}
        note = {"test": report.nodeid.split("[")[0], **said}
        with open(name, "a", encoding="utf-8") as notes:
            notes.write(json.dumps(note) + "\n")
