"""How much of a change in quality lies in the mix of the leads, and how much within its groups.

Kitagawa, Journal of the American Statistical Association 50 (1955), 1168-1194: with shares p and qualities q of the
groups before (0) and after (1), the change of the mean is exactly

    sum (p1 - p0) (q0 + q1) / 2    the mix part, and
    sum (q1 - q0) (p0 + p1) / 2    the part within groups.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
AT_ONCE = 2_000_000  # weights that are drawn at a time


@dataclass(frozen=True)
class Sides:
    """The leads before (0) and after (1): ``side``, ``level`` and ``cluster`` as codes from 0, and their quality."""

    side: Codes
    level: Codes
    cluster: Codes
    quality: Floats

    @property
    def levels(self) -> int:
        """How many levels there are."""
        return int(self.level.max()) + 1


@dataclass(frozen=True)
class Parts:
    """The two parts; what each group adds to the mix part (from the mean quality, so that they sum to it); its quality."""

    mix: Any
    within: Any
    by_level: Any
    quality: Any


def parts_of(counts: Floats, sums: Floats) -> Parts:
    """Return the parts from weights and summed qualities, ``(..., 2, levels)``; the leading axes are draws.

    A group that is on one side only has the same quality on both: its coming or going is mix.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        quality = sums / counts
    quality = np.where(np.isnan(quality), quality[..., ::-1, :], quality)
    quality = np.nan_to_num(quality)  # on neither side: no weight either
    share = counts / counts.sum(axis=-1, keepdims=True)
    middle = quality.mean(axis=-2)
    level_mean = (share.mean(axis=-2) * middle).sum(axis=-1, keepdims=True)
    by_level = (share[..., 1, :] - share[..., 0, :]) * (middle - level_mean)
    within = ((quality[..., 1, :] - quality[..., 0, :]) * share.mean(axis=-2)).sum(axis=-1)
    return Parts(by_level.sum(axis=-1), within, by_level, middle)


def observed_parts(sides: Sides) -> Parts:
    """Return the parts of these leads, each counted once."""
    counts, sums = cell_sums(sides)
    return parts_of(counts, sums)


def cell_sums(sides: Sides) -> tuple[Floats, Floats]:
    """Return the number of leads and the sum of their qualities by side and level: two 2 x levels tables."""
    cell, cells = sides.side * sides.levels + sides.level, 2 * sides.levels
    counts: Floats = np.bincount(cell, minlength=cells).astype(float)
    sums: Floats = np.bincount(cell, sides.quality, minlength=cells).astype(float)
    return counts.reshape(2, -1), sums.reshape(2, -1)


def drawn_parts(sides: Sides, draws: int, random: np.random.Generator) -> Parts:
    """Return the parts of bootstrap draws: each cluster (account) is taken a Poisson(1) number of times."""
    order = np.argsort(sides.side * sides.levels + sides.level, kind="stable")
    cell = (sides.side * sides.levels + sides.level)[order]
    starts = np.flatnonzero(np.r_[True, cell[1:] != cell[:-1]])
    cluster, quality = sides.cluster[order], sides.quality[order]
    clusters = int(cluster.max()) + 1
    counts = np.zeros((draws, 2 * sides.levels))
    sums = np.zeros_like(counts)
    step = max(1, AT_ONCE // len(cell))
    for start in range(0, draws, step):
        some = slice(start, min(start + step, draws))
        weight = random.poisson(1.0, (clusters, some.stop - some.start)).astype(float)[cluster]
        counts[some, cell[starts]] = np.add.reduceat(weight, starts).T
        sums[some, cell[starts]] = np.add.reduceat(weight * quality[:, None], starts).T
    shape = (draws, 2, sides.levels)
    counts = counts.reshape(shape)
    whole = (counts.sum(axis=-1) > 0).all(
        axis=-1
    )  # a draw without anybody on one side says nothing
    return parts_of(counts[whole], sums.reshape(shape)[whole])


def change_of(sides: Sides) -> tuple[float, float]:
    """Return the change of the mean quality and its standard error, clusters taken as wholes.

    The error is that of the influence of each cluster on the difference of the two means; a cluster may have leads
    on both sides.
    """
    size = np.bincount(sides.side, minlength=2)
    mean = np.bincount(sides.side, sides.quality, minlength=2) / size
    influence = (sides.quality - mean[sides.side]) / size[sides.side] * (2 * sides.side - 1)
    summed = np.bincount(sides.cluster, influence)
    clusters = max(int((np.bincount(sides.cluster) > 0).sum()), 2)
    error = float(np.sqrt((summed**2).sum() * clusters / (clusters - 1)))
    return float(mean[1] - mean[0]), error
