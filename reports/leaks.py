"""Leaks in words: what falls between marketing and sales tonight, who touches hand-offs late, and what that goes with."""

from reports.closing_facts import Figure
from reports.facts import Finding, Interval
from reports.leaks_facts import LateRow, LeakName, LeaksFacts, LeakTotal
from reports.voice import Voice, text

NAMES: dict[LeakName, str] = {
    "not_touched": text("Handed over and not touched in time"),
    "gone_silent": text("Accepted and gone silent"),
    "high_not_handed": text("Scored high and never handed over"),
    "lost_not_recycled": text("Lost and not given back to marketing"),
    "recycled_not_mailed": text("Back with marketing and never written to"),
}
NOBODY = text("{name}: no lead tonight.")
FEW = text("{name}: fewer than {fewest} leads.")
UNKNOWN = {
    "no_hand_offs": text("{name}: unknown, for no event of the kind handed_over is in the data."),
    "no_contacts": text(
        "{name}: unknown, for no event of the kind contacted, or of agreement.sales_kinds, is in the data."
    ),
    "no_word_of_sales": text(
        "{name}: unknown, for no event of the kinds accepted or contacted, or of agreement.sales_kinds, is in the data."
    ),
    "no_publication": text("{name}: unknown, for no night was published before this one."),
    "no_recycle_reasons": text(
        "{name}: unknown, for the project file does not say under agreement.recycle_reasons after which losses a lead goes back."
    ),
    "no_recycled": text("{name}: unknown, for no event of the kind recycled is in the data."),
    "no_nurture_kinds": text(
        "{name}: unknown, for the project file does not say under agreement.nurture_kinds which events are marketing's."
    ),
    "no_nurture_events": text(
        "{name}: unknown, for no event of agreement.nurture_kinds is in the data."
    ),
    "no_returns": text(
        "{name}: unknown, for no event of the kinds rejected or recycled is in the data."
    ),
    "no_closing_times": text("{name}: unknown, for the outcomes do not say when a lead was lost."),
    "no_loss_reasons": text("{name}: unknown, for the outcomes have no reason of a loss."),
}
LATE = (
    text(
        "Of {count} lead handed over in the period and not touched in time, {won} closed; at the rate of like-scored leads that were touched in time it would be {expected}, a difference of {missing} ({low} to {high})."
    ),
    text(
        "Of {count} leads handed over in the period and not touched in time, {won} closed; at the rate of like-scored leads that were touched in time it would be {expected}, a difference of {missing} ({low} to {high})."
    ),
)
LATE_VALUE = text("At the average amount of {amount} the difference is {value} ({low} to {high}).")
RETURNED = text(
    "Of {returned} given back to marketing in the past, {closed} closed within {days} ({share}, likely {range}); at that rate the {count} lost and not given back would be {wins} wins ({low} to {high})."
)
RETURNED_VALUE = text("At the average amount of {amount} these are {value} ({low} to {high}).")
ROUGH = text(
    "Leads that went back may differ from leads that were lost: this is a rough figure and proves no cause."
)
RETURNED_UNKNOWN = text(
    "What leads lost and not given back would be worth is unknown: too few leads that were given back have had their time since."
)
NO_AMOUNT = text("What that is worth is unknown, for outcomes have no amounts.")
NO_CAUSE = text(
    "This compares leads of like scores and proves no cause: which leads were left lying was nobody's experiment."
)


def leak_name(leak: LeakName, voice: Voice) -> str:
    """Return the name of a leak."""
    return voice.say(NAMES[leak])


def leak_sentence(total: LeakTotal, voice: Voice) -> str:
    """Say how many leads leak in one way tonight, that they are too few to tell how many, or why nobody knows."""
    name = leak_name(total.leak, voice)
    if total.unknown is not None:
        return voice.say(UNKNOWN[total.unknown], name=name)
    if total.fewer_than is not None:
        return voice.say(FEW, name=name, fewest=voice.count(total.fewer_than))
    if not total.leads:
        return voice.say(NOBODY, name=name)
    leads = voice.many("{count} lead", "{count} leads", total.leads)
    if total.expected_value is not None:
        value = voice.money(total.expected_value)
        return voice.say(
            "{name}: {leads}, with {value} of expected value.", name=name, leads=leads, value=value
        )
    if total.expected_wins is not None:
        wins = voice.count(round(total.expected_wins, 1))
        return voice.say(
            "{name}: {leads}, of which {wins} are expected to close.",
            name=name,
            leads=leads,
            wins=wins,
        )
    return voice.say("{name}: {leads}.", name=name, leads=leads)


def leaks_sentences(facts: LeaksFacts, voice: Voice) -> list[str]:
    """Return what there is to say of leaks, in order: tonight's, who is late, what late leads closed like."""
    said = [leak_sentence(total, voice) for total in facts.totals]
    if facts.at_stake is not None and facts.open_leaks:
        said.append(
            voice.many(
                "{value} of expected value lie with {count} open lead that leaks tonight.",
                "{value} of expected value lie with the {count} open leads that leak tonight.",
                facts.open_leaks,
                value=voice.money(facts.at_stake),
            )
        )
    said += _late(facts, voice)
    said += [row_sentence(row, facts, voice) for row in (*facts.teams, *facts.owners) if row.above]
    if facts.small_groups:
        said.append(
            voice.many(
                "{count} owner or team has too few hand-offs to be told apart.",
                "{count} owners or teams have too few hand-offs to be told apart.",
                facts.small_groups,
            )
        )
    return [*said, *_late_wins(facts, voice), *_returned(facts, voice)]


def _late(facts: LeaksFacts, voice: Voice) -> list[str]:
    if facts.late is None or not facts.handed:
        return []
    return [
        voice.many(
            "Of {count} lead handed over in the last {days} and still to be touched, {share} ({range}) were not touched within {hours}.",
            "Of {count} leads handed over in the last {days} and still to be touched, {share} ({range}) were not touched within {hours}.",
            facts.handed,
            days=voice.days(facts.look_back_days),
            share=voice.percent_rounded(facts.late.value),
            range=voice.share_range_rounded(facts.late),
            hours=_hours(facts.contact_within_hours, voice),
        )
    ]


def row_sentence(row: LateRow, facts: LeaksFacts, voice: Voice) -> str:
    """Say how one owner or team stands against all others."""
    if row.others is None:
        return voice.many(
            "{name}: of {count} lead handed over and still to be touched, {share} ({range}) were not touched within {hours}.",
            "{name}: of {count} leads handed over and still to be touched, {share} ({range}) were not touched within {hours}.",
            row.leads,
            name=row.name,
            share=voice.percent_rounded(row.share.value),
            range=voice.share_range_rounded(row.share),
            hours=_hours(facts.contact_within_hours, voice),
        )
    return voice.many(
        "{name}: of {count} lead handed over and still to be touched, {share} ({range}) were not touched within {hours}; with all others it is {others}.",
        "{name}: of {count} leads handed over and still to be touched, {share} ({range}) were not touched within {hours}; with all others it is {others}.",
        row.leads,
        name=row.name,
        share=voice.percent_rounded(row.share.value),
        range=voice.share_range_rounded(row.share),
        hours=_hours(facts.contact_within_hours, voice),
        others=voice.percent_rounded(row.others),
    )


def _late_wins(facts: LeaksFacts, voice: Voice) -> list[str]:
    wins = facts.late_wins
    if wins is None:
        return []
    told = voice.many(
        *LATE,
        wins.leads,
        won=voice.count(wins.wins),
        expected=voice.count(round(wins.expected, 1)),
        missing=voice.count(round(wins.missing, 1)),
        low=voice.count(round(wins.missing_low, 1)),
        high=voice.count(round(wins.missing_high, 1)),
    )
    return [told, _worth(LATE_VALUE, wins.missing_value, facts, voice), voice.say(NO_CAUSE)]


def _worth(template: str, value: Figure | Interval | None, facts: LeaksFacts, voice: Voice) -> str:
    if value is None or facts.mean_amount is None:
        return voice.say(NO_AMOUNT)
    return voice.say(
        template,
        amount=voice.money(facts.mean_amount),
        value=voice.money(value.value),
        low=voice.money(value.low),
        high=voice.money(value.high),
    )


def _returned(facts: LeaksFacts, voice: Voice) -> list[str]:
    told = facts.returned
    if told is None:
        return []
    if told.rate is None or told.wins is None:
        return [voice.say(RETURNED_UNKNOWN)]
    said = voice.say(
        RETURNED,
        returned=voice.many("{count} lead", "{count} leads", told.returned or 0),
        closed=voice.count(told.closed or 0),
        days=voice.days(facts.horizon_days),
        share=voice.percent_rounded(told.rate.value),
        range=voice.share_range_rounded(told.rate),
        count=voice.count(told.leads),
        wins=voice.count(round(told.wins.value, 1)),
        low=voice.count(round(told.wins.low, 1)),
        high=voice.count(round(told.wins.high, 1)),
    )
    return [said, _worth(RETURNED_VALUE, told.value, facts, voice), voice.say(ROUGH)]


def leaks_findings(facts: LeaksFacts, voice: Voice) -> list[Finding]:
    """Return the teams and owners that are clearly above the others, late leads' wins, and tonight's leaks.

    Kinds: ``team_leaks``, ``owner_leaks``, ``late_wins``, and ``leak_<name>`` for each leak of enough leads to be told.
    """
    found = [_row_finding("team_leaks", row, facts, voice) for row in facts.teams if row.above]
    found += [_row_finding("owner_leaks", row, facts, voice) for row in facts.owners if row.above]
    wins = facts.late_wins
    if wins is not None and wins.missing_low > 0:
        found.append(
            Finding(
                kind="late_wins",
                section="leaks",
                subject=leak_name("not_touched", voice),
                sentence=" ".join(_late_wins(facts, voice)),
                weight=min(1.0, 0.4 + wins.missing / max(1.0, wins.expected) / 2),
                figures={
                    "leads": wins.leads,
                    "wins": wins.wins,
                    "expected": wins.expected,
                    "missing": wins.missing,
                    "missing_low": wins.missing_low,
                    "missing_high": wins.missing_high,
                    **_value_figures(wins.missing_value),
                },
            )
        )
    found += [_total_finding(total, facts, voice) for total in facts.totals if total.leads]
    return sorted(found, key=lambda finding: -finding.weight)


def _value_figures(value: Figure | None) -> dict[str, float | str]:
    if value is None:
        return {}
    return {"missing_value": value.value, "value_low": value.low, "value_high": value.high}


def _row_finding(kind: str, row: LateRow, facts: LeaksFacts, voice: Voice) -> Finding:
    others = row.others or 0.0
    handed = max(1, facts.handed or 1)
    # About how many of all hand-offs lie there for longer than they would elsewhere.
    excess = max(0.0, row.share.value - others) * row.leads / handed
    return Finding(
        kind=kind,
        section="leaks",
        subject=row.name,
        sentence=row_sentence(row, facts, voice),
        weight=min(1.0, (0.5 if kind == "team_leaks" else 0.4) + excess),
        figures={
            "leads": row.leads,
            "late": row.late,
            "share": row.share.value,
            "low": row.share.low,
            "high": row.share.high,
            "others": others,
        },
    )


def _total_finding(total: LeakTotal, facts: LeaksFacts, voice: Voice) -> Finding:
    wins = total.expected_wins or 0.0
    stake = wins / facts.at_stake_wins if facts.at_stake_wins else 0.0
    figures: dict[str, float | str] = {"leads": float(total.leads or 0)}
    if total.expected_wins is not None:
        figures["expected_wins"] = total.expected_wins
    if total.expected_value is not None:
        figures["expected_value"] = total.expected_value
    return Finding(
        kind=f"leak_{total.leak}",
        section="leaks",
        subject=leak_name(total.leak, voice),
        sentence=leak_sentence(total, voice),
        weight=min(1.0, 0.1 + 0.3 * stake),
        figures=figures,
    )


def _hours(hours: float, voice: Voice) -> str:
    return voice.many("{count} hour", "{count} hours", hours)
