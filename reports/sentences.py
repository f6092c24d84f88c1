"""The sentences about closing, honesty and tonight. Each is computed from the facts; none says that anything causes a win."""

from collections.abc import Sequence

from reports.facts import Finding, Segment
from reports.quality_rows import QualityRow
from reports.report_facts import ReportFacts
from reports.voice import Voice, text

STEPS = {
    "base_rate": text("the base rate"),
    "logistic": text("logistic regression"),
    "lightgbm": text("gradient-boosted trees"),
}
CONTENDERS = {
    "leadgauge": text("leadgauge"),
    "base_rate": text("Base rate"),
    "odoo": text("Odoo's scoring"),
    "logistic": text("Logistic regression"),
    "lightgbm": text("Boosted trees"),
}
RIVALS = {**STEPS, "odoo": text("Odoo's scoring")}
VERDICTS = {
    "honest": text("honest"),
    "too few": text("too few to tell"),
    "uneven": text("right in sum, uneven within"),
}
OFF = {
    "too high": text("too high by {points} points"),
    "too low": text("too low by {points} points"),
}
MOST_NAMED = 3
BOLD, TIMID = 0.9, 1.1  # calibration slopes between these have about the right spread


def bottom_line(facts: ReportFacts, voice: Voice) -> list[str]:
    """Return three sentences: how leads close and are told apart, what weighs most, what would help most.

    Where nothing tells leads apart, that is the second; without findings, where leads come from or what is open
    tonight is the last.
    """
    found = standing_out(facts, len(facts.findings))
    problem = next((one.sentence for one in found if one.kind in PROBLEMS), None)
    chance = next((one.sentence for one in found if one.kind in CHANCES), None)
    sources = _where_from(facts, voice) if facts.tells_leads_apart else None
    rest = [*filter(None, (problem, chance)), sources or _tonight(facts, voice)]
    first = _both(facts, voice)
    if first is not None and problem and chance:
        return [first, problem, chance]
    return [how_many(facts, voice), told_apart(facts, voice), rest[0]]


def standing_out(facts: ReportFacts, most: int) -> list[Finding]:
    """Return the weightiest findings, at most two of a kind, so that one table does not fill the list."""
    chosen: list[Finding] = []
    for one in sorted(facts.findings, key=lambda one: -one.weight):
        of_its_kind = sum(other.kind == one.kind for other in chosen)
        if one.kind not in BACKGROUND and of_its_kind < MOST_OF_A_KIND.get(one.kind, 2):
            chosen.append(one)
    return chosen[:most]


# What is good to know and no news for the first lines of the page.
BACKGROUND = ("goal_met", "journey", "loss_reason", "competitor", "discount")
# What costs wins, and what would bring some: the second and the third sentence of the page.
PROBLEMS = (
    *("source_without_wins", "campaign_without_wins", "mix_shift", "quality_fell", "value_fails"),
    *("team_leaks", "owner_leaks", "goal_missed", "rejections_judged"),
)
CHANCES = ("value_works", "budget_spread", "source_best", "campaign_best", "condition")
MOST_OF_A_KIND = {"cost": 1, "source_best": 1, "goal_missed": 3, "condition": 3}


def how_many(facts: ReportFacts, voice: Voice) -> str:
    """Say how many leads of a hundred close; of more where so few do."""
    rate, days = facts.counts.base_rate, voice.whole(facts.horizon_days)
    leads = voice.count(facts.counts.leads)
    if rate == 0 and facts.closing_times:
        return voice.say("None of {leads} leads closed within {days} days.", leads=leads, days=days)
    if rate == 0:
        return voice.say("None of {leads} leads closed.", leads=leads)
    of = next(
        size for size in (100, 1_000, 10_000, 1_000_000) if rate * size >= 0.95 or size == 1_000_000
    )
    hits = round(rate * of)
    if facts.closing_times:
        return voice.many(
            "Of {of} leads, {count} closes within {days} days.",
            "Of {of} leads, {count} close within {days} days.",
            hits,
            of=voice.count(of),
            days=days,
        )
    return voice.many(
        "Of {of} leads, {count} closes.",
        "Of {of} leads, {count} close.",
        hits,
        of=voice.count(of),
    )


def _both(facts: ReportFacts, voice: Voice) -> str | None:
    """Say how many leads close and how well they can be told apart; None where either takes a sentence of its own."""
    rate, lift = facts.counts.base_rate, facts.leadgauge.lift_top_10
    if not facts.tells_leads_apart or lift is None or not facts.closing_times or rate < 0.0095:
        return None
    return voice.many(
        "Of 100 leads, {count} closes within {days} days; the tenth that leadgauge ranks highest holds {share} of the wins, "
        "{times} times its share.",
        "Of 100 leads, {count} close within {days} days; the tenth that leadgauge ranks highest holds {share} of the wins, "
        "{times} times its share.",
        round(100 * rate),
        days=voice.whole(facts.horizon_days),
        share=voice.percent_rounded(lift / 10),
        times=voice.number(lift, 1),
    )


def told_apart(facts: ReportFacts, voice: Voice) -> str:
    """Say how well leads can be told apart, or that they cannot."""
    if not facts.tells_leads_apart:
        if not facts.tried:
            return voice.say(
                "No model was tried: the project file asks for the base rate alone, so leads of the same age all get the same "
                "probability, and the order of a call list is left to you."
            )
        if facts.closing_times:
            return voice.say(
                "Nothing in the data tells good leads from bad ones: forward in time no model was better than the base rate, "
                "so leads of the same age all get the same probability, and the order of a call list is left to you."
            )
        return voice.say(
            "Nothing in the data tells good leads from bad ones: forward in time no model was better than the base rate, "
            "so all leads get the same probability, and the order of a call list is left to you."
        )
    lift = facts.leadgauge.lift_top_10
    if lift is None:
        return voice.say(
            "leadgauge ranks them by {step}, tested forward in time.",
            step=voice.say(STEPS[facts.step]),
        )
    return voice.say(
        "The tenth of leads that leadgauge ranks highest holds {share} of the wins, {times} times its share.",
        share=voice.percent_rounded(lift / 10),
        times=voice.number(lift, 1),
    )


def no_signal(facts: ReportFacts, voice: Voice) -> list[str]:
    """Say that there is no signal, what follows from it, and what could change it; nothing where leads are told apart."""
    if facts.tells_leads_apart or not facts.tried:
        return []
    steps = voice.listed([voice.say(STEPS[step]) for step in facts.tried])
    first = (
        voice.say(
            "Tried forward in time, with every column that may be used: {steps}. On leads that came later, nothing they said "
            "was better than the share of leads of each age that closed before by more than chance allows. What looks like a "
            "pattern in the past did not hold.",
            steps=steps,
        )
        if facts.closing_times
        else voice.say(
            "Tried forward in time, with every column that may be used: {steps}. On leads that came later, nothing they said "
            "was better than the share of leads that closed before by more than chance allows. What looks like a pattern in "
            "the past did not hold.",
            steps=steps,
        )
    )
    second = (
        voice.say(
            "So leadgauge publishes that share and nothing finer: no reasons are given, and grades go by the lead's age "
            "alone. Differences between the sources below are no ranking either."
        )
        if facts.closing_times
        else voice.say(
            "So leadgauge publishes that share and nothing finer: no reasons are given, and grades say nothing of prospects. "
            "Differences between the sources below are no ranking either."
        )
    )
    third = voice.say(
        "That can change with more leads that have closed, with what leads did (visits, mails, calls), or with columns "
        "that are filled in when a lead arrives. The next training looks again."
    )
    return [first, second, third]


def _where_from(facts: ReportFacts, voice: Voice) -> str | None:
    rows = _sources(facts)
    known = [(row, row.close_rate) for row in rows if row.close_rate]
    if len(known) < 2:
        return None
    best, top = max(known, key=lambda pair: pair[1].low)
    worse = [(row, rate) for row, rate in known if rate.high < top.low]
    if not worse:
        return voice.say("No source's close rate can be told from the others' yet.")
    # where the most money goes below average; without such a source, simply the lowest
    costly = [
        (row, rate) for row, rate in worse if row.spend and rate.high < facts.counts.base_rate
    ]
    worst, bottom = (
        max(costly, key=lambda pair: pair[0].spend or 0.0)
        if costly
        else min(worse, key=lambda p: p[1].value)
    )
    said = {
        "best": best.name,
        "high": voice.percent_rounded(top.value),
        "high_range": voice.share_range_rounded(top),
        "worst": worst.name,
        "low": voice.percent_rounded(bottom.value),
        "low_range": voice.share_range_rounded(bottom),
    }
    total = sum(row.spend or 0.0 for row in rows)
    if worst.spend and total > 0:
        return voice.say(
            "{best} leads close at {high} ({high_range}), {worst} at {low} ({low_range}) while taking {share} of the budget.",
            share=voice.percent_rounded(worst.spend / total),
            **said,
        )
    return voice.say(
        "{best} leads close at {high} ({high_range}), {worst} at {low} ({low_range}).", **said
    )


def _sources(facts: ReportFacts) -> list[QualityRow]:
    """Return the sources that are told apart."""
    dimensions = [] if facts.quality is None else facts.quality.dimensions
    rows = next((one.rows for one in dimensions if one.dimension == "source"), [])
    return [row for row in rows if row.recorded and not row.pooled]


def tonight(facts: ReportFacts, voice: Voice) -> str | None:
    """Say what the best grade tonight is worth, or nothing when no lead is open."""
    leads = sum(row.leads for row in facts.tonight)
    wins = sum(row.expected_wins for row in facts.tonight)
    if not leads or wins <= 0 or len(facts.tonight) == 1:
        return None
    best = facts.tonight[0]
    return voice.many(
        "The {count} lead of grade {grade} is {share} of the open ones and holds {wins} of the wins to expect.",
        "The {count} leads of grade {grade} are {share} of the open ones and hold {wins} of the wins to expect.",
        best.leads,
        grade=best.grade,
        share=voice.percent_rounded(best.leads / leads),
        wins=voice.percent_rounded(best.expected_wins / wins),
    )


def _tonight(facts: ReportFacts, voice: Voice) -> str:
    leads = sum(row.leads for row in facts.tonight)
    wins = sum(row.expected_wins for row in facts.tonight)
    if not leads:
        return voice.say("No lead is open tonight.")
    if not facts.closing_times:
        return voice.say(
            "{leads} leads are open tonight; {wins} of them can be expected to close.",
            leads=voice.count(leads),
            wins=voice.count(wins),
        )
    return voice.say(
        "{leads} leads are open tonight; {wins} of them can be expected to close within {days} days.",
        leads=voice.count(leads),
        wins=voice.count(wins),
        days=voice.whole(facts.horizon_days),
    )


def groups(segments: Sequence[Segment]) -> list[tuple[str, list[Segment]]]:
    """Return the segments by grouping, in their order; all leads together stand under no name."""
    found: dict[str, list[Segment]] = {}
    for one in segments:
        found.setdefault("" if one.by == one.label else one.by, []).append(one)
    return list(found.items())


def verdict(segment: Segment, voice: Voice) -> str:
    """Say whether a segment's probabilities were honest, or by how much they were off."""
    if segment.verdict in VERDICTS:
        return voice.say(VERDICTS[segment.verdict])
    return voice.say(OFF[segment.verdict], points=voice.number(100 * abs(segment.off), 1))


def data_in_short(facts: ReportFacts, voice: Voice) -> str:
    """Say how many rows were refused, of how many."""
    read = sum(row.read for row in facts.quarantine)
    refused = sum(row.refused for row in facts.quarantine)
    if not read:
        return voice.say("How many rows were refused was not recorded.")
    if not refused:
        return voice.say("All {read} rows read met the contract.", read=voice.count(read))
    return voice.say(
        "{refused} of {read} rows read ({share}) broke the contract and were set aside.",
        refused=voice.count(refused),
        read=voice.count(read),
        share=voice.percent(refused / read),
    )
