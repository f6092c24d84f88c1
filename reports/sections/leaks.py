"""Leaks: leads that fall between marketing and sales, and by whom."""

from reports import cells, charts
from reports.blocks import Block, Cell, Chart, Fold, Row, Section, Table, Words
from reports.closing_facts import Figure
from reports.facts import Interval
from reports.leaks import leak_name, leak_sentence, leaks_sentences, row_sentence
from reports.leaks_facts import LateRow, LeaksFacts, LeakTotal
from reports.report_facts import ReportFacts
from reports.voice import Voice


def leaks(facts: ReportFacts, voice: Voice) -> Section | None:
    """Return what leaks tonight, who touches hand-offs late, and what that goes with."""
    told = facts.leaks
    if told is None:
        return None
    known = {leak_sentence(one, voice) for one in told.totals if one.unknown is None}
    said = [line for line in leaks_sentences(told, voice) if line not in known]
    blocks: list[Block] = []
    if known:
        blocks.append(_totals(told, voice))
    blocks += [Words(line) for line in said]
    cost = cost_table(told, voice)
    if cost is not None:
        blocks.append(cost)
    for name, title, folded, rows in (
        ("teams", voice.say("Team"), voice.say("Teams as a table"), told.teams),
        ("owners", voice.say("Owner"), voice.say("Owners as a table"), told.owners),
    ):
        if len(rows) > 1:
            blocks.append(_chart(name, title, rows, told, voice))
            blocks.append(Fold(folded, [_table(title, rows, voice)]))
    if known:
        blocks.append(
            Words(
                voice.say("The leads themselves stand in leaks.csv of each night’s publication."),
                "quiet",
            )
        )
    return Section("leaks", voice.say("Leads that leak"), blocks)


def _totals(told: LeaksFacts, voice: Voice) -> Table:
    rows = []
    for one in told.totals:
        leads = _how_many(one, voice)
        wins = cells.number(one.expected_wins, voice)
        value = cells.number(one.expected_value, voice, whole=True)
        rows.append(Row(leak_name(one.leak, voice), [leads, wins, value]))
    columns = [
        voice.say("Leads"),
        voice.say("Wins to expect of them"),
        voice.say("Expected value, {currency}", currency=voice.currency),
    ]
    caption = voice.say(
        "Tonight’s leaks. The value is what tonight’s probabilities put at stake; for leads that are lost already it is told below, if at all."
    )
    return Table(caption, voice.say("Leak"), columns, rows)


def cost_table(told: LeaksFacts, voice: Voice) -> Table | None:
    """Return the wins and the value that leaks go with; None where neither is known."""
    rows, late, lost = [], told.late_wins, told.returned
    if late is not None:
        wins = Figure(value=late.missing, low=late.missing_low, high=late.missing_high)
        cells_of_late = [
            cells.number(late.leads, voice),
            cells.figure(wins, voice, places=1),
            cells.figure(late.missing_value, voice, places=0),
        ]
        rows.append(Row(leak_name("not_touched", voice), cells_of_late))
    if lost is not None and lost.rate is not None:
        cells_of_lost = [
            cells.number(lost.leads, voice),
            cells.figure(_figure(lost.wins), voice, places=1),
            cells.money(lost.value, voice),
        ]
        rows.append(Row(leak_name("lost_not_recycled", voice), cells_of_lost))
    if not rows:
        return None
    columns = [
        voice.say("Leads"),
        voice.say("Wins"),
        voice.say("Value, {currency}", currency=voice.currency),
    ]
    caption = voice.say(
        "Wins that leaks go with: of the period’s leads that were touched late, what is missing beside like-scored ones; of lost leads, what leads that went back came to. At the average amount, 95% intervals in grey; it proves no cause."
    )
    return Table(caption, voice.say("Leak"), columns, rows)


def _figure(interval: Interval | None) -> Figure | None:
    return None if interval is None else Figure.model_validate(interval.model_dump())


def _how_many(one: LeakTotal, voice: Voice) -> Cell:
    if one.fewer_than is not None:
        return Cell(voice.say("fewer than {fewest}", fewest=voice.count(one.fewer_than)))
    return Cell(voice.say("unknown")) if one.leads is None else cells.number(one.leads, voice)


def _chart(name: str, title: str, rows: list[LateRow], told: LeaksFacts, voice: Voice) -> Chart:
    items = [
        charts.Bar(
            row.name,
            row.share.value,
            row_sentence(row, told, voice),
            "--warm" if row.above else "--accent",
        )
        for row in rows
    ]
    return Chart(
        f"late-{name}",
        voice.say(
            "Bar chart of the share of hand-offs that were not touched in time, by {group}.",
            group=title.lower(),
        ),
        voice.say(
            "Share of the hand-offs of the last {days} still to be touched that were not touched in time; what was sent back or closed before then without a contact is left out. Rust is clearly above all others.",
            days=voice.days(told.look_back_days),
        ),
        charts.bars(items, percent=True),
        height=charts.bars_height(len(items)),
    )


def _table(title: str, rows: list[LateRow], voice: Voice) -> Table:
    told = [
        Row(
            row.name,
            [
                cells.number(row.leads, voice),
                cells.number(row.late, voice),
                cells.share(row.share, voice),
                cells.percent(row.others, voice),
                Cell(voice.say("yes") if row.above else voice.say("no")),
            ],
        )
        for row in rows
    ]
    columns = [
        voice.say("Handed over, to be touched"),
        voice.say("Not touched in time"),
        voice.say("Share"),
        voice.say("All others"),
        voice.say("Beyond chance"),
    ]
    caption = voice.say("Hand-offs that were not touched in time, 95% intervals in grey")
    return Table(caption, title, columns, told, sorts=True)
