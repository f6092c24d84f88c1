"""From probabilities to places: the reference that scores are read against, and where grades begin."""

from collections.abc import Sequence

import numpy as np

from models.scorer import GRADES, Floats

POINTS = 401


def reference(probability: Floats) -> list[float]:
    """Return quantiles of the reference probabilities, each one that occurred."""
    shares = np.linspace(0, 1, POINTS)
    return [
        float(value)
        for value in np.quantile(np.round(probability, 12), shares, method="inverted_cdf")
    ]


def thresholds(probability: Floats, shares: Sequence[float]) -> dict[str, float | None]:
    """Return the least probability of each grade, so that about these shares of the reference get A, B and C.

    Leads with the same probability get the same grade; where many share one, the middle of them
    decides. None: nobody gets the grade.
    """
    values, counts = np.unique(np.round(probability, 12), return_counts=True)
    above = counts[::-1].cumsum()[::-1] - counts
    middle = (above + counts / 2) / counts.sum()
    found: dict[str, float | None] = {}
    for letter, share in zip(GRADES, np.cumsum(shares), strict=True):
        inside = values[middle <= share + 1e-9]
        found[letter] = float(inside[0]) if len(inside) else None
    return found
