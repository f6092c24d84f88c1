"""The hand-off in figures: what sales took, gave back and called in time, and what its decisions went with."""

from collections.abc import Iterator
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from features.loop import STEPS
from reports.facts import Fact, Interval, Maybe, Name, clean
from reports.intervals import share_interval
from reports.lead_quality import within
from reports.material import Material
from reports.periods import Period
from reports.rejections import FEW, Rejections, closed_since, rejections
from reports.touched import hand_offs

Unknown = Literal[
    "handed_over", "accepted", "rejected", "recycled", "contacted", "closing_times", "overruled"
]
SECONDS_AN_HOUR: Final = 3600


class Reason(Fact):
    """A reason of rejections, and how many rejections have it."""

    reason: Name
    leads: NonNegativeInt


class Handed(Fact):
    """The leads whose last hand-off lies in one period, and what became of it; shares are of these leads.

    A share is None where its step is nowhere in the data, or fewer leads than may be told of were handed over.
    ``touched`` is of ``due``, those still to be touched: whose agreed time was over before the data end, and that sales
    had not decided on before (`reports.touched`). ``median_hours`` counts those of them who were not contacted as
    waiting for ever; None where that is half of them or more. ``other_reasons`` and ``no_reason`` count rejections
    whose reason too few share to be told, or that have none.
    """

    period: Name
    leads: NonNegativeInt
    few: bool
    accepted: Interval | None = None
    rejected: Interval | None = None
    recycled: Interval | None = None
    due: NonNegativeInt = 0
    touched: Interval | None = None
    median_hours: Maybe = None
    rejections: NonNegativeInt | None = None
    reasons: list[Reason] = Field(default=[])
    other_reasons: NonNegativeInt = 0
    no_reason: NonNegativeInt = 0


class Judgement(Fact):
    """Routes that sales overruled, that a horizon has passed since, and how many of the leads closed within it.

    ``leads``, ``closed`` and ``rate`` are None where there are fewer than may be told of. Those of them with a score at
    their arrival are ``scored``: ``scored_closed`` closed, ``expected`` is the sum of the scores, ``scored_rate`` and
    ``expected_rate`` are per lead. ``verdict`` is ``fewer`` or ``more`` where the expected rate lies outside of the
    interval of ``scored_rate``, ``as_many`` where it lies within. It is no judgement of sales: the score at arrival
    does not know what the lead did later.
    """

    leads: NonNegativeInt | None = None
    few: bool = True
    closed: NonNegativeInt | None = None
    rate: Interval | None = None
    scored: NonNegativeInt = 0
    scored_closed: NonNegativeInt | None = None
    scored_rate: Interval | None = None
    expected: NonNegativeFloat | None = None
    expected_rate: NonNegativeFloat | None = None
    verdict: Literal["fewer", "as_many", "more"] | None = None


class HandOffFacts(Fact):
    """The hand-off of the period and of the one before, and how often sales was right.

    ``rejections``: leads that sales rejected beside those that it accepted (`reports.rejections`); ``taken_up``: that
    it sent to itself against the route of leadgauge;
    ``sent_back``: that it sent elsewhere. ``unknown`` lists what the data cannot tell.
    """

    now: Handed
    before: Handed
    contact_within_hours: PositiveFloat
    horizon_days: PositiveInt
    min_group: PositiveInt
    rejections: Rejections | None = None
    taken_up: Judgement | None = None
    sent_back: Judgement | None = None
    unknown: list[Unknown] = Field(default=[])


def hand_off_facts(material: Material) -> HandOffFacts:
    """Return the facts of the hand-off.

    A lead's last hand-off, rejection and overruling count. Shares have Jeffreys intervals (`reports.intervals`).
    """
    loop = material.loop
    unknown = list(_unknown(material))
    to_sales = loop["overruled_to"] == "sales_ready"
    overruled = pd.to_datetime(loop["overruled_at"])
    judge = not material.flat
    return HandOffFacts(
        now=_handed(material, material.period, unknown),
        before=_handed(material, material.period.earlier(material.project.timezone), unknown),
        contact_within_hours=material.project.agreement.contact_within_hours,
        horizon_days=material.project.label.horizon_days,
        min_group=material.min_group,
        rejections=rejections(material, accepted_known="accepted" not in unknown)
        if judge and "rejected" not in unknown
        else None,
        taken_up=_judgement(material, overruled.where(to_sales))
        if judge and "overruled" not in unknown
        else None,
        sent_back=_judgement(material, overruled.where(~to_sales))
        if judge and "overruled" not in unknown
        else None,
        unknown=unknown,
    )


def _unknown(material: Material) -> Iterator[Unknown]:
    kinds = set(material.columns.kinds)
    for step in STEPS:
        if step not in kinds and step != "contacted":
            yield step
    if not kinds & {"contacted", *material.project.agreement.sales_kinds}:
        yield "contacted"
    if material.flat:
        yield "closing_times"
    if not material.loop["overruled_at"].notna().any():
        yield "overruled"


def _handed(material: Material, period: Period, unknown: list[Unknown]) -> Handed:
    handed = pd.to_datetime(material.loop["handed_at"])
    some = material.loop[within(handed, period)]
    few = len(some) < FEW
    if "handed_over" in unknown or len(some) < material.min_group:
        return Handed(period=period.name, leads=len(some), few=few)

    def share(step: Unknown, column: str) -> Interval | None:
        if step in unknown:
            return None
        happened = pd.to_datetime(some[column]) >= pd.to_datetime(some["handed_at"])
        return share_interval(int(happened.sum()), len(some))

    told: dict[str, Any] = {
        "accepted": share("accepted", "accepted_at"),
        "rejected": share("rejected", "rejected_at"),
        "recycled": share("recycled", "recycled_at"),
    }
    if "contacted" not in unknown:
        told |= _contact(material, some)
    if "rejected" not in unknown:
        told |= _reasons(material, some)
    return Handed(period=period.name, leads=len(some), few=few, **told)


def _contact(material: Material, some: pd.DataFrame) -> dict[str, Any]:
    told = hand_offs(material).loc[some.index]
    due = told[told["due"]]
    if len(due) < material.min_group:
        return {"due": len(due)}
    hours = (due["waited"].dt.total_seconds() / SECONDS_AN_HOUR).fillna(np.inf).to_numpy(float)
    median = float(np.median(hours))
    return {
        "due": len(due),
        "touched": share_interval(int(due["in_time"].sum()), len(due)),
        "median_hours": median if np.isfinite(median) else None,
    }


def _reasons(material: Material, some: pd.DataFrame) -> dict[str, Any]:
    gone = some[some["rejected_at"].notna()]
    said = gone["rejected_reason"].dropna().map(lambda reason: clean(str(reason)))
    said = said[said != ""]
    counts = said.value_counts()
    shown = counts[counts >= material.min_group]
    ranked = sorted(shown.items(), key=lambda pair: (-pair[1], str(pair[0])))
    return {
        "rejections": len(gone),
        "reasons": [Reason(reason=str(reason), leads=int(count)) for reason, count in ranked],
        "other_reasons": int(counts.sum() - shown.sum()),
        "no_reason": len(gone) - int(counts.sum()),
    }


def _judgement(material: Material, decided_at: "pd.Series[Any]") -> Judgement:
    """Say how many of the leads closed within the horizon of the decision, once it has passed."""
    closed = closed_since(material, decided_at)
    leads = len(closed)
    if leads < material.min_group:
        return Judgement()
    told: dict[str, Any] = {
        "closed": int(closed.sum()),
        "rate": share_interval(int(closed.sum()), leads),
    }
    ids = material.loop.loc[closed.index, "lead_id"].astype(str)
    said = material.arrivals.set_index(material.arrivals["lead_id"].astype(str))
    expected = ids.map(said["close_probability"])
    scored = expected.notna()
    if int(scored.sum()) >= material.min_group:
        told |= _against_the_score(closed[scored], expected[scored])
    return Judgement(leads=leads, few=leads < FEW, **told)


def _against_the_score(closed: "pd.Series[Any]", expected: "pd.Series[Any]") -> dict[str, Any]:
    rate = share_interval(int(closed.sum()), len(closed))
    mean = float(expected.mean())
    verdict = "as_many"
    if rate is not None and not rate.low <= mean <= rate.high:
        verdict = "fewer" if rate.high < mean else "more"
    return {
        "scored": len(closed),
        "scored_closed": int(closed.sum()),
        "scored_rate": rate,
        "expected": float(expected.sum()),
        "expected_rate": mean,
        "verdict": verdict,
    }
