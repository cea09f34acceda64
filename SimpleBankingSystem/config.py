"""Settings: one table of what can be set, and where each value came from.

A flag beats a ``BANK_*`` variable, which beats ``bank.toml`` in the working directory, which beats
the default.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from SimpleBankingSystem.ledger.errors import InvalidSettings
from SimpleBankingSystem.ledger.fields import CURRENCY
from SimpleBankingSystem.ledger.reading import between, one_of

FILE = "bank.toml"


def _setting(default: object, read: Callable[[str], object], meaning: str) -> Any:
    return field(default=default, metadata={"read": read, "help": meaning})


@dataclass(frozen=True)
class Settings:
    """Every setting with its default; ``origins`` says where each value came from."""

    store: str = _setting("csv:data", str, "where the books are: csv:FOLDER or memory:")
    currency: str = _setting("EUR", CURRENCY.parse, "the currency of accounts opened without one")
    archive_after: int = _setting(
        100_000, between(1, 10**12), "rows of the journal at which the bank archives by itself"
    )
    workers: int = _setting(
        1, between(1, 256), "batches that are decided at a time; on CSV more than 1 is slower"
    )
    queue: int = _setting(10_000, between(1, 10**7), "commands that may wait before it is busy")
    batch: int = _setting(1_000, between(1, 10**5), "commands that share one sync at most")
    rate: int = _setting(
        100, between(1, 10**9), "requests a second from one address, unless it is this machine"
    )
    log: str = _setting("text", one_of("text", "json"), "how the log is written: text or json")
    origins: Mapping[str, str] = field(default_factory=dict)

    def origin(self, name: str) -> str:
        """Return where a value came from, as a person would look for it."""
        return self.origins.get(name, "default")

    def refuse(self, name: str, reason: str) -> InvalidSettings:
        """Return the error for a value that turned out not to work."""
        return InvalidSettings(_sentence(self.origin(name), name, getattr(self, name), reason))


@dataclass(frozen=True)
class Setting:
    """One row of the table: a setting's name, its default, how it is read and what it means."""

    name: str
    default: object
    read: Callable[[str], object]
    help: str

    @property
    def flag(self) -> str:
        """The command line's option for it."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        """The environment's variable for it."""
        return f"BANK_{self.name.upper()}"


SETTINGS = {
    each.name: Setting(each.name, each.default, each.metadata["read"], each.metadata["help"])
    for each in fields(Settings)
    if each.metadata
}
"""The settings by name, from the declarations above."""


def load(
    flags: Mapping[str, str] | None = None,
    environment: Mapping[str, str] = os.environ,
    folder: Path = Path(),
) -> Settings:
    """Return the settings of a program that is started in ``folder``; blank values do not count.

    Raises:
        InvalidSettings: naming every bad value, where it stands and how to mend it.
    """
    flags = flags or {}
    file = folder / FILE
    in_file = _read_file(file)
    found: list[tuple[str, str, object]] = []
    for name, setting in SETTINGS.items():
        sources = (
            (f"flag {setting.flag}", flags.get(name)),
            (f"variable {setting.variable}", environment.get(setting.variable)),
            (str(file), in_file.get(name)),
        )
        found += [(name, origin, value) for origin, value in sources if value not in (None, "")][:1]
    return _read(found)


def given(settings: Mapping[str, object]) -> Settings:
    """Return the settings that a Python program gives; what it leaves out has its default.

    Raises:
        InvalidSettings: naming every bad value.
    """
    unknown = [name for name in settings if name not in SETTINGS]
    if unknown:
        raise InvalidSettings(_unknown("argument", unknown))
    return _read([(name, "argument", value) for name, value in settings.items()])


def _read(found: Sequence[tuple[str, str, object]]) -> Settings:
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, origin, value in found:
        try:
            values[name] = SETTINGS[name].read(str(value))
        except ValueError as error:
            problems.append(_sentence(origin, name, value, str(error)))
    if problems:
        raise InvalidSettings(" ".join(problems))
    return Settings(**values, origins={name: origin for name, origin, _ in found})


def _read_file(file: Path) -> Mapping[str, object]:
    """Return what ``bank.toml`` sets, nothing if there is none."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSettings(f"{file} cannot be read: {error}.") from error
    import tomllib  # only where there is such a file

    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidSettings(f"{file} is not TOML: {error}.") from error
    unknown = [name for name in values if name not in SETTINGS]
    if unknown:
        raise InvalidSettings(_unknown(str(file), unknown))
    return values


def _sentence(origin: str, name: str, value: object, reason: str) -> str:
    return f"The setting {name}, {value!r} by {origin}, {reason}."


def _unknown(origin: str, names: Sequence[str]) -> str:
    known = ", ".join(SETTINGS)
    return f"There is no setting {', '.join(names)} ({origin}); there are {known}."
