"""Tonight's open leads by grade, and the rows that were refused."""

from typing import Literal

import pandas as pd

from features.tables import TableSet
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


def quarantine_table(tables: TableSet) -> list[QuarantineRow]:
    """Return one row per table read, with the rows refused and the most frequent reasons."""
    result = []
    for name, told in tables.tables.items():
        if not told.read:
            continue
        reasons = sorted(told.reasons.items(), key=lambda reason: (-reason[1], reason[0]))
        result.append(
            QuarantineRow(
                table=name, read=told.read, refused=told.quarantined, reasons=reasons[:MOST_REASONS]
            )
        )
    return result
