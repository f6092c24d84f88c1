"""The page of one lead: how likely it is to close, why, what happened so far, and its account."""

import math
from functools import partial
from pathlib import Path

from markupsafe import Markup

from reports.account_words import account_basis, account_headline, roles_sentence
from reports.canvas import PHONE, WIDE
from reports.person_facts import LeadFacts
from reports.person_page import (
    Scale,
    capital,
    published_sentence,
    render_person,
    route_words,
    write_page,
)
from reports.svg import inline_svg
from reports.voice import Voice, text
from reports.waterfall import waterfall_figure

CONFIDENCE = {"high": text("high"), "medium": text("medium"), "low": text("low")}
SECONDS_PER_DAY = 86_400


def render_lead(facts: LeadFacts, voice: Voice | None = None) -> str:
    """Return the page; every name in it is escaped."""
    voice = voice or Voice.of()
    average = 1 / (1 + math.exp(-facts.base_log_odds))
    between = (
        None if facts.low is None or facts.high is None else (float(facts.low), float(facts.high))
    )
    age = (facts.as_of - facts.person.created_at).total_seconds() / SECONDS_PER_DAY
    account = facts.account
    roles = None if account is None else roles_sentence(account, voice)
    return render_person(
        "lead.html.j2",
        facts,
        voice,
        voice.say("Lead {lead}", lead=facts.person.lead_id),
        headline=lead_headline(facts, voice),
        scale=Scale.of(facts.probability, average, between),
        scale_caption=_scale_caption(facts, average, voice),
        confidence=voice.say(CONFIDENCE[facts.confidence]),
        age=voice.count(math.floor(age)),
        standing=_standing(facts, voice),
        waterfall=_waterfall(facts, voice),
        says=_says(facts, average, voice),
        account_headline="" if account is None else account_headline(account, voice),
        account_told=[]
        if account is None
        else [*account_basis(account, voice), *([roles] if roles else [])],
        published=published_sentence(facts.published_at, voice),
    )


def write_lead_page(facts: LeadFacts, path: Path, voice: Voice | None = None) -> Path:
    """Write the page and return its path.

    Raises:
        OSError: the folder cannot be written to.
    """
    return write_page(render_lead(facts, voice), path)


def lead_headline(facts: LeadFacts, voice: Voice) -> str:
    """Return the lead's probability in one sentence."""
    values = {"share": voice.percent(facts.probability), "grade": facts.grade}
    if not facts.closing_times:
        return voice.say("{share} to close: grade {grade}.", **values)
    return voice.say(
        "{share} to close within {days}: grade {grade}.",
        days=voice.days(facts.horizon_days),
        **values,
    )


def _scale_caption(facts: LeadFacts, average: float, voice: Voice) -> str:
    mean = voice.percent(average)
    if facts.low is None or facts.high is None:
        return voice.say(
            "The mark is this lead, the dashed line the average lead, {average}. How far off it may be is not known.",
            average=mean,
        )
    return voice.say(
        "The mark is this lead, the dashed line the average lead, {average}. Of leads like it between {low} and {high} "
        "closed: the band.",
        average=mean,
        low=voice.percent(facts.low),
        high=voice.percent(facts.high),
    )


def _standing(facts: LeadFacts, voice: Voice) -> list[str]:
    told = []
    if facts.confidence_note:
        told.append(voice.say("Why not surer: {note}.", note=facts.confidence_note.rstrip(".")))
    person = facts.person
    if person.route and facts.published_at:
        values = {"day": voice.day(facts.published_at), "route": route_words(voice, person.route)}
        if person.route_reason:
            told.append(
                voice.say(
                    "Route of the night of {day}: {route} ({reason}).",
                    reason=person.route_reason,
                    **values,
                )
            )
        else:
            told.append(voice.say("Route of the night of {day}: {route}.", **values))
    if person.role:
        told.append(voice.say("Role in the buying group: {role}.", role=person.role))
    return told


def _waterfall(facts: LeadFacts, voice: Voice) -> dict[str, Markup]:
    if not facts.parts:
        return {}
    parts = [(capital(part.words), part.log_odds) for part in facts.parts]
    margin = facts.base_log_odds + sum(value for _, value in parts)
    draw = partial(waterfall_figure, parts, facts.base_log_odds, margin, voice=voice)
    return {
        kind: inline_svg(draw(width=width), f"waterfall-{kind}")
        for kind, width in {"wide": WIDE, "phone": PHONE}.items()
    }


def _says(facts: LeadFacts, average: float, voice: Voice) -> str:
    return voice.say(
        "From the average lead’s {average} to this lead’s {share}, point by point; the table below says the same.",
        average=voice.percent(average),
        share=voice.percent(facts.probability),
    )
