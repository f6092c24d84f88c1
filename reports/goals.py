"""Goals in words: where the last quarter that can be judged stands against its target."""

from collections.abc import Callable

from reports.facts import Finding, Interval
from reports.goals_facts import Goal, GoalsFacts, Measure
from reports.voice import Voice, text

NAMES: dict[Measure, str] = {
    "close_rate": text("Close rate"),
    "cycle_days": text("Days from lead to win"),
    "value_per_lead": text("Value per lead"),
    "cost_per_win": text("Cost per win"),
    "touched_in_time": text("Hand-offs contacted in time"),
}
STATES = {
    ("met", True): text(
        "{name}: goal met in {quarter} with {value} ({low} to {high}); agreed was {target}."
    ),
    ("missed", True): text(
        "{name}: goal missed in {quarter} with {value} ({low} to {high}); agreed was {target}."
    ),
    ("cannot tell", True): text(
        "{name}: {value} ({low} to {high}) in {quarter}; whether the agreed {target} was met cannot be told from so few."
    ),
    ("met", False): text(
        "{name}: {value} ({low} to {high}) in {quarter}, as good as in the better quarters before; no goal is agreed, {target} is proposed."
    ),
    ("missed", False): text(
        "{name}: {value} ({low} to {high}) in {quarter}, short of the better quarters before; no goal is agreed, {target} is proposed."
    ),
    ("cannot tell", False): text(
        "{name}: {value} ({low} to {high}) in {quarter}; no goal is agreed, {target} (the better quartile of the quarters before, chance taken out) is proposed."
    ),
}
NO_TARGET = text(
    "{name}: {value} ({low} to {high}) in {quarter}; no goal is agreed, and the past is too short to propose one."
)
MISSING = {
    "amounts": text("{name}: unknown, for outcomes have no amounts."),
    "spend": text("{name}: unknown, for there is no table of spend in the project file."),
    "closing_times": text("{name}: unknown, for outcomes have no closing time."),
    "contact": text(
        "{name}: unknown, for it takes events of the kinds handed_over and contacted (or of sales' kinds)."
    ),
    "too_few": text(
        "{name}: not told, for no quarter of the last two years has enough to tell it."
    ),
    "nothing_judged": text("{name}: not judged yet, for no quarter's leads have had their time."),
}


def goal_name(measure: Measure, voice: Voice) -> str:
    """Return the name of a measure."""
    return voice.say(NAMES[measure])


def goal_value(measure: Measure, value: float, voice: Voice) -> str:
    """Write a figure in its unit."""
    writers: dict[Measure, Callable[[float], str]] = {
        "close_rate": voice.percent,
        "cycle_days": lambda days: voice.days(round(days)),
        "value_per_lead": voice.money,
        "cost_per_win": voice.money,
        "touched_in_time": voice.percent,
    }
    return writers[measure](value)


def goals_findings(facts: GoalsFacts, voice: Voice) -> list[Finding]:
    """Return the goals that were met or missed for sure; an agreed one weighs more than a proposed one."""
    findings = []
    for goal in facts.goals:
        if goal.status not in {"met", "missed"} or goal.current is None or goal.target is None:
            continue
        away = abs(goal.current.value - goal.target) / max(abs(goal.target), 1e-9)
        weight = (0.5 if goal.agreed else 0.2) + 0.5 * min(away, 1.0)
        findings.append(
            Finding(
                kind=f"goal_{goal.status}",
                section="goals",
                subject=goal_name(goal.measure, voice),
                sentence=goal_sentence(goal, voice),
                weight=min(1.0, weight if goal.status == "missed" else 0.6 * weight),
                figures={
                    "measure": goal.measure,
                    "quarter": goal.judged or "",
                    "value": goal.current.value,
                    "low": goal.current.low,
                    "high": goal.current.high,
                    "target": goal.target,
                    "target_is": "agreed" if goal.agreed else "proposed",
                },
            )
        )
    return sorted(findings, key=lambda finding: -finding.weight)


def goal_sentence(goal: Goal, voice: Voice) -> str:
    """Say where one measure stands."""
    name = goal_name(goal.measure, voice)
    if goal.missing is not None or goal.current is None:
        return voice.say(MISSING[goal.missing or "too_few"], name=name)
    state = (goal.status, goal.agreed)
    target = "" if goal.target is None else goal_value(goal.measure, goal.target, voice)
    told = voice.say(
        STATES.get(state, NO_TARGET),
        name=name,
        quarter=goal.judged,
        target=target,
        **_figures(goal.measure, goal.current, voice),
    )
    gap = _gap(goal, voice)
    return f"{told} {gap}" if gap else told


def goals_sentences(facts: GoalsFacts, voice: Voice) -> list[str]:
    """Say where every measure stands, and why the youngest quarters are not judged."""
    sentences = [goal_sentence(goal, voice) for goal in facts.goals]
    young = sorted(
        {quarter.quarter for goal in facts.goals for quarter in goal.quarters if quarter.young}
    )
    if young:
        sentences.append(
            voice.say(
                "{quarters} cannot be judged by what its leads became: not all of them have had their time.",
                quarters=voice.listed(young),
            )
            if len(young) == 1
            else voice.say(
                "{quarters} cannot be judged by what their leads became: not all of them have had their time.",
                quarters=voice.listed(young),
            )
        )
    return sentences


def _figures(measure: Measure, interval: Interval, voice: Voice) -> dict[str, str]:
    return {
        "value": goal_value(measure, interval.value, voice),
        "low": goal_value(measure, interval.low, voice),
        "high": goal_value(measure, interval.high, voice),
    }


def _gap(goal: Goal, voice: Voice) -> str | None:
    """Say what a missed goal comes to in wins and money."""
    if goal.status != "missed":
        return None
    if goal.gap_wins is not None and goal.gap_wins >= 0.5:
        if goal.gap_value is None:
            return voice.many(
                "To the target it lacks {count} win.",
                "To the target it lacks {count} wins.",
                round(goal.gap_wins),
            )
        return voice.many(
            "To the target it lacks {count} win, at the average amount {money}.",
            "To the target it lacks {count} wins, at the average amount {money}.",
            round(goal.gap_wins),
            money=voice.money(goal.gap_value),
        )
    if goal.gap_value is not None and goal.gap_value > 0:
        return voice.say(
            "Over the quarter, {money} lie between it and the target.",
            money=voice.money(goal.gap_value),
        )
    return None
