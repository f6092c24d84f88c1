"""What is said about values that go with closing, and about sales' own leads beside marketing's."""

from collections import Counter
from math import log2

from reports.facts import Finding, Interval
from reports.quality_facts import QualityFacts
from reports.quality_names import dimension_name, ratio
from reports.quality_rows import QualityRow
from reports.values import ValueRow, ValuesFacts
from reports.voice import Voice

MOST_FINDINGS = 4  # of each kind


def values_findings(facts: ValuesFacts, voice: Voice) -> list[Finding]:
    """Return the values whose leads surely close more often, or less, than alike leads."""
    findings = []
    values = Counter(row.dimension for row in facts.rows)
    for works in (True, False):
        # Where there are two values, that one works says that the other fails.
        sure = [
            row for row in facts.rows if row.works is works and (works or values[row.dimension] > 2)
        ]
        findings += [_finding(row, voice) for row in sure[:MOST_FINDINGS]]
    return findings


def _finding(row: ValueRow, voice: Voice) -> Finding:
    doublings = abs(log2(max(row.ratio.value, 1e-3)))
    return Finding(
        kind="value_works" if row.works else "value_fails",
        section="quality",
        subject=row.value,
        sentence=value_sentence(row, voice),
        weight=min(1.0, 0.3 + 0.25 * doublings),
        figures={
            "dimension": row.dimension,
            "value": row.value,
            "ratio": row.ratio.value,
            "low": row.ratio.low,
            "high": row.ratio.high,
            "leads": row.leads,
        },
    )


def value_sentence(row: ValueRow, voice: Voice) -> str:
    """Say how many times as often the leads with one value closed."""
    return voice.say(
        "Leads whose {dimension} is “{value}” closed {ratio} times ({low} to {high}) as often as leads of the same sources and quarters with another {dimension}; {leads} leads.",
        dimension=dimension_name(row.dimension, voice),
        value=row.value,
        ratio=ratio(row.ratio.value, voice),
        low=ratio(row.ratio.low, voice),
        high=ratio(row.ratio.high, voice),
        leads=voice.count(row.leads),
    )


def values_sentences(facts: ValuesFacts, voice: Voice) -> list[str]:
    """Say which values stand out, how many were looked at, and what a difference does not mean."""
    if not facts.dimensions:
        return [
            voice.say(
                "Which messages, channels or landing pages go with closing is unknown: name their columns under report.dimensions in the project file."
            )
        ]
    names = voice.listed([dimension_name(name, voice) for name in facts.dimensions])
    if not facts.rows:
        return [
            voice.say(
                "Nothing can be told by {dimensions} yet: it takes a value with fifty leads that have had their time, and as many of the same sources and quarters without it.",
                dimensions=names,
            )
        ]
    sure = [finding.sentence for finding in values_findings(facts, voice)]
    count = voice.count(len(facts.rows))
    if not sure:
        return [
            voice.say(
                "By {dimensions}, no value stands out among leads of the same sources and quarters; {count} were compared.",
                dimensions=names,
                count=count,
            )
        ]
    return [
        *sure,
        voice.say(
            "By {dimensions}, {count} values were compared, and the differences are sure after a correction for so many looks. They are between leads of the same sources and quarters, which may differ in other things: a trial would tell.",
            dimensions=names,
            count=count,
        ),
    ]


def sides_sentences(facts: QualityFacts, voice: Voice) -> list[str]:
    """Say how sales' own leads and marketing's compare: rate, value, speed."""
    if facts.sides is None:
        return [
            voice.say(
                "Sales' own leads cannot be told from marketing's: name their sources under report.sales_sources in the project file."
            )
        ]
    sales, marketing = facts.sides.sales, facts.sides.marketing
    sentences = []
    if sales.close_rate is not None and marketing.close_rate is not None:
        sentences.append(
            voice.say(
                "Sales found {sales_leads} leads by itself and {sales_rate} of them closed ({sales_range}); of marketing's {marketing_leads} leads it was {marketing_rate} ({marketing_range}).",
                **_rate("sales", sales, sales.close_rate, voice),
                **_rate("marketing", marketing, marketing.close_rate, voice),
            )
        )
    else:
        sentences.append(
            voice.say(
                "Sales found {sales_leads} leads by itself, marketing {marketing_leads}; too few have had their time to compare how often they close.",
                sales_leads=voice.count(sales.leads),
                marketing_leads=voice.count(marketing.leads),
            )
        )
    if sales.value_per_lead is not None and marketing.value_per_lead is not None:
        sentences.append(
            voice.say(
                "A lead of sales' own is worth {sales} on average, one of marketing's {marketing}.",
                sales=voice.money(sales.value_per_lead),
                marketing=voice.money(marketing.value_per_lead),
            )
        )
    if sales.days_to_win is not None and marketing.days_to_win is not None:
        sentences.append(
            voice.say(
                "Half of the wins take {sales} or less with sales' own leads, {marketing} or less with marketing's.",
                sales=voice.days(round(sales.days_to_win)),
                marketing=voice.days(round(marketing.days_to_win)),
            )
        )
    return sentences


def _rate(side: str, row: QualityRow, rate: Interval, voice: Voice) -> dict[str, str]:
    return {
        f"{side}_leads": voice.count(row.leads),
        f"{side}_rate": voice.percent(rate.value),
        f"{side}_range": voice.share_range_rounded(rate),
    }
