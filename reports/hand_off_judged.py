"""Decisions of sales against what became of their leads: rejections, and routes that sales overruled."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from reports.findings import Finding
from reports.hand_off_facts import HandOffFacts, Judgement
from reports.voice import Voice, text

Kind = Literal["rejections", "taken_up", "sent_back"]


@dataclass(frozen=True)
class Words:
    """Templates of one kind of decision; ``verdicts`` tell how many closed against what the scores expected."""

    subject: str
    told: str
    few: str
    verdicts: dict[str, str]


_AS_MANY = text(
    "Their scores at arrival expected {expected} wins of {leads}; {closed} came, which is within chance."
)
_NOT_WORKED_ON = {
    "fewer": text(
        "Their scores at arrival expected {expected} wins of {leads}; {closed} came, fewer than chance explains. They "
        "were hardly worked on either, so this alone does not show that sales was right."
    ),
    "as_many": _AS_MANY,
    "more": text(
        "Their scores at arrival expected {expected} wins of {leads}; {closed} came, more than chance explains: too many "
        "good leads were among them."
    ),
}
_WORKED_ON = {
    "fewer": text(
        "Their scores at arrival expected {expected} wins of {leads}; {closed} came, fewer than chance explains, "
        "although they were worked on."
    ),
    "as_many": _AS_MANY,
    "more": text(
        "Their scores at arrival expected {expected} wins of {leads}; {closed} came, more than chance explains. They "
        "were worked on as well, so this alone does not show that sales was right."
    ),
}
WORDS: Final[dict[Kind, Words]] = {
    "rejections": Words(
        text("Rejections"),
        text(
            "Of {leads} that sales rejected at least {days} before the data end, {closed} closed all the same within "
            "{days} ({share}, likely {range})."
        ),
        text(
            "Sales rejected {leads} at least {days} before the data end: too few to tell whether that was right."
        ),
        _NOT_WORKED_ON,
    ),
    "taken_up": Words(
        text("Leads that sales took up"),
        text(
            "Of {leads} that sales took up against their route at least {days} before the data end, {closed} closed "
            "within {days} ({share}, likely {range})."
        ),
        text(
            "Sales took up {leads} against their route at least {days} before the data end: too few to tell whether "
            "that was right."
        ),
        _WORKED_ON,
    ),
    "sent_back": Words(
        text("Leads that sales sent elsewhere"),
        text(
            "Of {leads} that sales sent elsewhere than leadgauge at least {days} before the data end, {closed} closed all "
            "the same within {days} ({share}, likely {range})."
        ),
        text(
            "Sales sent {leads} elsewhere than leadgauge at least {days} before the data end: too few to tell whether "
            "that was right."
        ),
        _NOT_WORKED_ON,
    ),
}


def decisions(facts: HandOffFacts, voice: Voice) -> Iterator[tuple[Kind, Judgement, str]]:
    """Yield each kind of decision that is known, its figures, and what they say."""
    kinds: tuple[tuple[Kind, Judgement | None], ...] = (
        ("rejections", facts.rejections),
        ("taken_up", facts.taken_up),
        ("sent_back", facts.sent_back),
    )
    for kind, judged in kinds:
        if judged is not None:
            yield kind, judged, _sentence(WORDS[kind], judged, facts, voice)


def decision_findings(facts: HandOffFacts, voice: Voice) -> Iterator[Finding]:
    """Yield decisions whose leads closed more or less often than their scores expected."""
    for kind, judged, sentence in decisions(facts, voice):
        if judged.verdict in (None, "as_many"):
            continue
        closed, expected = judged.scored_closed or 0, judged.expected or 0.0
        yield Finding(
            kind=f"{kind}_judged",
            section="hand_off",
            subject=voice.say(WORDS[kind].subject),
            sentence=sentence,
            weight=min(0.9, 0.2 + abs(closed - expected) / judged.scored),
            figures={
                "leads": judged.leads,
                "scored": judged.scored,
                "closed": closed,
                "expected": expected,
                "verdict": str(judged.verdict),
            },
        )


def leads(count: int, voice: Voice) -> str:
    """Write a number of leads."""
    return voice.many("{count} lead", "{count} leads", count)


def _sentence(words: Words, judged: Judgement, facts: HandOffFacts, voice: Voice) -> str:
    days = voice.days(facts.horizon_days)
    if judged.rate is None:
        return voice.say(words.few, leads=leads(judged.leads, voice), days=days)
    told = voice.say(
        words.told,
        leads=leads(judged.leads, voice),
        closed=voice.count(judged.closed or 0),
        days=days,
        share=voice.percent_rounded(judged.rate.value),
        range=voice.share_range_rounded(judged.rate),
    )
    if judged.verdict is None or judged.expected is None:
        return told
    held = voice.say(
        words.verdicts[judged.verdict],
        expected=voice.count(round(judged.expected, 1)),
        leads=leads(judged.scored, voice),
        closed=voice.count(judged.scored_closed or 0),
    )
    return f"{told} {held}"
