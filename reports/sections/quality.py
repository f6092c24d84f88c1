"""Quality against volume: groups, whether the mix moved, the same money spread by quality, what works."""

import math
from collections.abc import Callable, Sequence
from datetime import datetime

from reports import cells, charts
from reports.blocks import Block, Cell, Chart, Choices, Heading, Row, Section, Table, Words
from reports.cells import NONE
from reports.facts import Interval
from reports.mix import MixRow, Signed
from reports.quality import quality_sentences
from reports.quality_facts import QualityFacts
from reports.quality_rows import DimensionRows, QualityRow
from reports.report_facts import ReportFacts
from reports.voice import Voice, text

DIMENSIONS = {
    "source": text("Source"),
    "campaign": text("Campaign"),
    "month": text("Month"),
    "channel": text("Channel"),
    "message": text("Message"),
    "content": text("Content"),
    "landing_page": text("Landing page"),
}
MOST_MIX_ROWS = 20


def quality(facts: ReportFacts, voice: Voice) -> Section | None:
    """Return what came from where, what became of it, what it cost, and how that moved."""
    told = facts.quality
    if told is None:
        return None
    said = quality_sentences(told, voice)
    blocks: list[Block] = [
        Words(
            voice.say(
                "A source earns its place by how many of its leads close, not by how many it sends. The close rate counts only "
                "leads that have had the whole time to close, so that young sources are not marked down."
            )
        ),
        *(Words(line) for line in said.get("rows", [])),
    ]
    if told.dimensions:
        panels = [
            (named(one.dimension, voice), _dimension(one, told, voice)) for one in told.dimensions
        ]
        blocks.append(Choices(voice.say("By"), panels))
    blocks.append(Heading(voice.say("Did quality move because the mix moved, or within?")))
    blocks += [Words(line) for line in said.get("mix", [])]
    notable = [row for row in told.mix.rows if row.notable]
    if notable:
        blocks.append(_mix(notable[:MOST_MIX_ROWS], voice))
    blocks.append(Heading(voice.say("The same money, spread by quality")))
    blocks += [Words(line) for line in said.get("budget", [])]
    if told.budget.rows:
        blocks.append(_budget(told, voice))
    if told.values.rows or said.get("values"):
        blocks.append(Heading(voice.say("What works among the rest")))
        blocks += [Words(line) for line in said.get("values", [])]
        if told.values.rows:
            blocks.append(_values(told, voice))
    blocks.append(Heading(voice.say("Leads that sales makes, and leads that marketing makes")))
    blocks += [Words(line) for line in said.get("sides", [])]
    if told.sides is not None:
        names = [voice.say("Sales"), voice.say("Marketing")]
        caption = voice.say("Sales-generated beside marketing-generated leads")
        sides = [told.sides.sales, told.sides.marketing]
        blocks.append(_table(caption, voice.say("Made by"), names, sides, voice))
    return Section("quality", voice.say("Quality against volume"), blocks)


def named(dimension: str, voice: Voice) -> str:
    """Return a dimension's name as a reader knows it; those of the company's own are data."""
    known = DIMENSIONS.get(dimension)
    return voice.say(known) if known else dimension.replace("_", " ").capitalize()


def _dimension(one: DimensionRows, told: QualityFacts, voice: Voice) -> list[Block]:
    name = named(one.dimension, voice)
    caption = voice.say(
        "By {dimension}, 95% intervals in grey; money in {currency}. Groups of fewer than {fewest} leads share a row; "
        "those of fewer than 50 are marked with a star, and their rate is drawn towards the others’.",
        dimension=name.lower() if str(voice.locale).startswith("en") else name,
        currency=voice.currency,
        fewest=voice.count(told.min_group),
    )
    names = [_name(row, one.dimension, voice) for row in one.rows]
    chart = _months(one, told, voice) if one.dimension == "month" else _map(one, told, voice)
    table = _table(caption, name, names, one.rows, voice)
    return [table] if chart is None else [chart, table]


def _name(row: QualityRow, dimension: str, voice: Voice) -> str:
    if row.pooled:
        return voice.say("Other, small groups")
    if not row.recorded:
        return voice.say("Not recorded")
    if dimension == "month":
        return voice.month(datetime.fromisoformat(f"{row.name}-01"))
    return voice.say("{name} *", name=row.name) if row.few else row.name


def _columns(
    rows: list[QualityRow], voice: Voice
) -> list[tuple[str, Callable[[QualityRow], Cell]]]:
    """Return title and maker of each column that any row has something for."""
    columns: list[tuple[str, Callable[[QualityRow], Cell]]] = [
        (voice.say("Leads"), lambda row: cells.number(row.leads, voice))
    ]
    if any(row.accepted for row in rows):
        columns.append((voice.say("Accepted"), lambda row: cells.share(row.accepted, voice)))
    columns.append((voice.say("Wins"), lambda row: cells.number(row.wins, voice)))
    if any(row.arrival_expected for row in rows):
        expected = voice.say("Wins to expect at arrival")
        columns.append((expected, lambda row: cells.wins(row.arrival_expected, voice)))
    columns.append((voice.say("Close rate"), lambda row: cells.share(_rate(row), voice)))
    if any(row.open_expected for row in rows):
        open_wins = voice.say("Open, expected wins")
        columns.append((open_wins, lambda row: cells.wins(row.open_expected, voice)))
    if any(row.expected_value is not None for row in rows):
        value = voice.say("Expected value")
        columns.append((value, lambda row: cells.number(row.expected_value, voice, whole=True)))
    if any(row.spend for row in rows):
        columns.append((voice.say("Spend"), lambda row: cells.number(row.spend, voice, whole=True)))
        columns.append(
            (voice.say("Cost per win"), lambda row: cells.money(row.cost_per_win, voice))
        )
    if any(row.days_to_win is not None for row in rows):
        columns.append((voice.say("Days to win"), lambda row: cells.number(row.days_to_win, voice)))
    if any(row.days_to_contact is not None for row in rows):
        columns.append(
            (voice.say("Days to contact"), lambda row: cells.number(row.days_to_contact, voice))
        )
    return columns


def _table(
    caption: str, first: str, names: Sequence[str], rows: list[QualityRow], voice: Voice
) -> Table:
    columns = _columns(rows, voice)
    told = [
        Row(name, [make(row) for _, make in columns], pooled=row.pooled)
        for name, row in zip(names, rows, strict=True)
    ]
    return Table(caption, first, [title for title, _ in columns], told, sorts=True, broad=True)


def _rate(row: QualityRow) -> Interval | None:
    """Return the close rate that is told: of few leads the shrunk one."""
    return row.shrunk if row.few and row.shrunk is not None else row.close_rate


def _map(one: DimensionRows, told: QualityFacts, voice: Voice) -> Chart | None:
    """Return groups by how many leads they send and how many of those close."""
    rows = [row for row in one.rows if _rate(row) is not None and not row.pooled and row.recorded]
    if len(rows) < 2:
        return None
    average = told.average.value if told.average else None
    dots = []
    for row in rows:
        rate = _rate(row)
        assert rate is not None  # noqa: S101  chosen above
        tone = "--muted"
        if average is not None and rate.low > average:
            tone = "--accent"
        if average is not None and rate.high < average:
            tone = "--warm"
        tip = voice.say(
            "{name}\n{leads} leads, {wins} wins\nclose rate {rate} ({range})",
            name=row.name,
            leads=voice.count(row.leads),
            wins=NONE if row.wins is None else voice.count(row.wins),
            rate=voice.percent(rate.value),
            range=voice.share_range(rate),
        )
        if row.cost_per_win is not None:
            cost = voice.say("\ncost per win {cost}", cost=voice.money(row.cost_per_win.value))
            tip += cost
        size = 8 + 16 * math.sqrt((row.spend or 0.0) / max(1.0, max(r.spend or 0.0 for r in rows)))
        dots.append(charts.Dot(row.leads, rate.value, tip, tone, size, row.name, rate))
    return Chart(
        f"map-{one.dimension}",
        voice.say(
            "Close rate with interval against the number of leads, for each group. The table below holds the same numbers."
        ),
        voice.say(
            "To the right: more leads; higher: more of them close. Lines are 95% intervals, the dashed line the average of all "
            "leads. Teal lies clearly above it, rust clearly below, grey cannot be told from it; larger dots took more money."
        ),
        charts.dots(
            dots,
            x=voice.say("leads"),
            y=voice.say("close rate"),
            percent_y=True,
            log_x=max(row.leads for row in rows) > 20 * min(row.leads for row in rows),
            line=average,
        ),
        height=420,
    )


def _months(one: DimensionRows, told: QualityFacts, voice: Voice) -> Chart | None:
    rows = [row for row in one.rows if row.close_rate is not None and not row.pooled]
    if len(rows) < 2:
        return None
    names = [_name(row, "month", voice) for row in rows]
    dots = []
    for place, (row, name) in enumerate(zip(rows, names, strict=True)):
        rate = row.close_rate
        assert rate is not None  # noqa: S101  chosen above
        tip = voice.say(
            "{name}\n{leads} leads, {wins} wins\nclose rate {rate} ({range})",
            name=name,
            leads=voice.count(row.leads),
            wins=NONE if row.wins is None else voice.count(row.wins),
            rate=voice.percent(rate.value),
            range=voice.share_range(rate),
        )
        dots.append(charts.Dot(place, rate.value, tip, between=rate))
    return Chart(
        "months",
        voice.say(
            "Close rate with interval by month of creation. The table below holds the same numbers."
        ),
        voice.say(
            "Close rate by the month that leads were created in; lines are 95% intervals, the dashed line the average. Months "
            "whose leads have not had their time are not shown."
        ),
        charts.trend(
            names,
            dots,
            y=voice.say("close rate"),
            percent=True,
            line=told.average.value if told.average else None,
        ),
    )


def _signed(value: Signed | None, voice: Voice) -> Cell:
    if value is None:
        return Cell(NONE)
    return cells.points(value.value, value.low, value.high, voice)


def _mix(rows: list[MixRow], voice: Voice) -> Table:
    told = []
    for row in rows:
        grew = (
            NONE
            if row.level is None or row.level_before is None or row.level_after is None
            else voice.say(
                "{by} “{level}”: {before} to {after}",
                by=row.by,
                level=row.level,
                before=voice.percent_rounded(row.level_before),
                after=voice.percent_rounded(row.level_after),
            )
        )
        told.append(
            Row(
                voice.say("{subject}, {period}", subject=row.subject, period=row.period),
                [
                    Cell(voice.count(row.leads_after), row.leads_after),
                    Cell(voice.percent(row.before.value), row.before.value),
                    Cell(voice.percent(row.after.value), row.after.value),
                    _signed(row.change, voice),
                    _signed(row.mix, voice),
                    _signed(row.within, voice),
                    Cell(grew),
                ],
            )
        )
    columns = [
        voice.say("Leads"),
        voice.say("Before"),
        voice.say("Then"),
        voice.say("Change, points"),
        voice.say("By the mix"),
        voice.say("Within"),
        voice.say("What grew or shrank"),
    ]
    caption = voice.say(
        "Quarters whose quality moved beyond chance: mean chance to close at arrival, before and then. Mix and within add up to "
        "the change; 95% intervals in grey."
    )
    return Table(
        caption, voice.say("Subject and quarter"), columns, told, words=[6], broad=True, sorts=True
    )


def _budget(told: QualityFacts, voice: Voice) -> Table:
    rows = [
        Row(
            row.name,
            [
                Cell(voice.whole(row.spend_now), row.spend_now),
                Cell(voice.whole(row.spend_then), row.spend_then),
                cells.wins(row.wins_now, voice),
                cells.wins(row.wins_then, voice),
            ],
        )
        for row in told.budget.rows
    ]
    columns = [
        voice.say("Spend as it was, {currency}", currency=voice.currency),
        voice.say("Spread by quality"),
        voice.say("Wins as it was"),
        voice.say("Wins to expect then"),
    ]
    caption = voice.say(
        "The same money spread by quality, within the limits above: a calculation, no promise. 95% intervals in grey."
    )
    return Table(caption, named(told.budget.by, voice), columns, rows, sorts=True)


def _values(told: QualityFacts, voice: Voice) -> Table:
    rows = [
        Row(
            f"{named(row.dimension, voice)}: {row.value}",
            [
                Cell(voice.count(row.leads), row.leads),
                cells.share(row.close_rate, voice),
                cells.ratio(row.ratio, voice),
                Cell(voice.say("no") if row.works is None else voice.say("yes")),
            ],
        )
        for row in told.values.rows
    ]
    columns = [
        voice.say("Leads"),
        voice.say("Close rate"),
        voice.say("Times as often"),
        voice.say("Beyond chance"),
    ]
    caption = voice.say(
        "Each value against leads of the same sources with another value; 95% intervals in grey, “beyond chance” allows for "
        "all that were looked at."
    )
    return Table(caption, voice.say("Value"), columns, rows, sorts=True)
