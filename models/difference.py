"""How much better one model is than another on the same rows, and how sure that is."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.metrics import Integers, log_losses
from models.scorer import Floats

DRAWS = 1000
FEWEST_ACCOUNTS = 10  # fewer cannot be drawn from


@dataclass(frozen=True)
class Difference:
    """Challenger less another in mean log loss on the same rows; below zero the challenger is better.

    ``low`` to ``high`` is the 90 % interval of a bootstrap over accounts, None below ten accounts;
    ``won`` the independent outcomes that were won.
    """

    against: str
    mean: float
    low: float | None
    high: float | None
    rows: int
    won: int
    accounts: int

    @property
    def surely_better(self) -> bool:
        """Whether more than luck speaks for the challenger."""
        return self.high is not None and self.high < 0

    @property
    def surely_worse(self) -> bool:
        """Whether more than luck speaks against the challenger."""
        return self.low is not None and self.low > 0

    @property
    def words(self) -> str:
        """The difference and its interval."""
        if self.low is None or self.high is None:
            return (
                f"log loss {self.mean:+.5f} ({self.accounts} accounts are too few for an interval)"
            )
        return f"log loss {self.mean:+.5f} (90 % interval {self.low:+.5f} to {self.high:+.5f})"

    @classmethod
    def of(
        cls,
        against: str,
        label: Floats,
        challenger: Floats,
        other: Floats,
        groups: npt.NDArray[Any],
        clusters: Integers,
        seed: int,
    ) -> "Difference":
        """Compare two sets of probabilities of the same rows, (rows,) each."""
        gap = log_losses(label, challenger) - log_losses(label, other)
        low, high, accounts = _interval(gap, groups, seed)
        won = len(np.unique(clusters[label == 1]))
        return cls(against, float(gap.mean()), low, high, len(label), won, accounts)


def _interval(
    gap: Floats, groups: npt.NDArray[Any], seed: int
) -> tuple[float | None, float | None, int]:
    """Return the 90 % bootstrap interval of the mean over accounts, and how many there are."""
    codes = pd.factorize(groups)[0]
    sums, counts = np.bincount(codes, weights=gap), np.bincount(codes).astype(np.float64)
    if len(sums) < FEWEST_ACCOUNTS:
        return None, None, len(sums)
    rng, means = np.random.default_rng(seed), np.empty(DRAWS)
    for draw in range(DRAWS):
        drawn = rng.integers(0, len(sums), len(sums))
        means[draw] = sums[drawn].sum() / counts[drawn].sum()
    low, high = np.quantile(means, [0.05, 0.95])
    return float(low), float(high), len(sums)
