"""What is asked about the business: who spends most, whether the books balance, how work goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import field
from decimal import Decimal

from SimpleBankingSystem.engine.bank import Bank
from SimpleBankingSystem.engine.pace import Commits
from SimpleBankingSystem.ledger.account import INTERNAL
from SimpleBankingSystem.ledger.fields import Currency, Date
from SimpleBankingSystem.ledger.money import ZEROS
from SimpleBankingSystem.questions.base import Answer, Question, question
from SimpleBankingSystem.questions.kinds import AtOnce
from SimpleBankingSystem.shapes import COUNT, MONEY, TEXT, Schema, nullable, record
from SimpleBankingSystem.stores.base import Tally
from SimpleBankingSystem.tables import Row

MILLISECONDS: Schema = nullable(
    {"type": "number", "description": "milliseconds; null where there were none but retries"}
)


def list_of(properties: dict[str, Schema], title: str, **beside: Schema) -> dict[str, object]:
    """Return the schema of a list that is never cut into pages, with what stands beside it."""
    return record({"items": {"type": "array", "items": record(properties)}, **beside}, title=title)


SPENDERS = list_of(
    {
        "account": {**TEXT, "example": "A00000001"},
        "name": {**TEXT, "example": "Ada Lovelace"},
        "spent": MONEY,
        "currency": {**TEXT, "example": "EUR"},
    },
    "TopSpenders",
)

BALANCES = list_of(
    {
        "account": {**TEXT, "example": "CASH.EUR", "description": "or a product's accounts"},
        "currency": {**TEXT, "example": "EUR"},
        "accounts": COUNT,
        "debit": MONEY,
        "credit": MONEY,
    },
    "TrialBalance",
)

TIMES = ("queued_mean", "queued_longest", "durable_mean", "durable_longest")

STATISTICS = list_of(
    {
        "command": {**TEXT, "example": "transfer"},
        "status": {**TEXT, "example": "COMPLETED"},
        "code": {**TEXT, "description": "why they failed"},
        "count": COUNT,
        "percent": {"type": "number", "description": "of all outcomes of this command"},
        **dict.fromkeys(TIMES, MILLISECONDS),
    },
    "Statistics",
    since_start=record(
        {
            "commits": COUNT,
            "outcomes": {**COUNT, "description": "the transactions in these commits"},
            "per_second": {"type": "number", "description": "outcomes a second"},
            "commit_mean": {**MILLISECONDS, "description": "milliseconds to write and to sync"},
            "commit_longest": {**MILLISECONDS, "description": "the longest of them"},
        }
    ),
)


def times(tally: Tally) -> dict[str, float | None]:
    """Return the milliseconds that commands took."""
    if not tally.timed:
        return dict.fromkeys(TIMES)
    shown = (
        round(tally.queued / tally.timed / 1000, 3),
        tally.queued_longest / 1000,
        round(tally.durable / tally.timed / 1000, 3),
        tally.durable_longest / 1000,
    )
    return dict(zip(TIMES, shown, strict=True))


def since_start(commits: Commits) -> dict[str, float | None]:
    """Return how quickly a bank has worked since it was started."""
    count = commits.count
    return {
        "commits": count,
        "outcomes": commits.outcomes,
        "per_second": round(commits.outcomes / commits.since_start, 1),
        "commit_mean": round(1000 * commits.seconds / count, 3) if count else None,
        "commit_longest": round(1000 * commits.longest, 3) if count else None,
    }


@question("top_spenders", route="/reports/top-spenders", answers=SPENDERS)
class TopSpenders(Question):
    """List the accounts from which most money has gone out; of equal ones by id."""

    currency: Currency = ""
    limit: AtOnce = field(default=10, kw_only=True)

    columns = ("account", "name", "spent", "currency")

    def answer(self, bank: Bank) -> Answer:
        found = bank.top_spenders(self.currency, self.limit)
        accounts = [bank.account(name) for name, _ in found]
        return {
            "items": [
                {
                    "account": account.id,
                    "name": account.name,
                    "spent": str(spent),
                    "currency": account.currency,
                }
                for account, (_, spent) in zip(accounts, found, strict=True)
            ]
        }


@question("trial_balance", route="/reports/trial-balance", answers=BALANCES)
class TrialBalance(Question):
    """Show what the bank owes and is owed: debits and credits are equal in each currency.

    What customers have on their accounts is the bank's debt, a credit; the bank's own accounts
    stand one by one, the customers' by product.
    """

    columns = ("account", "currency", "accounts", "debit", "credit")

    def answer(self, bank: Bank) -> Answer:
        sums: dict[tuple[str, str], Decimal] = {}
        counts: Counter[tuple[str, str]] = Counter()
        for account in bank.accounts(internal=True):
            is_own = account.type == INTERNAL
            key = account.currency, account.id if is_own else account.type
            counts[key] += 1
            sums[key] = sums.get(key, ZEROS[account.currency]) + account.balance
        return {
            "items": [
                {
                    "account": name,
                    "currency": currency,
                    "accounts": counts[currency, name],
                    "debit": str(max(-balance, ZEROS[currency])),
                    "credit": str(max(balance, ZEROS[currency])),
                }
                for (currency, name), balance in sorted(sums.items())
            ]
        }


@question("statistics", route="/reports/statistics", answers=STATISTICS)
class Statistics(Question):
    """Show how commands fared: how many, why they failed, and how long they took.

    Every attempt counts. Times are from being taken to being decided, and to the commit that made
    it durable. How long that commit took no row can tell; it is known of those since the bank was
    started, which are the last line. When a retry was taken is not recorded either, so the times
    are those of first attempts.
    """

    since: Date = ""
    until: Date = ""

    columns = ("command", "status", "code", "count", "percent", *TIMES)

    def answer(self, bank: Bank) -> Answer:
        found = bank.tallies(self.since, self.until)
        totals = Counter[str]()
        for each in found:
            totals[each.command] += each.count
        return {
            "items": [
                {
                    "command": each.command,
                    "status": each.status,
                    "code": each.code,
                    "count": each.count,
                    "percent": round(100 * each.count / totals[each.command], 1),
                    **times(each),
                }
                for each in found
            ],
            "since_start": since_start(bank.commits()),
        }

    def rows(self, answer: Answer) -> Iterator[Row]:
        """Return a row for each command and outcome, and one for the commits since the start."""
        yield from answer["items"]
        commits = answer["since_start"]
        if commits["commits"]:
            yield {
                "command": "commits",
                "count": commits["commits"],
                "durable_mean": commits["commit_mean"],
                "durable_longest": commits["commit_longest"],
            }
