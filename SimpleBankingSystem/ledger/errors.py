"""Every way in which the bank says no: one class, one code, one HTTP status, one exit status.

The code of an error is its class name in lower case with underscores and never changes.
``ERRORS`` is the table that the API, the command line and the documentation are made from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

ERRORS: dict[str, type[BankError]] = {}
"""Every error by its code."""


class BankError(Exception):
    """The base of every answer that is a refusal.

    ``http`` and ``exit`` are the statuses that the surfaces answer with, and ``retryable`` says
    whether the same command may succeed later without being changed.
    """

    code: ClassVar[str] = "bank_error"
    http: ClassVar[int] = 422
    exit: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        ERRORS[cls.code] = cls

    @property
    def message(self) -> str:
        """What went wrong, for a person."""
        return str(self.args[0]) if self.args else (self.__doc__ or self.code)


def recorded_error(code: str, message: str) -> BankError:
    """Return the error that a journal row recorded; an unknown code keeps its name.

    A journal may outlive an error class, so reading one must never fail for a code of old.
    """
    found = ERRORS.get(code)
    if found is not None and issubclass(found, InvalidCommand):
        return found({"command": message})
    return found(message) if found is not None else BankError(f"{code}: {message}")


class InvalidCommand(BankError):
    """The command is malformed; nothing was taken."""

    http = 400
    exit = 2

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {reason}" for field, reason in errors.items()))
        self.errors = dict(errors)


class InvalidFile(BankError):
    """A command file cannot be read as one."""

    http = 400
    exit = 2


class NotFound(BankError):
    """A question names something that does not exist."""

    http = 404


class AccountNotFound(BankError):
    """A command names an account that does not exist; it may be opened later."""

    http = 404
    retryable = True


class TransactionNotFound(BankError):
    """A command names a transaction that does not exist."""

    http = 404


class AccountExists(BankError):
    """The id is taken."""

    http = 409


class AlreadyReversed(BankError):
    """A transaction can be reversed once only."""

    http = 409


class NotReversible(BankError):
    """Only a completed transaction that moved money, and is no reversal, can be reversed."""

    http = 409


class AccountClosed(BankError):
    """The account is closed, which is final."""


class DebitsBlocked(BankError):
    """The account's status does not let money go out; it may be changed."""

    retryable = True


class CreditsBlocked(BankError):
    """The account's status does not let money come in; it may be changed."""

    retryable = True


class SameAccount(BankError):
    """Both accounts are one: named twice, or the one was merged into the other."""

    http = 409


class LimitExceeded(BankError):
    """It is more than the account's product allows at once, or in a day."""

    retryable = True


class CustomerNotFound(BankError):
    """A command names a customer who does not exist; somebody may be registered later."""

    http = 404
    retryable = True


class CustomerExists(BankError):
    """The customer's id is taken."""

    http = 409


class ProductNotFound(BankError):
    """A command names a product that does not exist; it may be defined later."""

    http = 404
    retryable = True


class HoldNotFound(BankError):
    """A command names a hold that does not exist."""

    http = 404


class HoldResolved(BankError):
    """The hold was captured or voided already, which can be done once only."""

    http = 409


class NothingMoved(BankError):
    """What would be paid is less than the smallest amount of the currency."""


class AmountTooLarge(BankError):
    """What would be paid has more digits than an amount may have."""


class HoldExceeded(BankError):
    """No more can be captured than is held."""


class BalanceNotZero(BankError):
    """An account with money on it cannot be closed."""

    retryable = True


class InsufficientFunds(BankError):
    """The account's available balance does not cover the amount."""

    retryable = True


class CurrencyMismatch(BankError):
    """The accounts carry different currencies."""


class TooManyDecimals(BankError):
    """The amount has more decimals than the account's currency."""


class GroupFailed(BankError):
    """Another member of the group was refused, so this one was not carried out either."""

    retryable = True


class InternalError(BankError):
    """A fault of the bank's own code; the incident id is in the log."""

    http = 503
    retryable = True


class NotFailed(BankError):
    """Only a FAILED transaction can be retried."""

    http = 409


class NotRetryable(BankError):
    """The transaction failed for a reason that trying again cannot mend."""

    http = 409


class RetriesUsedUp(BankError):
    """A transaction is tried four times at most."""

    http = 409


class KeyReused(BankError):
    """The key belongs to another command."""


class KeyRunning(BankError):
    """The command with this key is still under way."""

    http = 409
    retryable = True


class RunRefused(BankError):
    """The command file looks like an earlier run; running it could pay somebody twice."""

    http = 409


class Busy(BankError):
    """The queue is full or the bank is stopping; nothing was taken."""

    http = 503
    retryable = True


class DiskFull(BankError):
    """There is no room for the commit; nothing was taken."""

    http = 503
    exit = 74
    retryable = True


class OutcomeUnknown(BankError):
    """The disk failed during the commit: look the command up by its key after a restart."""

    http = 503
    exit = 74
    retryable = True


class DataDamaged(BankError):
    """The books are not what the bank wrote; it stops rather than guesses."""

    http = 503
    exit = 65


class InUse(BankError):
    """Another process holds the books."""

    http = 503
    exit = 75
    retryable = True

    def __init__(self, *message: str, holder: str = "", server: str = "") -> None:
        """Name who holds them, and the URL at which it answers, if it serves them."""
        super().__init__(*message)
        self.holder = holder
        self.server = server


class InvalidSettings(BankError):
    """A setting or the machine does not allow the bank to start."""

    http = 503
    exit = 78
