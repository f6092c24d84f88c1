"""The hand-off in sentences: what became of the leads that sales was given, and of those that it decided on."""

from collections.abc import Iterator

from reports.facts import Finding, Interval
from reports.hand_off_facts import Handed, HandOffFacts, Unknown
from reports.hand_off_judged import decision_findings, decisions, leads
from reports.rejections_words import rejections_findings, rejections_sentence
from reports.voice import Voice, text

MOST_REASONS = 5
UNKNOWN_WORDS: dict[Unknown, str] = {
    "handed_over": text(
        "What sales was given is unknown: events of the kind `handed_over` would tell."
    ),
    "accepted": text(
        "How many leads sales accepted is unknown: events of the kind `accepted`, or feedback, would tell."
    ),
    "rejected": text(
        "How many leads sales rejected, and why, is unknown: events of the kind `rejected` with a `reason`, or feedback, would tell."
    ),
    "recycled": text(
        "How many leads went back to marketing is unknown: events of the kind `recycled`, or feedback, would tell."
    ),
    "contacted": text(
        "How soon sales got in touch is unknown: events of the kind `contacted`, or of `agreement.sales_kinds`, would tell."
    ),
    "closing_times": text(
        "Whether rejected leads closed later is unknown: the column `closed_at` of the outcomes would tell."
    ),
    "overruled": text(
        "Sales has overruled no route so far; `leadgauge feedback` takes in what it decides otherwise."
    ),
}


def hand_off_sentences(facts: HandOffFacts, voice: Voice) -> list[str]:
    """Return what became of the hand-offs, in sentences; what is unknown is said to be, and what would tell."""
    return [
        *_handed(facts, voice),
        *_contact(facts, voice),
        *_reasons(facts, voice),
        *_rejections(facts, voice),
        *(sentence for _, _, sentence in decisions(facts, voice)),
        *(voice.say(UNKNOWN_WORDS[name]) for name in facts.unknown if _worth_saying(name, facts)),
    ]


def hand_off_findings(facts: HandOffFacts, voice: Voice) -> list[Finding]:
    """Return what stands out: shares that changed, leads not called in time, decisions and what became of their leads."""
    found = [*_changes(facts, voice), *_late(facts, voice), *decision_findings(facts, voice)]
    if facts.rejections is not None:
        told = facts.rejections
        found += rejections_findings(told, facts.horizon_days, facts.min_group, voice)
    return sorted(found, key=lambda finding: -finding.weight)


def _handed(facts: HandOffFacts, voice: Voice) -> Iterator[str]:
    if "handed_over" in facts.unknown:
        return
    now, before = facts.now, facts.before
    yield voice.many(
        "In {period} sales was handed {count} lead; in {earlier} it was handed {before}.",
        "In {period} sales was handed {count} leads; in {earlier} it was handed {before}.",
        now.leads,
        period=now.period,
        earlier=before.period,
        before=voice.count(before.leads),
    )
    if now.leads < facts.min_group:
        yield voice.say(
            "That is too few to tell what became of them: at least {fewest} are needed.",
            fewest=voice.count(facts.min_group),
        )
        return
    for template, here, there in (
        (
            text("It accepted {share} of them (likely {range}; {earlier} in the period before)."),
            now.accepted,
            before.accepted,
        ),
        (
            text("It rejected {share} of them (likely {range}; {earlier} in the period before)."),
            now.rejected,
            before.rejected,
        ),
        (
            text("Of them {share} went back to marketing (likely {range}; {earlier} in the period before)."),
            now.recycled,
            before.recycled,
        ),
    ):  # fmt: skip
        if here is not None:
            yield _compared(template, here, there, voice)


def _compared(
    template: str, here: Interval, there: Interval | None, voice: Voice, **values: str
) -> str:
    return voice.say(
        template,
        share=voice.percent_rounded(here.value),
        range=voice.share_range_rounded(here),
        earlier=voice.say("unknown") if there is None else voice.percent_rounded(there.value),
        **values,
    )


def _contact(facts: HandOffFacts, voice: Voice) -> Iterator[str]:
    now = facts.now
    if now.touched is None:
        return
    yield _compared(
        text(
            "Of those still to be touched, {share} were contacted within the agreed {hours} (likely {range}; {earlier} in "
            "the period before); what was sent back or closed before then without a contact is left out."
        ),
        now.touched,
        facts.before.touched,
        voice,
        hours=voice.many("{count} hour", "{count} hours", facts.contact_within_hours),
    )
    if now.median_hours is None:
        yield voice.say("At least half of them have not been contacted at all.")
    else:
        yield voice.many(
            "Half of them were contacted within {count} hour.",
            "Half of them were contacted within {count} hours.",
            round(now.median_hours, 1),
        )


def _reasons(facts: HandOffFacts, voice: Voice) -> Iterator[str]:
    now = facts.now
    if not now.rejections or now.rejections < facts.min_group or not now.reasons:
        return
    named = [
        voice.say("{reason} ({count})", reason=one.reason, count=voice.count(one.leads))
        for one in now.reasons[:MOST_REASONS]
    ]
    rest = sum(one.leads for one in now.reasons[MOST_REASONS:]) + now.other_reasons
    if rest:
        named.append(voice.say("other reasons ({count})", count=voice.count(rest)))
    if now.no_reason:
        named.append(voice.say("no reason told ({count})", count=voice.count(now.no_reason)))
    yield voice.say("Reasons of the rejections: {reasons}.", reasons=voice.listed(named))


def _rejections(facts: HandOffFacts, voice: Voice) -> Iterator[str]:
    if facts.rejections is not None:
        yield rejections_sentence(facts.rejections, facts.horizon_days, facts.min_group, voice)


def _worth_saying(name: Unknown, facts: HandOffFacts) -> bool:
    """Where nothing is known of hand-offs, what follows from them need not be missed one by one."""
    if "handed_over" in facts.unknown:
        return name in ("handed_over", "contacted")
    return name != "closing_times" or "rejected" not in facts.unknown


def _changes(facts: HandOffFacts, voice: Voice) -> Iterator[Finding]:
    """Yield shares whose intervals in the two periods do not overlap."""
    for kind, template, here, there in (
        (
            "acceptance_changed",
            text("Sales accepted {share} of the leads it was handed in {period}, after {earlier} in {before}."),
            facts.now.accepted,
            facts.before.accepted,
        ),
        (
            "rejection_changed",
            text("Sales rejected {share} of the leads it was handed in {period}, after {earlier} in {before}."),
            facts.now.rejected,
            facts.before.rejected,
        ),
    ):  # fmt: skip
        if here is None or there is None or (here.low <= there.high and there.low <= here.high):
            continue
        yield Finding(
            kind=kind,
            section="hand_off",
            subject=facts.now.period,
            sentence=voice.say(
                template,
                share=voice.percent_rounded(here.value),
                period=facts.now.period,
                earlier=voice.percent_rounded(there.value),
                before=facts.before.period,
            ),
            weight=min(1.0, abs(here.value - there.value)),
            figures={
                "leads": facts.now.leads,
                "share": here.value,
                "share_before": there.value,
            },
        )


def _late(facts: HandOffFacts, voice: Voice) -> Iterator[Finding]:
    now: Handed = facts.now
    if now.touched is None or now.touched.value >= 1:
        return
    late = round(now.due * (1 - now.touched.value))
    yield Finding(
        kind="late_contact",
        section="hand_off",
        subject=now.period,
        sentence=voice.many(
            "{count} of {due} that sales was handed in {period} and had still to touch was not contacted within the "
            "agreed {hours}.",
            "{count} of {due} that sales was handed in {period} and had still to touch were not contacted within the "
            "agreed {hours}.",
            late,
            due=leads(now.due, voice),
            period=now.period,
            hours=voice.many("{count} hour", "{count} hours", facts.contact_within_hours),
        ),
        weight=0.6 * (1 - now.touched.value),
        figures={"due": now.due, "late": late, "share_in_time": now.touched.value},
    )
