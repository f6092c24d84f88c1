"""Rates of small groups, drawn towards what all groups have in common (empirical Bayes).

Groups are taken as draws of one population: Beta for shares of leads, Gamma for wins per money. How alike the groups
are, as the number of leads (or wins) that the population counts for, is integrated over a grid with the uniform
shrinkage prior of Christiansen and Morris (Journal of the American Statistical Association 92, 1997) rather than
fixed at its most likely value, which for a few groups is often "all the same". The population counts at most for as
much as was seen of it, since no more is known of its mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reports.facts import Interval
from reports.intervals import TAIL

Floats = NDArray[np.float64]
GRID = 48


@dataclass(frozen=True)
class Population:
    """How alike the groups are: the grid of strengths and what each of them is believed to be."""

    strengths: Floats
    beliefs: Floats


def beta_population(
    wins: Sequence[float] | Floats, leads: Sequence[float] | Floats, means: float | Floats
) -> Population:
    """Return how far groups of leads scatter about ``means`` (one, or one per group), by the beta-binomial."""
    from scipy.special import betaln

    hits, of = np.asarray(wins, float), np.asarray(leads, float)
    mean = np.broadcast_to(_inner(means), hits.shape)[:, None]
    strengths = _grid(of.sum())
    likelihood = betaln(
        mean * strengths + hits[:, None], (1 - mean) * strengths + (of - hits)[:, None]
    )
    likelihood -= betaln(mean * strengths, (1 - mean) * strengths)
    return _believed(
        strengths, likelihood.sum(axis=0), middle=float(np.median(of)) if len(of) else 1.0
    )


def shrunk_share(population: Population, wins: float, leads: float, mean: float) -> Interval:
    """Return the mean of a group's share and its 95 % interval, given what all groups have in common."""
    from scipy.special import betainc

    center = float(_inner(mean))
    above = center * population.strengths + wins
    below = (1 - center) * population.strengths + leads - wins
    value = float(population.beliefs @ (above / (above + below)))

    def under(share: float) -> float:
        return float(population.beliefs @ betainc(above, below, share))

    return Interval(
        value=value,
        low=min(value, _quantile(under, TAIL)),
        high=max(value, _quantile(under, 1 - TAIL)),
    )


def gamma_population(wins: Floats, money: Floats) -> tuple[Population, float]:
    """Return how far wins per money scatter about their mean, and the mean, by the gamma-Poisson."""
    from scipy.special import gammaln

    hits, spent = np.asarray(wins, float), np.asarray(money, float)
    mean = float(hits.sum() / spent.sum())
    strengths = _grid(hits.sum())
    shape = strengths[None, :]
    expected = (spent * mean)[:, None]
    likelihood = gammaln(shape + hits[:, None]) - gammaln(shape)
    likelihood += shape * np.log(shape / (shape + expected))
    likelihood += hits[:, None] * np.log(expected / (shape + expected))
    middle = float(np.median(expected)) if len(spent) else 1.0
    return _believed(strengths, likelihood.sum(axis=0), middle), mean


def drawn_rates(
    wins: Floats, money: Floats, draws: int, random: np.random.Generator
) -> NDArray[Any]:
    """Draw wins per money of each group: draws x groups, from what is believed after the data."""
    population, mean = gamma_population(wins, money)
    shape = random.choice(population.strengths, draws, p=population.beliefs)[:, None]
    drawn: NDArray[Any] = random.gamma(shape + wins) / (shape / mean + money)
    return drawn


def _grid(seen: float) -> Floats:
    strengths: Floats = np.geomspace(0.5, max(seen, 2.0), GRID)
    return strengths


def _inner(mean: float | Floats) -> Floats:
    """Keep a mean off 0 and 1, where a Beta has no shape."""
    inner: Floats = np.clip(np.asarray(mean, float), 1e-6, 1 - 1e-6)
    return inner


def _believed(strengths: Floats, likelihood: Floats, middle: float) -> Population:
    """Weigh the grid: the share by which a middling group is shrunk is as likely to be any from 0 to 1."""
    # the grid is even in the logarithm, hence one more factor of the strength
    prior = np.log(strengths) - 2 * np.log(strengths + max(middle, 1.0))
    weights = np.exp(likelihood + prior - (likelihood + prior).max())
    return Population(strengths, weights / weights.sum())


def _quantile(under: Any, share: float) -> float:  # noqa: ANN401  a distribution function
    from scipy.optimize import brentq

    return float(brentq(lambda at: under(at) - share, 0.0, 1.0, xtol=1e-7))
