"""What the hindsight audit measures on one column: how it tells the outcome, and whether a lead is open."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SMOOTHING = 20.0  # closed leads' worth of the overall rate in a level's own
BINS = 20
OWN_LEVEL = 0.01  # of the rows: a number that so many share is a level of its own, as 0 often is
FOLDS = 5
STRATUM = 200  # leads that are compared with each other, in order of creation
MIN_OF_EACH = 20  # won and lost leads without which nothing is judged
MIN_LOCAL = 40  # leads created around the same time, among which open and closed ones are compared
PURE = 0.05  # of the overall rate: a level below it is pure
MIN_EXPECTED = 10.0  # of the other outcome that a pure level would have by chance
MIN_CLOSED = 7.0  # closed leads that a level of open ones only would have by chance
SURE = 3.5  # standard errors above 0.5 that an AUC must stand: many columns are tried

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
Column = TypeVar("Column", bound=Hashable)


@dataclass(frozen=True)
class Auc:
    """How well a column orders leads of the same time by their outcome; ``later``: learned on earlier ones."""

    value: float
    error: float
    later: bool

    @property
    def sure(self) -> bool:
        """Whether it is better than chance beyond doubt."""
        return self.value - SURE * self.error > 0.5

    def over(self, bar: float) -> bool:
        """Whether it is above a bar that condemns by figures alone, by more than its error."""
        return self.sure and self.value - self.error > bar


@dataclass(frozen=True)
class Pure:
    """Levels that go with one outcome alone: the share of that outcome, and the largest level."""

    share: float
    level: str
    rows: int
    others: int


@dataclass(frozen=True)
class Fill:
    """How many closed and how many open leads of the same time have a value; ``error`` of the difference at most."""

    closed: float
    open: float
    error: float

    def gap_over(self, bar: float) -> bool:
        """Whether closed leads have it more often by more than ``bar``, and beyond doubt."""
        gap = self.closed - self.open
        return gap > bar and gap > SURE * self.error


@dataclass(frozen=True)
class Leads:
    """The leads in order of creation: ``ended`` (won or lost) and ``won``; ``order`` is comparable time."""

    won: Bools
    ended: Bools
    blocks: Codes
    around: Codes
    life_days: Floats
    age_days: Floats
    events: Floats

    @property
    def judged(self) -> bool:
        """Whether there are enough of each outcome to say anything."""
        return min(int(self.won.sum()), int((self.ended & ~self.won).sum())) >= MIN_OF_EACH


def blocks(size: int, each: int) -> Codes:
    """Cut ``size`` rows into consecutive blocks of about ``each``."""
    return np.arange(size) * max(1, size // each) // max(1, size)


def auc(scores: Floats, won: Bools) -> float:
    """Return the area under the ROC curve by ranks (Mann and Whitney 1947), ties counting half."""
    wins = int(won.sum())
    losses = len(won) - wins
    if not wins or not losses:
        return 0.5
    ranks = pd.Series(scores).rank().to_numpy()
    return float((ranks[won].sum() - wins * (wins + 1) / 2) / (wins * losses))


def within(scores: Floats, won: Bools, strata: Codes) -> tuple[float, float]:
    """Return the AUC among leads of one stratum, over all their pairs, and its standard error.

    What merely moves with time (a rate of interest, a base rate) tells nothing within a stratum.
    The error is Hanley and McNeil's (1982), with the pairs' number of wins and losses.
    """
    if not len(won):
        return 0.5, 0.5
    order = np.lexsort((scores, strata))
    stratum, score, here = strata[order], scores[order], won[order]
    starts = np.flatnonzero(np.r_[True, stratum[1:] != stratum[:-1]])
    ties = np.flatnonzero(np.r_[True, (stratum[1:] != stratum[:-1]) | (score[1:] != score[:-1])])
    sizes = np.diff(np.r_[ties, len(order)])
    ranks = np.repeat(ties + (sizes + 1) / 2, sizes)  # ties share the mean of their ranks
    before = np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    w = np.add.reduceat(here.astype(float), starts)
    lost = np.add.reduceat((~here).astype(float), starts)
    above = np.add.reduceat(np.where(here, ranks - before, 0.0), starts) - w * (w + 1) / 2
    pairs, both = float((w * lost).sum()), (w > 0) & (lost > 0)
    if not pairs:
        return 0.5, 0.5
    value, wins, losses = float(above[both].sum()) / pairs, w[both].sum(), lost[both].sum()
    q1, q2 = value / (2 - value), 2 * value**2 / (1 + value)
    variance = value * (1 - value) + (wins - 1) * (q1 - value**2) + (losses - 1) * (q2 - value**2)
    return value, float(np.sqrt(max(variance, 0.0) / (wins * losses)))


def levels(values: pd.Series) -> tuple[Codes, list[str]]:
    """Return each row's level and the levels' names: values, or bins of numbers; missing is a level."""
    if not pd.api.types.is_numeric_dtype(values):
        codes, names = pd.factorize(values.astype("object"))
        return np.where(codes < 0, len(names), codes), [*map(str, names), "missing"]
    numbers = values.to_numpy(dtype=float)
    counts = pd.Series(numbers).value_counts()
    own = sorted(counts.index[counts >= max(2, OWN_LEVEL * len(numbers))])[:1000]
    rest = np.isfinite(numbers) & ~np.isin(numbers, own)
    inner = np.linspace(0, 1, BINS + 1)[1:-1]
    edges = np.unique(np.quantile(numbers[rest], inner)) if rest.any() else np.empty(0)
    bins = np.searchsorted(edges, numbers, side="right")
    codes = np.where(rest, bins, len(edges) + 1)
    for n, value in enumerate(own):
        codes[numbers == value] = len(edges) + 2 + n
    return codes, [*_bin_names(edges), "missing", *(f"{value:g}" for value in own)]


def _bin_names(edges: Floats) -> list[str]:
    if not len(edges):
        return ["other values"]
    inner = [f"{low:g} to {high:g}" for low, high in pairwise(edges)]
    return [f"under {edges[0]:g}", *inner, f"{edges[-1]:g} or more"]


def rates(codes: Codes, won: Bools, learn: Bools, size: int) -> Floats:
    """Return each row's smoothed win rate of its level, learned on the rows ``learn``."""
    seen = np.bincount(codes[learn], minlength=size)
    wins = np.bincount(codes[learn], weights=won[learn], minlength=size)
    overall = won[learn].mean() if learn.any() else 0.5
    return ((wins + SMOOTHING * overall) / (seen + SMOOTHING))[codes]


def alone(codes: Codes, won: Bools, strata: Codes) -> Auc:
    """Return how well the levels tell the outcome of leads that they were not learned on.

    Tried twice: on the later half by what the earlier taught, and on each fifth row by what the
    others taught, which also sees a column that is in use only lately. The one that is surely
    better counts.
    """
    size, rows = int(codes.max(initial=0)) + 1, np.arange(len(won))
    crossed = np.zeros(len(won))
    for fold in range(FOLDS):
        held = rows % FOLDS == fold
        crossed[held] = rates(codes, won, ~held, size)[held]
    value, error = within(crossed, won, strata)
    earlier = rows < len(won) // 2
    if min(won[earlier].sum(), won[~earlier].sum()) >= MIN_OF_EACH:
        forward = rates(codes, won, earlier, size)[~earlier]
        later, later_error = within(forward, won[~earlier], strata[~earlier])
        if later - later_error >= value - error:
            return Auc(later, later_error, later=True)
    return Auc(value, error, later=False)


def by_fill(filled: Bools, won: Bools, strata: Codes) -> Auc:
    """Return how well being filled tells the outcome, whichever way round."""
    value, error = within(filled.astype(float), won, strata)
    return Auc(max(value, 1 - value), error, later=False)


def pure(
    codes: Codes, names: list[str], won: Bools, strata: Codes, least: float = MIN_EXPECTED
) -> Pure:
    """Return the levels whose leads are all won (or lost, or open), or nearly: how many wins they hold.

    Held against the rate of their own time, since a level of years without wins is no hindsight.
    """
    local = np.bincount(strata, weights=~won) / np.maximum(np.bincount(strata), 1)
    expected = np.bincount(codes, weights=local[strata], minlength=len(names))
    others = np.bincount(codes, weights=~won, minlength=len(names))
    clean = (others < PURE * expected) & (expected >= least)
    if not clean.any():
        return Pure(0.0, "", 0, 0)
    held = np.where(clean, np.bincount(codes, weights=won, minlength=len(names)), 0)
    largest = int(held.argmax())
    share = float(held.sum() / max(1, won.sum()))
    return Pure(share, names[largest], int(held[largest]), int(others[largest]))


def same_fill(columns: Mapping[Column, Bools], agree: float = 0.99) -> list[list[Column]]:
    """Return the groups of partly filled columns that are filled and empty together, row by row."""
    groups: list[list[Column]] = []
    for name, filled in columns.items():
        if not 0.02 < filled.mean() < 0.98:
            continue
        mates = next((g for g in groups if (columns[g[0]] == filled).mean() >= agree), None)
        if mates is None:
            groups.append([name])
        else:
            mates.append(name)
    return [group for group in groups if len(group) > 1]


def rank_correlation(values: Floats, other: Floats) -> float:
    """Return Spearman's rank correlation over the rows where both are known, 0 if there is none."""
    known = np.isfinite(values) & np.isfinite(other)
    if known.sum() < 2 * MIN_OF_EACH:
        return 0.0
    one, two = (pd.Series(column[known]).rank().to_numpy() for column in (values, other))
    if not one.std() or not two.std():
        return 0.0
    return float(np.corrcoef(one, two)[0, 1])


def equal_share(values: Floats, days: Floats) -> float:
    """Return how often the number is the count of days, beyond what chance would give (0 to 1)."""
    known = np.isfinite(values) & np.isfinite(days)
    if known.sum() < 2 * MIN_OF_EACH:
        return 0.0
    here, there = values[known], days[known]
    # A day that has begun or is not over counts as one or none, by the way a CRM counts.
    equal = float((np.abs(here - there) <= 1).mean())
    shuffled = float((np.abs(here - np.roll(there, len(there) // 2)) <= 1).mean())
    return (equal - shuffled) / (1 - shuffled) if shuffled < 0.5 else 0.0
