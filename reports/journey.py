"""Where the buyer stands: how far leads had got by themselves when sales first came in."""

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from reports.closing_facts import JourneyFacts, JourneyPart
from reports.facts import Finding, Interval
from reports.material import Material
from reports.voice import Voice, text

Z = 1.959963984540054
SECONDS_OF_A_DAY = 86_400.0
FEWEST = 10  # of fewer people nothing is said
STEPS_OF_CONTACT = ("contacted",)


def journey_facts(material: Material) -> JourneyFacts:
    """Return how much won leads had done by themselves before sales came in, and lost ones for comparison.

    Leads that closed within ``report.history_days`` before the moment are taken; in a flat export all that did.
    """
    loop = recent_closed(material)
    project, kinds = material.project, set(material.columns.kinds)
    contacts = {*STEPS_OF_CONTACT, *project.agreement.sales_kinds}
    knows_contact = bool(kinds & contacts) and bool(loop["first_contact_at"].notna().any())
    known = {
        "knows_contact": knows_contact,
        "knows_events": bool(loop["own_events"].fillna(0).gt(0).any())
        or bool(loop["own_events_after"].fillna(0).gt(0).any()),
        "knows_times": not material.flat,
    }
    won = loop["won"].astype("boolean")
    parts = {
        name: _part(loop[rows.fillna(value=False)], material, **known)
        for name, rows in (("won", won), ("lost", ~won))
    }
    return JourneyFacts(won=parts["won"], lost=parts["lost"], **known)


def recent_closed(material: Material) -> pd.DataFrame:
    """Return the leads of the loop that closed within the report's history; without times, all that closed."""
    loop = material.loop[material.loop["won"].notna()]
    if material.flat:
        return loop
    since = pd.Timestamp(material.as_of) - pd.Timedelta(days=material.project.report.history_days)
    ended = loop["closed_at"].fillna(loop["created_at"])
    return loop[(ended >= since) & (ended < pd.Timestamp(material.as_of))]


def journey_sentences(facts: JourneyFacts, voice: Voice) -> list[str]:
    """Return where buyers stood when sales came in, in sentences; what is unknown is said to be."""
    return list(_sentences(facts, voice))


def journey_findings(facts: JourneyFacts, voice: Voice) -> list[Finding]:
    """Return how far won leads had got by themselves, and wins without a contact on record, where known."""
    won, found = facts.won, list[Finding]()
    if won is None or not won.contacted or won.own_share is None:
        return found
    found.append(
        Finding(
            kind="journey",
            section="hand_off",
            subject=voice.say("What won leads did by themselves before sales came in"),
            sentence=_own_share(won, voice),
            weight=0.2,
            figures={
                name: value
                for name, value in {
                    "leads": float(won.leads),
                    "own_share": won.own_share.value,
                    "low": won.own_share.low,
                    "high": won.own_share.high,
                    "own_events": won.own_events,
                    "days": won.days,
                    "time_share": won.time_share,
                    "without_contact": float(won.leads - won.contacted),
                }.items()
                if value is not None
            },
        )
    )
    return found


def _part(
    leads: pd.DataFrame,
    material: Material,
    *,
    knows_contact: bool,
    knows_events: bool,
    knows_times: bool,
) -> JourneyPart | None:
    least = material.min_group
    if len(leads) < least:
        return None
    if not knows_contact:
        return JourneyPart(leads=len(leads), contacted=None)
    contacted = leads[leads["first_contact_at"].notna()]
    part: dict[str, object] = {"leads": len(leads), "contacted": len(contacted)}
    if len(contacted) >= least and knows_events:
        before = contacted["own_events"].fillna(0).to_numpy(dtype=float)
        whole = before + contacted["own_events_after"].fillna(0).to_numpy(dtype=float)
        active = whole > 0
        if active.sum() >= least:
            part |= {
                "own_leads": int(active.sum()),
                "own_share": _mean_share(before[active] / whole[active]),
                "own_events": float(np.median(before)),
            }
    if len(contacted) >= least:
        # a contact before the lead was entered waited for nothing
        waited = _days(contacted["first_contact_at"], contacted["created_at"]).clip(lower=0)
        part["days"] = float(np.median(waited))
        if knows_times and contacted["closed_at"].notna().sum() >= least:
            took = _days(contacted["closed_at"], contacted["created_at"])
            passed = (waited / took.where(took > 0)).clip(0, 1).dropna()
            if len(passed) >= least:
                part["time_share"] = float(passed.median())
    return JourneyPart.model_validate(part)


def _days(end: pd.Series, start: pd.Series) -> pd.Series:
    return (end - start).dt.total_seconds() / SECONDS_OF_A_DAY


def _mean_share(shares: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> Interval:
    """Return the mean of shares with its 95 % interval (normal; there are at least ten leads)."""
    mean = float(shares.mean())
    half = Z * float(shares.std(ddof=1)) / math.sqrt(len(shares)) if len(shares) > 1 else 1.0
    return Interval(value=mean, low=max(0.0, mean - half), high=min(1.0, mean + half))


def _own_share(won: JourneyPart, voice: Voice) -> str:
    share = won.own_share
    if share is None:
        return ""
    return voice.say(
        "Leads that closed had done {share} ({range}) of what they did by themselves before sales first"
        " got in touch (mean of {leads}).",
        share=voice.percent_rounded(share.value),
        range=voice.share_range_rounded(share),
        leads=voice.many("{count} lead", "{count} leads", won.own_leads or 0),
    )


def _sentences(facts: JourneyFacts, voice: Voice) -> Iterator[str]:
    won, lost = facts.won, facts.lost
    if won is None:
        yield voice.say("Too few leads have closed to tell where buyers stood when sales came in.")
        return
    if not facts.knows_contact:
        yield voice.say(
            "When sales first got in touch is unknown, and so is what buyers did by themselves before:"
            " events of the kind `contacted`, or those that the project file names in agreement.sales_kinds, would tell."
        )
        return
    if not facts.knows_events:
        yield voice.say(
            "What leads did by themselves is unknown: events such as visits or mail clicks would tell."
        )
    elif won.own_share is not None:
        yield _own_share(won, voice)
        if lost is not None and lost.own_share is not None:
            yield voice.say(
                "Of lost leads it was {share} ({range}).",
                share=voice.percent_rounded(lost.own_share.value),
                range=voice.share_range_rounded(lost.own_share),
            )
    yield from _pace(facts, voice)
    without = won.leads - (won.contacted or 0)
    if without >= FEWEST:
        yield voice.many(
            "{count} lead closed without any contact on record, {share} of those that closed.",
            "{count} leads closed without any contact on record, {share} of those that closed.",
            without,
            share=voice.percent_rounded(without / won.leads),
        )


def _pace(facts: JourneyFacts, voice: Voice) -> Iterator[str]:
    won, lost = facts.won, facts.lost
    if won is not None and won.days is not None:
        yield _waited(
            won,
            text(
                "Half of the leads that closed had {events} or more of their own behind them at the first"
                " contact, and half had waited {days} or more for it."
            ),
            text("Half of the leads that closed had waited {days} or more for the first contact."),
            voice,
        )
    if lost is not None and lost.days is not None:
        yield _waited(
            lost,
            text(
                "Half of the lost leads that were contacted had {events} or more of their own behind them at"
                " the first contact, and half had waited {days} or more for it."
            ),
            text(
                "Half of the lost leads that were contacted had waited {days} or more for the first contact."
            ),
            voice,
        )
    if won is not None and won.time_share is not None:
        yield voice.say(
            "At the first contact, {share} of the whole time to the win had passed (the middle lead).",
            share=voice.percent_rounded(won.time_share),
        )


def _waited(part: JourneyPart, with_events: str, without: str, voice: Voice) -> str:
    days = voice.days(round(part.days or 0.0, 1))
    if part.own_events is None:
        return voice.say(without, days=days)
    events = voice.many("{count} activity", "{count} activities", part.own_events)
    return voice.say(with_events, days=days, events=events)
