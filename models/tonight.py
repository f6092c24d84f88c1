"""A night as the watch sees it: each column, as counted, held against what is usual."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np

from features.catalogue import Feature
from models.bundle import Bundle
from models.counted import Counted
from models.drift import Share, compared, distance, each_of, matched, piled, share
from models.mornings import LEAST_PAST, weekday
from models.scorer import Floats, Spec
from models.tally import Tally
from models.usual import SCORE, watched

LEVEL = 0.01  # chance that a night without drift warns, all columns together
SURE = 1e-6  # chance below which a column is broken rather than odd
BROKEN = 0.9  # of the leads: nearly all
SLACK = 1.5  # past mornings lay so far apart; the next may lie somewhat further
SMALL_DISTANCE = 0.1  # below this a shift does not matter, however sure it is
SMALL_SHARE = 0.1  # of the leads: more in one bin, or with or without a value
SMALL_STRANGE = 0.05
UNKNOWN_PAST = 2.5  # times these where the history is too short to tell what is usual
TESTS = 4  # of each column: missing, distance, pile, strange
Breakage = Literal["empty", "unknown", "one value"]


@dataclass(frozen=True)
class Drift:
    """What has moved in a column: its size and limit, and where: bins, or None for the rows without a value."""

    measure: float
    threshold: float
    bins: list[int] | None
    observed: float
    expected: float

    @property
    def drifted(self) -> bool:
        """Whether it is past its limit."""
        return self.measure > self.threshold


@dataclass(frozen=True)
class Seen:
    """One column of the night beside what is usual.

    ``importance``: its share of what moves the scores. ``new``: whether more leads than luck and the past bring hold
    levels that the model never saw.
    """

    feature: Feature
    column: Spec
    tally: Tally
    importance: float
    drift: Drift | None
    broken: Breakage | None
    strange: Share
    new: bool


class Night:
    """A counted night; ``columns`` and ``score`` say how it lies."""

    def __init__(self, bundle: Bundle, counted: Counted, as_of: datetime) -> None:
        self.bundle, self.counted = bundle, counted
        self.usual: Spec = bundle.model["watch"]
        self.leads = counted.leads
        self.by_band, self.worth = counted.by_band, counted.worth
        told = [*self.usual["columns"], self.usual["score"]]
        self.told = {column["name"]: column for column in told}
        days = self.usual["weekdays"]
        self.new_weekday = (
            days is not None and weekday(as_of, bundle.catalogue.timezone) not in days
        )
        self._unsure = UNKNOWN_PAST if self.usual["past_mornings"] < LEAST_PAST else 1.0
        self.importance = _shares(bundle.training.get("importance", {}))
        self._reference_worth = np.asarray(self.usual["worth"], dtype=np.float64)

    def columns(self) -> list[Seen]:
        """Return every column that can be compared tonight."""
        there = [
            feature
            for feature in watched(self.bundle.catalogue)
            if feature.name in self.told and self.compares(self.told[feature.name])
        ]
        alpha = each_of(TESTS * len(there), LEVEL)
        return [self._seen(feature, self.worth, alpha) for feature in there]

    def compares(self, column: Spec) -> bool:
        """Whether the training mornings tell what is usual for a column on tonight's day of the week."""
        return not (self.new_weekday and column["bound"])

    def _seen(self, feature: Feature, worth: float, alpha: float) -> Seen:
        column, tally = self.told[feature.name], self.counted.tallies[feature.name]
        if column["shared"]:
            worth = min(worth, float(len(tally.distinct)))
        missing, strange = self._missing(column, tally, worth), self._strange(column, tally, worth)
        drift = self.drift(column, tally, worth, alpha)
        if missing.chance < alpha and (drift is None or not drift.drifted or missing.value > 0.5):
            drift = Drift(missing.value, missing.limit, None, missing.value, missing.usual)
            if missing.value < missing.usual:
                drift = Drift(1 - missing.value, 1 - missing.limit, None, missing.value, missing.usual)  # fmt: skip
        return Seen(
            feature=feature,
            column=column,
            tally=tally,
            importance=self.importance.get(feature.name, 0.0),
            drift=drift,
            broken=self._broken(column, tally, missing, strange, worth),
            strange=strange,
            new=bool(tally.new) and strange.chance < alpha,
        )

    def _missing(self, column: Spec, tally: Tally, worth: float) -> Share:
        """Return the share without a value, in whichever direction it is the odder."""
        bins, missing = counts(column)
        usual, reference_rows = matched(
            self.by_band, missing, bins.sum(axis=1) + missing, self._reference_worth
        )
        count, known = (
            float(tally.missing.sum()),
            {"worth": worth, "reference_rows": reference_rows},
        )
        emptier, fuller = (
            max(SMALL_SHARE * self._unsure, SLACK * column["moved"][way])
            for way in ("missing", "filled")
        )
        more = share(count, self.leads, usual=usual, allowed=emptier, **known)
        fewer = share(self.leads - count, self.leads, usual=1 - usual, allowed=fuller, **known)
        if fewer.chance < more.chance:
            return Share(more.value, usual, 1 - fewer.limit, fewer.chance)
        return more

    def _strange(self, column: Spec, tally: Tally, worth: float) -> Share:
        return share(
            tally.strange,
            self.leads,
            usual=0.0,
            allowed=max(SMALL_STRANGE * self._unsure, SLACK * column["moved"]["strange"]),
            worth=worth,
            reference_rows=float(self._reference_worth.sum()),
        )

    def drift(self, column: Spec, tally: Tally, worth: float, alpha: float) -> Drift | None:
        """Return how far the rows with a value lie from those of the training mornings, by distance or by a pile."""
        bins, _ = counts(column)
        held = compared(tally.bins, bins, self._reference_worth)
        if held is None or tally.rows == 0:
            return None
        rows = worth * held.share * tally.present / tally.rows
        behind = min(held.worth, column.get("distinct") or held.worth)
        at, heap = piled(
            held.observed,
            held.expected,
            rows=rows,
            reference_rows=behind,
            allowed=max(SMALL_SHARE * self._unsure, SLACK * column["moved"]["pile"]),
        )
        found = distance(
            held.observed,
            held.expected,
            rows=rows,
            reference_rows=behind,
            ordered=column["kind"] == "number",
        )
        if heap.chance < alpha:
            return Drift(heap.value, heap.limit, [at], heap.value, heap.usual)
        if not found:
            return None
        allowed = max(SMALL_DISTANCE * self._unsure, SLACK * column["moved"]["distance"])
        limit = found.critical(allowed, alpha)
        return Drift(found.value, limit, found.bin.tolist(), found.observed, found.expected)

    def _broken(
        self, column: Spec, tally: Tally, missing: Share, strange: Share, worth: float
    ) -> Breakage | None:
        """Return how a column is broken: it holds nothing, nothing known, or one value, for nearly all leads."""
        if missing.value >= BROKEN > missing.limit and missing.chance < SURE:
            return "empty"
        if tally.present and strange.chance < SURE and tally.strange / tally.present >= BROKEN:
            return "unknown"
        return "one value" if self.is_one_value(column, tally, worth) else None

    def is_one_value(self, column: Spec, tally: Tally, worth: float) -> bool:
        """Tell whether all rows hold one value in a column that never was so on a past morning."""
        alone = tally.present > 0 and not tally.varied
        if not alone or column["moved"]["one"] >= BROKEN or self._unsure > 1:
            return False
        held = compared(tally.bins, counts(column)[0], self._reference_worth)
        if held is None:
            return False
        rows = max(1, round(worth * tally.present / tally.rows))
        usual = float(held.expected[int(np.argmax(held.observed))])
        luck = share(
            rows, rows, usual=usual, allowed=SMALL_SHARE, worth=rows, reference_rows=held.worth
        )
        return luck.chance < SURE

    @property
    def score(self) -> tuple[Spec, Tally]:
        """Return the probabilities: how they are counted, and tonight's."""
        return self.told[SCORE], self.counted.tallies[SCORE]


def counts(column: Spec) -> tuple[Floats, Floats]:
    """Return the reference's rows by band and bin, and those without a value by band."""
    return (
        np.asarray(column["bins"], dtype=np.float64),
        np.asarray(column["missing"], dtype=np.float64),
    )


def _shares(strength: dict[str, float]) -> dict[str, float]:
    total = sum(strength.values())
    return {name: value / total if total > 0 else 0.0 for name, value in strength.items()}
