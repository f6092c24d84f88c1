"""What leads that close have in common."""

from functools import partial

from reports.blocks import Block, Cell, Fold, Heading, Picture, Row, Section, Table, Words
from reports.canvas import PHONE, WIDE
from reports.facts import Driver
from reports.pictures import drivers_figure
from reports.report_facts import ReportFacts
from reports.svg import inline_svg
from reports.voice import Voice


def closing(facts: ReportFacts, voice: Voice) -> Section | None:
    """Return what moves the score, and how leads with it closed."""
    if not facts.drivers or not facts.tells_leads_apart:
        return None
    draw = partial(drivers_figure, facts.drivers)
    labels = voice.listed([driver.label for driver in facts.drivers])
    blocks: list[Block] = [
        Words(
            voice.say(
                "How much each thing moves the score of a typical lead. These are patterns of the past: leads with them close "
                "more often or less often. Whether they close for that reason, the data cannot say."
            )
        ),
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
        ),
    ]
    levels: list[Block] = []
    for driver in facts.drivers:
        if driver.levels:
            levels += [Heading(driver.label), Words(driver.words), _levels(driver, voice)]
    if levels:
        blocks.append(Fold(voice.say("The strongest, value by value"), levels))
    return Section("closing", voice.say("What leads that close have in common"), blocks)


def _levels(driver: Driver, voice: Voice) -> Table:
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
