"""The agreement in words that both heads of department can sign, and what it would have meant."""

from collections.abc import Iterator

from features.agreement import Agreement, Criterion, Qualified
from reports.agreement_facts import AgreementFacts, Meant
from reports.voice import Voice, text

NAMES = {
    "budget": text("budget"),
    "authority": text("authority"),
    "need": text("need"),
    "timeframe": text("time frame"),
}
MISSING = {
    "no_scores": text(
        "What it would have meant in {period} is unknown, for no lead of that time has a score at its arrival."
    ),
    "too_few": text(
        "What it would have meant in {period} is not told, for too few leads came in or were open."
    ),
}
BASIS = text(
    "This replays {period} night by night with the score that each lead had at its arrival: grade, chance and places decide, the likeliest first. Leads are graded among those that came in that time, with the agreed shares of A, B and C. Consent, what qualifies beside the grade and what disqualifies are left out, for the data tell how they stand today."
)
FLATTERED = text(
    "The model has learned from these very leads since, so these figures flatter it; the honest trial is leadgauge backtest."
)


def agreement_words(agreement: Agreement, voice: Voice) -> list[str]:
    """Return the agreement clause by clause, numbered; what the project file does not say is said to be open."""
    clauses = [*_who(agreement, voice), *_how(agreement, voice), *_back(agreement, voice)]
    return [
        voice.say("{number}. {clause}", number=voice.count(number), clause=clause)
        for number, clause in enumerate(clauses, start=1)
    ]


def _who(agreement: Agreement, voice: Voice) -> Iterator[str]:
    yield _qualified(agreement.qualified, voice)
    yield _sales_ready(agreement, voice)
    if agreement.consent is None:
        yield voice.say("Consent: nothing is agreed about it.")
    else:
        yield voice.say(
            "Consent: a lead is neither called nor written to unless {criterion}; where that is not known, it is not met.",
            criterion=_criterion(agreement.consent, voice),
        )
    if agreement.disqualified:
        told = [_criterion(criterion, voice) for criterion in agreement.disqualified]
        yield voice.say("Disqualified: a lead is dropped if {any}.", any=voice.listed(told, "or"))
    else:
        yield voice.say("Disqualified: nothing is agreed about what disqualifies a lead.")


def _qualified(qualified: Qualified, voice: Voice) -> str:
    criteria = [
        voice.say(
            "{name} ({criterion})",
            name=voice.say(NAMES[name]),
            criterion=_criterion(criterion, voice),
        )
        for name, criterion in qualified.criteria.items()
    ]
    grades = voice.listed(qualified.grades, "or")
    every = len(set(qualified.grades)) == 4
    if not criteria:
        if every:
            return voice.say(
                "Qualified: nothing is agreed about what a qualified lead is; every lead counts as one."
            )
        return voice.say("Qualified: a lead of grade {grades}.", grades=grades)
    of = voice.count(len(criteria))
    all_of_them = voice.listed(criteria)
    count = voice.count(qualified.needed)
    if every:
        return voice.say(
            "Qualified: a lead that is known to meet {count} of {of}: {criteria}.",
            count=count,
            of=of,
            criteria=all_of_them,
        )
    return voice.say(
        "Qualified: a lead of grade {grades} that is known to meet {count} of {of}: {criteria}.",
        grades=grades,
        count=count,
        of=of,
        criteria=all_of_them,
    )


def _sales_ready(agreement: Agreement, voice: Voice) -> str:
    grades = voice.listed(agreement.sales_ready_grades, "or")
    if not {"sales_ready_grades", "sales_ready_probability"} & agreement.model_fields_set:
        return voice.say(
            "Sales-ready: nothing is agreed about when a lead is; until it is, a qualified lead of grade {grades} counts as such.",
            grades=grades,
        )
    if agreement.sales_ready_probability is None:
        return voice.say("Sales-ready: a qualified lead of grade {grades}.", grades=grades)
    return voice.say(
        "Sales-ready: a qualified lead of grade {grades} whose chance to close is at least {chance}.",
        grades=grades,
        chance=voice.percent(agreement.sales_ready_probability),
    )


def _criterion(criterion: Criterion, voice: Voice) -> str:
    return voice.say(
        "{column} is {values}",
        column=criterion.column,
        values=voice.listed(criterion.values, "or"),
    )


def _how(agreement: Agreement, voice: Voice) -> Iterator[str]:
    yield _capacity(agreement, voice)
    yield from (
        voice.many(
            "Team {team}: it takes {count} lead a day of its own.",
            "Team {team}: it takes {count} leads a day of its own.",
            places,
            team=team,
        )
        for team, places in sorted(agreement.team_capacity.items())
    )
    if agreement.exploration_share:
        yield voice.say(
            "Exploration: {share} of these places go to leads drawn by lot, and nobody in sales is told which.",
            share=voice.percent(agreement.exploration_share),
        )
    else:
        yield voice.say("Exploration: nothing is agreed about places for leads drawn by lot.")
    hours = voice.many("{count} hour", "{count} hours", agreement.contact_within_hours)
    yield _said(
        agreement,
        "contact_within_hours",
        text("First contact: sales makes it within {time} of the hand-off."),
        text(
            "First contact: nothing is agreed about how soon sales makes it; until it is, {time} are counted."
        ),
        hours,
        voice,
    )
    yield _said(
        agreement,
        "silent_after_days",
        text("Silence: a lead with sales of which nothing was heard for {time} goes back."),
        text(
            "Silence: nothing is agreed about when a lead with sales has gone silent; until it is, {time} are counted."
        ),
        voice.days(agreement.silent_after_days),
        voice,
    )


def _capacity(agreement: Agreement, voice: Voice) -> str:
    if agreement.capacity_per_day is None:
        return voice.say(
            "Capacity: nothing is agreed about how many leads sales takes a day; all that are sales-ready go to sales."
        )
    return voice.many(
        "Capacity: sales takes {count} lead a day, those of most expected value first.",
        "Capacity: sales takes {count} leads a day, those of most expected value first.",
        agreement.capacity_per_day,
    )


def _back(agreement: Agreement, voice: Voice) -> Iterator[str]:
    yield _said(
        agreement,
        "rest_days",
        text("Rest: a lead that came back from sales stays with marketing for {time}."),
        text(
            "Rest: nothing is agreed about how long a lead that came back stays with marketing; until it is, {time} are counted."
        ),
        voice.days(agreement.rest_days),
        voice,
    )
    if agreement.recycle_reasons:
        yield voice.say(
            "Back to nurture: a lead that was lost for the reason {reasons}.",
            reasons=voice.listed(agreement.recycle_reasons, "or"),
        )
    else:
        yield voice.say(
            "Back to nurture: nothing is agreed about after which losses a lead goes back."
        )
    yield _dropped(agreement, voice)
    overrule = voice.days(agreement.overrule_days)
    if agreement.may_overrule:
        yield voice.say(
            "Overruling: {people} may send a lead another way, for {days}.",
            people=voice.listed(agreement.may_overrule, "or"),
            days=overrule,
        )
    else:
        yield voice.say(
            "Overruling: nothing is agreed about who may send a lead another way; anybody may, for {days}.",
            days=overrule,
        )


def _dropped(agreement: Agreement, voice: Voice) -> str:
    reasons = voice.listed(agreement.drop_reasons, "or")
    age = None if agreement.drop_after_days is None else voice.days(agreement.drop_after_days)
    if agreement.drop_reasons and age:
        return voice.say(
            "Dropped: a lead that sales rejected for the reason {reasons}, and one that is open for more than {age}.",
            reasons=reasons,
            age=age,
        )
    if agreement.drop_reasons:
        return voice.say(
            "Dropped: a lead that sales rejected for the reason {reasons}.", reasons=reasons
        )
    if age:
        return voice.say("Dropped: a lead that is open for more than {age}.", age=age)
    return voice.say("Dropped: nothing is agreed about when a lead is dropped.")


def _said(agreement: Agreement, key: str, agreed: str, open_: str, time: str, voice: Voice) -> str:
    """Say a clause that has a default: as agreed only if the project file says it."""
    return voice.say(agreed if key in agreement.model_fields_set else open_, time=time)


def agreement_sentences(facts: AgreementFacts, voice: Voice) -> list[str]:
    """Return what the agreement would have meant in the period: all leads, the agreement, and what if."""
    if facts.missing is not None or facts.agreed is None:
        return [voice.say(MISSING[facts.missing or "no_scores"], period=facts.period)]
    said = [
        voice.many(
            "In {period} {count} lead came in or was open; {wins} so far were won, and of {open} the outcome is not known yet. To work all of them would have taken sales {hours}.",
            "In {period} {count} leads came in or were open; {wins} so far were won, and of {open} the outcome is not known yet. To work all of them would have taken sales {hours}.",
            facts.leads,
            period=facts.period,
            wins=voice.count(facts.wins),
            open=voice.count(facts.open),
            hours=_hours(facts.hours, voice),
        ),
        voice.say("As agreed: {meant}", meant=meant_sentence(facts.agreed, voice)),
    ]
    if facts.asked is not None:
        said.append(voice.say("What if: {meant}", meant=meant_sentence(facts.asked, voice)))
    if facts.sampled < 0.99:
        said.append(
            voice.say(
                "Counts are of a sample of {share} of the leads, scaled up.",
                share=voice.percent(facts.sampled),
            )
        )
    return [*said, voice.say(BASIS, period=facts.period), voice.say(FLATTERED)]


def meant_sentence(meant: Meant, voice: Voice) -> str:
    """Say what one agreement would have meant."""
    places = (
        voice.say("no limit a day")
        if meant.capacity is None
        else voice.many("{count} lead a day", "{count} leads a day", meant.capacity)
    )
    told = {
        "grades": voice.listed(meant.grades),
        "places": places,
        "wins": voice.count(meant.wins),
        "hours": _hours(meant.hours, voice),
        "open": voice.count(meant.open),
    }
    if meant.share_of_wins is None:
        return voice.many(
            "grades {grades}, {places}: {count} sales-ready lead, {wins} of them won so far and {open} not known yet, {hours} of sales.",
            "grades {grades}, {places}: {count} sales-ready leads, {wins} of them won so far and {open} not known yet, {hours} of sales.",
            meant.leads,
            **told,
        )
    return voice.many(
        "grades {grades}, {places}: {count} sales-ready lead with {wins} of the wins ({share}; {range}), {open} not known yet, {hours} of sales.",
        "grades {grades}, {places}: {count} sales-ready leads with {wins} of the wins ({share}; {range}), {open} not known yet, {hours} of sales.",
        meant.leads,
        share=voice.percent_rounded(meant.share_of_wins.value),
        range=voice.share_range_rounded(meant.share_of_wins),
        **told,
    )


def _hours(hours: float, voice: Voice) -> str:
    return voice.many("{count} hour", "{count} hours", round(hours, 1))
