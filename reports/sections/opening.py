"""What comes first: the bottom line, what the data say, and what cannot be told."""

from reports import sentences
from reports.blocks import Block, Figures, Point, Points, Section, Words
from reports.report_facts import ReportFacts
from reports.voice import Voice

MOST_FINDINGS = 10


def bottom_line(facts: ReportFacts, voice: Voice) -> Section:
    """Return three sentences and four figures."""
    blocks: list[Block] = [Words(line, "lead") for line in sentences.bottom_line(facts, voice)]
    if facts.warnings:
        blocks.append(
            Words(
                voice.many(
                    "Before you act on this: {count} warning about the data, at the end of this page.",
                    "Before you act on this: {count} warnings about the data, at the end of this page.",
                    len(facts.warnings),
                ),
                "notice",
            )
        )
    figures = [
        (voice.count(facts.counts.leads), voice.say("leads in the data")),
        (voice.count(facts.counts.won), voice.say("closed won so far")),
        (voice.count(facts.counts.open), voice.say("open tonight")),
    ]
    if facts.tonight:
        expected = sum(row.expected_wins for row in facts.tonight)
        figures.append((voice.whole(expected), voice.say("wins to expect of them")))
    else:
        rate = voice.percent(facts.counts.base_rate)
        figures.append((rate, voice.say("of leads close")))
    return Section("bottom-line", voice.say("The bottom line"), [*blocks, Figures(figures)])


def findings(facts: ReportFacts, voice: Voice) -> Section | None:
    """Return what the data say, the weightiest first, each with the section that tells more."""
    found = sentences.standing_out(facts, MOST_FINDINGS)
    if not found:
        return None
    items = [Point(one.sentence, anchor=ANCHORS.get(one.section, "")) for one in found]
    told = voice.say(
        "The most that these data say beyond chance, weightiest first. They are patterns of the past; why they are so, "
        "the data cannot say."
    )
    return Section(
        "findings", voice.say("What stands out"), [Words(told), Points(items, ordered=True)]
    )


# Where a finding's section begins on the page.
ANCHORS = {
    "agreement": "agreement",
    "hand_off": "hand-off",
    "leaks": "leaks",
    "quality": "quality",
    "drivers": "closing",
    "losses": "losses",
    "goals": "goals",
    "honesty": "honesty",
    "data": "data",
}


def no_signal(facts: ReportFacts, voice: Voice) -> Section | None:
    """Return that nothing tells leads apart, where that is so."""
    told = sentences.no_signal(facts, voice)
    if not told:
        return None
    measured = voice.say("As measured: {why}", why=facts.why)
    return Section(
        "no-signal",
        voice.say("There is no signal in these data"),
        [*(Words(line) for line in told), Words(measured, "quiet")],
    )
