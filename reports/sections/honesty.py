"""How honest the probabilities were, and tonight's open leads."""

from functools import partial

from reports.blocks import Beside, Block, Cell, Picture, Row, Section, Table, Words
from reports.canvas import PHONE
from reports.facts import Segment
from reports.honesty import honesty as sentences
from reports.pictures import calibration_figure, gains_figure
from reports.report_facts import ReportFacts
from reports.segment_names import group_name, grouping_name
from reports.sentences import groups, tonight, verdict
from reports.svg import inline_svg
from reports.voice import TO, Voice


def honesty(facts: ReportFacts, voice: Voice) -> Section:
    """Return what was said against what happened, in words, pictures and by group."""
    blocks: list[Block] = [Words(line) for line in sentences(facts, voice)]
    pictures = _pictures(facts, voice)
    if pictures:
        blocks.append(Beside(pictures))
    if len(facts.segments) > 1:
        blocks.append(_segments(facts, voice))
    return Section("honesty", voice.say("How honest the probabilities were"), blocks)


def _pictures(facts: ReportFacts, voice: Voice) -> list[Block]:
    found: list[Block] = []
    if facts.calibration:
        draw = partial(calibration_figure, facts.calibration, voice=voice)
        found.append(
            Picture(
                {"any": inline_svg(draw(width=PHONE), "calibration-any")},
                voice.many(
                    "Predicted against observed close rates in {count} group of leads.",
                    "Predicted against observed close rates in {count} groups of leads.",
                    len(facts.calibration),
                ),
                voice.say(
                    "What leadgauge said against what happened; lines are 95% intervals. On the dashed line both agree."
                ),
            )
        )
    if facts.gains and facts.tells_leads_apart:
        draw = partial(gains_figure, facts.gains, voice=voice)
        found.append(
            Picture(
                {"any": inline_svg(draw(width=PHONE), "gains-any")},
                voice.say(
                    "Share of wins among the leads contacted, best first, against contacting by chance."
                ),
                voice.say(
                    "Wins found when leads are contacted best first. The dots mark the first 10% and 20% of leads."
                ),
            )
        )
    return found


def _segments(facts: ReportFacts, voice: Voice) -> Table:
    rows: list[Row] = []
    for by, segments in groups(facts.segments):
        if by:
            rows.append(Row(grouping_name(by, voice), group=True))
        rows += [_segment(one, by, voice) for one in segments]
    explained = (
        voice.say(
            "Wins expected against wins that came, by group. A lead counts once in each {days} days. “If honest” is where the "
            "wins lie if the probabilities are right, in all groups at once in 95 of 100 cases. Uneven within: the sum is "
            "right, the probabilities of single leads are not.",
            days=voice.whole(facts.horizon_days),
        )
        if facts.closing_times
        else voice.say(
            "Wins expected against wins that came, by group. “If honest” is where the wins lie if the probabilities are right, "
            "in all groups at once in 95 of 100 cases. Uneven within: the sum is right, the probabilities of single leads are "
            "not."
        )
    )
    columns = [
        voice.say("Leads"),
        voice.say("Wins expected"),
        voice.say("Wins"),
        voice.say("If honest"),
        voice.say("Verdict"),
    ]
    return Table(explained, voice.say("Group"), columns, rows)


def _segment(one: Segment, by: str, voice: Voice) -> Row:
    off = one.verdict in ("too high", "too low", "uneven")
    cells = [
        Cell(voice.count(one.leads), one.leads),
        Cell(voice.count(one.expected), one.expected),
        Cell(voice.count(one.won), one.won),
        Cell(f"{voice.count(one.low)}{TO}{voice.count(one.high)}"),
        Cell(verdict(one, voice), tone="off" if off else ""),
    ]
    return Row(group_name(one, voice), cells, pooled=bool(by) and one.verdict == "too few")


def tonight_section(facts: ReportFacts, voice: Voice) -> Section | None:
    """Return the open leads by grade."""
    if not facts.tonight:
        return None
    blocks: list[Block] = []
    said = tonight(facts, voice)
    if said:
        blocks.append(Words(said))
    all_wins = sum(row.expected_wins for row in facts.tonight)
    valued = any(row.expected_value is not None for row in facts.tonight)
    rows = []
    for row in facts.tonight:
        cells = [
            Cell(voice.count(row.leads), row.leads),
            Cell(voice.between(row.lowest, row.highest), row.highest),
            Cell(
                voice.count(row.expected_wins),
                row.expected_wins,
                bar=row.expected_wins / all_wins if all_wins else 0.0,
            ),
        ]
        if valued:
            value = row.expected_value
            cells.append(Cell("–" if value is None else voice.whole(value), value))
        rows.append(Row(row.grade, cells))
    columns = [voice.say("Leads"), voice.say("Probability"), voice.say("Wins expected")]
    if valued:
        columns.append(voice.say("Value expected, {currency}", currency=facts.currency))
    caption = (
        voice.say(
            "Open leads by grade; wins within {days} days", days=voice.whole(facts.horizon_days)
        )
        if facts.closing_times
        else voice.say("Open leads by grade")
    )
    blocks.append(Table(caption, voice.say("Grade"), columns, rows))
    return Section("tonight", voice.say("Tonight’s open leads"), blocks)
