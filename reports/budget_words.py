"""What is said about the budget what-if, its limits first among equals."""

from datetime import timedelta

from reports.budget import BudgetCheck, BudgetFacts
from reports.facts import Finding
from reports.quality_names import ratio, whole_range
from reports.voice import Voice, text

MISSING = {
    "spend": text(
        "What the same money could have come to is unknown: there is no table of spend by source in the project file."
    ),
    "closing_times": text(
        "What the same money could have come to is unknown: without closing times nobody can tell which wins belong to which money."
    ),
    "groups": text(
        "What the same money could have come to is unknown: in the last year fewer than two sources or campaigns have both money and enough leads on record."
    ),
    "wins": text(
        "What the same money could have come to is unknown: fewer than ten wins of the last year's leads have money beside them."
    ),
}


def budget_sentences(facts: BudgetFacts, voice: Voice) -> list[str]:
    """Say what the same money could have come to, where it would have gone, whether the rule held, and its limits."""
    if facts.missing is not None:
        return [voice.say(MISSING[facts.missing])]
    main = _main(facts, voice)
    if main is None:
        return []
    return [main, *_moves(facts, voice), *_checked(facts.check, voice), *_limits(facts, voice)]


def budget_findings(facts: BudgetFacts, voice: Voice) -> list[Finding]:
    """Return what moving the money could have added, where that is sure and the rule has not failed before."""
    gain, main = facts.gain, _main(facts, voice)
    if gain is None or main is None or gain.low <= 0 or facts.wins_now is None:
        return []
    if facts.check is not None and facts.check.held is False:
        return []
    raised = max(facts.rows, key=lambda row: row.spend_then / row.spend_now)
    cut = min(facts.rows, key=lambda row: row.spend_then / row.spend_now)
    return [
        Finding(
            kind="budget_spread",
            section="quality",
            subject=raised.name,
            sentence=main,
            weight=min(1.0, 0.3 + gain.value / max(facts.wins_now.value, 1e-9)),
            figures={
                "by": facts.by,
                "gain": gain.value,
                "low": gain.low,
                "high": gain.high,
                "spend": facts.spend or 0.0,
                "raised": raised.name,
                "cut": cut.name,
            },
        )
    ]


def _main(facts: BudgetFacts, voice: Voice) -> str | None:
    if facts.gain is None or facts.wins_now is None or facts.wins_then is None:
        return None
    if facts.start is None or facts.end is None:
        return None
    gain = facts.gain
    return voice.say(
        "Had the {money} of {first} to {last} been spread by quality, {then} wins ({then_range}) could have been expected in place of {now}: {gain} more ({low} to {high}).",
        money=voice.money(facts.spend or 0.0),
        # a day inside: the ends are local midnights, in UTC
        first=voice.month(facts.start + timedelta(days=1)),
        last=voice.month(facts.end - timedelta(days=1)),
        then=voice.whole(facts.wins_then.value),
        then_range=whole_range(facts.wins_then, voice),
        now=voice.whole(facts.wins_now.value),
        gain=voice.whole(gain.value),
        low=voice.whole(gain.low),
        high=voice.whole(gain.high),
    )


def _moves(facts: BudgetFacts, voice: Voice) -> list[str]:
    multiples = {row.name: row.spend_then / row.spend_now for row in facts.rows}
    more = [f"“{name}”" for name, multiple in multiples.items() if multiple > 1.02]
    less = [f"“{name}”" for name, multiple in multiples.items() if multiple < 0.98]
    if not more or not less:
        return []
    return [
        voice.say(
            "More money than now would have gone to {more}, less to {less}.",
            more=voice.listed(more),
            less=voice.listed(less),
        )
    ]


def _checked(check: BudgetCheck | None, voice: Voice) -> list[str]:
    if check is None:
        return [
            voice.say(
                "Whether the rule would have held before is unknown: there is too little money and wins in the time before."
            )
        ]
    values = {
        "ratio": ratio(check.ratio.value, voice),
        "low": ratio(check.ratio.low, voice),
        "high": ratio(check.ratio.high, voice),
    }
    if check.held is None:
        return [
            voice.say(
                "Tried on the time before, the rule can neither be trusted nor dismissed: per unit of money, what it would have raised had {ratio} times the wins of what it would have cut ({low} to {high}).",
                **values,
            )
        ]
    if check.held:
        return [
            voice.say(
                "Tried on the time before, the rule held: per unit of money, what it would have raised had {ratio} times the wins of what it would have cut ({low} to {high}).",
                **values,
            )
        ]
    return [
        voice.say(
            "Tried on the time before, the rule failed: per unit of money, what it would have raised had {ratio} times the wins of what it would have cut ({low} to {high}). Do not follow it.",
            **values,
        )
    ]


def _limits(facts: BudgetFacts, voice: Voice) -> list[str]:
    return [
        voice.say(
            "Its limits: nothing gets more than {most} times or less than {least} times its money; wins are taken to grow with the money to the power of {power}, so the next euro counts for less than the last; leads of new money are taken to be like those of old, and every win to be worth the same. None of this was tried: move in steps, and watch.",
            most=voice.number(facts.most, 0),
            least=voice.number(facts.least, 1),
            power=voice.number(facts.power, 1),
        )
    ]
