"""What can be asked of one feature, so that leads with it can be held against leads without it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.catalogue import (
    AccountActivity,
    AccountAttribute,
    ActiveDays,
    Attribute,
    EdgeKind,
    EventCount,
    EventRecency,
    Feature,
    OwnerLoad,
    TimeBetween,
    Timing,
    TrackRecord,
)
from models.words import clean, display

Shape = Literal[
    "count", "recency", "speed", "level", "not_given", "number", "stock", "record", "weekday"
]
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]  # the scorer's, without LightGBM: a report's facts hold conditions
FEWEST_TIMES = (1.0, 2.0, 3.0)
RECENT_DAYS = (1.0, 2.0, 3.0, 7.0, 14.0, 30.0)
QUARTILES = (0.25, 0.5, 0.75)
MOST_LEVELS = 12
FEW_VALUES = 8  # a number with no more values than this is asked about at each of them


@dataclass(frozen=True)
class Condition:
    """A question to one feature's value: at least ``low``, below ``high``, or exactly ``level``.

    ``shape`` says how it is asked: ``count`` (so often or more), ``recency`` (within ``high`` days before the
    moment), ``speed`` (within ``high`` days of each other), ``level`` and ``not_given`` (categories), ``number`` and
    ``stock`` (an amount as it stood), ``record`` (a close rate of earlier leads, a share), ``weekday`` (``low``, 1 is
    Monday). ``window_days`` is how far back a count looks, None: ever. ``at_creation``: it cannot change later.
    """

    feature: str
    concept: str
    label: str
    group: str
    shape: Shape
    low: float | None = None
    high: float | None = None
    level: str | None = None
    window_days: int | None = None
    at_creation: bool = False

    def asked(self, column: pd.Series) -> tuple[Flags, Flags]:
        """Return which rows meet it, and of which rows it can be told, both (rows,).

        What is not known of an amount is on neither side; what did not happen, and a category that was not
        given, is on the side without.
        """
        if self.shape in ("level", "not_given"):
            missing = column.isna().to_numpy(dtype=bool)
            if self.shape == "not_given":
                return missing, np.ones(len(column), dtype=bool)
            return _cleaned(column) == self.level, np.ones(len(column), dtype=bool)
        values = column.astype(np.float64).to_numpy()
        known = ~np.isnan(values)
        with np.errstate(invalid="ignore"):
            if self.shape == "weekday":
                return values == self.low, known
            met = known.copy()
            if self.low is not None:
                met &= values >= self.low
            if self.high is not None:
                met &= values < self.high
        happens = self.shape in ("recency", "speed")
        return met, np.ones(len(column), dtype=bool) if happens else known


def conditions_of(
    feature: Feature, column: pd.Series, *, age_days: int, min_group: int
) -> list[Condition]:
    """Return what can be asked of a feature at this age, the plainest question first; none of a feature that has no words for it.

    Args:
        feature: as the catalogue declares it.
        column: its values, (rows,).
        age_days: of the snapshots; a recency cannot lie further back than windows that are asked about.
        min_group: levels of fewer leads are not asked about.
    """
    maker = _MAKERS.get(type(feature))
    if maker is None or not len(column):
        return []
    found = maker(feature, column, min_group)
    if isinstance(feature, EventRecency):
        return [one for one in found if one.high is not None and one.high <= max(age_days, 7)]
    return list(found)


def _base(feature: Feature) -> dict[str, Any]:
    return {
        "feature": feature.name,
        "concept": feature.concept,
        "label": display(feature.label),
        "group": feature.group,
    }


def _cleaned(column: pd.Series) -> npt.NDArray[np.object_]:
    """Return the levels as they are told, None where missing; each different one is cleaned once."""
    codes, levels = pd.factorize(column.astype(object), use_na_sentinel=True)
    told = np.array([*(clean(str(level)) for level in levels), None], dtype=object)
    return np.asarray(told[codes], dtype=object)


def _known(column: pd.Series) -> Floats:
    values = column.astype(np.float64).to_numpy()
    return np.asarray(values[~np.isnan(values)], dtype=np.float64)


def _counts(
    feature: EventCount | ActiveDays | AccountActivity | OwnerLoad,
    column: pd.Series,
    min_group: int,
) -> Iterator[Condition]:
    values = _known(column)
    happened = isinstance(feature, EventCount | ActiveDays) or (
        isinstance(feature, AccountActivity) and feature.days is not None
    )
    window = None if isinstance(feature, OwnerLoad) else feature.days
    for times in _thresholds(values[values > 0], plain=FEWEST_TIMES):
        if (values >= times).sum() >= min_group:
            yield Condition(
                **_base(feature),
                shape="count" if happened else "stock",
                low=times,
                window_days=window,
            )


def _recencies(feature: EventRecency, column: pd.Series, min_group: int) -> Iterator[Condition]:
    if feature.which == "first":
        return  # "first within" needs words that also say what came later
    values = _known(column)
    for days in RECENT_DAYS:
        if (values < days).sum() >= min_group:
            yield Condition(**_base(feature), shape="recency", high=days)


def _speeds(feature: TimeBetween, column: pd.Series, min_group: int) -> Iterator[Condition]:
    values = _known(column)
    for days in RECENT_DAYS:
        if (values < days).sum() >= min_group:
            yield Condition(**_base(feature), shape="speed", high=days)


def _levels(
    feature: Attribute | AccountAttribute | EdgeKind, column: pd.Series, min_group: int
) -> Iterator[Condition]:
    settled = isinstance(feature, Attribute) and not feature.changing
    counts = pd.Series(_cleaned(column)).value_counts()  # in order of count, then of appearance
    for level, leads in counts.iloc[:MOST_LEVELS].items():
        if leads >= min_group:
            yield Condition(**_base(feature), shape="level", level=str(level), at_creation=settled)
    if column.isna().sum() >= min_group:
        yield Condition(**_base(feature), shape="not_given", at_creation=settled)


def _numbers(
    feature: Attribute | AccountAttribute, column: pd.Series, min_group: int
) -> Iterator[Condition]:
    if feature.type == "category":
        yield from _levels(feature, column, min_group)
        return
    settled = isinstance(feature, Attribute) and not feature.changing
    thresholds = _thresholds(_known(column))
    for low in thresholds:
        yield Condition(**_base(feature), shape="number", low=low, at_creation=settled)
    for high in thresholds:
        yield Condition(**_base(feature), shape="number", high=high, at_creation=settled)
    if len(thresholds) > 1:
        yield Condition(
            **_base(feature),
            shape="number",
            low=thresholds[0],
            high=thresholds[-1],
            at_creation=settled,
        )
    if column.isna().sum() >= min_group:
        yield Condition(**_base(feature), shape="not_given", at_creation=settled)


def _records(feature: TrackRecord, column: pd.Series, min_group: int) -> Iterator[Condition]:
    del min_group
    for low in _thresholds(_known(column)):
        yield Condition(**_base(feature), shape="record", low=low)


def _timings(feature: Timing, column: pd.Series, min_group: int) -> Iterator[Condition]:
    if feature.measure == "age_days":
        return  # the same for all leads of one age
    if feature.measure == "created_weekday":
        values = _known(column)
        for day in range(1, 8):
            if (values == day).sum() >= min_group:
                yield Condition(**_base(feature), shape="weekday", low=float(day), at_creation=True)
        return
    thresholds = _thresholds(_known(column))
    for low in thresholds:
        yield Condition(**_base(feature), shape="number", low=low, at_creation=True)
    for high in thresholds:
        yield Condition(**_base(feature), shape="number", high=high, at_creation=True)


def _thresholds(values: Floats, plain: tuple[float, ...] = ()) -> list[float]:
    """Return where to part the values: at each where they are few, else at the ``plain`` numbers and the rounded quartiles."""
    if not len(values):
        return []
    distinct = np.unique(values)
    asked = [float(value) for value in distinct]
    if len(distinct) > FEW_VALUES:
        asked = [*plain, *(_round(float(value)) for value in np.quantile(values, QUARTILES))]
    lowest = 0.0 if plain else float(distinct[0])  # all of them would meet that
    return sorted({value for value in asked if lowest < value <= distinct[-1]})


def _round(value: float) -> float:
    """Return two digits that count, so that the words say the very threshold."""
    return float(f"{value:.2g}")


_MAKERS: dict[type, Callable[[Any, pd.Series, int], Iterator[Condition]]] = {
    Attribute: _numbers,
    AccountAttribute: _numbers,
    EventCount: _counts,
    ActiveDays: _counts,
    EventRecency: _recencies,
    TimeBetween: _speeds,
    EdgeKind: _levels,
    AccountActivity: _counts,
    OwnerLoad: _counts,
    TrackRecord: _records,
    Timing: _timings,
}
