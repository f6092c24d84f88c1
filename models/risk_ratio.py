"""The risk ratio of leads with something against leads without it, over strata of leads that are alike.

Strata are joined as Mantel and Haenszel do, with the variance of Greenland and Robins ("Estimation of a common effect
parameter from sparse follow-up data", Biometrics 41, 1985).
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.conditions import Flags, Floats

Codes = npt.NDArray[np.intp]
MOST_STRATA = (
    50  # with ten, half of the confounding that is left is left; more cost next to nothing
)
LEADS_PER_STRATUM = 20
FEWEST_WINS = 5  # on the side that is told
Z = 1.959963984540054
LARGEST_LOG = 700.0


@dataclass(frozen=True)
class Ratio:
    """A risk ratio over strata: its logarithm, the standard error of that, and the side with the condition."""

    log_ratio: float
    error: float
    leads: int
    wins: int

    @property
    def strength(self) -> float:
        """How many standard errors it lies from 1."""
        return abs(self.log_ratio) / self.error

    @property
    def p_value(self) -> float:
        """Two-sided, of a ratio of 1."""
        return math.erfc(self.strength / math.sqrt(2))

    @property
    def value(self) -> float:
        """The ratio itself."""
        return math.exp(self.log_ratio)

    @property
    def interval(self) -> tuple[float, float]:
        """The ends of its 95 % interval."""
        return (
            math.exp(self.log_ratio - Z * self.error),
            math.exp(min(LARGEST_LOG, self.log_ratio + Z * self.error)),
        )


def strata_of(rest: Floats, most: int = MOST_STRATA) -> Codes:
    """Return each row's stratum, (rows,): up to fifty of equal mass, by a score of the leads.

    Fewer where there are few leads. Equal values always lie together.
    """
    wanted = max(1, min(most, len(rest) // LEADS_PER_STRATUM))
    if wanted == 1:
        return np.zeros(len(rest), dtype=np.intp)
    edges = np.unique(np.quantile(rest, np.linspace(0, 1, wanted + 1)[1:-1]))
    return np.asarray(np.searchsorted(edges, rest, side="left"), dtype=np.intp)


def risk_ratio(
    met: Flags, label: Floats, strata: Codes, groups: Codes, *, min_group: int
) -> Ratio | None:
    """Return the Mantel-Haenszel risk ratio of the leads that meet a condition against those that do not.

    Its variance is that of Greenland and Robins (1985), or, where it is greater, the one that lets the leads of one
    account hang together (a sandwich over accounts). None with fewer than ``min_group`` leads or five wins among
    those that meet it, fewer than ``min_group`` leads or no win among the others, or no stratum with both.

    Args:
        met: whether each row meets it, (rows,).
        label: 1 for closed, else 0, (rows,).
        strata: small whole numbers, (rows,).
        groups: the account of each row, (rows,).
        min_group: fewest leads on either side.
    """
    leads, wins = int(met.sum()), int(label[met].sum())
    if leads < min_group or wins < FEWEST_WINS or len(met) - leads < min_group:
        return None
    size = int(strata.max()) + 1
    with_, all_ = np.bincount(strata[met], minlength=size), np.bincount(strata, minlength=size)
    closed_with = np.bincount(strata[met], weights=label[met], minlength=size)
    closed = np.bincount(strata, weights=label, minlength=size)
    whole = np.maximum(all_, 1)
    without, closed_without = all_ - with_, closed - closed_with
    above = float((closed_with * without / whole).sum())
    below = float((closed_without * with_ / whole).sum())
    if above <= 0 or below <= 0:
        return None
    spread = (closed * with_ * without - closed_with * closed_without * all_) / whole**2
    variance = float(spread.sum()) / (above * below)
    ratio = above / below
    # what each lead adds to the logarithm, were the ratio the same in all strata
    expected = closed / np.maximum(ratio * with_ + without, 1e-12)
    told = np.where(
        met,
        (without / whole)[strata] / above * (label - np.minimum(1, ratio * expected)[strata]),
        -(with_ / whole)[strata] / below * (label - expected[strata]),
    )
    together = float((np.bincount(groups, weights=told) ** 2).sum())
    return Ratio(math.log(ratio), math.sqrt(max(variance, together, 1e-12)), leads, wins)
