"""Calibration overall and by segment: whether the wins of each group of leads were as many as was said."""

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.catalogue import Attribute, Catalogue, Feature
from models.cohorts import wins_band
from models.metrics import AGE_BANDS, ece, honest_errors, recalibration
from models.scorer import GRADES, Floats

Verdict = Literal["honest", "too high", "too low", "uneven", "too few"]
Labels = npt.NDArray[np.object_]
MOST_LEVELS = 8
SURE = 0.95  # that honest probabilities pass everywhere, all segments taken together
MANY_ROWS, DRAWS, FEWER_DRAWS = 30_000, 1000, 400
LEAST_EXPECTED = 5.0  # wins, and losses, below which a band says little
SLOPE_ERROR = 0.25  # of an honest slope, above which it is mostly noise
MISSING = "not recorded"
ALL = "all leads"


@dataclass(frozen=True)
class Grouping:
    """One way to part the evaluated rows: its name, its levels in order, and the level of each row (None: no level)."""

    name: str
    levels: Sequence[str]
    level: Labels

    @classmethod
    def by_age(cls, age_days: Floats) -> Self:
        """Part by the lead's age on the morning."""
        names = [
            f"{start} to {end - 1} days" if end - start > 1 else f"day {start}"
            for start, end in itertools.pairwise(AGE_BANDS)
        ] + [f"{AGE_BANDS[-1]} days and more"]
        band = np.searchsorted(AGE_BANDS, age_days, side="right") - 1
        return cls("Age", names, np.array(names, dtype=object)[np.maximum(band, 0)])

    @classmethod
    def by_grade(cls, grades: Sequence[str]) -> Self:
        """Part by the grade that the probability would get."""
        return cls("Grade", [*GRADES, "D"], np.array(grades, dtype=object))

    @classmethod
    def by_column(cls, name: str, values: pd.Series, lead_ids: pd.Series) -> Self:
        """Part by the levels of a category that most leads have; rows of others belong to none."""
        told = values.astype(object).where(values.notna(), MISSING).astype(str).to_numpy(object)
        leads = lead_ids.groupby(told).nunique()
        ordered = sorted(leads.items(), key=lambda pair: (-pair[1], str(pair[0])))
        levels = [str(level) for level, _ in ordered[:MOST_LEVELS]]
        level = told.copy()
        level[~np.isin(told.astype(str), levels)] = None
        return cls(name, levels, level)


@dataclass(frozen=True)
class Segment:
    """One group of leads: what was said of it, and what became of it.

    A lead stands on many mornings but ends once. So it counts once per horizon, by its first morning in the
    segment: ``outcomes``, ``expected`` and ``won`` are of these. Between ``low`` and ``high`` wins lie what honest
    probabilities give (Poisson-binomial, leads taken as independent), for all judged segments at once in 95 of 100
    cases. ``ece``, ``ece_noise_95`` and ``slope`` are of all rows, as in the evaluation; the slope is None where
    probabilities are too few, or too much alike, to tell it.
    """

    by: str
    label: str
    rows: int
    leads: int
    outcomes: int
    expected: float
    won: int
    low: int
    high: int
    ece: float
    ece_noise_95: float
    slope: float | None
    verdict: Verdict

    @property
    def off(self) -> float:
        """Return said less happened, as a share of the outcomes; above zero the probabilities were too high."""
        return (self.expected - self.won) / self.outcomes

    @property
    def words(self) -> str:
        """The verdict as a reader takes it."""
        told = {
            "honest": "honest",
            "too few": "too few to tell",
            "uneven": "right in sum, uneven within",
        }
        return told.get(self.verdict) or f"{self.verdict} by {100 * abs(self.off):.1f} points"

    def to_json(self) -> dict[str, Any]:
        """Return the segment as JSON values."""
        return {**asdict(self), "off": self.off, "words": self.words}


def judge_segments(
    predictions: pd.DataFrame, groupings: Sequence[Grouping], *, min_group: int, seed: int
) -> list[Segment]:
    """Judge all rows together, then each level of each grouping, in their order.

    A segment is too high or too low where its wins lie outside the band, uneven where they lie inside, but the
    calibration error is larger than that of honest probabilities. Both are asked at a level divided by the number of
    segments that can be judged, and by the two (Bonferroni), so that looking often does not find one off by chance. A segment of fewer than ``min_group`` leads is left out, and so is a grouping
    that has one level only. A segment with fewer than five wins or losses to expect is too small to be
    called honest; it is called off if it is far enough.

    Args:
        predictions: rows of an evaluation with ``lead_id, as_of, label, cluster`` (rows that share an outcome)
            and ``leadgauge``, the probability.
        groupings: the level of each of these rows.
        min_group: fewest leads that are told apart.
        seed: of the draws for the noise of the calibration error.
    """
    everything = np.full(len(predictions), ALL, dtype=object)
    parts = [
        (grouping.name, level, predictions[grouping.level == level])
        for grouping in [Grouping(ALL, [ALL], everything), *groupings]
        for level in grouping.levels
        if grouping.name == ALL or len(pd.unique(grouping.level)) > 1
    ]
    parts = [part for part in parts if part[2]["lead_id"].nunique() >= min_group]
    judged = sum(_tells_enough(_said(_once(rows))) for _, _, rows in parts)
    doubt = (1 - SURE) / max(2 * judged, 1)
    return [_judge(name, level, rows, doubt, seed) for name, level, rows in parts]


def important_category(
    catalogue: Catalogue, importance: dict[str, float], frame: pd.DataFrame
) -> Feature | None:
    """Return the feature to part by: the source, or else the category that moves the score most; None without any.

    ``importance``: mean absolute contribution by feature. Where nothing moves the score the first category is taken.
    """
    categories = [
        feature
        for feature in catalogue.features
        if feature.type == "category" and feature.name in frame.columns
    ]
    for feature in categories:
        if isinstance(feature, Attribute) and feature.column == "source":
            return feature
    return max(categories, key=lambda feature: importance.get(feature.name, 0.0), default=None)


def _once(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the first row of each outcome."""
    return rows.sort_values(["as_of", "lead_id"], kind="stable").drop_duplicates("cluster")


def _said(rows: pd.DataFrame) -> Floats:
    return rows["leadgauge"].to_numpy(dtype=np.float64)


def _tells_enough(probability: Floats) -> bool:
    expected = float(probability.sum())
    return min(expected, len(probability) - expected) >= LEAST_EXPECTED


def _slope_error(probability: Floats) -> float:
    """Return the standard error that the calibration slope of honest probabilities has: infinite where all are the same."""
    clipped = np.clip(probability, 1e-12, 1 - 1e-12)
    margin, weight = np.log(clipped / (1 - clipped)), clipped * (1 - clipped)
    spread = float((weight * (margin - np.average(margin, weights=weight)) ** 2).sum())
    return float("inf") if spread <= 0 else spread**-0.5


def _judge(name: str, level: str, rows: pd.DataFrame, doubt: float, seed: int) -> Segment:
    once = _once(rows)
    said, won = _said(once), int(once["label"].sum())
    low, high = wins_band(said, 1 - doubt)
    label, probability = rows["label"].to_numpy(dtype=np.float64), _said(rows)
    clusters = pd.factorize(rows["cluster"])[0].astype(np.int64)
    steady = 0 < won < len(once) and _slope_error(said) <= SLOPE_ERROR
    draws = DRAWS if len(rows) <= MANY_ROWS else FEWER_DRAWS
    by_chance = honest_errors(probability, clusters, seed=seed, draws=draws)
    error = ece(label, probability)
    verdict: Verdict = "honest"
    if not low <= won <= high:
        verdict = "too high" if won < low else "too low"
    elif not _tells_enough(said):
        verdict = "too few"
    elif float((by_chance >= error).mean()) < doubt:
        verdict = "uneven"
    return Segment(
        by=name,
        label=level,
        rows=len(rows),
        leads=int(rows["lead_id"].nunique()),
        outcomes=len(once),
        expected=float(said.sum()),
        won=won,
        low=low,
        high=high,
        ece=error,
        ece_noise_95=float(np.quantile(by_chance, 0.95)),
        slope=recalibration(label, probability)[0] if steady else None,
        verdict=verdict,
    )
