"""The list that a person opens in a spreadsheet: the best leads first, formulas defused."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from delivery.cells import JOINED
from delivery.clauses import SUPPRESSED
from delivery.columns import plain
from delivery.csv_files import BOM, csv_lines, write_file
from delivery.neutral import COLUMNS, INTERVAL, SCHEMA, texts
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
    "Why",
    "Trend",
    "What speaks for it",
    "What speaks against it",
    "Confidence",
    "Why not surer",
    "Expected value",
    "Score good until (UTC)",
)
_NEXT_STEP = {
    "sales_ready": "Sales",
    "nurture": "Nurture",
    "recycle": "Recycle",
    "disqualified": "None",
}


class TopLeads:
    """Writes the 1,000 likeliest leads as ``top_leads.csv``, with headers for people.

    Suppressed leads are left out: nobody may call or mail them, however likely they are.

    It opens in a spreadsheet as it is: a byte order mark says that it is UTF-8, and text that would run as a formula
    gets an apostrophe in front. It is not for import into a CRM.
    """

    def __init__(self, folder: Path) -> None:
        """Take the folder; the file is written at the end."""
        self._path = folder / NAME
        self._best: list[pa.RecordBatch] = []

    def add(self, rows: pa.RecordBatch) -> None:
        """Take n neutral rows, and keep the best of all so far."""
        may_be_called = rows.filter(pc.not_equal(plain(rows["route"]), SUPPRESSED))
        table = pa.Table.from_batches([*self._best, _undictionaried(may_be_called)])
        order = pc.sort_indices(
            table, sort_keys=[("close_probability", "descending"), ("lead_id", "ascending")]
        )
        self._best = table.take(order[:TOP]).combine_chunks().to_batches()

    def finish(self) -> list[Path]:
        """Write the file and return its path."""
        lines = [line for batch in self._best for line in _lines(batch)]
        pieces = [BOM.encode(), *csv_lines([HEADERS]), *csv_lines(lines)]
        return [write_file(self._path, pieces)]


def _undictionaried(rows: pa.RecordBatch) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([plain(column) for column in rows.columns], schema=SCHEMA)


def _lines(rows: pa.RecordBatch) -> Iterator[list[str]]:
    columns = texts({name: rows[name] for name in COLUMNS})
    cells = {name: plain(column).fill_null("").to_pylist() for name, column in columns.items()}
    for name, (sources, nothing) in JOINED.items():
        reasons = zip(*(cells[source] for source in sources), strict=True)
        cells[name] = ["; ".join(filter(None, line)) or nothing for line in reasons]
    for rank in range(1, len(rows) + 1):
        lead = {name: column[rank - 1] for name, column in cells.items()}
        yield [defuse(cell) for cell in (str(rank), *_line(lead))]


def _line(lead: Mapping[str, str]) -> tuple[str, ...]:
    low, high = INTERVAL
    return (
        lead["lead_id"],
        _percent(lead["close_probability"]),
        of_a_hundred(lead[low], lead[high]),
        lead["score"],
        lead["grade"],
        _NEXT_STEP[lead["route"]],
        lead["route_reason"],
        lead["trend"],
        lead["reasons"],
        lead["against"],
        lead["confidence"],
        lead["confidence_note"],
        lead["expected_value"],
        lead["expires_at"][:16].replace("T", " "),
    )


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
