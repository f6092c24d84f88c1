"""Quality against volume: all facts, from one material."""

import pandas as pd
from pydantic import Field, NonNegativeInt

from reports.budget import BudgetFacts, budget_facts
from reports.facts import Fact, Interval, Maybe, Name
from reports.intervals import share_interval
from reports.lead_quality import Known, months_of, quality_leads
from reports.lead_state import group_names
from reports.material import Material
from reports.mix import MixFacts, mix_facts
from reports.quality_rows import DimensionRows, Frame, Grouping, dimension_rows
from reports.shrinkage import beta_population, shrunk_share
from reports.sides import SidesFacts, sides_facts
from reports.spending import spend_without_leads
from reports.values import ValuesFacts, values_facts


class QualityFacts(Fact):
    """Quality against volume.

    ``average``: close rate of all mature leads. ``dimensions``: source, campaign, those of the project file, and
    month of creation. ``sides`` is None where the project file does not say which sources are sales' own.
    ``unmatched_spend``: names that money was spent on and no lead carries as its source.
    """

    leads: NonNegativeInt
    mature: NonNegativeInt
    average: Interval | None
    mean_amount: Maybe = None
    horizon_days: int
    min_group: int
    known: Known
    dimensions: list[DimensionRows]
    mix: MixFacts
    budget: BudgetFacts
    sides: SidesFacts | None
    compared_values: ValuesFacts
    unmatched_spend: list[Name] = Field(default=[])


def quality_facts(material: Material) -> QualityFacts:
    """Return what came, what became of it and what it cost, by everything that the project file compares.

    It works on leads and outcomes alone; what cannot be told is None, empty, or names what is missing.
    """
    leads = quality_leads(material)
    known = Known.of(material)
    mature, closed = int(leads["mature"].sum()), int(leads["closed"].sum())
    average = closed / mature if mature else 0.0
    frame = Frame(leads, known, material.spend, material.mean_amount, material.min_group)
    return QualityFacts(
        leads=len(leads),
        mature=mature,
        average=share_interval(closed, mature) if mature >= material.min_group else None,
        mean_amount=material.mean_amount,
        horizon_days=material.project.label.horizon_days,
        min_group=material.min_group,
        known=known,
        dimensions=[dimension_rows(frame, one) for one in _groupings(material, leads, average)],
        mix=mix_facts(material, leads),
        budget=budget_facts(material, leads),
        sides=sides_facts(material, frame, average),
        compared_values=values_facts(material, leads),
        unmatched_spend=spend_without_leads(material.loop, material.spend)
        if "source" in material.columns.dimensions
        else [],
    )


def _groupings(material: Material, leads: pd.DataFrame, average: float) -> list[Grouping]:
    """Return how leads are grouped; what nobody recorded is no dimension."""
    overall = pd.Series(average, index=leads.index)
    groupings = []
    for name, column in material.columns.dimensions.items():
        if column not in material.loop or not material.loop[column].notna().any():
            continue
        names = group_names(material.loop[column])
        towards = _of_their_source(leads, average) if name == "campaign" else overall
        money = name if name in {"source", "campaign"} else None
        groupings.append(Grouping(name, names, towards, money))
    if len(leads):
        groupings.append(
            Grouping("month", months_of(leads["created_at"], material), overall, in_order=True)
        )
    return groupings


def _of_their_source(leads: pd.DataFrame, average: float) -> "pd.Series[float]":
    """Return the shrunk close rate of each lead's source: what its campaign is drawn towards."""
    mature = leads[leads["mature"]]
    sums = mature.groupby("source")["closed"].agg(["sum", "size"])
    if not len(sums):
        return pd.Series(average, index=leads.index)
    population = beta_population(sums["sum"].to_numpy(float), sums["size"].to_numpy(float), average)
    rates = {
        name: shrunk_share(population, row["sum"], row["size"], average).value
        for name, row in sums.iterrows()
    }
    return leads["source"].map(rates).fillna(average).astype(float)
