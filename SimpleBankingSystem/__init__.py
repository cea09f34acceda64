"""Books you can open in a spreadsheet, with the guarantees of a database."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from SimpleBankingSystem.api import create_app as create_app
    from SimpleBankingSystem.bootstrap import Bank as Bank
    from SimpleBankingSystem.ledger.errors import BankError as BankError

__version__ = "0.1.0"


def _public() -> dict[str, Any]:
    """Return the public names: the bank, every command and action, every error."""
    bank = import_module(f"{__name__}.bootstrap").Bank
    registry = import_module(f"{__name__}.commands.base").REGISTRY
    errors = import_module(f"{__name__}.ledger.errors")
    kinds = [bank, *registry.values(), errors.BankError, *errors.ERRORS.values()]
    return {kind.__name__: kind for kind in kinds}


def __getattr__(name: str) -> Any:
    """Import the bank, or the application, when it is asked for, not before."""
    if name == "create_app":
        return import_module(f"{__name__}.api").create_app
    if name[0].isupper() and name in (public := _public()):
        return public[name]
    raise AttributeError(f"module {__name__} has no attribute {name}")


def __dir__() -> list[str]:
    return [*globals(), *_public()]
