"""Where buyers stand when sales comes in, why deals are lost and to whom, and what discounts go with."""

from reports import cells, charts
from reports.blocks import Block, Cell, Chart, Choices, Fold, Heading, Row, Section, Table, Words
from reports.closing_facts import DiscountBand, LossesFacts, ReasonsOf
from reports.journey import journey_sentences
from reports.losses_words import band_words, losses_sentences, reason_words
from reports.report_facts import ReportFacts
from reports.voice import Voice


def journey(facts: ReportFacts, voice: Voice) -> Section | None:
    """Return how much buyers did by themselves before sales came in."""
    told = facts.journey
    if told is None:
        return None
    blocks: list[Block] = [Words(line) for line in journey_sentences(told, voice)]
    rows = []
    for name, part in ((voice.say("Won"), told.won), (voice.say("Lost"), told.lost)):
        if part is None or part.contacted is None:
            continue
        rows.append(
            Row(
                name,
                [
                    cells.number(part.leads, voice),
                    cells.number(part.contacted, voice),
                    cells.share(part.own_share, voice),
                    cells.number(part.own_events, voice),
                    cells.number(part.days, voice),
                    cells.percent(part.time_share, voice),
                ],
            )
        )
    if rows:
        columns = [
            voice.say("Leads"),
            voice.say("With a contact on record"),
            voice.say("Done before it, share"),
            voice.say("Events before it"),
            voice.say("Days to it"),
            voice.say("Share of the time to the end"),
        ]
        caption = voice.say(
            "What leads had done by themselves when sales first came in; medians, shares with 95% intervals"
        )
        blocks.append(Table(caption, voice.say("Ended"), columns, rows, broad=True))
    return Section("journey", voice.say("Where buyers stand when sales comes in"), blocks)


def losses(facts: ReportFacts, voice: Voice) -> Section | None:
    """Return loss reasons, competitors and discounts."""
    told = facts.losses
    if told is None:
        return None
    blocks: list[Block] = [Words(line) for line in losses_sentences(told, voice)]
    if told.reasons is not None and told.reasons.reasons:
        blocks.append(_reasons_chart(told.reasons, voice))
    if told.by_level:
        title = voice.say("Loss reasons by segment and source")
        blocks.append(_by_level(title, told.by_level, voice))
    if told.competitors:
        blocks += _competitors(told, voice)
    if told.competitors_by_level:
        title = voice.say("Competitors by segment and source")
        blocks.append(_by_level(title, told.competitors_by_level, voice))
    if told.bands:
        blocks += _discounts(told, voice)
    return Section("losses", voice.say("Why deals are lost, and what discounts go with"), blocks)


def _reasons_chart(told: ReasonsOf, voice: Voice) -> Chart:
    items = []
    for row in told.reasons:
        name = reason_words(row, voice)
        tip = voice.say(
            "{reason}: {leads} lost leads, {share} of those with a reason ({range})",
            reason=name,
            leads=voice.count(row.leads),
            share=voice.percent(row.share.value),
            range=voice.share_range(row.share),
        )
        items.append(charts.Bar(name, row.share.value, tip))
    return Chart(
        "reasons",
        voice.say(
            "Bar chart of loss reasons by their share; the paragraph above says the first of them."
        ),
        voice.say("Shares of the lost leads that have a reason on record."),
        charts.bars(items, percent=True),
        height=charts.bars_height(len(items)),
    )


def _by_level(title: str, rows: list[ReasonsOf], voice: Voice) -> Fold:
    panels: dict[str, list[ReasonsOf]] = {}
    for one in rows:
        panels.setdefault(one.by or "", []).append(one)
    tables = [(by, [_reasons_table(by, group, voice)]) for by, group in panels.items()]
    return Fold(title, [Choices(voice.say("By"), tables)])


def _reasons_table(by: str, group: list[ReasonsOf], voice: Voice) -> Table:
    reasons = list(dict.fromkeys(reason_words(row, voice) for one in group for row in one.reasons))
    rows = []
    for one in group:
        shares = {reason_words(row, voice): row.share for row in one.reasons}
        told = [
            cells.percent(shares[reason].value if reason in shares else None, voice)
            for reason in reasons
        ]
        rows.append(Row(one.level or "", [cells.number(one.with_reason, voice), *told]))
    caption = voice.say(
        "Shares of each group’s lost leads that name one; a dash stands for a few leads or none"
    )
    return Table(caption, by, [voice.say("Lost leads"), *reasons], rows, sorts=True, broad=True)


def _competitors(told: LossesFacts, voice: Voice) -> list[Block]:
    rows = [
        Row(
            one.competitor,
            [
                cells.number(one.lost, voice),
                cells.number(one.won, voice),
                cells.share(one.won_share, voice)
                if one.won is not None
                else cells.number(None, voice),
            ],
        )
        for one in told.competitors
    ]
    columns = [voice.say("Lost to them"), voice.say("Won against them"), voice.say("Share won")]
    caption = voice.say("Competitors that deals name, 95% intervals in grey")
    return [
        Heading(voice.say("Competitors")),
        Table(caption, voice.say("Competitor"), columns, rows, sorts=True),
    ]


def _discounts(told: LossesFacts, voice: Voice) -> list[Block]:
    rows = [Row(band_words(band, voice), _band(band, voice)) for band in told.bands]
    columns = [
        voice.say("Deals"),
        voice.say("Won"),
        voice.say("Close rate"),
        voice.say("Mean amount, {currency}", currency=voice.currency),
        voice.say("Mean margin, percent"),
    ]
    caption = voice.say(
        "Deals by their discount; amounts and margins are of won deals, 95% intervals in grey"
    )
    return [
        Heading(voice.say("Discounts")),
        Table(caption, voice.say("Discount"), columns, rows, broad=True),
    ]


def _band(band: DiscountBand, voice: Voice) -> list[Cell]:
    close = (
        cells.number(None, voice)
        if band.close_rate is None
        else cells.share(band.close_rate, voice)
    )
    return [
        cells.number(band.deals, voice),
        cells.number(band.won, voice),
        close,
        cells.figure(band.amount, voice, places=0),
        cells.figure(band.margin, voice, places=1),
    ]
