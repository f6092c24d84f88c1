"""What leaks may have cost, in wins and money: leads touched late, and leads lost that did not go back."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveInt

from reports.closing_facts import Figure
from reports.facts import Fact, Finite, Interval
from reports.intervals import TAIL, share_interval
from reports.lead_quality import within
from reports.material import Material
from reports.rejections import closed_since

BINS = 4
FEWEST_OF_A_BIN = 5  # leads touched in time, that late ones of like score are held against
DRAWS = 4000


class LateWins(Fact):
    """Leads handed over in the period, to be touched and not in time, held against like-scored ones that were.

    Leads whose outcome is known; ``bins`` of the score at arrival were compared. ``expected``: wins, had they closed
    like those touched in time. ``missing`` (expected less won) has a 95 % interval and may be below zero; ``missing_value``
    is it at the mean amount, which is taken as given (None without amounts).
    """

    leads: NonNegativeInt
    wins: NonNegativeInt
    in_time: NonNegativeInt
    bins: PositiveInt
    expected: NonNegativeFloat
    missing: Finite
    missing_low: Finite
    missing_high: Finite
    missing_value: Figure | None = None


class Returned(Fact):
    """What leads that went back to marketing came to, and what lost ones that did not would be at the same rate.

    ``returned`` leads were recycled at least a horizon before the data end, ``closed`` of them within it; all but
    ``leads`` are None where they are fewer than may be told of. ``leads``: lost and not given back; ``wins`` and
    ``value`` are what these would be at the rate, with the interval of the rate. ``value`` takes the mean amount as
    given, and is None without amounts.
    """

    leads: PositiveInt
    returned: PositiveInt | None = None
    closed: NonNegativeInt | None = None
    rate: Interval | None = None
    wins: Interval | None = None
    value: Interval | None = None


def late_wins(due: pd.DataFrame, material: Material) -> LateWins | None:
    """Hold the period's late leads against those in time, within quarters of the score at arrival.

    Each bin's two close rates have Jeffreys' posterior; drawn together they give the interval of the difference.
    ``due``: see `reports.leaks_facts.late_leads`.
    """
    ended = due[within(due["handed_at"], material.period) & due["won"].notna()]
    scored = ended.merge(
        material.arrivals[["lead_id", "close_probability"]], on="lead_id", how="inner"
    )
    if min(int(scored["late"].sum()), int((~scored["late"]).sum())) < material.min_group:
        return None
    # By ranks that equals share: a few scores that are common to many leads still part them.
    rank = (scored["close_probability"].rank() - 0.5) / len(scored)
    scored = scored.assign(bin=np.floor(BINS * rank).astype(int), won=scored["won"].astype(bool))
    late, won_late = _by_bin(scored, late=True)
    in_time, won_in_time = _by_bin(scored, late=False)
    told = (in_time >= FEWEST_OF_A_BIN) & (late > 0)
    if int(late[told].sum()) < material.min_group:
        return None
    return _missing(late[told], won_late[told], in_time[told], won_in_time[told], material)


def _missing(
    late: NDArray[np.int64],
    won_late: NDArray[np.int64],
    in_time: NDArray[np.int64],
    won_in_time: NDArray[np.int64],
    material: Material,
) -> LateWins:
    """Compare leads and wins of each bin, late ones and those in time."""
    expected = float((late * won_in_time / in_time).sum())
    missing = expected - float(won_late.sum())
    random = np.random.default_rng(material.project.model.seed)
    as_in_time = random.beta(won_in_time + 0.5, in_time - won_in_time + 0.5, (DRAWS, len(late)))
    as_late = random.beta(won_late + 0.5, late - won_late + 0.5, (DRAWS, len(late)))
    ends = np.quantile((as_in_time - as_late) @ late, [TAIL, 1 - TAIL])
    low, high = min(missing, float(ends[0])), max(missing, float(ends[1]))
    return LateWins(
        leads=int(late.sum()),
        wins=int(won_late.sum()),
        in_time=int(in_time.sum()),
        bins=len(late),
        expected=expected,
        missing=missing,
        missing_low=low,
        missing_high=high,
        missing_value=_valued(missing, low, high, material.mean_amount),
    )


def _valued(missing: float, low: float, high: float, amount: float | None) -> Figure | None:
    if amount is None:
        return None
    return Figure(value=missing * amount, low=low * amount, high=high * amount)


def _by_bin(scored: pd.DataFrame, *, late: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many leads and wins each bin has, of those that are late or of the others."""
    some = scored[scored["late"] == late]
    codes = some["bin"].to_numpy(dtype=np.int64)
    leads = np.bincount(codes, minlength=BINS)
    wins = np.bincount(codes[some["won"].to_numpy(dtype=bool)], minlength=BINS)
    return leads, wins


def returned_leads(lost: int, material: Material) -> Returned:
    """Value leads that were lost and not given back by what recycled leads of the past came to.

    A lead counts from its last recycling on, whatever became of it; one that had been lost before and was not won
    later counts as not closed, so that only the returns that went well are not what is left.
    """
    closed = closed_since(material, pd.to_datetime(material.loop["recycled_at"]))
    returned, won = len(closed), int(closed.sum())
    rate = share_interval(won, returned)
    if returned < material.min_group or rate is None:
        return Returned(leads=lost)
    wins = _scaled(rate, lost)
    amount = material.mean_amount
    value = None if amount is None else _scaled(wins, amount)
    return Returned(leads=lost, returned=returned, closed=won, rate=rate, wins=wins, value=value)


def _scaled(interval: Interval, by: float) -> Interval:
    return Interval(value=interval.value * by, low=interval.low * by, high=interval.high * by)
