"""The hand-off: what sales was given, took, refused and called in time, and how often it was right."""

from reports import cells
from reports.blocks import Block, Cell, Row, Section, Table, Words
from reports.facts import Interval
from reports.hand_off import hand_off_sentences
from reports.hand_off_facts import HandOffFacts, Judgement
from reports.report_facts import ReportFacts
from reports.voice import Voice


def hand_off(facts: ReportFacts, voice: Voice) -> Section | None:
    """Return the period's hand-offs beside those of the period before, and how decisions turned out."""
    told = facts.hand_off
    if told is None:
        return None
    blocks: list[Block] = [Words(line) for line in hand_off_sentences(told, voice)]
    if "handed_over" not in told.unknown:
        blocks.append(_periods(told, voice))
    judged = [
        (name, one)
        for name, one in (
            (voice.say("Rejected by sales"), told.rejections),
            (voice.say("Taken up against the route"), told.taken_up),
            (voice.say("Sent back against the route"), told.sent_back),
        )
        if one is not None and one.closed is not None
    ]
    if judged:
        blocks.append(_judged(judged, told, voice))
    return Section("hand-off", voice.say("The hand-off from marketing to sales"), blocks)


def _periods(told: HandOffFacts, voice: Voice) -> Table:
    rows = [
        Row(
            one.period,
            [
                cells.number(one.leads, voice),
                _share(one.accepted, voice),
                _share(one.rejected, voice),
                _share(one.recycled, voice),
                _share(one.touched, voice),
                cells.number(one.median_hours, voice),
            ],
        )
        for one in (told.before, told.now)
    ]
    columns = [
        voice.say("Handed over"),
        voice.say("Accepted"),
        voice.say("Rejected"),
        voice.say("Given back"),
        voice.say("Touched in time"),
        voice.say("Hours to contact, median"),
    ]
    caption = voice.say(
        "Hand-offs of the period and of the one before; shares with 95% intervals in grey"
    )
    return Table(caption, voice.say("Period"), columns, rows, broad=True)


def _share(interval: Interval | None, voice: Voice) -> Cell:
    return Cell("–") if interval is None else cells.share(interval, voice)


def _judged(judged: list[tuple[str, Judgement]], told: HandOffFacts, voice: Voice) -> Table:
    rows = [
        Row(
            name,
            [
                cells.number(one.leads, voice),
                cells.number(one.closed, voice),
                cells.share(one.rate, voice),
                cells.percent(one.expected_rate, voice),
            ],
        )
        for name, one in judged
    ]
    columns = [
        voice.say("Leads"),
        voice.say("Closed all the same"),
        voice.say("Share"),
        voice.say("As their scores at arrival said"),
    ]
    caption = voice.say(
        "What became of the leads that sales decided on at least {days} days ago, within {days} days of the decision",
        days=voice.whole(told.horizon_days),
    )
    return Table(caption, voice.say("Decision"), columns, rows)
