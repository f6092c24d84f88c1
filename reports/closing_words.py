"""What goes with closing, in sentences: they say what is seen together, and never why."""

from collections.abc import Iterator, Sequence
from typing import Final

from reports.closing_facts import (
    ChangedCondition,
    ChangedStrength,
    ClosingFacts,
    ConditionFact,
    LevelFact,
    PullFact,
    StrengthFact,
)
from reports.condition_words import (
    WEEK,
    closer_sentence,
    condition_sentence,
    condition_words,
    ratio_words,
)
from reports.facts import Finding
from reports.voice import Voice, text

MOST_CHANGED = 5

GROUPS: Final = {
    "who they are": text("who they are"),
    "where they came from": text("where they came from"),
    "what they did": text("what they did"),
    "what sales did": text("what sales did"),
    "their company": text("their company"),
    "track record": text("how earlier leads like them closed"),
    "timing": text("when they came"),
}


def group_words(group: str, voice: Voice) -> str:
    """Return a group of the catalogue in the report's language."""
    return voice.say(GROUPS[group]) if group in GROUPS else group


def concept_words(concept: StrengthFact | PullFact | ChangedStrength, voice: Voice) -> str:
    """Return a concept's label; a track record is named after its column, which is often a concept of its own."""
    if concept.group == "track record":
        return voice.say("{label}: how earlier leads closed", label=concept.label)
    return concept.label


def closing_sentences(facts: ClosingFacts, voice: Voice) -> list[str]:
    """Return what the section says, in its order: the model's strengths, conditions, segments, what changed."""
    if facts.step is None:
        return [
            voice.say(
                "There is no model yet, so it is unknown what closing goes with;"
                " `leadgauge check` says what is missing."
            )
        ]
    if facts.step == "base_rate":
        return [
            voice.say(
                "Nothing in the data tells leads that close apart from the others:"
                " no step above the base rate was better forward in time."
                " So it is unknown what closing goes with."
            )
        ]
    return [
        *_looked_at(facts, voice),
        *_strengths(facts, voice),
        *_conditions(facts, voice),
        *(level_sentence(level, voice) for level in facts.levels if level.pulls),
        *_changes(facts, voice),
    ]


def closing_findings(facts: ClosingFacts, voice: Voice) -> list[Finding]:
    """Return the conditions that are beyond chance, and what changed, the greatest stake first."""
    if not facts.tells_leads_apart:
        return []
    found = [_condition_finding(one, voice) for one in facts.conditions if one.found]
    found += [_condition_changed(one, voice) for one in facts.changed_conditions]
    found += [_strength_changed(one, voice) for one in _most_changed(facts)]
    return sorted(found, key=lambda finding: -finding.weight)


def level_sentence(level: LevelFact, voice: Voice) -> str:
    """Return how one level of a segment closes and what speaks for and against it, compared with the others."""
    speaking = voice.listed([concept_words(one, voice) for one in level.pulls if one.more > 0])
    against = voice.listed([concept_words(one, voice) for one in level.pulls if one.more < 0])
    values = {
        "segment": level.segment,
        "level": level.level,
        "leads": voice.many("{count} lead", "{count} leads", level.leads),
        "rate": voice.percent_rounded(level.close_rate.value),
        "range": voice.share_range_rounded(level.close_rate),
        "speaking": speaking,
        "against": against,
    }
    if speaking and against:
        return voice.say(
            "{segment} “{level}”: {rate} of {leads} closed ({range}). Compared with the other leads,"
            " more speaks for them in {speaking}, and more against them in {against}.",
            **values,
        )
    if speaking:
        return voice.say(
            "{segment} “{level}”: {rate} of {leads} closed ({range}). Compared with the other leads,"
            " more speaks for them in {speaking}.",
            **values,
        )
    if against:
        return voice.say(
            "{segment} “{level}”: {rate} of {leads} closed ({range}). Compared with the other leads,"
            " more speaks against them in {against}.",
            **values,
        )
    return voice.say(
        "{segment} “{level}”: {rate} of {leads} closed ({range}). In everything else they are much like the other leads.",
        **values,
    )


def _looked_at(facts: ClosingFacts, voice: Voice) -> Iterator[str]:
    if not facts.leads:
        yield voice.say(
            "No lead's outcome is known long enough to hold leads against each other:"
            " what follows is what the model found in training."
        )
        return
    values = {
        "leads": voice.many("{count} lead", "{count} leads", facts.leads),
        "wins": voice.count(facts.wins),
        "horizon": voice.days(facts.horizon_days or 0),
        "age": voice.days(facts.age_days or 0),
    }
    if facts.age_days is None:
        yield voice.say(
            "Compared are {leads}; {wins} of them closed. When what is known of them became known is not on record.",
            **values,
        )
    elif facts.age_days == 0:
        yield voice.say(
            "Compared are {leads} as they arrived; {wins} of them closed within {horizon}.",
            **values,
        )
    elif facts.age_days == WEEK:
        yield voice.say(
            "Compared are {leads} that were still open at the end of their first week;"
            " {wins} of them closed within the {horizon} after it.",
            **values,
        )
    else:
        yield voice.say(
            "Compared are {leads} that were still open at the end of their first {age};"
            " {wins} of them closed within the {horizon} after it.",
            **values,
        )


def _strengths(facts: ClosingFacts, voice: Voice) -> Iterator[str]:
    mine = [one for one in facts.groups if one.acted_on and one.share > 0]
    others = [one for one in facts.groups if not one.acted_on and one.share > 0]
    values = {
        "share": voice.percent_rounded(min(1.0, sum(one.share for one in mine))),
        "rest": voice.percent_rounded(min(1.0, sum(one.share for one in others))),
        "groups": voice.listed([group_words(one.group, voice) for one in mine]),
        "others": voice.listed([group_words(one.group, voice) for one in others]),
    }
    if mine and others:
        yield voice.say(
            "Of all that tells leads apart, {share} is what marketing and sales can act on ({groups});"
            " {rest} they can only take as it is ({others}).",
            **values,
        )
    elif mine:
        yield voice.say(
            "All that tells leads apart is what marketing and sales can act on ({groups}).",
            **values,
        )
    elif others:
        yield voice.say(
            "Nothing of what tells leads apart can be acted on: it is {others}.", **values
        )


def _conditions(facts: ClosingFacts, voice: Voice) -> Iterator[str]:
    if not facts.leads:
        return
    found = [one for one in facts.conditions if one.found]
    for one in sorted(found, key=lambda fact: not fact.acted_on):
        yield condition_sentence(one, voice)
        yield from closer_sentence(one, voice)
    if not found:
        yield voice.many(
            "No condition on a single thing tells leads apart from alike leads beyond chance; {count} was looked at.",
            "No condition on a single thing tells leads apart from alike leads beyond chance; {count} were looked at.",
            facts.looked_at,
        )
        return
    yield voice.say(
        "Alike are leads of which the model says the same from what else they brought with them;"
        " for what sales did, also from what they had done. These figures say what"
        " goes together, and not that changing one changes the other."
    )
    yield (
        voice.say(
            "The conditions were chosen on one half of the accounts and measured on the other;"
            " ranges are 95% intervals."
        )
        if facts.apart
        else voice.say(
            "There are too few wins to choose conditions on some leads and measure them on others:"
            " both were done on the same leads, so these figures are likely further from 1 than the truth."
        )
    )


def _changes(facts: ClosingFacts, voice: Voice) -> Iterator[str]:
    if not facts.compared:
        yield voice.say("There is no review before this one that this could be compared with.")
        return
    conditions = [_condition_changed(one, voice).sentence for one in facts.changed_conditions]
    strengths = [_strength_changed(one, voice).sentence for one in _most_changed(facts)]
    yield from [*conditions, *strengths]
    if not conditions and not strengths:
        yield voice.say("Nothing of this has changed beyond chance since the last review.")


def _most_changed(facts: ClosingFacts) -> Sequence[ChangedStrength]:
    return sorted(facts.changed_strengths, key=lambda one: -abs(one.now - one.before))[
        :MOST_CHANGED
    ]


def _condition_finding(fact: ConditionFact, voice: Voice) -> Finding:
    return Finding(
        kind="condition",
        section="drivers",
        subject=condition_words(fact.condition, fact.age_days, voice),
        sentence=condition_sentence(fact, voice),
        weight=fact.stake,
        figures={
            "feature": fact.condition.feature,
            "leads": fact.leads,
            "wins": fact.wins,
            "rate": fact.rate,
            "alike_rate": fact.alike_rate,
            "ratio": fact.ratio.value,
            "low": fact.ratio.low,
            "high": fact.ratio.high,
            "acted_on": float(fact.acted_on),
            **({} if fact.closer is None else {"closer": fact.closer.value}),
            **({} if fact.crude is None else {"crude": fact.crude}),
        },
    )


def _condition_changed(fact: ChangedCondition, voice: Voice) -> Finding:
    words = condition_words(fact.condition, fact.age_days, voice)
    (before, *_), (now, low, high) = ratio_words(fact.before, voice), ratio_words(fact.now, voice)
    return Finding(
        kind="changed",
        section="drivers",
        subject=words,
        sentence=voice.say(
            "Leads with {condition} closed {now} times ({low} to {high}) as often as alike leads without;"
            " at the last review it was {before} times.",
            condition=words,
            now=now,
            low=low,
            high=high,
            before=before,
        ),
        weight=min(1.0, abs(fact.now.value - fact.before.value) / max(fact.before.value, 1.0) / 2),
        figures={
            "feature": fact.condition.feature,
            "before": fact.before.value,
            "now": fact.now.value,
        },
    )


def _strength_changed(fact: ChangedStrength, voice: Voice) -> Finding:
    label = concept_words(fact, voice)
    before, now = voice.number(fact.before, 2), voice.number(fact.now, 2)
    return Finding(
        kind="changed",
        section="drivers",
        subject=label,
        sentence=voice.say(
            "{label} tells leads apart more than at the last review: its weight in the score is {now}, it was {before}.",
            label=label,
            now=now,
            before=before,
        )
        if fact.now > fact.before
        else voice.say(
            "{label} tells leads apart less than at the last review: its weight in the score is {now}, it was {before}.",
            label=label,
            now=now,
            before=before,
        ),
        weight=min(0.5, abs(fact.now - fact.before) / 2),
        figures={"before": fact.before, "now": fact.now},
    )
