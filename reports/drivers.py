"""What goes with closing: contributions summed by concept, and what was observed at each level."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from features.catalogue import Catalogue, Feature
from reports.facts import Driver, Level
from reports.intervals import share_interval
from reports.words import TIMES

MOST_LEVELS = 5
FLOOR = 1e-9  # a concept the model never used


def drivers_table(
    contributions: pd.DataFrame,
    values: pd.DataFrame,
    won: "pd.Series[Any] | None",
    catalogue: Catalogue,
    *,
    top: int = 8,
    detailed: int = 4,
    min_group: int = 10,
) -> list[Driver]:
    """Return the concepts that move the score most, strongest first.

    Features of one concept (visits in 7, 30 and 90 days) are summed before anything is ranked,
    which is exact as contributions add up (Lundberg and Lee, NeurIPS 2017). The ``detailed``
    first ones get levels: odds against the average lead, ``exp(mean contribution there - mean
    contribution)``, next to the close rate that was observed there. Levels under ``min_group``
    leads are pooled or left out.

    Args:
        contributions: n x features, log-odds after calibration, without the base.
        values: the same rows and columns, as assembled. One row per lead: intervals would be
            too narrow if a lead counted more than once.
        won: 0/1 per row, or None where outcomes are not known.
        catalogue: what the features are called and which belong together.
        top: concepts returned.
        detailed: of these, how many get levels.
        min_group: fewest leads of a level.
    """
    concepts: dict[str, list[Feature]] = {}
    for feature in catalogue.features:
        if feature.name in contributions:
            concepts.setdefault(feature.concept, []).append(feature)
    sums = {
        name: contributions[[f.name for f in members]].sum(axis=1)
        for name, members in concepts.items()
    }
    strength = {name: float(column.abs().mean()) for name, column in sums.items() if len(column)}
    ranked = sorted(
        (n for n in strength if strength[n] > FLOOR),
        key=lambda name: (-strength[name], name),
    )[:top]
    drivers = []
    for place, concept in enumerate(ranked):
        members = concepts[concept]
        lead_feature = max(
            members, key=lambda f: (float(contributions[f.name].abs().mean()), f.name)
        )
        levels = _levels(lead_feature, values[lead_feature.name], sums[concept], won, min_group)
        drivers.append(
            Driver(
                label=lead_feature.label if len(members) == 1 else concept,
                group=lead_feature.group,
                strength=strength[concept],
                words=_words(levels),
                levels=levels if place < detailed else [],
            )
        )
    return drivers


def _levels(
    feature: Feature,
    values: "pd.Series[Any]",
    contribution: "pd.Series[Any]",
    won: "pd.Series[Any] | None",
    min_group: int,
) -> list[Level]:
    labels = (
        _category_levels(values, min_group)
        if feature.type == "category"
        else _number_levels(values, feature.unit, min_group)
    )
    average = float(contribution.mean())
    result = []
    for label in labels.cat.categories:
        here = (labels == label).to_numpy()
        if here.sum() < min_group:
            continue
        rate = None if won is None else share_interval(int(won[here].sum()), int(here.sum()))
        odds = math.exp(float(contribution[here].mean()) - average)
        result.append(Level(label=str(label), leads=int(here.sum()), odds=odds, close_rate=rate))
    if feature.type == "category":
        result.sort(key=lambda level: -level.odds)
    return result


def _category_levels(values: "pd.Series[Any]", min_group: int) -> "pd.Series[Any]":
    names = ["not recorded" if pd.isna(value) else str(value) for value in values]
    text = pd.Series(names, index=values.index, dtype="object")
    counts = text.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    shown = list(counts[counts >= min_group].index[:MOST_LEVELS])
    # a level that happens to be called "other" joins the pool, which is what it says
    text = text.where(text.isin(shown), "other")
    return text.astype(pd.CategoricalDtype([*(s for s in shown if s != "other"), "other"]))


def _number_levels(values: "pd.Series[Any]", unit: str | None, min_group: int) -> "pd.Series[Any]":
    number = pd.to_numeric(values).astype(float)
    known = number.dropna()
    edges = _edges(known, min_group)
    labels = [
        _bin_label(low, high, unit, whole=_whole(known)) for low, high in itertools.pairwise(edges)
    ]
    text = pd.Series("not recorded", index=values.index, dtype="object")
    for label, low, high in zip(labels, edges, edges[1:], strict=False):
        text[(number > low) & (number <= high)] = label
    return text.astype(pd.CategoricalDtype([*dict.fromkeys(labels), "not recorded"]))


def _edges(known: "pd.Series[Any]", min_group: int) -> list[float]:
    """Half-open bins of about equal size; zero has its own where it is common, as it means "never"."""
    if known.empty:
        return []
    bins = max(1, min(MOST_LEVELS - 1, len(known) // max(min_group, 1)))
    inner: list[float] = []
    rest = known
    if (known == 0).mean() >= 0.1 and (known >= 0).all():
        inner, rest = [0.0], known[known > 0]
    if not rest.empty:
        inner += [
            float(q) for q in np.quantile(rest, np.linspace(0, 1, bins + 1)[1:-1], method="lower")
        ]
    top = float(known.max())
    return [-math.inf, *sorted({edge for edge in inner if edge < top}), top]


def _whole(known: "pd.Series[Any]") -> bool:
    return bool((known == known.round()).all())


def _bin_label(low: float, high: float, unit: str | None, *, whole: bool) -> str:
    suffix = f" {unit}" if unit else ""
    if low == -math.inf:
        return (
            f"{_number(high)}{suffix}" if whole and high == 0 else f"up to {_number(high)}{suffix}"
        )
    if whole:
        first = low + 1
        span = _number(first) if first == high else f"{_number(first)} to {_number(high)}"
        return f"{span}{suffix}"
    return f"over {_number(low)} to {_number(high)}{suffix}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.3g}"


def _words(levels: Sequence[Level]) -> str:
    """Say at which level leads close more often, and where less. Never why: the model cannot know."""
    if len(levels) < 2:
        return "Moves the score, without one level that stands out."
    best = max(levels, key=lambda level: level.odds)
    worst = min(levels, key=lambda level: level.odds)
    if best.odds < 1.05 and worst.odds > 0.95:
        return "Matters only together with other things."
    return (
        f"Leads with “{best.label}” close more often (odds {TIMES}{best.odds:.1f}), "
        f"with “{worst.label}” less often (odds {TIMES}{worst.odds:.1f})."
    )
