"""Goals: what the past quarters were, what was agreed or can be proposed, and where things stand."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from pydantic import NonNegativeInt

from reports.facts import Fact, Interval, Maybe, Name
from reports.goal_measures import (
    Measured,
    Missing,
    Quarters,
    close_rate,
    cost_per_win,
    cycle_days,
    touched_in_time,
    value_per_lead,
)
from reports.lead_quality import last_quarters, quality_leads
from reports.material import Material

Measure = Literal["close_rate", "cycle_days", "value_per_lead", "cost_per_win", "touched_in_time"]
Status = Literal["met", "missed", "cannot tell", "unknown"]
QUARTERS = 8
FEWEST_PAST = 4  # judged quarters that a target is proposed from
UNASKED = 2.576  # standard errors


class QuarterFigure(Fact):
    """One quarter: what it was about (``of`` leads, wins or hand-offs) and the figure; None where it is not told.

    ``young``: its leads have not had their time. ``with_expected``: the figure with what the open leads are
    expected to add.
    """

    quarter: Name
    of: NonNegativeInt
    value: Interval | None
    young: bool = False
    with_expected: Maybe = None


class Goal(Fact):
    """One measure, quarter by quarter (oldest first), its target, and where it stood in the quarter ``judged``.

    ``agreed``: the target stands in the project file; otherwise it is proposed, the better quartile of the quarters
    before, chance taken out. ``status`` is ``cannot tell`` while the interval holds the target; a proposed one is
    uncertain itself, and it takes more. ``gap_wins`` and ``gap_value``: wins and money that lie between the quarter
    and its target (positive: short of it). ``missing`` says why there is no figure at all.
    """

    measure: Measure
    quarters: list[QuarterFigure]
    target: Maybe = None
    agreed: bool = False
    judged: Name | None = None
    current: Interval | None = None
    status: Status = "unknown"
    gap_wins: Maybe = None
    gap_value: Maybe = None
    missing: Missing | None = None


class GoalsFacts(Fact):
    """All goals; ``contact_hours`` is the agreed time to first contact."""

    goals: list[Goal]
    mean_amount: Maybe = None
    horizon_days: int
    contact_hours: float


@dataclass(frozen=True)
class Rule:
    """How a measure is computed, and which way is better."""

    compute: Callable[[Quarters], Measured]
    higher_is_better: bool


RULES: dict[Measure, Rule] = {
    "close_rate": Rule(close_rate, higher_is_better=True),
    "cycle_days": Rule(cycle_days, higher_is_better=False),
    "value_per_lead": Rule(value_per_lead, higher_is_better=True),
    "cost_per_win": Rule(cost_per_win, higher_is_better=False),
    "touched_in_time": Rule(touched_in_time, higher_is_better=True),
}


def goals_facts(material: Material) -> GoalsFacts:
    """Return the five goals over the last eight whole quarters.

    Close rate and value are of leads by the quarter in which they came, and judged only once all of them have had
    their time; the cycle is of wins by the quarter in which they closed; cost per win counts the wins that are still
    expected of the quarter's leads; touched in time is of hand-offs.
    """
    quarters = Quarters(material, quality_leads(material), last_quarters(material, QUARTERS))
    return GoalsFacts(
        goals=[_goal(measure, rule, quarters) for measure, rule in RULES.items()],
        mean_amount=material.mean_amount,
        horizon_days=material.project.label.horizon_days,
        contact_hours=material.project.agreement.contact_within_hours,
    )


def _goal(measure: Measure, rule: Rule, quarters: Quarters) -> Goal:
    measured = rule.compute(quarters)
    if measured.missing is not None:
        return Goal(
            measure=measure, quarters=[], missing=measured.missing, **_agreed(measure, quarters)
        )
    figures = [QuarterFigure(**vars(figure)) for figure in measured.figures]
    told = [figure for figure in figures if figure.value is not None and not figure.young]
    if not told:
        young = any(figure.young for figure in figures)
        missing: Missing = "nothing_judged" if young else "too_few"
        return Goal(
            measure=measure, quarters=figures, missing=missing, **_agreed(measure, quarters)
        )
    last, past = told[-1], [figure.value for figure in told[:-1] if figure.value]
    aim = _agreed(measure, quarters) or _proposed(past, rule)
    error = aim.pop("error", None)
    goal = Goal(
        measure=measure,
        quarters=figures,
        judged=last.quarter,
        current=last.value,
        status=_status(last.value, aim.get("target"), error, rule),
        **aim,
    )
    return goal.model_copy(update=_gap(goal, last, quarters.material.mean_amount))


def _agreed(measure: Measure, quarters: Quarters) -> dict[str, Any]:
    target = getattr(quarters.material.project.report.goals, measure)
    return {} if target is None else {"target": target, "agreed": True}


def _proposed(past: list[Interval], rule: Rule) -> dict[str, Any]:
    """Return the better quartile of the past, with chance taken out.

    Quarters scatter by chance alone, and the best of many lucky ones is no goal: the scatter is narrowed to the share
    of it that the quarters' own intervals do not explain (method of moments).
    """
    if len(past) < FEWEST_PAST:
        return {}
    values = np.array([one.value for one in past])
    chance = np.mean([((one.high - one.low) / (2 * 1.96)) ** 2 for one in past])
    scatter = values.var(ddof=1)
    real = np.sqrt(max(0.0, 1 - chance / scatter)) if scatter > 0 else 0.0
    quartile = np.quantile(values, 0.75 if rule.higher_is_better else 0.25)
    error = np.sqrt(max(chance, scatter) / len(past))
    return {
        "target": float(values.mean() + real * (quartile - values.mean())),
        "error": float(error),
    }


def _status(
    current: Interval | None, target: float | None, error: float | None, rule: Rule
) -> Status:
    """Judge the quarter by its interval, and against a target that is only proposed by the target's error, too.

    The latter is done for every measure without anybody having asked: in 99 of 100 quarters that are like those
    before, nothing is said.
    """
    if current is None or target is None:
        return "unknown"
    if current.low < target < current.high:
        return "cannot tell"
    if error is not None:
        spread = np.hypot((current.high - current.low) / (2 * 1.96), error)
        if abs(current.value - target) < UNASKED * spread:
            return "cannot tell"
    above = current.low >= target
    return "met" if above == rule.higher_is_better else "missed"


def _gap(goal: Goal, last: QuarterFigure, mean_amount: float | None) -> dict[str, float | None]:
    if goal.target is None or goal.current is None:
        return {}
    short = goal.target - goal.current.value
    if goal.measure == "close_rate":
        wins = short * last.of
        return {"gap_wins": wins, "gap_value": None if mean_amount is None else wins * mean_amount}
    if goal.measure == "value_per_lead":
        return {"gap_value": short * last.of}
    if goal.measure == "cost_per_win":
        return {"gap_value": -short * last.of}
    return {}
