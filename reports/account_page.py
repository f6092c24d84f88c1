"""The page of one account: how likely it is that anyone of it closes, its buying group, its people."""

from pathlib import Path

from reports.account_words import account_basis, account_headline, roles_sentence
from reports.person_facts import AccountFacts
from reports.person_page import Scale, published_sentence, render_person, write_page
from reports.voice import Voice


def render_account(facts: AccountFacts, voice: Voice | None = None) -> str:
    """Return the page; every name in it is escaped."""
    voice = voice or Voice.of()
    chance = facts.chance
    scaled = chance is not None and chance.scaled and facts.open > 1
    return render_person(
        "account.html.j2",
        facts,
        voice,
        voice.say("Account {account}", account=facts.account_id),
        headline=account_headline(facts, voice),
        scale=None
        if chance is None
        else Scale.of(chance.probability, chance.independent if scaled else None),
        scale_caption=_caption(facts, voice),
        basis=account_basis(facts, voice),
        roles=roles_sentence(facts, voice),
        published=published_sentence(facts.published_at, voice),
    )


def write_account_page(facts: AccountFacts, path: Path, voice: Voice | None = None) -> Path:
    """Write the page and return its path.

    Raises:
        OSError: the folder cannot be written to.
    """
    return write_page(render_account(facts, voice), path)


def _caption(facts: AccountFacts, voice: Voice) -> str:
    if facts.chance is None or not facts.chance.scaled or facts.open < 2:
        return voice.say("The mark is the account’s probability.")
    return voice.say(
        "The mark is the account’s probability; the dashed line is what it would be if its leads closed independently "
        "of one another, {independent}.",
        independent=voice.percent(facts.chance.independent),
    )
