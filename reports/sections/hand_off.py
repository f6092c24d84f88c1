"""The hand-off: what sales was given, took, refused and called in time, and what became of what it decided on."""

from reports import cells
from reports.blocks import Block, Cell, Row, Section, Table, Words
from reports.facts import Interval
from reports.hand_off import hand_off_sentences
from reports.hand_off_facts import HandOffFacts, Judgement
from reports.rejections import Rejections
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
    rejected = told.rejections
    if rejected is not None and rejected.rejected.rate is not None:
        blocks.append(_decided(rejected, told, voice))
    overruled = [
        (name, one)
        for name, one in (
            (voice.say("Taken up against the route"), told.taken_up),
            (voice.say("Sent back against the route"), told.sent_back),
        )
        if one is not None and one.closed is not None
    ]
    if overruled:
        blocks.append(_overruled(overruled, told, voice))
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


def _decided(one: Rejections, told: HandOffFacts, voice: Voice) -> Table:
    sides = [(voice.say("Rejected by sales"), one.rejected)]
    if one.accepted is not None and one.accepted.rate is not None:
        sides.append((voice.say("Accepted by sales"), one.accepted))
    rows = [
        Row(
            name,
            [
                cells.number(side.leads, voice),
                cells.number(side.closed, voice),
                cells.share(side.rate, voice),
            ],
        )
        for name, side in sides
    ]
    columns = [voice.say("Leads"), voice.say("Closed"), voice.say("Share")]
    caption = voice.say(
        "What became of the leads that sales decided on at least {days} days ago, within {days} days of the decision",
        days=voice.whole(told.horizon_days),
    )
    return Table(caption, voice.say("Decision"), columns, rows)


def _overruled(judged: list[tuple[str, Judgement]], told: HandOffFacts, voice: Voice) -> Table:
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
        voice.say("Closed"),
        voice.say("Share"),
        voice.say("As their scores at arrival said"),
    ]
    caption = voice.say(
        "What became of the leads whose route sales overruled at least {days} days ago, within {days} days of it",
        days=voice.whole(told.horizon_days),
    )
    return Table(caption, voice.say("Decision"), columns, rows)
