"""Were rejections right? Leads that sales rejected, held against those that it accepted in the same time."""

from datetime import timedelta
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from pydantic import NonNegativeInt

from reports.facts import Fact, Interval
from reports.intervals import TAIL, share_interval
from reports.material import Material

FEW: Final = 50  # leads, below which a share is marked
HALF: Final = (
    0.5  # rejections that tell leads apart leave less than half of the accepted ones' close rate
)
DRAWS: Final = 20_000


class Decided(Fact):
    """Leads that sales decided on at least a horizon before the data end, and how many closed within it.

    All but ``few`` are None where there are fewer of them than may be told of. ``few``: under 50 leads.
    """

    leads: NonNegativeInt | None = None
    few: bool = True
    closed: NonNegativeInt | None = None
    rate: Interval | None = None


class Rejections(Fact):
    """Rejected leads against accepted ones, both from their own decision on.

    ``accepted`` is None where no acceptance is in the data. ``ratio``: how many times as often rejected leads closed.
    ``verdict``: ``fewer`` or ``more`` where the ratio's interval lies below or above 1, ``as_many`` where it holds 1;
    None without a ratio. ``alike``: they cannot be told apart, there are at least 50 of each, and the whole interval
    lies above one half; without it ``as_many`` may be for want of leads.
    """

    rejected: Decided
    accepted: Decided | None = None
    ratio: Interval | None = None
    verdict: Literal["fewer", "as_many", "more"] | None = None
    alike: bool = False


def rejections(material: Material, *, accepted_known: bool) -> Rejections:
    """Hold rejections against acceptances.

    A decision counts from its own moment on, whatever was decided later: leaving out those who were taken up after
    all would leave out the rejections that were wrong. So a lead that was rejected and accepted is on both sides.
    """
    rejected_at = pd.to_datetime(material.loop["rejected_at"])
    accepted_at = pd.to_datetime(material.loop["accepted_at"])
    if not accepted_known:
        return Rejections(rejected=_decided(closed_since(material, rejected_at), material))
    # The same time: a CRM that learned one of the two later than the other compares different years.
    first = max(rejected_at.min(), accepted_at.min())
    both = [
        closed_since(material, decided_at.where(decided_at >= first))
        for decided_at in (rejected_at, accepted_at)
    ]
    rejected, accepted = (_decided(closed, material) for closed in both)
    ratio = None
    if rejected.rate is not None and accepted.rate is not None and accepted.closed:
        ratio = _ratio(both[0], both[1], material.project.model.seed)
    verdict = None if ratio is None else _verdict(ratio)
    alike = verdict == "as_many" and not (rejected.few or accepted.few)
    return Rejections(
        rejected=rejected,
        accepted=accepted,
        ratio=ratio,
        verdict=verdict,
        alike=alike and ratio is not None and ratio.low > HALF,
    )


def closed_since(material: Material, decided_at: "pd.Series[Any]") -> "pd.Series[bool]":
    """Return of each lead that was decided on a horizon ago whether it was won within the horizon.

    Leads that were won before the decision are left out, those that were lost before are not: many a CRM closes a lead
    a moment before it writes down the rejection.
    """
    horizon = timedelta(days=material.project.label.horizon_days)
    closed_at = pd.to_datetime(material.loop["closed_at"])
    won = material.loop["won"].astype("boolean").fillna(value=False).astype(bool)
    before = won & (closed_at < decided_at)
    mature = (decided_at + horizon <= material.data_cutoff) & ~before
    return (won & (closed_at < decided_at + horizon))[mature]


def _decided(closed: "pd.Series[bool]", material: Material) -> Decided:
    leads, wins = len(closed), int(closed.sum())
    if leads < material.min_group:
        return Decided()
    return Decided(leads=leads, few=leads < FEW, closed=wins, rate=share_interval(wins, leads))


def _ratio(rejected: "pd.Series[bool]", accepted: "pd.Series[bool]", seed: int) -> Interval:
    """Return how many times as often the first closed; both rates drawn from Jeffreys' posterior."""
    random = np.random.default_rng(seed)
    one, other = (
        random.beta(closed.sum() + 0.5, (~closed).sum() + 0.5, size=DRAWS)
        for closed in (rejected, accepted)
    )
    low, high = (float(end) for end in np.quantile(one / other, [TAIL, 1 - TAIL]))
    value = float(rejected.mean() / accepted.mean())
    return Interval(value=value, low=min(value, low), high=max(value, high))


def _verdict(ratio: Interval) -> Literal["fewer", "as_many", "more"]:
    if ratio.high < 1:
        return "fewer"
    return "more" if ratio.low > 1 else "as_many"
