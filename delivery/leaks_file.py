"""The night's leaks as a list that a person opens in a spreadsheet: what fell between marketing and sales."""

import csv
from collections.abc import Iterator
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

from delivery.csv_files import BOM, csv_lines, write_file
from delivery.people import defuse
from delivery.problems import Problem
from delivery.rules import begins_a_formula

if TYPE_CHECKING:
    import pandas as pd

NAME = "leaks.csv"
HEADERS = (
    "Leak",
    "Lead",
    "Since (UTC)",
    "Owner",
    "Team",
    "Chance to close",
    "Expected value",
    "What to do",
)
LEAKS = {
    "not_touched": "Handed over, not touched in time",
    "gone_silent": "Accepted, gone silent",
    "high_not_handed": "Sales-ready, never handed over",
    "lost_not_recycled": "Lost, not given back to marketing",
    "recycled_not_mailed": "Back with marketing, never written to",
}


def write_leaks(rows: "pd.DataFrame", folder: Path) -> Path:
    """Write the rows of :class:`features.leaks.Leaks` in their order, with headers for people.

    Like ``top_leads.csv`` it opens in a spreadsheet as it is, and is not for import into a CRM.
    """
    pieces = [BOM.encode(), *csv_lines([HEADERS]), *csv_lines(list(_lines(rows)))]
    return write_file(folder / NAME, pieces)


def _lines(rows: "pd.DataFrame") -> Iterator[list[str]]:
    """Yield the cells of each lead."""
    texts = rows[["lead_id", "owner", "team"]].fillna("").astype(str)
    for leak, since, (lead, owner, team), chance, value, todo in zip(
        rows["leak"].map(LEAKS),
        rows["since"].dt.strftime("%Y-%m-%d %H:%M").fillna(""),
        texts.itertuples(index=False),
        rows["close_probability"],
        rows["expected_value"],
        rows["what_to_do"],
        strict=True,
    ):
        told = (leak, lead, since, owner, team, _percent(chance), _amount(value), todo)
        yield [defuse(cell) for cell in told]


def _percent(chance: float) -> str:
    return "" if isnan(chance) else f"{chance:.1%}"  # NaN: no score tonight


def _amount(value: float) -> str:
    return "" if isnan(value) else f"{value:.2f}"


def check_leaks(path: Path) -> list[Problem]:
    """Return what is wrong with a ``leaks.csv``, read from its bytes: the first of each kind."""
    data = path.read_bytes()
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return [Problem(NAME, "UTF-8")]
    if not text.startswith(BOM) or "\r" in text or "\0" in text or not text.endswith("\n"):
        return [
            Problem(NAME, "a byte order mark, lines that end with LF, and no control characters")
        ]
    lines = list(csv.reader(text.removeprefix(BOM).splitlines(), strict=True))
    if tuple(lines[0]) != HEADERS:
        return [Problem(NAME, f"the header {','.join(HEADERS)}", 1, value=",".join(lines[0]))]
    return list({problem.expected: problem for problem in _wrong(lines)}.values())


def _wrong(lines: list[list[str]]) -> Iterator[Problem]:
    for number, cells in reversed(list(enumerate(lines[1:], start=2))):  # the first of a kind stays
        if len(cells) != len(HEADERS):
            yield Problem(NAME, f"{len(HEADERS)} cells", number, value=f"{len(cells)} cells")
            continue
        if cells[0] not in LEAKS.values():
            yield Problem(NAME, f"one of {'; '.join(LEAKS.values())}", number, "Leak", cells[0])
        if not cells[1]:
            yield Problem(NAME, "a lead", number, "Lead", "")
        for name, cell in zip(HEADERS, cells, strict=True):
            if begins_a_formula(cell):
                yield Problem(
                    NAME,
                    "an apostrophe in front of what would run as a formula",
                    number,
                    name,
                    cell,
                )
