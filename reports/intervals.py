"""Intervals for shares, costs, wins that are expected, and medians."""

import math

import numpy as np
from numpy.typing import NDArray

from reports.facts import Interval

TAIL = 0.025  # each side of a 95 % interval
EXACT_BELOW = 30.0  # variance of a number of wins, from which on it is as good as normal
FEWEST_FOR_A_MEDIAN = 6


def share_interval(hits: int, of: int) -> Interval | None:
    """Return hits/of with the Jeffreys interval, or None when there is nothing to divide by.

    The ends go to 0 and 1 when no lead or every lead closed, as Brown, Cai and DasGupta
    (Statistical Science 16, 2001) advise: coverage stays near 95 % even for a handful of leads.
    """
    from scipy.stats import beta

    if of <= 0:
        return None
    low = 0.0 if hits == 0 else float(beta.ppf(TAIL, hits + 0.5, of - hits + 0.5))
    high = 1.0 if hits == of else float(beta.ppf(1 - TAIL, hits + 0.5, of - hits + 0.5))
    return Interval(value=hits / of, low=low, high=high)


def cost_interval(spend: float, wins: float) -> Interval | None:
    """Return spend per win with the Jeffreys interval of a Poisson count, or None below one win.

    ``wins`` may hold a fraction, as wins that are only expected are counted too. Below one win a
    cost per win says more about chance than about the source.
    """
    from scipy.stats import gamma

    if wins < 1:
        return None
    fewest = float(gamma.ppf(TAIL, wins + 0.5))
    most = float(gamma.ppf(1 - TAIL, wins + 0.5))
    return Interval(value=spend / wins, low=spend / most, high=spend / fewest)


def wins_interval(probabilities: NDArray[np.float64]) -> Interval | None:
    """Return how many of these leads should close and the 95 % interval of it; None without leads.

    The number of wins of leads with different probabilities is Poisson-binomial. Its distribution is computed
    exactly (one convolution a lead) while its variance is small, and taken as normal, with the correction for
    continuity, above: there the two differ by less than one win.
    """
    from scipy.stats import norm

    chances = np.asarray(probabilities, float)
    if not len(chances):
        return None
    mean, variance = float(chances.sum()), float((chances * (1 - chances)).sum())
    if variance < EXACT_BELOW:
        below = np.cumsum(_poisson_binomial(chances, mean, variance))
        low, high = (int(np.searchsorted(below, tail)) for tail in (TAIL, 1 - TAIL))
    else:
        reach = float(norm.ppf(1 - TAIL)) * variance**0.5 + 0.5
        low, high = math.ceil(mean - reach), math.floor(mean + reach)
    return Interval(value=mean, low=min(max(0, low), mean), high=max(min(len(chances), high), mean))


def _poisson_binomial(
    chances: NDArray[np.float64], mean: float, variance: float
) -> NDArray[np.float64]:
    """Return the probabilities of 0, 1, 2, ... wins, as far up as there can be any in practice."""
    most = min(len(chances), math.ceil(mean + 10 * variance**0.5) + 10)
    weights = np.zeros(most + 1)
    weights[0] = 1.0
    for chance in chances:
        weights[1:] = weights[1:] * (1 - chance) + weights[:-1] * chance
        weights[0] *= 1 - chance
    return weights


def median_interval(values: NDArray[np.float64]) -> Interval | None:
    """Return the median and its exact 95 % interval from order statistics; None below six values.

    The number of values below the median is binomial with one half (Thompson, Annals of Mathematical Statistics
    7, 1936); six is the fewest of which the smallest and the largest enclose it with 95 %.
    """
    from scipy.stats import binom

    ordered = np.sort(np.asarray(values, float))
    count = len(ordered)
    if count < FEWEST_FOR_A_MEDIAN:
        return None
    rank = int(binom.ppf(TAIL, count, 0.5))
    # as many values may lie outside on each side as have less than 2.5 % together
    outside = rank if binom.cdf(rank, count, 0.5) <= TAIL else rank - 1
    return Interval(
        value=float(np.median(ordered)),
        low=float(ordered[outside]),
        high=float(ordered[count - 1 - outside]),
    )
