"""What an agreement would have meant in the last period: leads, wins and hours of sales, and what if."""

from collections.abc import Mapping, Sequence
from typing import Literal

import pandas as pd
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat

from features.blocks import Grade
from reports.facts import Fact, Interval, Share
from reports.intervals import share_interval
from reports.material import Material
from reports.replay import EVERYBODY, Waiting

GRADES: tuple[Grade, ...] = ("A", "B", "C", "D")
Missing = Literal["no_scores", "too_few"]
Capacities = Mapping[str, float | None]


class Meant(Fact):
    """What one agreement would have meant in the period.

    ``capacity``: leads a day in all teams together, None without a limit. ``open``: of the ``leads``, those whose
    outcome is not known yet. ``wins``: so far. ``share_of_wins``: of all wins of the period's leads. ``hours`` are
    those of the leads that went to sales in the period; some that were open in it had gone before.
    """

    capacity: PositiveFloat | None = None
    grades: list[Grade]
    leads: NonNegativeInt
    wins: NonNegativeInt
    open: NonNegativeInt
    hours: NonNegativeFloat
    share_of_wins: Interval | None = None


class AgreementFacts(Fact):
    """The agreement against the last whole period.

    ``leads`` came in or were open in it and were at most a horizon old when it began; ``wins`` of them so far, and
    ``open``: those whose outcome is not known yet; ``hours`` that all of them would have cost. ``agreed`` is the
    agreement, ``asked`` what if, ``what_if`` half, all and twice the capacity by grades A, A and B, A to C.
    ``sampled``: share of the leads that has a score at arrival; counts are those of the sample, scaled up.
    """

    period: str
    missing: Missing | None = None
    hours_per_lead: PositiveFloat
    sampled: Share = 1.0
    leads: NonNegativeInt = 0
    wins: NonNegativeInt = 0
    open: NonNegativeInt = 0
    hours: NonNegativeFloat = 0.0
    agreed: Meant | None = None
    asked: Meant | None = None
    what_if: list[Meant] = []


def agreement_facts(
    material: Material, *, capacity: float | None = None, grade: Grade | None = None
) -> AgreementFacts:
    """Replay the period by the score that each lead had at its arrival.

    Grade, probability and places decide, places day by day for the likeliest: what each lead is expected to bring
    differs by its chance alone. Consent, what qualifies beside the grade and what disqualifies are left out, for
    the data tell how they stand today and not how they stood then.

    Args:
        material: loop, scores at arrival, agreement, period.
        capacity: what if sales took so many leads a day, in all teams together.
        grade: what if every lead down to this grade were sales-ready, B for A and B.
    """
    agreement = material.project.agreement
    waiting = Waiting.of(material)
    blank = AgreementFacts(period=material.period.name, hours_per_lead=agreement.hours_per_lead)
    if waiting is None:
        return blank.model_copy(update={"missing": "no_scores"})
    total = waiting.total()
    if len(total) < material.min_group:
        return blank.model_copy(update={"missing": "too_few"})
    replay = _Replay(waiting, total, material)
    agreed_grades = [
        letter
        for letter in GRADES
        if letter in agreement.sales_ready_grades and letter in agreement.qualified.grades
    ]
    capacities = _capacities(material)
    asked = None
    if capacity is not None or grade is not None:
        asked = replay.meant(
            agreed_grades if grade is None else down_to(grade),
            capacities if capacity is None else _scaled_to(capacities, capacity),
        )
    scale = 1 / waiting.sampled
    leads = round(scale * len(total))
    return blank.model_copy(
        update={
            "sampled": min(1.0, waiting.sampled),
            "leads": leads,
            "wins": round(scale * int(total["won"].sum())),
            "open": round(scale * int(total["open"].sum())),
            "hours": agreement.hours_per_lead * leads,
            "agreed": replay.meant(agreed_grades, capacities),
            "asked": asked,
            "what_if": [
                replay.meant(down_to(letter), changed)
                for changed in _what_if(capacities)
                for letter in GRADES[:3]
            ],
        }
    )


def down_to(grade: Grade) -> list[Grade]:
    """Return the grades down to this one: B is A and B."""
    return list(GRADES[: GRADES.index(grade) + 1])


def _capacities(material: Material) -> dict[str, float | None]:
    agreement = material.project.agreement
    own: dict[str, float | None] = dict(agreement.team_capacity) if material.columns.team else {}
    return {EVERYBODY: agreement.capacity_per_day, **own}


def _in_all(capacities: Capacities) -> float | None:
    known = [places for places in capacities.values() if places is not None]
    return sum(known) if len(known) == len(capacities) else None


def _scaled(capacities: Capacities, by: float) -> dict[str, float | None]:
    return {pool: None if places is None else by * places for pool, places in capacities.items()}


def _scaled_to(capacities: Capacities, in_all: float) -> dict[str, float | None]:
    """Share so many places out as the agreed ones are; where some have no limit, all leads are one pool."""
    before = _in_all(capacities)
    return {_ANY: in_all} if before is None else _scaled(capacities, in_all / before)


def _what_if(capacities: Capacities) -> Sequence[dict[str, float | None]]:
    if _in_all(capacities) is None:
        return [dict(capacities)]
    return [_scaled(capacities, by) for by in (0.5, 1.0, 2.0)]


_ANY = "\0"  # no team is called so


class _Replay:
    """Runs agreements over the same leads."""

    def __init__(self, waiting: Waiting, total: pd.DataFrame, material: Material) -> None:
        self._waiting = waiting
        self._wins = int(total["won"].sum())
        self._agreement = material.project.agreement

    def meant(self, grades: list[Grade], capacities: Capacities) -> Meant:
        """Return what one would have meant."""
        waiting = self._waiting
        rows = waiting.leads
        if _ANY in capacities:
            rows = rows.assign(pool=_ANY)
        least = self._agreement.sales_ready_probability
        if least is not None:
            rows = rows[rows["close_probability"] >= least]
        got = Waiting(rows, waiting.start, waiting.nights, waiting.sampled).taken(
            grades, capacities
        )
        scale = 1 / waiting.sampled
        won, leads = int(got["won"].sum()), round(scale * len(got))
        return Meant(
            capacity=_in_all(capacities),
            grades=grades,
            leads=leads,
            wins=round(scale * won),
            open=round(scale * int(got["open"].sum())),
            hours=self._agreement.hours_per_lead * round(scale * int(got["within"].sum())),
            share_of_wins=share_interval(won, self._wins),
        )
