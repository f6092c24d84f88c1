"""What leads that close have in common: strengths by group, conditions against alike leads, segments."""

from functools import partial

from reports import charts
from reports.blocks import (
    Block,
    Cell,
    Chart,
    Fold,
    Heading,
    Picture,
    Point,
    Points,
    Row,
    Section,
    Table,
    Words,
)
from reports.canvas import PHONE, WIDE
from reports.closing_facts import ClosingFacts, ConditionFact, PointsFact
from reports.closing_words import closing_sentences, concept_words, group_words, level_sentence
from reports.condition_words import closer_sentence, condition_sentence, condition_words
from reports.facts import Driver
from reports.pictures import drivers_figure
from reports.report_facts import ReportFacts
from reports.svg import inline_svg
from reports.voice import Voice


def closing(facts: ReportFacts, voice: Voice) -> Section | None:
    """Return what closing goes with, as far as the data tell."""
    told = facts.closing
    if told is None or not facts.tells_leads_apart:
        return None
    listed = {line for one in told.conditions for line in _condition(one, voice)}
    listed |= {level_sentence(one, voice) for one in told.levels}
    prose = [line for line in closing_sentences(told, voice) if line not in listed]
    blocks: list[Block] = [
        Words(
            voice.say(
                "These are patterns of the past: leads with them close more often or less often. Whether they close for that "
                "reason, the data cannot say."
            )
        ),
        *(Words(line) for line in prose[:2]),
    ]
    if told.groups:
        blocks.append(_groups(told, voice))
    if told.conditions:
        blocks += _conditions(told, voice)
    blocks += [Words(line) for line in prose[2:]]
    if facts.drivers:
        blocks.append(Heading(voice.say("What moves the score")))
        blocks += _drivers(facts, voice)
    if told.levels:
        blocks += _levels(told, voice)
    blocks += _points(told, voice)
    return Section("closing", voice.say("What leads that close have in common"), blocks)


def _groups(told: ClosingFacts, voice: Voice) -> Chart:
    items = []
    for one in told.groups:
        name, share = group_words(one.group, voice), voice.percent_rounded(one.share)
        tip = (
            voice.say(
                "{group}: {share} of what tells leads apart; can be acted on",
                group=name,
                share=share,
            )
            if one.acted_on
            else voice.say(
                "{group}: {share} of what tells leads apart; has to be taken as it is",
                group=name,
                share=share,
            )
        )
        items.append(charts.Bar(name, one.share, tip, "--accent" if one.acted_on else "--muted"))
    return Chart(
        "groups",
        voice.say(
            "Bar chart of what tells leads apart, by group; the paragraph above says the shares."
        ),
        voice.say(
            "Shares of what tells leads apart. Teal can be acted on by marketing or sales, grey has to be taken as it is."
        ),
        charts.bars(items, percent=True),
        height=charts.bars_height(len(items)),
    )


def _condition(fact: ConditionFact, voice: Voice) -> list[str]:
    return [condition_sentence(fact, voice), *closer_sentence(fact, voice)]


def _conditions(told: ClosingFacts, voice: Voice) -> list[Block]:
    found = [one for one in told.conditions if one.found]
    blocks: list[Block] = []
    for acted_on, title in (
        (True, voice.say("What can be acted on")),
        (False, voice.say("What has to be taken as it is")),
    ):
        mine = [one for one in found if one.acted_on is acted_on]
        if mine:
            blocks.append(Heading(title))
            blocks.append(Points([Point(" ".join(_condition(one, voice))) for one in mine]))
    rows = [
        Row(
            condition_words(one.condition, one.age_days, voice),
            [
                Cell(voice.count(one.leads), one.leads),
                Cell(voice.percent(one.rate), one.rate),
                Cell(voice.percent(one.alike_rate), one.alike_rate),
                Cell(
                    voice.times(one.ratio.value),
                    one.ratio.value,
                    between=f"{voice.number(one.ratio.low, 1)}–{voice.number(one.ratio.high, 1)}",
                ),
                Cell(voice.say("yes") if one.found else voice.say("no")),
            ],
        )
        for one in told.conditions
    ]
    table = Table(
        voice.say(
            "All conditions that were measured: how often leads with them closed against alike leads without, 95% intervals in "
            "grey"
        ),
        voice.say("Leads with"),
        [
            voice.say("Leads"),
            voice.say("Closed"),
            voice.say("Alike leads"),
            voice.say("Times as often"),
            voice.say("Beyond chance"),
        ],
        rows,
        sorts=True,
    )
    blocks.append(Fold(voice.say("All conditions that were measured"), [table]))
    return blocks


def _drivers(facts: ReportFacts, voice: Voice) -> list[Block]:
    draw = partial(drivers_figure, facts.drivers)
    labels = voice.listed([driver.label for driver in facts.drivers])
    blocks: list[Block] = [
        Picture(
            {
                "wide": inline_svg(draw(width=WIDE), "drivers-wide"),
                "phone": inline_svg(draw(width=PHONE), "drivers-phone"),
            },
            voice.say(
                "Bar chart of what moves the score, strongest first: {labels}", labels=labels
            ),
            voice.say(
                "Mean size of the contribution to a lead’s score, in log-odds. 0.7 doubles or halves the odds of closing."
            ),
        )
    ]
    levels: list[Block] = []
    for driver in facts.drivers:
        if driver.levels:
            levels += [Heading(driver.label), _driver_levels(driver, voice)]
    if levels:
        blocks.append(Fold(voice.say("The strongest, value by value"), levels))
    return blocks


def _driver_levels(driver: Driver, voice: Voice) -> Table:
    rows = []
    for level in driver.levels:
        rate = level.close_rate
        cells = [
            Cell(voice.count(level.leads), level.leads),
            Cell(voice.times(level.odds), level.odds),
            Cell("–")
            if rate is None
            else Cell(voice.percent(rate.value), rate.value, between=voice.share_range(rate)),
        ]
        rows.append(Row(level.label, cells))
    columns = [voice.say("Leads"), voice.say("Odds"), voice.say("Closed")]
    caption = voice.say("Odds of closing against the average lead, and what was observed")
    return Table(caption, driver.label, columns, rows)


def _levels(told: ClosingFacts, voice: Voice) -> list[Block]:
    rows = []
    named = ""
    for one in told.levels:
        if one.segment != named:
            named = one.segment
            rows.append(Row(named, group=True))
        speaking, against = (
            list(
                dict.fromkeys(
                    concept_words(pull, voice) for pull in one.pulls if side * pull.more > 0
                )
            )
            for side in (1, -1)
        )
        rate = one.close_rate
        rows.append(
            Row(
                one.level,
                [
                    Cell(voice.count(one.leads), one.leads),
                    Cell(voice.percent(rate.value), rate.value, between=voice.share_range(rate)),
                    Cell(voice.listed(speaking) or "–"),
                    Cell(voice.listed(against) or "–"),
                ],
            )
        )
    columns = [
        voice.say("Leads"),
        voice.say("Closed"),
        voice.say("More speaks for them"),
        voice.say("More speaks against them"),
    ]
    caption = voice.say(
        "Segments: how often their leads closed, and what sets them apart from the other leads"
    )
    table = Table(caption, voice.say("Segment"), columns, rows, words=[2, 3], broad=True)
    return [Fold(voice.say("Differences between segments"), [table])]


def _points(told: ClosingFacts, voice: Voice) -> list[Block]:
    """Return each lead as a point, for those who want to see them."""
    blocks: list[Block] = []
    if told.swarms:
        groups = [list(zip(one.contributions, one.values, strict=True)) for one in told.swarms]
        blocks.append(
            Chart(
                "swarm",
                voice.say(
                    "Each lead as a point: how far each thing pushes its score, for the strongest things."
                ),
                voice.say(
                    "Each point is a lead. To the right of the line it is pushed up, to the left down, in log-odds; rust is a high "
                    "value, teal a low one, grey is neither."
                ),
                charts.swarm(
                    [one.label for one in told.swarms], groups, x=voice.say("push, in log-odds")
                ),
                height=90 + 42 * len(told.swarms),
            )
        )
    blocks += [_curve(place, one, voice) for place, one in enumerate(told.curves)]
    if not blocks:
        return []
    return [Fold(voice.say("Lead by lead, for those who want to see it"), blocks)]


def _curve(place: int, one: PointsFact, voice: Voice) -> Chart:
    found = [
        charts.Dot(value, push, tip="", size=5)
        for push, value in zip(one.contributions, one.values, strict=True)
        if value is not None
    ]
    option = charts.dots(found, x=one.label, y=voice.say("push, in log-odds"), line=0.0)
    option["tooltip"] = {"show": False}
    return Chart(
        f"curve-{place}",
        voice.say("How far each value of {label} pushes the score, lead by lead.", label=one.label),
        voice.say(
            "{label}: what each value adds to the score, in log-odds; each point is a lead.",
            label=one.label,
        ),
        option,
    )
