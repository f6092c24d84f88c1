"""Write CSV files in parts, and read them back as strictly as the pickiest importer would."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from delivery.problems import Problem
from delivery.rules import Rule

LineEnding = Literal["LF", "CRLF"]
BOM = "\ufeff"
ENDINGS: Mapping[LineEnding, str] = {"LF": "\n", "CRLF": "\r\n"}
# A cell is quoted as a whole or holds no quote at all: Bulk API 2.0 fails a row with a space beside a quote.
_CELL = r'(?:"[^"]*+(?:""[^"]*+)*+"|[^",]*+)'
_ROW = re.compile(rf"{_CELL}(?:,{_CELL})*+")


class _Echo:
    """Where csv.writer writes to, so that its line comes back instead of going to a file."""

    def write(self, line: str) -> str:
        """Return the line."""
        return line


def write_file(path: Path, pieces: Iterable[bytes]) -> Path:
    """Write a new file; an error of the disk names the file.

    Raises:
        OSError: with the path, also where the operating system leaves it out (disk full).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.writelines(pieces)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    return path


def csv_lines(rows: Iterable[Sequence[str]], ending: LineEnding = "LF") -> Iterator[bytes]:
    """Yield each row as one CSV line in UTF-8, quoted where it must be."""
    writer = csv.writer(_Echo(), lineterminator=ENDINGS[ending])
    for row in rows:
        yield str(writer.writerow(row)).encode()


def write_parts(
    folder: Path,
    stem: str,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    max_bytes: int,
    max_rows: int | None = None,
    ending: LineEnding = "LF",
    mark: bool = False,
) -> list[Path]:
    """Write rows to ``<stem>_001.csv``, ``_002`` and so on, each with the header and within the limits.

    Without rows there is one file that holds the header alone. ``mark`` puts a byte order mark in front.
    """
    head = (BOM.encode() if mark else b"") + next(csv_lines([header], ending))
    paths: list[Path] = []
    part: list[bytes] = [head]
    size = len(head)
    for line in csv_lines(rows, ending):
        full = size + len(line) > max_bytes or (max_rows is not None and len(part) > max_rows)
        if full and len(part) > 1:
            paths.append(write_file(folder / f"{stem}_{len(paths) + 1:03d}.csv", part))
            part, size = [head], len(head)
        part.append(line)
        size += len(line)
    paths.append(write_file(folder / f"{stem}_{len(paths) + 1:03d}.csv", part))
    return paths


@dataclass
class Sheet:
    """A CSV file as it was read: what it holds, and what is wrong with its form."""

    name: str
    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def column(self, name: str) -> list[str]:
        """Return a column's cells."""
        index = self.header.index(name)
        return [row[index] for row in self.rows]


def read_strictly(
    path: Path,
    *,
    ending: LineEnding = "LF",
    max_bytes: int | None = None,
    max_rows: int | None = None,
    mark: bool = False,
) -> Sheet:
    """Read a CSV file from its bytes: encoding, line endings, quoting, equal width, size. Never raises for content.

    ``mark`` allows a byte order mark.
    """
    sheet = Sheet(path.name)
    data = path.read_bytes()
    if max_bytes is not None and len(data) > max_bytes:
        expected = f"at most {max_bytes:,} bytes"
        sheet.problems.append(Problem(path.name, expected, value=f"{len(data):,} bytes"))
    lines = _lines(_text(data, sheet, mark=mark), ending, sheet)
    for number, line in enumerate(lines, start=1):
        if not _ROW.fullmatch(line):
            expected = (
                "cells that are quoted as a whole or not at all, with no space beside a quote"
            )
            sheet.problems.append(Problem(path.name, expected, row=number, value=line))
    if sheet.problems:
        return sheet
    table = list(csv.reader(lines, strict=True))
    sheet.header, sheet.rows = (table[0], table[1:]) if table else ([], [])
    _check_shape(sheet, max_rows)
    return sheet


def _text(data: bytes, sheet: Sheet, *, mark: bool) -> str | None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = data.count(b"\n", 0, error.start) + 1
        wrong = repr(data[error.start : error.end])
        sheet.problems.append(Problem(sheet.name, "UTF-8", row=place, value=wrong))
        return None
    if text.startswith(BOM) and not mark:
        sheet.problems.append(Problem(sheet.name, "UTF-8 without a byte order mark", row=1))
    return text.removeprefix(BOM)


def _lines(text: str | None, ending: LineEnding, sheet: Sheet) -> list[str]:
    if text is None:
        return []
    if not text:
        sheet.problems.append(Problem(sheet.name, "a header line", row=1, value=""))
        return []
    if not text.endswith(ENDINGS[ending]):
        sheet.problems.append(
            Problem(sheet.name, f"the last line to end with {ending}", row=text.count("\n") + 1)
        )
    lines = text.removesuffix(ENDINGS[ending]).split(ENDINGS[ending])
    for number, line in enumerate(lines, start=1):
        if "\r" in line or "\n" in line or "\0" in line:
            expected = f"lines that end with {ending} alone, and no line break or NUL within a cell"
            sheet.problems.append(Problem(sheet.name, expected, row=number, value=line))
    return lines


def _check_shape(sheet: Sheet, max_rows: int | None) -> None:
    for name, count in Counter(sheet.header).items():
        if count > 1:
            sheet.problems.append(Problem(sheet.name, "each column once", row=1, column=name))
    for number, row in enumerate(sheet.rows, start=2):
        if len(row) != len(sheet.header):
            expected = f"{len(sheet.header)} cells, as in the header"
            sheet.problems.append(
                Problem(sheet.name, expected, row=number, value=f"{len(row)} cells")
            )
    if max_rows is not None and len(sheet.rows) > max_rows:
        sheet.problems.append(
            Problem(sheet.name, f"at most {max_rows:,} rows", value=f"{len(sheet.rows):,} rows")
        )


def check_cells(sheet: Sheet, rules: Mapping[str, Rule]) -> list[Problem]:
    """Return what is wrong with a file: its form first, then its header, then every cell against its column's rule."""
    if sheet.problems:
        return sheet.problems
    if sheet.header != list(rules):
        return [
            Problem(
                sheet.name, "the columns " + ",".join(rules), row=1, value=",".join(sheet.header)
            )
        ]
    problems = []
    for name, rule in rules.items():
        cells = sheet.column(name)
        refused = rule.refused(cells)
        if refused:
            problems += [
                Problem(sheet.name, rule.expected, row=number, column=name, value=cell)
                for number, cell in enumerate(cells, start=2)
                if cell in refused
            ]
    return problems


def check_unique(sheet: Sheet, name: str, same: Callable[[str], str] = str) -> list[Problem]:
    """Return the rows whose key stood in an earlier row; ``same`` maps spellings of one key to one text."""
    first: dict[str, int] = {}
    problems = []
    for number, key in enumerate(sheet.column(name), start=2):
        line = first.setdefault(same(key), number)
        if line != number:
            problems.append(
                Problem(
                    sheet.name,
                    f"each key once; line {line} has it too",
                    row=number,
                    column=name,
                    value=key,
                )
            )
    return problems


def check_unique_across(
    parts: Sequence[Path],
    name: str,
    same: Callable[[str], str],
    ending: LineEnding = "LF",
) -> list[Problem]:
    """Return the keys that stand in more than one of the parts, each of which is right by itself."""
    if len(parts) < 2:
        return []  # each part has been looked at by itself
    first: dict[str, str] = {}
    problems = []
    for part in parts:
        for number, key in enumerate(
            read_strictly(part, ending=ending, mark=True).column(name), start=2
        ):
            place = f"{part.name}, line {number}"
            other = first.setdefault(same(key), place)
            if other != place:
                problems.append(
                    Problem(
                        part.name,
                        f"each key once; {other} has it too",
                        row=number,
                        column=name,
                        value=key,
                    )
                )
    return problems
