"""How far a published probability may be from what leads scored like it really did: learned out of fold.

Two answers in one. The inductive Venn-Abers predictor (Vovk and Petej 2014) holds two probabilities, one
for either outcome of the lead itself; one of them is calibrated whatever the data, but they lie as close
together as one more outcome can move an isotonic fit, and tell nothing of how many outcomes it was fitted
on. The band around the rate (one-sided windows under the assumption that the rate does not fall as the
probability rises, which is all that isotonic regression assumes) does. What is told holds both, and the
published probability.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from models.metrics import Integers
from models.scorer import Floats, Spec

MIN_OUTCOMES = 100
MIN_EITHER = 10  # wins, and losses
MOST_STEPS = 200
LEAST_IN_STEP = 5
LEAST_IN_WINDOW = 30
Z = 1.6448536269514722  # nine in ten lie within, one in twenty on either side
DIGITS = 6


def fit_venn_abers(
    probability: Floats, label: Floats, clusters: npt.NDArray[Any], *, drift: float = 0.0
) -> Spec | None:
    """Learn intervals from probabilities that were given forward in time and what came of them.

    Args:
        probability: as published, (rows,).
        label: 0 or 1, (rows,).
        clusters: (rows,), equal where rows see one outcome again: a lead on many mornings counts once,
            by one of its mornings, picked by a hash.
        drift: how far the log-odds of whole periods strayed (standard deviation); added to the band.

    Returns:
        JSON: ``edges`` (steps - 1) between steps of probability; the two Venn-Abers probabilities
        ``if_lost`` and ``if_won``, and the 90 % band ``low`` and ``high`` of the rate, (steps,) each;
        ``outcomes`` and ``wins`` that it rests on. None if these are too few for an honest interval:
        less than 100 outcomes, or less than ten of either kind.
    """
    rows = one_per_outcome(clusters)
    probability, label = np.round(probability[rows], 12), label[rows]
    outcomes, wins = len(rows), float(label.sum())
    if outcomes < MIN_OUTCOMES or min(wins, outcomes - wins) < MIN_EITHER:
        return None
    edges = _edges(probability)
    step = np.searchsorted(edges, probability, side="right")
    count = np.bincount(step, minlength=len(edges) + 1).astype(np.float64)
    won = np.bincount(step, weights=label, minlength=len(edges) + 1).astype(np.float64)
    low, high = _band(count, won, drift)
    parts = {
        "if_lost": _isotonic_with(count, won, 0.0),
        "if_won": _isotonic_with(count, won, 1.0),
        "low": low,
        "high": high,
    }
    return {"outcomes": outcomes, "wins": int(wins), **_merged(edges, parts)}


def interval(spec: Spec, probability: Floats) -> tuple[Floats, Floats]:
    """Return the least and greatest rate, (rows,) each, that leads given this probability may have.

    The hull of the Venn-Abers pair, the band and the probability itself: 0 <= low <= p <= high <= 1,
    both nondecreasing in p.
    """
    step = np.searchsorted(np.asarray(spec["edges"], dtype=np.float64), probability, side="right")
    least = np.minimum(spec["if_lost"], spec["low"])[step]
    most = np.maximum(spec["if_won"], spec["high"])[step]
    return np.minimum(least, probability), np.maximum(most, probability)


def one_per_outcome(clusters: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Return positions of one row per cluster, picked by a hash of its place among the cluster's rows."""
    order = np.argsort(clusters, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(clusters[order]) != 0]) if len(order) else order
    sizes = np.diff(np.r_[starts, len(order)])
    picked = [_drawn(number) % size for number, size in enumerate(sizes.tolist())]
    return np.sort(order[starts + np.asarray(picked, dtype=np.intp)])


def _drawn(number: int) -> int:
    return int.from_bytes(blake2b(str(number).encode(), digest_size=4).digest())


def _edges(probability: Floats) -> Floats:
    """Cut into steps of equal mass, between neighbouring values; equal probabilities are never parted."""
    values = np.sort(probability)
    steps = int(np.clip(len(values) // LEAST_IN_STEP, 1, MOST_STEPS))
    at = np.unique((np.arange(1, steps) * len(values)) // steps)
    at = at[values[at] > values[at - 1]]
    return np.unique(np.round((values[at] + values[at - 1]) / 2, 12))


def _isotonic_with(count: Floats, won: Floats, label: float) -> Floats:
    """Return, for each step, the isotonic fit there once a lead with this label has been added to it.

    By the max-min formula: the greatest over the starts of the least over the ends of the mean between.
    """
    rows, wins = np.r_[0.0, count.cumsum()], np.r_[0.0, won.cumsum()]
    fit = np.empty(len(count))
    for step in range(len(count)):
        above = wins[None, step + 1 :] - wins[: step + 1, None] + label
        means = above / (rows[None, step + 1 :] - rows[: step + 1, None] + 1.0)
        fit[step] = means.min(axis=1).max()
    return fit


def _band(count: Floats, won: Floats, drift: float) -> tuple[Floats, Floats]:
    """Return the 90 % band of the rate at each step.

    If the rate never falls, its mean over a window that ends at a step is no more than the rate there:
    the lower bound of the one (Wilson 1927) bounds the other, and no bandwidth has to be guessed for
    bias. Windows hold about n^(2/3) outcomes. Where the bounds themselves fall, the wider one counts.
    """
    size = max(LEAST_IN_WINDOW, round(count.sum() ** (2 / 3)))
    lower = _window_bounds(count, won, size, drift)
    upper = 1.0 - _window_bounds(count[::-1], (count - won)[::-1], size, drift)[::-1]
    return np.minimum.accumulate(lower[::-1])[::-1], np.maximum.accumulate(upper)


def _window_bounds(count: Floats, won: Floats, size: int, drift: float) -> Floats:
    rows, wins = np.r_[0.0, count.cumsum()], np.r_[0.0, won.cumsum()]
    start = np.searchsorted(rows, rows[1:] - size, side="right") - 1
    start = np.maximum(start, 0)
    return _wilson_lower(wins[1:] - wins[start], rows[1:] - rows[start], drift)


def _wilson_lower(wins: Floats, rows: Floats, drift: float) -> Floats:
    share = wins / rows
    # A wandering rate is worth so many outcomes fewer.
    rows = rows / (1.0 + rows * share * (1 - share) * drift**2)
    centre = (share + Z * Z / (2 * rows)) / (1 + Z * Z / rows)
    half = Z / (1 + Z * Z / rows) * np.sqrt(share * (1 - share) / rows + (Z / (2 * rows)) ** 2)
    return np.maximum(centre - half, 0.0)


def _merged(edges: Floats, parts: dict[str, Floats]) -> dict[str, Sequence[float]]:
    """Round, and join neighbouring steps that say the same."""
    table = np.round(np.column_stack(list(parts.values())), DIGITS)
    kept = np.r_[True, np.any(np.diff(table, axis=0) != 0, axis=1)]
    columns = {name: table[kept, at].tolist() for at, name in enumerate(parts)}
    return {"edges": edges[kept[1:]].tolist(), **columns}


def drift_of(
    probability: Floats, label: Floats, clusters: Integers, periods: npt.NDArray[Any]
) -> float:
    """Return how far whole periods strayed from what was said of them, as a standard deviation of log-odds.

    Two leads of one period have nothing in common but the period: the mean product of their residuals
    is what the period shared (a moment estimate of the variance between periods, as DerSimonian and
    Laird 1986 make it). 0 where there are less than two periods, or chance explains all of it.
    """
    residual, weight = label - probability, probability * (1 - probability)
    period = np.unique(periods, return_inverse=True)[1]
    if len(residual) == 0 or period.max() < 1:
        return 0.0
    pair = np.unique(np.column_stack([period, clusters]), axis=0, return_inverse=True)[1].ravel()
    above = (np.bincount(period, residual) ** 2).sum() - (np.bincount(pair, residual) ** 2).sum()
    below = (np.bincount(period, weight) ** 2).sum() - (np.bincount(pair, weight) ** 2).sum()
    return float(np.sqrt(max(above / below, 0.0))) if below > 0 else 0.0
