"""Expected against realised wins: what past nights promised, held against what became of it, month by month.

The wins of leads with probabilities p_1..p_n are Poisson-binomial if the probabilities are honest and the leads close
independently of one another. Where accounts buy together the true band is wider; so the verdict asks for a gap that
matters, and for more than one cohort's luck.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from models.scorer import Floats
from models.words import number

MOST_EXACT = 4000  # probabilities up to which the distribution is computed exactly
BAND = 0.95
LEVEL = 0.005  # chance that honest probabilities warn
MATTERS = 0.2  # of the expected wins: a smaller gap is no news, however sure it is
JUDGED = 6  # cohorts, the last ones; older ones say little about the model in use
COLUMNS = ("lead_id", "night", "close_probability", "won", "version")


def poisson_binomial(probability: Floats) -> Floats:
    """Return the exact distribution of the number of wins, (n + 1,), by convolving one lead after the other."""
    law = np.zeros(len(probability) + 1)
    law[0] = 1.0
    for place, chance in enumerate(probability):
        head = law[: place + 2]
        head[1:] = head[1:] * (1 - chance) + head[:-1] * chance
        head[0] *= 1 - chance
    return law


def wins_cdf(wins: npt.ArrayLike, probability: Floats) -> Floats:
    """Return P(at most so many wins), exact for up to 4,000 leads, else by the refined normal approximation.

    The refinement is for the skew (Volkova 1996; Hong 2013 finds its error below 1e-3 from some hundred trials on).
    """
    at = np.asarray(wins, dtype=np.float64)
    if len(probability) <= MOST_EXACT:
        total = np.cumsum(poisson_binomial(probability))
        inside = np.clip(at, 0, len(probability)).astype(np.intp)
        return np.where(at < 0, 0.0, np.minimum(total[inside], 1.0))
    spread = float(np.sqrt((probability * (1 - probability)).sum()))
    if spread == 0:
        return np.where(at >= probability.sum(), 1.0, 0.0)
    skew = float((probability * (1 - probability) * (1 - 2 * probability)).sum()) / spread**3
    x = (at + 0.5 - probability.sum()) / spread
    refined = stats.norm.cdf(x) + skew * (1 - x**2) * stats.norm.pdf(x) / 6
    return np.asarray(np.clip(refined, 0.0, 1.0), dtype=np.float64)


def wins_band(probability: Floats, level: float = BAND) -> tuple[int, int]:
    """Return the least and the most wins of the central band: at most (1 - level) / 2 lies beyond either end."""
    tail = (1 - level) / 2
    counts = np.arange(len(probability) + 1)
    below = wins_cdf(counts, probability)
    low = int(np.argmax(below > tail))
    high = int(np.argmax(below >= 1 - tail))
    return low, high


def chance(wins: int, probability: Floats) -> float:
    """Return the two-sided chance of a number of wins at least as far out, twice the smaller tail."""
    below, at = wins_cdf([wins - 1, wins], probability)
    return float(min(1.0, 2 * min(at, 1 - below)))


@dataclass(frozen=True)
class Cohort:
    """Leads that were published in one month, each by its first publication of that month, and what became of them."""

    month: str
    nights: int
    leads: int
    expected_wins: float
    wins: int
    low: int
    high: int
    chance: float
    versions: list[str]

    @classmethod
    def of(cls, month: str, rows: pd.DataFrame) -> "Cohort":
        """Count one cohort; ``rows`` have each lead once."""
        probability = rows["close_probability"].to_numpy(dtype=np.float64)
        wins = int(rows["won"].sum())
        low, high = wins_band(probability)
        return cls(
            month=month,
            nights=int(rows["night"].nunique()),
            leads=len(rows),
            expected_wins=float(probability.sum()),
            wins=wins,
            low=low,
            high=high,
            chance=chance(wins, probability),
            versions=sorted(rows["version"].unique().tolist()),
        )

    @property
    def inside(self) -> bool:
        """Whether the wins lie within the band."""
        return self.low <= self.wins <= self.high

    @property
    def gap(self) -> float:
        """Return by what part of the expected wins the realised ones are off."""
        return abs(self.wins - self.expected_wins) / max(self.expected_wins, 1.0)

    def to_json(self) -> dict[str, Any]:
        """Return the cohort as one JSON object."""
        return {**vars(self), "inside": self.inside}


def cohorts(published: pd.DataFrame) -> tuple[list[Cohort], Cohort | None]:
    """Return the cohorts by month, and all leads of the last six of them together, each counted once.

    A lead that stood in many publications counts once in a month, by its first one there: its nights share one end.
    It may count in two months, which are therefore not independent; in the sum it counts once, by the first of all.

    Args:
        published: rows of past publications whose horizon is over: ``lead_id``, ``night`` (datetime),
            ``close_probability``, ``won`` (within the horizon from that night on), ``version`` (of the model).
    """
    if published.empty:
        return [], None
    ordered = published.sort_values(["night", "lead_id"], kind="stable")
    month = ordered["night"].dt.strftime("%Y-%m")
    first = ordered[~pd.DataFrame({"month": month, "lead": ordered["lead_id"]}).duplicated()]
    found = [
        Cohort.of(str(name), rows)
        for name, rows in first.groupby(first["night"].dt.strftime("%Y-%m"), sort=True)
    ]
    last = ordered[month >= found[-JUDGED:][0].month]
    name = found[-JUDGED:][0].month + " to " + found[-1].month if len(found) > 1 else found[0].month
    return found, Cohort.of(name, last.drop_duplicates("lead_id"))


def is_off(together: Cohort, months: list[Cohort]) -> bool:
    """Tell whether the promise was broken: by all leads together, or by one month beyond the luck of so many."""
    judged = months[-JUDGED:]
    alone = any(one.chance < LEVEL / (2 * len(judged)) and one.gap > MATTERS for one in judged)
    return alone or (together.chance < LEVEL / 2 and together.gap > MATTERS)


def words(together: Cohort, months: list[Cohort]) -> str:
    """Tell expected against realised wins in one sentence."""
    said = (
        f"of {together.leads} leads published {together.month}, {number(together.expected_wins)} were expected to close in "
        f"time and {together.wins} did; honest probabilities give {together.low} to {together.high}"
    )
    out = [one.month for one in months if not one.inside]
    listed = f"; outside their band: {', '.join(out[-JUDGED:])}" if out and len(months) > 1 else ""
    return said + listed
