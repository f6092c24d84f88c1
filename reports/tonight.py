"""Tonight's open leads by grade, and the rows that were refused."""

from collections.abc import Mapping
from typing import Literal

import pandas as pd

from reports.facts import GradeRow, QuarantineRow

GRADES: tuple[Literal["A", "B", "C", "D"], ...] = ("A", "B", "C", "D")
MOST_REASONS = 3


def grades_table(scored: pd.DataFrame) -> list[GradeRow]:
    """Return one row per grade that has open leads, A first.

    ``scored`` has ``grade``, ``close_probability`` and, where amounts are known,
    ``expected_value`` (NaN throughout otherwise).
    """
    rows = []
    for grade in GRADES:
        group = scored[scored["grade"] == grade] if not scored.empty else scored
        if group.empty:
            continue
        probability = group["close_probability"].astype(float)
        value = group["expected_value"].astype(float) if "expected_value" in group else None
        rows.append(
            GradeRow(
                grade=grade,
                leads=len(group),
                expected_wins=float(probability.sum()),
                expected_value=None if value is None or value.isna().all() else float(value.sum()),
                lowest=float(probability.min()),
                highest=float(probability.max()),
            )
        )
    return rows


def quarantine_table(quarantine: pd.DataFrame, read: Mapping[str, int]) -> list[QuarantineRow]:
    """Return one row per table read, with the rows refused and the most frequent reasons.

    ``quarantine`` has one line per problem (``table, file, row, column, value, reason``), so a row
    with two problems is refused once; its values are never shown. ``read`` counts each table's rows.
    """
    result = []
    for table, rows in read.items():
        mine = quarantine[quarantine["table"] == table] if not quarantine.empty else quarantine
        refused = 0 if mine.empty else len(mine[["file", "row"]].drop_duplicates())
        reasons = (
            []
            if mine.empty
            else list(mine["reason"].astype(str).value_counts().sort_index().items())
        )
        reasons.sort(key=lambda reason: -reason[1])
        top = [(str(text), int(count)) for text, count in reasons[:MOST_REASONS]]
        result.append(QuarantineRow(table=table, read=rows, refused=refused, reasons=top))
    return result
