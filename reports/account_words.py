"""An account's probability in sentences: what it is, and what it rests on."""

from reports.person_facts import AccountChance, AccountFacts, Checked
from reports.voice import Voice

LEAST_EXPECTED = 5.0  # accounts with a win, and without, below which a count says little


def account_headline(facts: AccountFacts, voice: Voice) -> str:
    """Return how likely it is that anyone of the account closes, in one sentence."""
    if facts.chance is None:
        return voice.say("No lead of this account is open, so nothing is expected of it now.")
    share = voice.percent(facts.chance.probability)
    days = voice.days(facts.horizon_days)
    if not facts.closing_times:
        return voice.many(
            "{share} that its one open lead closes.",
            "{share} that at least one of its {count} open leads closes.",
            facts.open,
            share=share,
        )
    return voice.many(
        "{share} that its one open lead closes within {days}.",
        "{share} that at least one of its {count} open leads closes within {days}.",
        facts.open,
        share=share,
        days=days,
    )


def account_basis(facts: AccountFacts, voice: Voice) -> list[str]:
    """Return what the probability rests on and how well it held, in sentences."""
    chance = facts.chance
    if chance is None:
        return []
    if facts.open == 1:
        return [voice.say("With a single open lead, the account’s probability is that lead’s own.")]
    told = [_how(chance, voice)]
    if chance.checked is None:
        told.append(
            voice.say(
                "Nobody has checked this: training saw no account with several open leads whose outcome was known. "
                "Take it as rough."
            )
        )
        return told
    return [*told, *_how_well(chance.checked, voice)]


def _how(chance: AccountChance, voice: Voice) -> str:
    independent = voice.percent(chance.independent)
    if not chance.scaled:
        return voice.say(
            "It is what the leads’ own probabilities give if each closes independently of the others, {independent}; no "
            "other way has proved to be better.",
            independent=independent,
        )
    return voice.say(
        "If its leads closed independently of one another it would be {independent}. People of one company share "
        "their fate, so it is scaled by what happened to earlier accounts with several open leads.",
        independent=independent,
    )


def _how_well(checked: Checked, voice: Voice) -> list[str]:
    if min(checked.expected, checked.accounts - checked.expected) < LEAST_EXPECTED:
        return [
            voice.many(
                "It could be tried on {count} earlier account with several open leads only, which is too few to tell how "
                "well it holds. Take it as rough.",
                "It could be tried on {count} earlier accounts with several open leads only, which are too few to tell "
                "how well it holds. Take it as rough.",
                checked.accounts,
            )
        ]
    values = {
        "expected": voice.whole(checked.expected),
        "won": voice.count(checked.won),
        "low": voice.count(checked.low),
        "high": voice.count(checked.high),
    }
    held = voice.many(
        "Tried forward in time on {count} account with several open leads: {expected} expected to have a win, {won} "
        "had one; honest probabilities give {low} to {high} in 95 of 100 cases.",
        "Tried forward in time on {count} accounts with several open leads: {expected} expected to have a win, {won} "
        "had one; honest probabilities give {low} to {high} in 95 of 100 cases.",
        checked.accounts,
        **values,
    )
    if checked.honest:
        return [held]
    if checked.won < checked.low:
        return [held, voice.say("So it was too high for such accounts: take it as rough.")]
    return [held, voice.say("So it was too low for such accounts: take it as rough.")]


def roles_sentence(facts: AccountFacts, voice: Voice) -> str | None:
    """Return which roles of the buying group are known among its people; None where none is agreed on."""
    if facts.roles_seen is None or facts.roles_missing is None:
        return None
    seen, missing = voice.listed(facts.roles_seen), voice.listed(facts.roles_missing)
    if not facts.roles_missing:
        return voice.say("Every role of the buying group is there: {seen}.", seen=seen)
    if not facts.roles_seen:
        return voice.say(
            "No role of the buying group is known yet; missing: {missing}.", missing=missing
        )
    return voice.say(
        "Known of the buying group: {seen}. Missing: {missing}.", seen=seen, missing=missing
    )
