"""What is asked about the books as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.ledger.fields import TEXT as TEXT_KIND
from SimpleBankingSystem.questions.base import Answer, Question, question
from SimpleBankingSystem.questions.kinds import FLAG, meaning
from SimpleBankingSystem.shapes import TEXT, record
from SimpleBankingSystem.tables import Row

Chain = Annotated[bool, meaning(FLAG, "check the chain of hashes alone, which is faster")]
Hash = Annotated[str, meaning(TEXT_KIND, "a hash kept elsewhere that must be there", "hash")]

REPORT = record(
    {
        "facts": {"type": "object", "description": "what was checked, by name"},
        "problems": {"type": "array", "items": TEXT, "description": "none if all is well"},
    },
    title="Report",
)


@question("verify", route="/verify", answers=REPORT)
class Verify(Question):
    """Check the books against themselves: every row, every balance, every sum."""

    chain: Chain = False
    expect: Hash = ""

    columns = ("fact", "value")

    def answer(self, bank: Bank) -> Answer:
        return asdict(bank.verify(chain_only=self.chain, expect=self.expect))

    def rows(self, answer: Answer) -> Iterator[Row]:
        """Return a row for each fact, and for each problem."""
        yield from ({"fact": name, "value": value} for name, value in answer["facts"].items())
        yield from ({"fact": "problem", "value": problem} for problem in answer["problems"])
