"""Quality against volume as charts: groups by how many leads they send and how many close, and month by month."""

import math
from datetime import datetime

from reports import charts, quality_names
from reports.blocks import Chart
from reports.cells import NONE
from reports.facts import Interval
from reports.quality_facts import QualityFacts
from reports.quality_rows import DimensionRows, QualityRow
from reports.voice import Voice


def row_name(row: QualityRow, dimension: str, voice: Voice) -> str:
    """Return a group as a reader knows it; a star marks few leads."""
    if dimension == "month" and not row.pooled and row.recorded:
        return voice.month(datetime.fromisoformat(f"{row.name}-01"))
    name = quality_names.row_name(row, voice)
    return voice.say("{name} *", name=name) if row.few and not row.pooled else name


def told_rate(row: QualityRow) -> Interval | None:
    """Return the close rate that is told: of few leads the shrunk one."""
    return row.shrunk if row.few and row.shrunk is not None else row.close_rate


def quality_map(one: DimensionRows, told: QualityFacts, voice: Voice) -> Chart | None:
    """Return groups by how many leads they send and how many of those close."""
    rows = [
        row for row in one.rows if told_rate(row) is not None and not row.pooled and row.recorded
    ]
    if len(rows) < 2:
        return None
    average = told.average.value if told.average else None
    dots = []
    for row in rows:
        rate = told_rate(row)
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


def months(one: DimensionRows, told: QualityFacts, voice: Voice) -> Chart | None:
    """Return the close rate by month of creation; None where fewer than two months can be judged."""
    rows = [row for row in one.rows if row.close_rate is not None and not row.pooled]
    if len(rows) < 2:
        return None
    names = [row_name(row, "month", voice) for row in rows]
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
