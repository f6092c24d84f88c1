"""How far tonight lies from what is usual, and how far it may: distances and shares that allow for the night's size.

No distance is judged by a fixed limit. Without any drift the population stability index of n rows against m reference
rows over k bins is about chi-square with k - 1 degrees of freedom, times (1/n + 1/m) (Yurdakul and Naranjo 2020): its
mean is 0.25 at fifty rows and 0.01 at two thousand.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from models.scorer import Floats

LEAST_EXPECTED = 5.0  # rows of a bin; below it chi-square's tail says too much (Cochran 1954)
MOST_ROWS = 5000.0  # more rows make no share surer that matters here
NORMAL_FROM = 5000.0  # noncentrality from which the normal approximation is exact enough
ONE_SIDED_95 = 1.64
Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Distance:
    """How far shares lie from those expected.

    ``value``: Pearson's distance, sum of (observed - expected)^2 / expected, to second order the population stability
    index. ``freedom``: bins less one. ``rows``: 1 / (1/n + 1/m). ``bin``: the bin that moved most.
    """

    value: float
    freedom: int
    rows: float
    bin: Places
    observed: float
    expected: float

    def excess(self) -> float:
        """Return what is left of the distance without that of luck, at least 0."""
        return max(0.0, self.value - self.freedom / self.rows)

    def critical(self, allowed: float, alpha: float) -> float:
        """Return the distance that a population as far off as ``allowed`` passes with probability ``alpha``."""
        centre = self.rows * allowed
        if centre > NORMAL_FROM:
            spread = np.sqrt(2 * (self.freedom + 2 * centre))
            limit = self.freedom + centre + float(stats.norm.isf(alpha)) * float(spread)
        elif centre > 0:
            limit = float(stats.ncx2.isf(alpha, self.freedom, centre))
        else:
            limit = float(stats.chi2.isf(alpha, self.freedom))
        return limit / self.rows


def independent(groups: npt.NDArray[Any]) -> float:
    """Return how many independent rows those of these groups are worth: n^2 / sum of squared sizes (Kish 1965).

    Rows of one group (an account; a lead on many mornings) are taken as one and the same.
    """
    if not len(groups):
        return 0.0
    codes = np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(codes).astype(np.float64)
    return float(sizes.sum() ** 2 / (sizes**2).sum())


def distance(
    observed: Floats, expected: Floats, *, rows: float, reference_rows: float, ordered: bool
) -> Distance | None:
    """Return the distance between shares, or None where there are too few rows for two bins.

    Args:
        observed: (bins,) shares of tonight's rows, summing to 1.
        expected: (bins,) shares that are usual for leads of the same ages, summing to 1.
        rows: of tonight, independent ones.
        reference_rows: behind ``expected``, independent ones.
        ordered: whether neighbouring bins go together; else the rare ones are pooled.
    """
    if rows <= 0 or reference_rows <= 0:
        return None
    groups = _pooled(expected, LEAST_EXPECTED / rows, ordered=ordered)
    if len(groups) < 2:
        return None
    o = np.array([observed[group].sum() for group in groups])
    e = np.array([expected[group].sum() for group in groups])
    parts = (o - e) ** 2 / e
    most = int(np.argmax(parts))
    return Distance(
        value=float(parts.sum()),
        freedom=len(groups) - 1,
        rows=1 / (1 / rows + 1 / reference_rows),
        bin=groups[most],
        observed=float(o[most]),
        expected=float(e[most]),
    )


def _pooled(expected: Floats, least: float, *, ordered: bool) -> list[Places]:
    """Pool bins until each is expected to hold ``least`` of the rows; tonight's rows have no say in it."""
    places = np.arange(len(expected))
    order = places if ordered else np.argsort(-expected, kind="stable")
    groups: list[list[int]] = [[]]
    held = 0.0
    for place in order.tolist():
        if held >= least:
            groups.append([])
            held = 0.0
        groups[-1].append(place)
        held += float(expected[place])
    if held < least and len(groups) > 1:
        rest = groups.pop()
        groups[-1] += rest
    return [np.array(sorted(group), dtype=np.intp) for group in groups]


@dataclass(frozen=True)
class Compared:
    """Shares of the rows with a value, beside those usual for leads of the same ages.

    ``worth``: independent rows behind the usual ones. ``share``: of the rows, those of ages that the reference has.
    """

    observed: Floats
    expected: Floats
    worth: float
    share: float


def compared(bins: Floats, usual: Floats, worth: Floats) -> Compared | None:
    """Hold counts by band and bin against the reference's, age by age; None where the two share no age."""
    usual_rows = usual.sum(axis=1)
    both = (bins.sum(axis=1) > 0) & (usual_rows > 0)
    rows = bins[both].sum()
    if not rows:
        return None
    weight = bins[both].sum(axis=1) / rows
    return Compared(
        observed=bins[both].sum(axis=0) / rows,
        expected=weight @ (usual[both] / usual_rows[both, None]),
        worth=float(1 / (weight**2 / np.maximum(worth[both], 1.0)).sum()),
        share=float(rows / max(1.0, bins.sum())),
    )


def matched(rows: Floats, hits: Floats, of: Floats, worth: Floats) -> tuple[float, float]:
    """Return the share that is usual at the ages of ``rows`` (by band), and how many independent rows tell it."""
    both = (rows > 0) & (of > 0)
    if not both.any():
        return 0.0, 0.0
    weight = rows[both] / rows[both].sum()
    return (
        float(weight @ (hits[both] / of[both])),
        float(1 / (weight**2 / np.maximum(worth[both], 1.0)).sum()),
    )


@dataclass(frozen=True)
class Share:
    """A share of tonight's rows and how likely so many are by luck, given what is usual and what is allowed on top."""

    value: float
    usual: float
    limit: float
    chance: float


def share(
    count: float, rows: int, *, usual: float, allowed: float, worth: float, reference_rows: float
) -> Share:
    """Return how unlikely it is that at least ``count`` of ``rows`` have something that is ``usual`` among the reference.

    The count is beta-binomial: binomial with a share that is itself known from ``reference_rows`` only.

    Args:
        count: tonight's rows that have it.
        rows: tonight's rows.
        usual: the share among the reference, for leads of the same ages.
        allowed: how much more than usual is still no news.
        worth: how many independent rows tonight's are worth.
        reference_rows: independent ones, behind ``usual``.
    """
    n = max(1, round(min(worth, MOST_ROWS)))
    seen = round(count / rows * n) if rows else 0
    centre = min(1.0, usual + allowed)
    m = max(1.0, reference_rows)
    chance = beyond(seen, n, m * centre + 0.5, m * (1 - centre) + 0.5)
    return Share(
        value=count / rows if rows else 0.0,
        usual=usual,
        limit=centre,
        chance=chance,
    )


def beyond(count: int, rows: int, a: float, b: float) -> float:
    """Return the chance of at least ``count`` of ``rows`` under the beta-binomial law with these parameters."""
    if count <= 0:
        return 1.0
    k = np.arange(count, rows + 1, dtype=np.float64)
    ways = -np.log(rows + 1) - special.betaln(rows - k + 1, k + 1)
    chances = np.exp(ways + special.betaln(k + a, rows - k + b) - special.betaln(a, b))
    return float(min(1.0, chances.sum()))


def piled(
    observed: Floats,
    expected: Floats,
    *,
    rows: float,
    reference_rows: float,
    allowed: float,
) -> tuple[int, Share]:
    """Return the bin that holds the most unlikely share of the rows, its chance counted once for each bin.

    The chi-square distance pools bins until each may hold some rows, which hides from a small night that all of its
    leads lie in one bin.
    """
    n = max(1, round(min(rows, MOST_ROWS)))
    spread = np.sqrt(np.maximum(expected * (1 - expected), 1 / n) * (1 / n + 1 / reference_rows))
    most = int(np.argmax((observed - expected) / spread))
    found = share(
        float(observed[most]) * n,
        n,
        usual=float(expected[most]),
        allowed=allowed,
        worth=n,
        reference_rows=reference_rows,
    )
    return most, replace(found, chance=min(1.0, found.chance * len(expected)))


def pile(observed: Floats, expected: Floats, *, rows: float, reference_rows: float) -> float:
    """Return by how much the share of a bin exceeds what is expected and nineteen draws in twenty bring, at most."""
    # Shares that were summed may lie a rounding error outside 0 and 1.
    spread = np.maximum(expected * (1 - expected), 0.0)
    luck = np.sqrt(spread * (1 / max(rows, 1.0) + 1 / max(reference_rows, 1.0)))
    return float(max(0.0, np.max(observed - expected - ONE_SIDED_95 * luck)))


def each_of(tests: int, alpha: float) -> float:
    """Return the level at which each of many tests keeps the level of all of them together (Sidak 1967)."""
    return float(-np.expm1(np.log1p(-alpha) / max(1, tests)))
