"""Rejections against acceptances, in words."""

from collections.abc import Iterator
from typing import Final

from reports.facts import Finding
from reports.rejections import Decided, Rejections
from reports.voice import Voice, text

TOLD: Final = text(
    "Of {leads} that sales rejected at least {days} before the data end, {closed} closed all the same within {days} "
    "({share}, likely {range})."
)
BOTH: Final = text(
    "Of {leads} that sales rejected at least {days} before the data end, {closed} closed all the same within {days} "
    "({share}, likely {range}); of {accepted} that it accepted in the same time {accepted_closed} ({accepted_share}, "
    "likely {accepted_range})."
)
TOO_FEW: Final = text(
    "Sales rejected fewer than {fewest} leads at least {days} before the data end: too few to tell whether that was right."
)
NOTHING_BESIDE: Final = text(
    "Too few leads that were accepted in the same time, or too few wins of theirs, are there to hold this against."
)
VERDICTS: Final = {
    "fewer": text(
        "Rejected leads closed {ratio} times as often as accepted ones ({low} to {high}), which is clearly less: sales "
        "told them apart. Rejected leads were worked less, too; how much of the difference lies in the leads is not known."
    ),
    "as_many": text(
        "Rejected leads closed {ratio} times as often as accepted ones ({low} to {high}): whether sales told them apart "
        "cannot be told from so few."
    ),
    "alike": text(
        "Rejected leads closed {ratio} times as often as accepted ones ({low} to {high}), although they were worked "
        "less: sales’ rejections hardly tell good leads from bad ones."
    ),
    "more": text(
        "Rejected leads closed {ratio} times as often as accepted ones ({low} to {high}), which is clearly more, although "
        "they were worked less: sales’ rejections do not tell good leads from bad ones."
    ),
}


def rejections_sentence(told: Rejections, days: int, fewest: int, voice: Voice) -> str:
    """Say how many rejected and accepted leads closed, and whether sales told them apart.

    ``days``: the horizon; ``fewest``: leads that anything is told of.
    """
    horizon, accepted = voice.days(days), told.accepted
    if told.rejected.rate is None:
        return voice.say(TOO_FEW, fewest=voice.count(fewest), days=horizon)
    first = {**_values(told.rejected, voice), "days": horizon}
    if accepted is None:
        return voice.say(TOLD, **first)
    if accepted.rate is None or told.ratio is None or told.verdict is None:
        return f"{voice.say(TOLD, **first)} {voice.say(NOTHING_BESIDE)}"
    beside = _values(accepted, voice)
    both = voice.say(
        BOTH,
        **first,
        accepted=beside["leads"],
        accepted_closed=beside["closed"],
        accepted_share=beside["share"],
        accepted_range=beside["range"],
    )
    verdict = voice.say(
        VERDICTS["alike" if told.alike else told.verdict],
        ratio=voice.number(told.ratio.value, 2),
        low=voice.number(told.ratio.low, 2),
        high=voice.number(told.ratio.high, 2),
    )
    return f"{both} {verdict}"


def rejections_findings(
    told: Rejections, days: int, fewest: int, voice: Voice
) -> Iterator[Finding]:
    """Yield rejections that do not tell leads apart; that there are too few to tell is no finding."""
    rejected, accepted, ratio = told.rejected, told.accepted, told.ratio
    if not (told.alike or told.verdict == "more"):
        return
    if accepted is None or rejected.rate is None or accepted.rate is None or ratio is None:
        return
    yield Finding(
        kind="rejections_judged",
        section="hand_off",
        subject=voice.say("Rejections"),
        sentence=rejections_sentence(told, days, fewest, voice),
        weight=min(0.9, 0.3 + max(0.0, rejected.rate.value - accepted.rate.value)),
        figures={
            "leads": rejected.leads or 0,
            "closed": rejected.closed or 0,
            "share": rejected.rate.value,
            "accepted": accepted.leads or 0,
            "accepted_closed": accepted.closed or 0,
            "accepted_share": accepted.rate.value,
            "ratio": ratio.value,
            "low": ratio.low,
            "high": ratio.high,
            "verdict": str(told.verdict),
        },
    )


def _values(one: Decided, voice: Voice) -> dict[str, str]:
    if one.rate is None:
        return {}
    return {
        "leads": voice.many("{count} lead", "{count} leads", one.leads or 0),
        "closed": voice.count(one.closed or 0),
        "share": voice.percent_rounded(one.rate.value),
        "range": voice.share_range_rounded(one.rate),
    }
