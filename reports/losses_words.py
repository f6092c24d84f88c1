"""Loss reasons, competitors and discounts in sentences: what was recorded, and what goes with what."""

from collections.abc import Iterator

from reports.closing_facts import (
    CompetitorRow,
    DiscountBand,
    LossesFacts,
    ReasonRow,
    StandOut,
)
from reports.facts import Finding
from reports.voice import Voice

MOST_TOLD = 3


def losses_sentences(facts: LossesFacts, voice: Voice) -> list[str]:
    """Return what is known of losses, in sentences; what is unknown is said to be, and what would tell."""
    return [
        *_reasons(facts, voice),
        *_competitors(facts, voice),
        *_discounts(facts, voice),
    ]


def losses_findings(facts: LossesFacts, voice: Voice) -> list[Finding]:
    """Return the commonest reason, reasons that stand out somewhere, the competitor named most, and what discounts go with."""
    found = [_stand_out(one, facts, voice) for one in facts.stand_out]
    reasons = facts.reasons
    if reasons is not None and reasons.reasons and reasons.reasons[0].reason is not None:
        first = reasons.reasons[0]
        found.append(
            Finding(
                kind="loss_reason",
                section="losses",
                subject=reason_words(first, voice),
                sentence=_first_reason(facts, first, voice),
                weight=0.3 * first.share.value,
                figures={"leads": first.leads, "share": first.share.value},
            )
        )
    found += [_competitor(one, facts, voice) for one in facts.competitors[:1]]
    found += list(_discount_findings(facts, voice))
    return sorted(found, key=lambda finding: -finding.weight)


def reason_words(row: ReasonRow, voice: Voice) -> str:
    """Return a reason, or what the row of rare ones is called."""
    return voice.say("other reasons") if row.reason is None else row.reason


def band_words(band: DiscountBand, voice: Voice) -> str:
    """Return a band of discounts, as it stands in a table."""
    if band.high == 0:
        return voice.say("no discount")
    high, low = voice.percent_rounded(band.high / 100), voice.percent_rounded(band.low / 100)
    if band.low == 0:
        return voice.say("up to {high}", high=high)
    return (
        voice.say("above {low}", low=low)
        if band.high >= 100
        else voice.say("above {low} up to {high}", low=low, high=high)
    )


def _reasons(facts: LossesFacts, voice: Voice) -> Iterator[str]:
    reasons = facts.reasons
    if not facts.names_reasons:
        yield voice.say(
            "The reasons of losses are unknown: the column `reason` of the outcomes would tell."
        )
        return
    if reasons is None or not reasons.reasons:
        yield voice.say("No reason of a loss is on record often enough to be shown.")
        return
    yield voice.say(
        "Of {lost}, {told} have a reason on record ({share}).",
        lost=voice.many("{count} lost lead", "{count} lost leads", reasons.lost),
        told=voice.count(reasons.with_reason),
        share=voice.percent_rounded(reasons.with_reason / max(1, reasons.lost)),
    )
    yield voice.say(
        "Recorded most often: {reasons}.",
        reasons=voice.listed(
            [
                voice.say(
                    "{reason} ({share})",
                    reason=reason_words(row, voice),
                    share=voice.percent_rounded(row.share.value),
                )
                for row in reasons.reasons[:MOST_TOLD]
            ]
        ),
    )
    yield from (_stand_out(one, facts, voice).sentence for one in facts.stand_out)


def _competitors(facts: LossesFacts, voice: Voice) -> Iterator[str]:
    if not facts.competitors:
        yield (
            voice.say("No competitor is named in enough deals to be shown.")
            if facts.names_competitors
            else voice.say(
                "Which competitors deals are lost to is unknown: the column `competitor` of the outcomes would tell."
            )
        )
        return
    yield from (_competitor(one, facts, voice).sentence for one in facts.competitors[:MOST_TOLD])
    if facts.competitors[0].won is None:
        yield voice.say(
            "Won deals name no competitor, so it is unknown how often deals are won against each."
        )


def _discounts(facts: LossesFacts, voice: Voice) -> Iterator[str]:
    if facts.discounts == "none":
        yield voice.say(
            "Discounts are on record for too few won deals, or for none:"
            " the columns `discount` and `margin` of the outcomes would tell."
        )
        return
    if facts.offers is not None:
        yield voice.many(
            "Looked at is {count} deal that got as far as an amount; what was lost before had no discount to give.",
            "Looked at are {count} deals that got as far as an amount; what was lost before had no discount to give.",
            facts.offers,
        )
    if facts.discounts == "won":
        yield (
            voice.say(
                "Whether deals with a discount close more often cannot be said: discounts are recorded on won deals alone."
            )
            if facts.lost_filled == 0
            else voice.say(
                "Whether deals with a discount close more often cannot be said: {won} of won deals have one on record,"
                " but only {lost} of lost ones.",
                won=voice.percent_rounded(facts.won_filled),
                lost=voice.percent_rounded(facts.lost_filled),
            )
        )
    yield from (finding.sentence for finding in _discount_findings(facts, voice))
    if facts.bands and all(band.margin is None for band in facts.bands):
        yield voice.say("Margins are unknown: the column `margin` of the outcomes would tell.")


def _first_reason(facts: LossesFacts, row: ReasonRow, voice: Voice) -> str:
    told = facts.reasons.with_reason if facts.reasons is not None else 0
    return voice.say(
        "The reason recorded most often is {reason}: {share} ({range}) of {leads} with a reason.",
        reason=reason_words(row, voice),
        share=voice.percent_rounded(row.share.value),
        range=voice.share_range_rounded(row.share),
        leads=voice.many("{count} lost lead", "{count} lost leads", told),
    )


def _stand_out(one: StandOut, facts: LossesFacts, voice: Voice) -> Finding:
    values = {
        "reason": one.reason,
        "by": one.by,
        "level": one.level,
        "share": voice.percent_rounded(one.share),
        "elsewhere": voice.percent_rounded(one.elsewhere),
        "leads": voice.many("{count} lead", "{count} leads", one.leads),
    }
    told = facts.reasons.with_reason if facts.reasons is not None else 1
    return Finding(
        kind="loss_reason",
        section="losses",
        subject=one.reason,
        sentence=voice.say(
            "{reason} is recorded more often where {by} is “{level}”: {share} of the lost leads there ({leads}),"
            " {elsewhere} of the others.",
            **values,
        )
        if one.share > one.elsewhere
        else voice.say(
            "{reason} is recorded less often where {by} is “{level}”: {share} of the lost leads there ({leads}),"
            " {elsewhere} of the others.",
            **values,
        ),
        weight=min(
            1.0, abs(one.share - one.elsewhere) * one.leads / max(one.share, 0.01) / max(1, told)
        ),
        figures={
            "by": one.by,
            "level": one.level,
            "leads": one.leads,
            "share": one.share,
            "elsewhere": one.elsewhere,
        },
    )


def _competitor(row: CompetitorRow, facts: LossesFacts, voice: Voice) -> Finding:
    values = {
        "competitor": row.competitor,
        "lost": voice.many("{count} lost deal", "{count} lost deals", row.lost),
    }
    figures: dict[str, float | str] = {"lost": row.lost}
    if row.won_share is None or row.won is None:
        sentence = voice.say("{competitor} is named in {lost}.", **values)
    else:
        sentence = voice.say(
            "{competitor} is named in {lost} and in {won}: of deals that name it, {share} ({range}) were won.",
            won=voice.many("{count} won deal", "{count} won deals", row.won),
            share=voice.percent_rounded(row.won_share.value),
            range=voice.share_range_rounded(row.won_share),
            **values,
        )
        figures |= {"won": row.won, "won_share": row.won_share.value}
    return Finding(
        kind="competitor",
        section="losses",
        subject=row.competitor,
        sentence=sentence,
        weight=min(1.0, row.lost / max(1, facts.lost)),
        figures=figures,
    )


def _discount_findings(facts: LossesFacts, voice: Voice) -> Iterator[Finding]:
    """Yield what goes with the highest discounts beyond chance: the margin, and closing where it can be told."""
    if not facts.bands:
        return
    first, last = facts.bands[0], facts.bands[-1]
    gap, band = facts.margin_gap, band_words(last, voice)
    if gap is not None and (gap.low > 0 or gap.high < 0):
        values = {
            "band": band,
            "gap": voice.points(abs(gap.value) / 100),
            "low": voice.number(min(abs(gap.low), abs(gap.high)), 1),
            "high": voice.number(max(abs(gap.low), abs(gap.high)), 1),
            "won": voice.many("{count} won deal", "{count} won deals", last.won),
        }
        yield Finding(
            kind="discount",
            section="losses",
            subject=voice.say("Discounts and margin"),
            sentence=voice.say(
                "A discount “{band}” goes with a margin that is {gap} lower ({low} to {high}) than without one, in {won}.",
                **values,
            )
            if gap.value < 0
            else voice.say(
                "A discount “{band}” goes with a margin that is {gap} higher ({low} to {high}) than without one, in {won}.",
                **values,
            ),
            weight=min(1.0, abs(gap.value) / 100),
            figures={"gap": gap.value, "low": gap.low, "high": gap.high, "won": last.won},
        )
    if first.high != 0 or first.close_rate is None or last.close_rate is None or first is last:
        return
    ours, none = last.close_rate, first.close_rate
    if ours.low > none.high or ours.high < none.low:
        yield Finding(
            kind="discount",
            section="losses",
            subject=voice.say("Discounts and closing"),
            sentence=voice.say(
                "A discount “{band}” goes with a close rate of {rate} ({range}); without a discount it is {none} ({none_range}).",
                band=band,
                rate=voice.percent_rounded(ours.value),
                range=voice.share_range_rounded(ours),
                none=voice.percent_rounded(none.value),
                none_range=voice.share_range_rounded(none),
            ),
            weight=min(1.0, abs(ours.value - none.value)),
            figures={"close_rate": ours.value, "without": none.value, "deals": last.deals},
        )
