"""How honest the probabilities were, in sentences."""

from reports.report_facts import ReportFacts
from reports.sentences import BOLD, MOST_NAMED, RIVALS, TIMID, groups, verdict
from reports.voice import Voice


def honesty(facts: ReportFacts, voice: Voice) -> list[str]:
    """Say in plain words what the calibration numbers mean, and how the others did; one paragraph each."""
    evaluation = facts.evaluation
    first = voice.say(
        "The trial ran forward in time, from {first} to {last}: {rows} probabilities, each given before its outcome was known; "
        "{wins} of them ended in a win.",
        first=voice.day(evaluation.first),
        last=voice.day(evaluation.last),
        rows=voice.count(evaluation.rows),
        wins=voice.count(evaluation.wins),
    )
    parts = (_said_and_happened(facts, voice), _off_by(facts, voice), _spread(facts, voice))
    second = " ".join(filter(None, parts))
    told = (first, second, _by_segment(facts, voice), _others(facts, voice))
    return [paragraph for paragraph in (*told, facts.following, evaluation.note) if paragraph]


def _said_and_happened(facts: ReportFacts, voice: Voice) -> str | None:
    if len(facts.calibration) < 2:
        return None
    top = max(facts.calibration, key=lambda point: point.predicted)
    bottom = min(facts.calibration, key=lambda point: point.predicted)
    return voice.say(
        "Of leads that were given about {high}, {high_closed} closed; of those given about {low}, {low_closed}.",
        high=voice.percent(top.predicted),
        high_closed=voice.percent(top.observed),
        low=voice.percent(bottom.predicted),
        low_closed=voice.percent(bottom.observed),
    )


def _off_by(facts: ReportFacts, voice: Voice) -> str | None:
    ours = facts.leadgauge
    if ours.ece is None:
        return None
    off = voice.points(ours.ece)
    if ours.ece_noise_95 is None:
        return voice.say("On average a probability was {off} off.", off=off)
    chance = voice.points(ours.ece_noise_95)
    if ours.ece <= ours.ece_noise_95:
        return voice.say(
            "On average a probability was {off} off, within the {chance} that chance alone can explain: no sign that they mislead.",
            off=off,
            chance=chance,
        )
    if facts.tells_leads_apart:
        return voice.say(
            "On average a probability was {off} off, more than the {chance} that chance alone can explain: the order of leads "
            "can be trusted more than the exact percentages.",
            off=off,
            chance=chance,
        )
    return voice.say(
        "On average a probability was {off} off, more than the {chance} that chance alone can explain: take them as rough.",
        off=off,
        chance=chance,
    )


def _spread(facts: ReportFacts, voice: Voice) -> str | None:
    slope = facts.leadgauge.calibration_slope
    if slope is None or not facts.tells_leads_apart:  # next to no spread to judge
        return None
    told = voice.number(slope, 2)
    if slope < BOLD:
        return voice.say(
            "They were too bold (slope {slope}; 1 is right): high ones should have been lower, low ones higher.",
            slope=told,
        )
    if slope > TIMID:
        return voice.say(
            "They were too timid (slope {slope}; 1 is right): high ones could have been higher, low ones lower.",
            slope=told,
        )
    return voice.say(
        "They were neither too bold nor too timid (slope {slope}; 1 is right).", slope=told
    )


def _by_segment(facts: ReportFacts, voice: Voice) -> str | None:
    parts = [one for by, rows in groups(facts.segments) if by for one in rows]
    judged = [one for one in parts if one.verdict != "too few"]
    if len(judged) < 2:
        return None
    by = voice.listed(list(dict.fromkeys(one.by for one in judged)))
    off = [one for one in judged if one.verdict != "honest"]
    said = {"by": by, "groups": voice.count(len(judged))}
    if not off:
        return voice.say(
            "Looked at by {by}, there are {groups} groups large enough to judge. In all of them what happened is what honest "
            "probabilities allow.",
            **said,
        )
    named = [
        voice.say(
            "{by} {label} ({verdict})", by=one.by, label=one.label, verdict=verdict(one, voice)
        )
        for one in off[:MOST_NAMED]
    ]
    if len(off) > MOST_NAMED:
        named.append(voice.say("{count} more", count=voice.count(len(off) - MOST_NAMED)))
    return voice.say(
        "Looked at by {by}, there are {groups} groups large enough to judge. In {honest} of them what happened is what honest "
        "probabilities allow; not in {named}.",
        honest=voice.count(len(judged) - len(off)),
        named=voice.listed(named),
        **said,
    )


def _others(facts: ReportFacts, voice: Voice) -> str | None:
    if not facts.tells_leads_apart:
        return None
    ours = facts.leadgauge.log_loss
    told = [
        _against(ours, facts.evaluation.contenders[name].log_loss, voice.say(RIVALS[name]), voice)
        for name in ("base_rate", "odoo", "logistic")
        if name in facts.evaluation.contenders and name != facts.step
    ]
    if not told:
        return None
    return voice.say(
        "Its penalty for wrong probabilities (log loss) is {listed}.", listed=voice.listed(told)
    )


def _against(ours: float, theirs: float, rival: str, voice: Voice) -> str:
    if theirs <= 0 or round(abs(1 - ours / theirs), 3) == 0:
        return voice.say("the same as that of {rival}", rival=rival)
    change = 1 - ours / theirs
    share = voice.percent(abs(change))
    if change > 0:
        return voice.say("{share} below that of {rival}", share=share, rival=rival)
    return voice.say("{share} above that of {rival}", share=share, rival=rival)
