"""The bank behind a server: what the command line asks of a bank, asked over HTTP."""

from __future__ import annotations

import shlex
from itertools import product

from SimpleBankingSystem.clock import utc_now
from SimpleBankingSystem.commands.base import Request
from SimpleBankingSystem.ledger.errors import OutcomeUnknown
from SimpleBankingSystem.ledger.fields import plain
from SimpleBankingSystem.questions.base import EVERYTHING, Answer, Question, WholeList
from SimpleBankingSystem.questions.kinds import PAGE_AT_MOST
from SimpleBankingSystem.questions.runs import LIVE, Runs
from SimpleBankingSystem.remote.connection import Connection
from SimpleBankingSystem.wire import KEY, key_header


class RemoteBank:
    """Answers as the bank itself does, from the server at a URL that holds its books.

    ``holder`` names the process that holds them; no other that answers at the URL is meant.

    Every method raises what the bank's own raises, and besides InUse where the server cannot be
    reached, and OutcomeUnknown where it ends before it has answered a command.
    """

    def __init__(self, url: str, holder: str) -> None:
        self.connection = Connection(url, holder)
        self.clock = utc_now

    def give(self, request: Request, key: str = "") -> Answer:
        """Carry out a command or an action, by posting it at its route."""
        given = {name: plain(value) for name, value in request.given().items()}
        headers = {KEY: key_header(key)} if key else {}
        try:
            done: Answer = self.connection.post(request.route.format_map(given), given, headers)
        except OutcomeUnknown as lost:
            look = f"bank transaction --key {shlex.quote(key)}" if key else "bank transactions"
            hint = f"Whether it was carried out is unknown; to see it: {look}"
            raise OutcomeUnknown(f"{lost.message} {hint}") from lost
        if isinstance(done.get("account"), dict):
            # An opening is answered with the account itself, which its target names.
            done["account"] = done["target"]
        return done

    def ask(self, question: Question) -> Answer:
        """Answer a question; a list that is asked for whole comes page by page."""
        if not isinstance(question, WholeList) or question.limit != EVERYTHING:
            return self._page(question)
        items: list[Answer] = []
        cursor: int | None = question.cursor
        while cursor is not None:
            page = self._page(question.onward(limit=PAGE_AT_MOST, cursor=cursor))
            items += page["items"]
            cursor = page["next"]
        return {"items": items, "next": None}

    def _page(self, question: Question) -> Answer:
        answer: Answer = self.connection.get(question.path())
        if isinstance(question, Runs):
            # The books themselves know nothing of it, and say the same while nobody serves them.
            for run, name in product(answer["items"], LIVE):
                run.pop(name, None)
        return answer
