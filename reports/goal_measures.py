"""The five figures that goals are about, quarter by quarter."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reports.facts import Interval
from reports.intervals import TAIL, cost_interval, median_interval, share_interval
from reports.lead_quality import Known, within
from reports.material import Material
from reports.periods import Period
from reports.spending import money_by, spell_of
from reports.touched import hand_offs

Missing = Literal["amounts", "spend", "closing_times", "contact", "too_few", "nothing_judged"]
DRAWS = 400
AT_ONCE = 2_000_000  # weights that are drawn at a time
NEARLY_ALL = 0.95  # of a flat export's leads, that a quarter is judged by


@dataclass(frozen=True)
class Quarters:
    """The material, its leads (`reports.lead_quality.quality_leads`) and the quarters, oldest first."""

    material: Material
    leads: pd.DataFrame
    periods: list[Period]

    @property
    def known(self) -> Known:
        """What the data can tell."""
        return Known.of(self.material)

    def created_in(self, period: Period) -> pd.DataFrame:
        """Return the leads that came in it."""
        return self.leads[within(self.leads["created_at"], period)]

    def young(self, period: Period) -> bool:
        """Whether some of its leads have not had their time."""
        if self.material.flat:
            some = self.created_in(period)
            return len(some) > 0 and float(some["ended"].mean()) < NEARLY_ALL
        horizon = timedelta(days=self.material.project.label.horizon_days)
        return period.end + horizon > self.material.data_cutoff


@dataclass(frozen=True)
class Figure:
    """One quarter's figure; see `reports.goals_facts.QuarterFigure`."""

    quarter: str
    of: int
    value: Interval | None
    young: bool = False
    with_expected: float | None = None


@dataclass(frozen=True)
class Measured:
    """The quarters' figures, or why there is none."""

    figures: list[Figure]
    missing: Missing | None = None


def close_rate(quarters: Quarters) -> Measured:
    """Return the share of each quarter's leads that were won within the horizon."""
    figures = []
    for period in quarters.periods:
        some = quarters.created_in(period)
        mature = some[some["mature"]]
        young = quarters.young(period)
        told = not young and len(mature) >= quarters.material.min_group
        value = share_interval(int(mature["closed"].sum()), len(mature)) if told else None
        figures.append(Figure(period.name, len(some), value, young))
    return Measured(figures)


def cycle_days(quarters: Quarters) -> Measured:
    """Return the median days from creation to the win, of the wins that closed in each quarter.

    A quarter that begins less than a horizon after the first lead is not told, for only quick wins can be in it, nor
    one that goes on for more than a month after the last lead, for only slow ones are.
    """
    if quarters.material.flat:
        return Measured([], "closing_times")
    won = quarters.leads[quarters.leads["days_to_win"] >= 0]
    closed_at = won["created_at"] + pd.to_timedelta(won["days_to_win"], unit="D")
    horizon = timedelta(days=quarters.material.project.label.horizon_days)
    first, last = quarters.leads["created_at"].min(), quarters.leads["created_at"].max()
    figures = []
    for period in quarters.periods:
        days = won.loc[within(closed_at, period), "days_to_win"].to_numpy(float)
        enough = len(days) >= quarters.material.min_group
        both_ends = first + horizon <= period.start and period.end <= last + timedelta(days=31)
        value = median_interval(days) if enough and both_ends else None
        figures.append(Figure(period.name, len(days), value))
    return Measured(figures)


def value_per_lead(quarters: Quarters) -> Measured:
    """Return the money won of each quarter's leads, per lead, with a bootstrap over accounts.

    A win without an amount counts as the mean amount.
    """
    mean_amount = quarters.material.mean_amount
    if mean_amount is None:
        return Measured([], "amounts")
    random = np.random.default_rng(quarters.material.project.model.seed)
    figures = []
    for period in quarters.periods:
        some = quarters.created_in(period)
        young = quarters.young(period)
        enough = len(some) >= quarters.material.min_group
        expected = None
        if enough and quarters.known.tonight:
            to_come = float(some["tonight"].fillna(0.0).sum()) * mean_amount
            expected = (float(some["amount"].fillna(0.0).sum()) + to_come) / len(some)
        value = _mean_by_account(some, random) if enough and not young else None
        figures.append(Figure(period.name, len(some), value, young, expected))
    return Measured(figures)


def cost_per_win(quarters: Quarters) -> Measured:
    """Return all money of each quarter over the wins, so far and expected, of all leads that came in it.

    A quarter is told if money is on record for the whole of it. Where no scores tell what open leads hold, quarters
    whose leads have not had their time are young.
    """
    money = money_by(quarters.material.spend, "source")
    if money.empty:
        return Measured([], "spend")
    first = money["spent_on"].min()
    last = money["spent_on"].max() + spell_of(money) + timedelta(days=1)
    figures = []
    for period in quarters.periods:
        some = quarters.created_in(period)
        wins = float(some["won"].sum() + some["tonight"].fillna(0.0).sum())
        spent = float(money.loc[within(money["spent_on"], period), "amount"].sum())
        young = not quarters.known.tonight and quarters.young(period)
        whole = first <= period.start + timedelta(days=1) and last >= period.end
        told = whole and spent > 0 and len(some) >= quarters.material.min_group and not young
        value = cost_interval(spent, wins) if told else None
        figures.append(Figure(period.name, round(wins), value, young))
    return Measured(figures)


def touched_in_time(quarters: Quarters) -> Measured:
    """Return the share of each quarter's hand-offs still to be touched that were contacted within the agreed time.

    A lead's last hand-off counts; one whose time is not over yet does not, nor one that sales decided on or that
    closed before it was over (`reports.touched`).
    """
    if not (quarters.known.handed_over and quarters.known.contacted):
        return Measured([], "contact")
    to_touch = hand_offs(quarters.material).query("due")
    figures = []
    for period in quarters.periods:
        due = to_touch[within(to_touch["handed_at"], period)]
        of = len(due)
        told = of >= quarters.material.min_group
        value = share_interval(int(due["in_time"].sum()), of) if told else None
        figures.append(Figure(period.name, of, value))
    return Measured(figures)


def _mean_by_account(leads: pd.DataFrame, random: np.random.Generator) -> Interval:
    """Return the mean amount and its interval, each account drawn a Poisson(1) number of times."""
    sums = leads["amount"].fillna(0.0).groupby(leads["cluster"]).agg(["sum", "size"])
    amounts, sizes = sums["sum"].to_numpy(float), sums["size"].to_numpy(float)
    value = float(amounts.sum() / sizes.sum())
    step = max(1, AT_ONCE // len(sums))
    drawn: list[NDArray[Any]] = []
    for start in range(0, DRAWS, step):
        weights = random.poisson(1.0, (min(step, DRAWS - start), len(sums)))
        drawn.append((weights @ amounts) / np.maximum(weights @ sizes, 1))
    low, high = np.quantile(np.concatenate(drawn), [TAIL, 1 - TAIL])
    return Interval(value=value, low=min(value, float(low)), high=max(value, float(high)))
