"""LibreOffice without a window: opening and saving CSV files, and reading what it made of them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, parse

COMMA, SEMICOLON, TAB = ",", ";", "\t"

SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse">
<value>{country}</value></prop></item>
</oor:items>
"""

_OFFICE, _TABLE, _TEXT = (
    f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}" for name in ("office", "table", "text")
)


def as_text(separator: str) -> str:
    """Return how a CSV file is written: in quotes only what needs it, numbers as they are shown."""
    return f"{ord(separator)},34,76,1,,0,false,true,false"


def opened_as(separator: str, *, trimmed: bool = False) -> str:
    """Return how a CSV file is opened where a formula has the best chance to become one.

    Texts in quotes are no better than others, dates and the like are looked for and formulas are
    worked out; ``trimmed`` also drops the blanks around a cell. 1033 is English, as the files are.
    """
    return f"{ord(separator)},34,76,1,,1033,false,true,false,false,{str(trimmed).lower()},0,true"


@dataclass(slots=True, frozen=True)
class Cell:
    """A cell of a sheet: what it shows, its kind and exact value, and its formula if it has one."""

    text: str
    kind: str = ""
    value: str = ""
    formula: str = ""


class Office:
    """A LibreOffice of some country, with a profile of its own.

    Each start costs a second, so many files are converted at once.
    """

    def __init__(self, folder: Path, country: str = "en-US") -> None:
        self._folder = folder
        user = folder / "user"
        user.mkdir(parents=True)
        settings = SETTINGS.format(country=country)
        (user / "registrymodifications.xcu").write_text(settings, "utf-8")

    def converted(
        self, files: Iterable[Path], folder: Path, form: str, *, opened: str = ""
    ) -> list[Path]:
        """Open files and save each in another form; return what was made.

        ``opened`` says how CSV files are opened, ``form`` is a file's extension, with the filter's
        options where it has some.
        """
        files = list(files)
        ended = subprocess.run(
            [
                "soffice",
                f"-env:UserInstallation={self._folder.as_uri()}",
                "--headless",
                *([f"--infilter=CSV:{opened}"] if opened else []),
                "--convert-to",
                form,
                "--outdir",
                str(folder),
                *map(str, files),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        made = [folder / f"{file.stem}.{form.partition(':')[0]}" for file in files]
        assert all(path.exists() for path in made), ended.stdout + ended.stderr
        return made

    def sheets(
        self, files: Iterable[Path], folder: Path, opened: str
    ) -> dict[str, list[list[Cell]]]:
        """Open CSV files; return the cells of each by its name."""
        made = self.converted(files, folder, "fods", opened=opened)
        return {path.stem: list(_rows(path)) for path in made}

    def saved(
        self, files: Iterable[Path], folder: Path, separator: str = COMMA, *, opened: str = ""
    ) -> list[Path]:
        """Open files and save them as CSV."""
        form = f"csv:Text - txt - csv (StarCalc):{as_text(separator)}"
        return self.converted(files, folder, form, opened=opened)


def columns_of(rows: list[list[Cell]]) -> dict[str, list[str]]:
    """Return what the cells of each column show, by its name in the first row."""
    names = [cell.text for cell in rows[0]]
    shown = [[cell.text for cell in row] + [""] * (len(names) - len(row)) for row in rows[1:]]
    return {name: [row[at] for row in shown] for at, name in enumerate(names)}


def _rows(sheet: Path) -> Iterator[list[Cell]]:
    """Yield the rows of a sheet that have something in them, as wide as they are filled."""
    for row in parse(sheet).iter(f"{_TABLE}table-row"):
        cells: list[Cell] = []
        for element in row.findall(f"{_TABLE}table-cell"):
            times = int(element.get(f"{_TABLE}number-columns-repeated", "1"))
            cells += [_cell(element)] * times
        while cells and cells[-1] == Cell(""):
            del cells[-1]
        if cells:
            yield cells


def _cell(element: Element) -> Cell:
    kind = element.get(f"{_OFFICE}value-type", "")
    value = element.get(f"{_OFFICE}date-value") or element.get(f"{_OFFICE}value") or ""
    paragraphs = element.findall(f"{_TEXT}p")
    text = "\n".join("".join(_texts(each)) for each in paragraphs)
    return Cell(text, kind, value, element.get(f"{_TABLE}formula", ""))


def _texts(element: Element) -> Iterator[str]:
    """Yield the pieces of a text; runs of blanks are counted, not written."""
    if element.tag == f"{_TEXT}s":
        yield " " * int(element.get(f"{_TEXT}c", "1"))
    yield element.text or ""
    for child in element:
        yield from _texts(child)
        yield child.tail or ""
