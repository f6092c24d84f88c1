"""Leads as points of a picture: what a concept adds to each, beside its value, without ids and rare values."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.by_group import Explained, Strength, concept_strengths
from models.conditions import Flags
from models.scorer import Floats
from models.speaking import Places
from models.words import display

MOST_POINTS = 400
MOST_SWARMS = 10
MOST_CURVES = 3


@dataclass(frozen=True)
class Points:
    """Leads as points, without ids: what a concept adds to each (log-odds, against the average), and a value.

    Of a swarm ``values`` are the places of the leads' own values among all, 0 to 1, None where they have none or
    have no order; of a curve the values themselves, rounded.
    """

    concept: str
    label: str
    group: str
    contributions: list[float]
    values: list[float | None]


def swarms(explained: Explained, *, min_group: int) -> list[Points]:
    """Return the points of a beeswarm: of the ten strongest concepts, up to 400 leads each.

    They are taken evenly from the least to the greatest contribution. Leads with a level that fewer than ``min_group``
    share are left out.
    """
    concepts, sums = explained.summed
    found = []
    for strength in _moving(concept_strengths(explained))[:MOST_SWARMS]:
        feature = explained.features[explained.strongest_of(strength.name)]
        added = sums[:, concepts.index(strength.name)]
        column = explained.frame[feature.name]
        if feature.type == "category":
            shown, places = _common(column, min_group), np.full(len(column), np.nan)
        else:
            shown = np.ones(len(column), dtype=bool)
            places = _places(column.astype(np.float64))
        chosen = _evenly(added, shown)
        if len(chosen) >= min_group:
            found.append(_points(strength, added[chosen], places[chosen], digits=2))
    return found


def curves(explained: Explained, *, min_group: int) -> list[Points]:
    """Return the points of dependence pictures: value and contribution, of the three strongest numbers.

    Values that fewer than ``min_group`` leads reach, at either end, are left out, and so are numbers with one value.
    """
    concepts, sums = explained.summed
    numbers = [place for place, one in enumerate(explained.features) if one.type == "number"]
    found: list[Points] = []
    for strength in _moving(concept_strengths(explained)):
        ours = [at for at in numbers if explained.features[at].concept == strength.name]
        if len(found) == MOST_CURVES or not ours:
            continue
        feature = explained.features[explained.strongest_of(strength.name, ours)]
        values = explained.frame[feature.name].to_numpy(dtype=np.float64)
        known = np.sort(values[~np.isnan(values)])
        if len(known) < 2 * min_group or known[min_group - 1] == known[-min_group]:
            continue
        shown = (values >= known[min_group - 1]) & (values <= known[-min_group])
        added = sums[:, concepts.index(strength.name)]
        chosen = _evenly(values, shown)
        rounded = np.array([float(f"{value:.3g}") for value in values[chosen]])
        found.append(
            _points(strength, added[chosen], rounded, digits=6, label=display(feature.label))
        )
    return found


def _moving(strengths: Sequence[Strength]) -> list[Strength]:
    return [one for one in strengths if one.strength > 1e-6]


def _common(column: pd.Series, min_group: int) -> Flags:
    codes, _ = pd.factorize(column.astype(object), use_na_sentinel=False)
    return np.asarray(np.bincount(codes)[codes] >= min_group)


def _places(values: pd.Series) -> Floats:
    """Return each value's place among all, 0 to 1, ties in their middle."""
    ranks = values.rank(method="average").to_numpy(dtype=np.float64)
    known = int(values.notna().sum())
    return np.asarray((ranks - 1) / max(1, known - 1), dtype=np.float64)


def _evenly(values: Floats, shown: Flags) -> Places:
    """Return up to 400 places of the rows that are shown, evenly from the least value to the greatest."""
    places = np.flatnonzero(shown)
    order = places[np.argsort(values[places], kind="stable")]
    if len(order) <= MOST_POINTS:
        return order
    return order[np.round(np.linspace(0, len(order) - 1, MOST_POINTS)).astype(np.intp)]


def _points(
    strength: Strength,
    added: Floats,
    values: Floats,
    *,
    digits: int,
    label: str | None = None,
) -> Points:
    return Points(
        strength.name,
        label or strength.label,
        strength.group,
        [round(float(one), 3) + 0.0 for one in added],
        [None if np.isnan(one) else round(float(one), digits) for one in values],
    )
