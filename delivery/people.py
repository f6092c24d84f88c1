"""The list that a person opens in a spreadsheet: the best leads first, formulas defused."""

from pathlib import Path

import pandas as pd

from delivery.csv_files import BOM, csv_lines, write_file
from delivery.hubspot import joined
from delivery.neutral import AGAINST, INTERVAL, REASONS, texts
from delivery.rules import begins_a_formula

NAME = "top_leads.csv"
TOP = 1_000  # nobody reads further down; scores.csv holds all
HEADERS = (
    "Rank",
    "Lead",
    "Chance to close",
    "Leads like it closed",
    "Score (1-99)",
    "Grade",
    "Next step",
    "Trend",
    "What speaks for it",
    "What speaks against it",
    "Confidence",
    "Why not surer",
    "Expected value",
    "Score good until (UTC)",
)
_NEXT_STEP = {"sales_ready": "Sales", "nurture": "Nurture"}


def write_people(rows: pd.DataFrame, folder: Path) -> list[Path]:
    """Write the 1,000 likeliest of the neutral rows as ``top_leads.csv``, with headers for people.

    It opens in a spreadsheet as it is: a byte order mark says that it is UTF-8, and text that would run as a formula
    gets an apostrophe in front. It is not for import into a CRM.
    """
    order = rows.assign(minus=-rows["close_probability"]).sort_values(["minus", "lead_id"])
    cells = texts(order.head(TOP))
    columns = [
        [str(rank) for rank in range(1, len(cells["lead_id"]) + 1)],
        cells["lead_id"],
        [_percent(text) for text in cells["close_probability"]],
        [
            of_a_hundred(low, high)
            for low, high in zip(*(cells[name] for name in INTERVAL), strict=True)
        ],
        cells["score"],
        cells["grade"],
        [_NEXT_STEP[text] for text in cells["route"]],
        cells["trend"],
        joined(cells, REASONS),
        joined(cells, AGAINST),
        cells["confidence"],
        cells["confidence_note"],
        cells["expected_value"],
        [text[:16].replace("T", " ") for text in cells["expires_at"]],
    ]
    lines = ([defuse(cell) for cell in line] for line in zip(*columns, strict=True))
    return [write_file(folder / NAME, [BOM.encode(), *csv_lines([HEADERS]), *csv_lines(lines)])]


def _percent(probability: str) -> str:
    value = float(probability)
    return (
        f"{value:.1%}"
        if 0.0005 <= value <= 0.9995
        else ("under 0.1%" if value < 0.5 else "over 99.9%")
    )


def of_a_hundred(low: str, high: str) -> str:
    """Return an interval of probabilities as a count that people can picture, "12 to 21 of 100"; "" for none."""
    if not low:
        return ""
    ends = [_hundredths(float(text)) for text in (low, high)]
    return f"{' to '.join(dict.fromkeys(ends))} of 100"


def _hundredths(probability: float) -> str:
    value = 100 * probability
    near_an_end = min(value, 100 - value) < 0.95
    return f"{value:.1f}".removesuffix(".0") if near_an_end else f"{value:.0f}"


def defuse(text: str) -> str:
    """Return text that a spreadsheet shows instead of running: an apostrophe in front, line breaks as spaces."""
    line = " ".join(text.splitlines())
    return f"'{line}" if begins_a_formula(text) else line
