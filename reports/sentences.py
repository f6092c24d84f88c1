"""The sentences of the report. Each is computed from the facts; none says that anything causes a win."""

from collections.abc import Sequence

from reports.facts import ReportFacts, Segment, SourceRow
from reports.words import count, day, percent, percent_rounded, points, share_range_rounded

STEPS = {
    "base_rate": "the base rate",
    "logistic": "logistic regression",
    "lightgbm": "gradient-boosted trees",
}
CONTENDERS = {
    "leadgauge": "leadgauge",
    "base_rate": "Base rate",
    "odoo": "Odoo's scoring",
    "logistic": "Logistic regression",
    "lightgbm": "Boosted trees",
}
RIVALS = {**STEPS, "odoo": "Odoo's scoring"}
VERDICTS = {
    "honest": "honest",
    "too few": "too few to tell",
    "uneven": "right in sum, uneven within",
}
MOST_NAMED = 3
BOLD, TIMID = 0.9, 1.1  # calibration slopes between these have about the right spread


def bottom_line(facts: ReportFacts) -> list[str]:
    """Return three sentences: how many close, how well they can be told apart, where they come from."""
    sources = _where_from(facts) if facts.tells_leads_apart else None
    return [_how_many(facts), _told_apart(facts), sources or _tonight(facts)]


def within(facts: ReportFacts) -> str:
    """Say the horizon, or nothing where closing times are not known."""
    return f" within {facts.horizon_days} days" if facts.closing_times else ""


def _how_many(facts: ReportFacts) -> str:
    rate = facts.counts.base_rate
    if rate == 0:
        return f"None of {count(facts.counts.leads)} leads closed{within(facts)}."
    of = next(
        size for size in (100, 1_000, 10_000, 1_000_000) if rate * size >= 0.95 or size == 1_000_000
    )
    hits = round(rate * of)
    return (
        f"Of {count(of)} leads, {count(hits)} {'closes' if hits == 1 else 'close'}{within(facts)}."
    )


def _told_apart(facts: ReportFacts) -> str:
    if not facts.tells_leads_apart:
        alike = "leads of the same age all get" if facts.closing_times else "all leads get"
        found = (
            "Nothing in the data tells good leads from bad ones: forward in time no model was better than the base rate"
            if facts.tried
            else "No model was tried: the project file asks for the base rate alone"
        )
        return f"{found}, so {alike} the same probability, and the order of a call list is left to you."
    lift = facts.leadgauge.lift_top_10
    if lift is None:
        return f"leadgauge ranks them by {STEPS[facts.step]}, tested forward in time."
    return (
        f"The tenth of leads that leadgauge ranks highest holds {percent_rounded(lift / 10)} of the wins, "
        f"{lift:.1f} times its share."
    )


def no_signal(facts: ReportFacts) -> list[str]:
    """Say that there is no signal, what follows from it, and what could change it; nothing where leads are told apart."""
    if facts.tells_leads_apart or not facts.tried:
        return []
    steps = " and ".join(STEPS[step] for step in facts.tried)
    said = f"{steps[:1].upper()}{steps[1:]} {'was' if len(facts.tried) == 1 else 'were'} tried"
    of_each_age = " of each age" if facts.closing_times else ""
    share = f"the share of leads{of_each_age} that closed before"
    spread = (
        "grades go by the lead's age alone"
        if facts.closing_times
        else "grades say nothing of prospects"
    )
    return [
        f"{said} forward in time, with every column that may be used. On leads that came later, nothing they said was "
        f"better than {share} by more than chance allows. What looks like a pattern in the past did not hold.",
        f"So leadgauge publishes that share and nothing finer: no reasons are given, and {spread}. "
        "Differences between the sources below are no ranking either.",
        "That can change with more leads that have closed, with what leads did (visits, mails, calls), or with columns "
        "that are filled in when a lead arrives. The next training looks again.",
    ]


def _where_from(facts: ReportFacts) -> str | None:
    known = [(row, row.close_rate) for row in facts.sources if row.close_rate and not row.pooled]
    if len(known) < 2:
        return None
    best, top = max(known, key=lambda pair: pair[1].low)
    worse = [(row, rate) for row, rate in known if rate.high < top.low]
    if not worse:
        return "No source's close rate can be told from the others' yet."
    # where the most money goes below average; without such a source, simply the lowest
    costly = [
        (row, rate) for row, rate in worse if row.spend and rate.high < facts.counts.base_rate
    ]
    worst, bottom = (
        max(costly, key=lambda pair: pair[0].spend or 0.0)
        if costly
        else min(worse, key=lambda p: p[1].value)
    )
    sentence = (
        f"{best.source} leads close at {percent_rounded(top.value)} ({share_range_rounded(top)}), "
        f"{worst.source} at {percent_rounded(bottom.value)} ({share_range_rounded(bottom)})"
    )
    share = budget_share(facts.sources, worst)
    return sentence + (f" while taking {percent_rounded(share)} of the budget." if share else ".")


def budget_share(rows: list[SourceRow], row: SourceRow) -> float | None:
    """Return the row's share of all money spent, or None where none is recorded."""
    total = sum(other.spend or 0.0 for other in rows)
    return (row.spend or 0.0) / total if total > 0 and row.spend else None


def tonight(facts: ReportFacts) -> str | None:
    """Say what the best grade tonight is worth, or nothing when no lead is open."""
    leads = sum(row.leads for row in facts.tonight)
    wins = sum(row.expected_wins for row in facts.tonight)
    if not leads or wins <= 0 or len(facts.tonight) == 1:
        return None
    best = facts.tonight[0]
    return (
        f"The {count(best.leads)} leads of grade {best.grade} are {percent_rounded(best.leads / leads)} of the open ones "
        f"and hold {percent_rounded(best.expected_wins / wins)} of the wins to expect."
    )


def _tonight(facts: ReportFacts) -> str:
    leads = sum(row.leads for row in facts.tonight)
    wins = sum(row.expected_wins for row in facts.tonight)
    if not leads:
        return "No lead is open tonight."
    return f"{count(leads)} leads are open tonight; {count(wins)} of them can be expected to close{within(facts)}."


def honesty(facts: ReportFacts) -> list[str]:
    """Say in plain words what the calibration numbers mean, and how the others did; one paragraph each."""
    evaluation = facts.evaluation
    first = (
        f"The trial ran forward in time, from {day(evaluation.first)} to {day(evaluation.last)}: "
        f"{count(evaluation.rows)} probabilities, each given before its outcome was known; "
        f"{count(evaluation.wins)} of them ended in a win."
    )
    second = " ".join(filter(None, (_said_and_happened(facts), _off_by(facts), _spread(facts))))
    told = (first, second, _by_segment(facts), _others(facts), facts.following, evaluation.note)
    return [paragraph for paragraph in told if paragraph]


def _said_and_happened(facts: ReportFacts) -> str | None:
    if len(facts.calibration) < 2:
        return None
    top = max(facts.calibration, key=lambda point: point.predicted)
    bottom = min(facts.calibration, key=lambda point: point.predicted)
    return (
        f"Of leads that were given about {percent(top.predicted)}, {percent(top.observed)} closed; "
        f"of those given about {percent(bottom.predicted)}, {percent(bottom.observed)}."
    )


def _off_by(facts: ReportFacts) -> str | None:
    ours = facts.leadgauge
    if ours.ece is None:
        return None
    sentence = f"On average a probability was {points(ours.ece)} off"
    if ours.ece_noise_95 is None:
        return f"{sentence}."
    if ours.ece <= ours.ece_noise_95:
        return f"{sentence}, within the {points(ours.ece_noise_95)} that chance alone can explain: no sign that they mislead."
    advice = (
        "the order of leads can be trusted more than the exact percentages."
        if facts.tells_leads_apart
        else "take them as rough."
    )
    return f"{sentence}, more than the {points(ours.ece_noise_95)} that chance alone can explain: {advice}"


def _spread(facts: ReportFacts) -> str | None:
    slope = facts.leadgauge.calibration_slope
    if slope is None or not facts.tells_leads_apart:  # next to no spread to judge
        return None
    if slope < BOLD:
        return f"They were too bold (slope {slope:.2f}; 1 is right): high ones should have been lower, low ones higher."
    if slope > TIMID:
        return f"They were too timid (slope {slope:.2f}; 1 is right): high ones could have been higher, low ones lower."
    return f"They were neither too bold nor too timid (slope {slope:.2f}; 1 is right)."


def _by_segment(facts: ReportFacts) -> str | None:
    parts = [one for by, rows in groups(facts.segments) if by for one in rows]
    judged = [one for one in parts if one.verdict != "too few"]
    if len(judged) < 2:
        return None
    ways = list(dict.fromkeys(one.by for one in judged))
    by = " and ".join(filter(None, [", ".join(ways[:-1]), ways[-1]]))
    off = [one for one in judged if one.verdict != "honest"]
    looked = f"Looked at by {by}, there are {len(judged)} groups large enough to judge."
    if not off:
        return f"{looked} In all of them what happened is what honest probabilities allow."
    named = ", ".join(f"{one.by} {one.label} ({verdict(one)})" for one in off[:MOST_NAMED])
    more = f" and {len(off) - MOST_NAMED} more" if len(off) > MOST_NAMED else ""
    return (
        f"{looked} In {len(judged) - len(off)} of them what happened is what honest probabilities allow; "
        f"not in {named}{more}."
    )


def groups(segments: Sequence[Segment]) -> list[tuple[str, list[Segment]]]:
    """Return the segments by grouping, in their order; all leads together stand under no name."""
    found: dict[str, list[Segment]] = {}
    for one in segments:
        found.setdefault("" if one.by == one.label else one.by, []).append(one)
    return list(found.items())


def verdict(segment: Segment) -> str:
    """Say whether a segment's probabilities were honest, or by how much they were off."""
    return VERDICTS.get(segment.verdict) or (
        f"{segment.verdict} by {100 * abs(segment.off):.1f} points"
    )


def _others(facts: ReportFacts) -> str | None:
    if not facts.tells_leads_apart:
        return None
    ours = facts.leadgauge.log_loss
    rivals = [
        name
        for name in ("base_rate", "odoo", "logistic")
        if name in facts.evaluation.contenders and name != facts.step
    ]
    told = [
        f"{_against(ours, facts.evaluation.contenders[name].log_loss)} that of {RIVALS[name]}"
        for name in rivals
    ]
    if not told:
        return None
    listed = " and ".join(filter(None, [", ".join(told[:-1]), told[-1]]))
    return f"Its penalty for wrong probabilities (log loss) is {listed}."


def _against(ours: float, theirs: float) -> str:
    if theirs <= 0 or round(abs(1 - ours / theirs), 3) == 0:
        return "the same as"
    change = 1 - ours / theirs
    return f"{percent(abs(change))} {'below' if change > 0 else 'above'}"


def data_in_short(facts: ReportFacts) -> str:
    """Say how many rows were refused, of how many."""
    read = sum(row.read for row in facts.quarantine)
    refused = sum(row.refused for row in facts.quarantine)
    if not read:
        return "How many rows were refused was not recorded."
    if not refused:
        return f"All {count(read)} rows read met the contract."
    return f"{count(refused)} of {count(read)} rows read ({percent(refused / read)}) broke the contract and were set aside."
