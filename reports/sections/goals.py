"""Goals: where the company stands against what it agreed, or against its own better quarters."""

from reports import charts
from reports.blocks import Block, Cell, Chart, Choices, Row, Section, Table, Words
from reports.cells import NONE
from reports.facts import Interval
from reports.goals import goals_sentences
from reports.goals_facts import Goal
from reports.report_facts import ReportFacts
from reports.voice import TO, Voice, text

MEASURES = {
    "close_rate": text("Close rate"),
    "cycle_days": text("Days from creation to win"),
    "value_per_lead": text("Value per lead"),
    "cost_per_win": text("Cost per win"),
    "touched_in_time": text("Touched in time"),
}
VERDICTS = {
    "met": text("met"),
    "missed": text("missed"),
    "cannot tell": text("cannot tell yet"),
    "unknown": text("unknown"),
}


def goals(facts: ReportFacts, voice: Voice) -> Section | None:
    """Return each measure's target, where it stands, and its past quarters."""
    told = facts.goals
    if told is None:
        return None
    blocks: list[Block] = [_table(told.goals, voice)]
    blocks += [Words(line) for line in goals_sentences(told, voice)]
    panels = [
        (voice.say(MEASURES[goal.measure]), [chart])
        for goal in told.goals
        if (chart := _chart(goal, voice)) is not None
    ]
    if panels:
        blocks.append(Choices(voice.say("Quarter by quarter"), panels))
    return Section("goals", voice.say("Goals, and where things stand"), blocks)


def _table(goals: list[Goal], voice: Voice) -> Table:
    rows = []
    for goal in goals:
        target = NONE if goal.target is None else _figure(goal, goal.target, voice)
        if goal.target is not None and not goal.agreed:
            target = voice.say("{target} (proposed)", target=target)
        missed = goal.status == "missed"
        rows.append(
            Row(
                voice.say(MEASURES[goal.measure]),
                [
                    Cell(target, goal.target),
                    _interval(goal, goal.current, voice),
                    Cell(goal.judged or NONE),
                    Cell(voice.say(VERDICTS[goal.status]), tone="off" if missed else ""),
                ],
            )
        )
    columns = [
        voice.say("Target"),
        voice.say("Where it stands"),
        voice.say("Quarter"),
        voice.say("Verdict"),
    ]
    caption = voice.say(
        "Targets are those of the project file; a proposed one is the better quartile of the past quarters. A goal is met or "
        "missed only where the 95% interval, in grey, leaves no doubt."
    )
    return Table(caption, voice.say("Goal"), columns, rows)


def _figure(goal: Goal, value: float, voice: Voice) -> str:
    if goal.measure in ("close_rate", "touched_in_time"):
        return voice.percent(value)
    if goal.measure == "cycle_days":
        return voice.days(round(value, 1))
    return voice.money(value)


def _interval(goal: Goal, value: Interval | None, voice: Voice) -> Cell:
    if value is None:
        return Cell(NONE)
    between = (
        voice.share_range(value)
        if goal.measure in ("close_rate", "touched_in_time")
        else f"{voice.count(value.low)}{TO}{voice.count(value.high)}"
        if goal.measure == "cycle_days"
        else voice.whole_range(value)
    )
    return Cell(_figure(goal, value.value, voice), value.value, between=between)


def _chart(goal: Goal, voice: Voice) -> Chart | None:
    told = [one for one in goal.quarters if one.value is not None and not one.young]
    if len(told) < 2:
        return None
    name = voice.say(MEASURES[goal.measure])
    dots = []
    for place, one in enumerate(told):
        assert one.value is not None  # noqa: S101  chosen above
        cell = _interval(goal, one.value, voice)
        tip = voice.say(
            "{quarter}\n{figure} ({range})",
            quarter=one.quarter,
            figure=cell.text,
            range=cell.between,
        )
        dots.append(charts.Dot(place, one.value.value, tip, between=one.value))
    return Chart(
        f"goal-{goal.measure.replace('_', '-')}",
        voice.say("{measure} by quarter, with intervals and the target.", measure=name),
        voice.say(
            "{measure} by quarter; lines are 95% intervals, the dashed line is the target.",
            measure=name,
        ),
        charts.trend(
            [one.quarter for one in told],
            dots,
            y=name,
            percent=goal.measure in ("close_rate", "touched_in_time"),
            line=goal.target,
        ),
        height=260,
    )
