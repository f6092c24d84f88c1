"""What is said about sources, campaigns and other groups."""

from math import log10
from statistics import median

from reports.facts import Finding, Interval
from reports.quality_facts import QualityFacts
from reports.quality_names import dimension_name, money_range, row_name
from reports.quality_rows import QualityRow
from reports.voice import Voice, text

NEXT_TO_NOTHING = 0.25  # of the average close rate
MOST_FINDINGS = 3
WITHOUT_WINS = {
    "source": text(
        "The source “{name}” had {leads} leads that have had their time and {wins} of them were won: {rate} ({range}), against {average} of all."
    ),
    "campaign": text(
        "The campaign “{name}” had {leads} leads that have had their time and {wins} of them were won: {rate} ({range}), against {average} of all."
    ),
}
BEST = {
    "source": text(
        "Leads of the source “{name}” close most often: {rate} ({range}), against {average} of all; {leads} leads."
    ),
    "campaign": text(
        "Leads of the campaign “{name}” close most often: {rate} ({range}), against {average} of all; {leads} leads."
    ),
}


def told_rows(facts: QualityFacts, dimension: str) -> list[QualityRow]:
    """Return the groups with a name of their own."""
    for one in facts.dimensions:
        if one.dimension == dimension:
            return [row for row in one.rows if row.recorded and not row.pooled]
    return []


def rows_findings(facts: QualityFacts, voice: Voice) -> list[Finding]:
    """Return groups without wins, the best ones, and dear against cheap wins."""
    if facts.average is None:
        return []
    findings = []
    for dimension in ("source", "campaign"):
        rows = told_rows(facts, dimension)
        findings += _without_wins(dimension, rows, facts, facts.average, voice)
        findings += _best(dimension, rows, facts, facts.average, voice)
        findings += _cost(dimension, rows, voice)
    return findings


def _without_wins(
    dimension: str, rows: list[QualityRow], facts: QualityFacts, average: Interval, voice: Voice
) -> list[Finding]:
    if len(rows) < 2:
        return []
    middle = median(row.leads for row in rows)
    found = [
        (row, row.close_rate)
        for row in rows
        if row.close_rate is not None
        and row.close_rate.high < NEXT_TO_NOTHING * average.value
        and row.leads >= middle
    ]
    spent = sum(row.spend or 0.0 for row in rows)
    findings = []
    for row, rate in found[:MOST_FINDINGS]:
        sentence = voice.say(
            WITHOUT_WINS[dimension],
            name=row_name(row, voice),
            leads=voice.count(row.mature),
            wins=voice.count(row.wins or 0),
            rate=voice.percent(rate.value),
            range=voice.share_range_rounded(rate),
            average=voice.percent(average.value),
        )
        figures: dict[str, float | str] = {
            dimension: row.name,
            "leads": row.leads,
            "mature": row.mature,
            "wins": row.wins or 0,
            "rate": rate.value,
            "high": rate.high,
            "average": average.value,
        }
        if row.spend is not None:
            figures["spend"] = row.spend
            spent_on_it = voice.say("{money} was spent on it.", money=voice.money(row.spend))
            sentence = f"{sentence} {spent_on_it}"
        share = max(row.leads / facts.leads, (row.spend or 0.0) / spent if spent else 0.0)
        findings.append(
            Finding(
                kind=f"{dimension}_without_wins",
                section="quality",
                subject=row.name,
                sentence=sentence,
                weight=min(1.0, (0.4 if dimension == "source" else 0.2) + 2 * share),
                figures=figures,
            )
        )
    return findings


def _best(
    dimension: str, rows: list[QualityRow], facts: QualityFacts, average: Interval, voice: Voice
) -> list[Finding]:
    better = [
        (row, row.shrunk)
        for row in rows
        if row.shrunk is not None and row.shrunk.low > average.value and not row.few
    ]
    if not better:
        return []
    row, rate = max(better, key=lambda one: one[1].value)
    return [
        Finding(
            kind=f"{dimension}_best",
            section="quality",
            subject=row.name,
            sentence=voice.say(
                BEST[dimension],
                name=row_name(row, voice),
                rate=voice.percent(rate.value),
                range=voice.share_range_rounded(rate),
                average=voice.percent(average.value),
                leads=voice.count(row.leads),
            ),
            weight=min(1.0, (0.25 if dimension == "source" else 0.15) + row.leads / facts.leads),
            figures={
                dimension: row.name,
                "rate": rate.value,
                "low": rate.low,
                "high": rate.high,
                "average": average.value,
                "leads": row.leads,
                "wins": row.wins or 0,
            },
        )
    ]


def _cost(dimension: str, rows: list[QualityRow], voice: Voice) -> list[Finding]:
    priced = [(row, row.cost_per_win) for row in rows if row.cost_per_win is not None]
    if len(priced) < 2:
        return []
    dear, most = max(priced, key=lambda one: one[1].low)
    cheap, least = min(priced, key=lambda one: one[1].high)
    if most.low <= least.high:
        return []
    return [
        Finding(
            kind="cost",
            section="quality",
            subject=dear.name,
            sentence=voice.say(
                "By {dimension}, a win is dearest from “{dear}” at {most} ({most_range}) and cheapest from “{cheap}” at {least} ({least_range}), wins so far and expected.",
                dimension=dimension_name(dimension, voice),
                dear=row_name(dear, voice),
                most=voice.money(most.value),
                most_range=money_range(most, voice),
                cheap=row_name(cheap, voice),
                least=voice.money(least.value),
                least_range=money_range(least, voice),
            ),
            weight=min(0.6, 0.2 + 0.15 * log10(most.low / max(least.high, 1e-9))),
            figures={
                "by": dimension,
                "dearest": dear.name,
                "dearest_cost": most.value,
                "cheapest": cheap.name,
                "cheapest_cost": least.value,
            },
        )
    ]


def rows_sentences(facts: QualityFacts, voice: Voice) -> list[str]:
    """Say what all leads came to, what stands out, and what is unknown."""
    return [
        _overall(facts, voice),
        *(finding.sentence for finding in rows_findings(facts, voice)),
        *_limits(facts, voice),
        *unknowns(facts, voice),
    ]


def _overall(facts: QualityFacts, voice: Voice) -> str:
    leads = voice.count(facts.leads)
    if facts.average is None:
        return voice.say(
            "Of {leads} leads, {mature} have had their time: too few for a close rate.",
            leads=leads,
            mature=voice.count(facts.mature),
        )
    values = {
        "leads": leads,
        "mature": voice.count(facts.mature),
        "rate": voice.percent(facts.average.value),
        "range": voice.share_range_rounded(facts.average),
    }
    if facts.known.closing_times:
        return voice.say(
            "Of {leads} leads, {mature} have had their {days}, and {rate} of these were won within them ({range}).",
            days=voice.days(facts.horizon_days),
            **values,
        )
    return voice.say(
        "Of {leads} leads, {mature} have an outcome, and {rate} of these were won ({range}).",
        **values,
    )


def _limits(facts: QualityFacts, voice: Voice) -> list[str]:
    if not any(row for one in facts.dimensions for row in one.rows):
        return []
    return [
        voice.say(
            "Groups under {fewest} leads share one row. The close rate of a small group says little by itself: beside it stands the rate drawn towards what the other groups have in common, for a campaign towards its source.",
            fewest=voice.count(facts.min_group),
        )
    ]


def unknowns(facts: QualityFacts, voice: Voice) -> list[str]:
    """Say what cannot be told, and what would tell it."""
    known = facts.known
    told = []
    if not any(one.dimension == "source" for one in facts.dimensions):
        told.append(
            voice.say(
                "Sources are unknown: no column of the leads is mapped to source in the project file."
            )
        )
    if not known.decided:
        told.append(
            voice.say(
                "The share that sales accepted is unknown: it takes events of the kinds accepted and rejected."
            )
        )
    if not known.contacted:
        told.append(
            voice.say(
                "Time to first contact is unknown: it takes events of the kind contacted, or of sales' kinds."
            )
        )
    if not known.closing_times:
        told.append(voice.say("Time to the win is unknown: outcomes have no closing time."))
    if not known.amounts:
        told.append(voice.say("What a win is worth is unknown: outcomes have no amounts."))
    if not known.tonight:
        told.append(
            voice.say(
                "What the open leads hold is unknown: no model that tells leads apart has scored them."
            )
        )
    if not known.spend:
        told.append(
            voice.say(
                "What a win costs is unknown: there is no table of spend by source in the project file."
            )
        )
    if facts.unmatched_spend:
        told.append(
            voice.say(
                "Money was spent on {names}, which no lead carries as its source: perhaps it is spelt differently there.",
                names=voice.listed([f"“{name}”" for name in facts.unmatched_spend[:5]]),
            )
        )
    return told
