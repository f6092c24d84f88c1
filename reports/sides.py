"""What sales found by itself, beside what marketing brought."""

import numpy as np
import pandas as pd

from reports.facts import Fact, Interval
from reports.lead_state import UNKNOWN, group_names
from reports.material import Material
from reports.quality_rows import Frame, Grouping, QualityRow, dimension_rows
from reports.values import Strata, risk_ratio
from reports.voice import text

SALES, MARKETING = text("Sales"), text("Marketing")


class SidesFacts(Fact):
    """Leads of the sources that sales generates, and all others; leads without a source are neither.

    ``ratio``: how many times as often sales' own leads close; None where either side has too few mature leads.
    """

    sales: QualityRow
    marketing: QualityRow
    ratio: Interval | None


def sides_facts(material: Material, frame: Frame, average: float) -> SidesFacts | None:
    """Return both sides, or None where the project file names no sales sources or one side is too few people."""
    named = {
        str(name)
        for name in group_names(pd.Series(material.project.report.sales_sources, dtype="object"))
    }
    if not named:
        return None
    source = frame.leads["source"]
    names = source.isin(named).map({True: SALES, False: MARKETING}).where(source != UNKNOWN)
    towards = pd.Series(average, index=frame.leads.index)
    told = dimension_rows(frame, Grouping("side", names, towards))
    rows = {row.name: row for row in told.rows if not row.pooled}
    if len(rows) < 2:
        return None
    return SidesFacts(
        sales=rows[SALES], marketing=rows[MARKETING], ratio=_ratio(rows[SALES], rows[MARKETING])
    )


def _ratio(sales: QualityRow, marketing: QualityRow) -> Interval | None:
    if sales.wins is None or marketing.wins is None:
        return None
    one = [
        np.array([float(number)])
        for number in (sales.wins, sales.mature, marketing.wins, marketing.mature)
    ]
    if not one[0] + one[2] > 0:
        return None
    return risk_ratio(Strata(*one))[0]
