"""Quality against volume: groups, whether the mix moved, the same money spread by quality, what works."""

from collections.abc import Callable, Sequence

from reports import cells
from reports.blocks import Block, Cell, Choices, Fold, Heading, Row, Section, Table, Words
from reports.cells import NONE
from reports.mix import MixRow, Signed
from reports.quality import quality_sentences
from reports.quality_facts import QualityFacts
from reports.quality_names import dimension_name
from reports.quality_rows import DimensionRows, QualityRow
from reports.report_facts import ReportFacts
from reports.sections.quality_charts import months, quality_map, row_name, told_rate
from reports.voice import Voice

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
    moved = [row for row in told.mix.rows if row.moved]
    if moved:
        blocks.append(_mix(moved[:MOST_MIX_ROWS], voice))
    blocks.append(Heading(voice.say("The same money, spread by quality")))
    blocks += [Words(line) for line in said.get("budget", [])]
    if told.budget.rows:
        blocks.append(_budget(told, voice))
    if told.compared_values.rows or said.get("values"):
        blocks.append(Heading(voice.say("What works among the rest")))
        blocks += [Words(line) for line in said.get("values", [])]
        if told.compared_values.rows:
            blocks.append(Fold(voice.say("All values that were compared"), [_values(told, voice)]))
    blocks.append(Heading(voice.say("Leads that sales makes, and leads that marketing makes")))
    blocks += [Words(line) for line in said.get("sides", [])]
    if told.sides is not None:
        names = [voice.say("Sales"), voice.say("Marketing")]
        caption = voice.say("Sales-generated beside marketing-generated leads")
        sides = [told.sides.sales, told.sides.marketing]
        blocks.append(_table(caption, voice.say("Made by"), names, sides, voice))
    return Section("quality", voice.say("Quality against volume"), blocks)


def named(dimension: str, voice: Voice) -> str:
    """Return a dimension's name as a heading."""
    name = dimension_name(dimension, voice)
    return f"{name[:1].upper()}{name[1:]}"


def _dimension(one: DimensionRows, told: QualityFacts, voice: Voice) -> list[Block]:
    name = named(one.dimension, voice)
    caption = voice.say(
        "By {dimension}, 95% intervals in grey; money in {currency}. Groups of fewer than {fewest} leads share a row; "
        "those of fewer than 50 are marked with a star, and their rate is drawn towards the others’.",
        dimension=dimension_name(one.dimension, voice),
        currency=voice.currency,
        fewest=voice.count(told.min_group),
    )
    names = [row_name(row, one.dimension, voice) for row in one.rows]
    chart = months(one, told, voice) if one.dimension == "month" else quality_map(one, told, voice)
    table = _table(caption, name, names, one.rows, voice)
    return [table] if chart is None else [chart, table]


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
        expected = voice.say("Expected at arrival")
        columns.append((expected, lambda row: cells.wins(row.arrival_expected, voice)))
        came = voice.say("Came of these")
        columns.append((came, lambda row: cells.number(row.arrival_wins, voice)))
    columns.append((voice.say("Close rate"), lambda row: _rate(row, voice)))
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


def _rate(row: QualityRow, voice: Voice) -> Cell:
    """Return the close rate; of leads that all still have time it is too early to tell one."""
    return cells.share(told_rate(row), voice) if row.mature else Cell(voice.say("too early"))


def _table(
    caption: str, first: str, names: Sequence[str], rows: list[QualityRow], voice: Voice
) -> Table:
    columns = _columns(rows, voice)
    told = [
        Row(name, [make(row) for _, make in columns], pooled=row.pooled)
        for name, row in zip(names, rows, strict=True)
    ]
    return Table(caption, first, [title for title, _ in columns], told, sorts=True, broad=True)


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
                voice.say("{subject}, {period}", subject=row.subject, period=row.period)
                if row.subject
                else voice.say("All leads, {period}", period=row.period),
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
        for row in told.compared_values.rows
    ]
    columns = [
        voice.say("Leads"),
        voice.say("Close rate"),
        voice.say("Times as often"),
        voice.say("Beyond chance"),
    ]
    caption = voice.say(
        "Each value against leads of the same sources and quarters with another value; 95% intervals in grey, “beyond chance” allows for "
        "all that were looked at."
    )
    return Table(caption, voice.say("Value"), columns, rows, sorts=True)
