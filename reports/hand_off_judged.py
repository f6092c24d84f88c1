"""Routes that sales overruled, against what became of their leads; the words judge nobody."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from reports.facts import Finding
from reports.hand_off_facts import HandOffFacts, Judgement
from reports.voice import Voice, text

Kind = Literal["taken_up", "sent_back"]


@dataclass(frozen=True)
class Words:
    """Templates of one kind of decision."""

    subject: str
    told: str
    few: str


# A lead is overruled for what it did since it came, which its score at arrival could not know.
VERDICTS: Final = {
    "fewer": text(
        "Their scores at arrival expected {expected} wins of {leads}; {closed} came, fewer than chance explains. Scores at "
        "arrival know neither what came later nor who was worked on, so this does not show who was right."
    ),
    "as_many": text(
        "Their scores at arrival expected {expected} wins of {leads}; {closed} came, which is within chance."
    ),
    "more": text(
        "Their scores at arrival expected {expected} wins of {leads}; {closed} came, more than chance explains. Scores at "
        "arrival know neither what came later nor who was worked on, so this does not show who was right."
    ),
}
WORDS: Final[dict[Kind, Words]] = {
    "taken_up": Words(
        text("Leads that sales took up"),
        text(
            "Of {leads} that sales took up against their route at least {days} before the data end, {closed} closed "
            "within {days} ({share}, likely {range})."
        ),
        text(
            "Sales took up fewer than {fewest} leads against their route at least {days} before the data end: too few to "
            "tell what became of them."
        ),
    ),
    "sent_back": Words(
        text("Leads that sales sent elsewhere"),
        text(
            "Of {leads} that sales sent elsewhere than leadgauge at least {days} before the data end, {closed} closed all "
            "the same within {days} ({share}, likely {range})."
        ),
        text(
            "Sales sent fewer than {fewest} leads elsewhere than leadgauge at least {days} before the data end: too few to "
            "tell what became of them."
        ),
    ),
}


def decisions(facts: HandOffFacts, voice: Voice) -> Iterator[tuple[Kind, Judgement, str]]:
    """Yield each kind of overruling that is known, its figures, and what they say."""
    kinds: tuple[tuple[Kind, Judgement | None], ...] = (
        ("taken_up", facts.taken_up),
        ("sent_back", facts.sent_back),
    )
    for kind, judged in kinds:
        if judged is not None:
            yield kind, judged, _sentence(WORDS[kind], judged, facts, voice)


def decision_findings(facts: HandOffFacts, voice: Voice) -> Iterator[Finding]:
    """Yield overruled leads that closed more or less often than their scores expected."""
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
                "leads": judged.leads or 0,
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
    if judged.rate is None or judged.leads is None:
        return voice.say(words.few, fewest=voice.count(facts.min_group), days=days)
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
        VERDICTS[judged.verdict],
        expected=voice.count(round(judged.expected, 1)),
        leads=leads(judged.scored, voice),
        closed=voice.count(judged.scored_closed or 0),
    )
    return f"{told} {held}"
