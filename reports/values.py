"""Which value of a dimension goes with closing more often, among leads of the same sources and quarters."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, NonNegativeFloat, NonNegativeInt

from models.holm import holm
from reports.facts import Fact, Interval, Name
from reports.intervals import share_interval
from reports.lead_state import UNKNOWN, group_names
from reports.material import Material

Floats = NDArray[np.float64]
FEWEST = 50  # mature leads with the value, and as many without it
MOST_VALUES = 40
SURE = 0.05


class ValueRow(Fact):
    """One value of one dimension: its mature leads against leads of the same sources and quarters with another value.

    ``ratio``: how many times as often they close (Mantel-Haenszel, stratified by source and quarter). ``p`` is adjusted
    by Holm for all values that were looked at; ``works`` is None where that is not sure.
    """

    dimension: Name
    value: Name
    leads: NonNegativeInt
    others: NonNegativeInt
    close_rate: Interval | None
    ratio: Interval
    p: NonNegativeFloat
    works: bool | None


class ValuesFacts(Fact):
    """All values that were compared, the surest first; ``dimensions`` names those that were looked at."""

    rows: list[ValueRow] = Field(default=[])
    dimensions: list[Name] = Field(default=[])


@dataclass(frozen=True)
class Strata:
    """Of each source and quarter: leads and wins with the value (``n1``, ``a``) and without it (``n0``, ``c``)."""

    a: Floats
    n1: Floats
    c: Floats
    n0: Floats

    def compared(self) -> "Strata":
        """Keep those that have both."""
        both = (self.n1 > 0) & (self.n0 > 0)
        return Strata(self.a[both], self.n1[both], self.c[both], self.n0[both])


def values_facts(material: Material, leads: pd.DataFrame) -> ValuesFacts:
    """Compare each value of the dimensions other than source and campaign with the others, by source and quarter of creation.

    Args:
        material: whose dimensions are compared.
        leads: of `reports.lead_quality.quality_leads`; mature ones are taken.
    """
    dimensions = {
        name: column
        for name, column in material.columns.dimensions.items()
        if name not in {"source", "campaign"} and column in material.loop
    }
    mature = leads[leads["mature"]]
    found = [
        row
        for name, column in dimensions.items()
        for row in _compared(name, mature.assign(value=group_names(material.loop[column])))
    ]
    adjusted = holm([row.p for row in found])
    rows = [
        row.model_copy(update={"p": p, "works": row.ratio.value > 1 if p <= SURE else None})
        for row, p in zip(found, adjusted, strict=True)
    ]
    return ValuesFacts(
        rows=sorted(rows, key=lambda row: (row.p, -row.leads, row.value)),
        dimensions=list(dimensions),
    )


def risk_ratio(strata: Strata) -> tuple[Interval, float]:
    """Return the Mantel-Haenszel risk ratio with its 95 % interval, and the Cochran-Mantel-Haenszel p-value.

    The interval is that of Greenland and Robins (Biometrics 41, 1985). Where one side has no win at all, half a win
    is added to both, spread over the strata as their leads are, so that the ratio is finite.
    """
    from scipy.stats import chi2

    a, n1, c, n0 = strata.a, strata.n1, strata.c, strata.n0
    total, wins = n1 + n0, a + c
    spread = wins * (total - wins) * n1 * n0 / (total**2 * np.maximum(total - 1, 1))
    off = abs(float((a - wins * n1 / total).sum()))
    p = float(chi2.sf(off**2 / spread.sum(), 1)) if spread.sum() > 0 else 1.0
    if a.sum() == 0 or c.sum() == 0:
        a, c = a + 0.5 * n1 / n1.sum(), c + 0.5 * n0 / n0.sum()
        wins = a + c
    above, below = float((a * n0 / total).sum()), float((c * n1 / total).sum())
    variance = float(((wins * n1 * n0 - a * c * total) / total**2).sum()) / (above * below)
    ratio, reach = above / below, float(np.exp(1.959964 * np.sqrt(variance)))
    return Interval(value=ratio, low=ratio / reach, high=ratio * reach), p


def _compared(dimension: str, mature: pd.DataFrame) -> list[ValueRow]:
    recorded = mature[mature["value"] != UNKNOWN]
    sizes = recorded["value"].value_counts()
    # A value that took turns with another would else be told what the market did meanwhile.
    quarter = recorded["created_at"].dt.to_period("Q").astype(str)
    recorded = recorded.assign(stratum=recorded["source"] + "\0" + quarter)
    cells = recorded.groupby(["stratum", "value"], observed=True)["closed"].agg(["sum", "size"])
    wins, counts = (
        cells.pivot_table(
            index="stratum", columns="value", values=name, fill_value=0, aggfunc="sum"
        )
        for name in ("sum", "size")
    )
    rows = []
    for value in sizes[sizes >= FEWEST].head(MOST_VALUES).index:
        row = _row(dimension, value, wins, counts)
        if row is not None:
            rows.append(row)
    return rows


def _row(
    dimension: str,
    value: str,
    wins: pd.DataFrame,
    counts: pd.DataFrame,
) -> ValueRow | None:
    a, n1 = wins[value].to_numpy(float), counts[value].to_numpy(float)
    c, n0 = wins.sum(axis=1).to_numpy(float) - a, counts.sum(axis=1).to_numpy(float) - n1
    strata = Strata(a, n1, c, n0).compared()
    if min(strata.n1.sum(), strata.n0.sum()) < FEWEST:
        return None
    ratio, p = risk_ratio(strata)
    return ValueRow(
        dimension=dimension,
        value=value,
        leads=int(strata.n1.sum()),
        others=int(strata.n0.sum()),
        close_rate=share_interval(int(strata.a.sum()), int(strata.n1.sum())),
        ratio=ratio,
        p=p,
        works=None,
    )
