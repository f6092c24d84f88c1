"""What the pages of a lead and of an account share: one file that loads nothing, everything in it escaped."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from reports.palette import DARK, LIGHT
from reports.person_facts import AccountFacts, LeadFacts
from reports.rendering import environment
from reports.voice import Voice, text
from reports.waterfall import odds

MOST_PEOPLE = 60
ROUTES = {
    "sales_ready": text("to sales"),
    "nurture": text("nurture"),
    "recycle": text("back to nurture"),
    "disqualified": text("disqualified"),
    "suppressed": text("suppressed"),
}
HAPPENED = {
    "created": text("Created"),
    "changed": text("Changed"),
    "scored": text("Scored"),
    "won": text("Won"),
    "lost": text("Lost"),
    "handed over": text("Handed over to sales"),
    "accepted": text("Accepted by sales"),
    "rejected": text("Rejected by sales"),
    "contacted": text("Contacted by sales"),
    "recycled": text("Sent back to nurture"),
    "overruled": text("Overruled"),
}
_ENDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)


@dataclass(frozen=True)
class Scale:
    """Where marks stand on a rail from 0 to ``reach``, in percent of its length; ``between``: start and length."""

    reach: float
    here: float
    average: float | None = None
    between: tuple[float, float] | None = None

    @classmethod
    def of(
        cls, here: float, average: float | None, between: tuple[float, float] | None = None
    ) -> "Scale":
        """Return a rail on which all of them stand."""
        most = max(here, average or 0.0, *(between or (0.0,)))
        reach = next((end for end in _ENDS if end >= 1.05 * most), 1.0)

        def place(share: float) -> float:
            return round(100 * share / reach, 2)

        ends = None if between is None else (place(between[0]), place(between[1] - between[0]))
        return cls(reach, place(here), None if average is None else place(average), ends)


def route_words(voice: Voice, route: str) -> str:
    """Return a route as a reader takes it; one that nobody has words for stays as it is."""
    return voice.say(ROUTES[route]) if route in ROUTES else route.replace("_", " ")


def happened(voice: Voice, what: str) -> str:
    """Return what happened as a reader takes it; an event's kind stays as the company calls it."""
    return voice.say(HAPPENED[what]) if what in HAPPENED else capital(what.replace("_", " "))


def published_sentence(published_at: datetime | None, voice: Voice) -> str | None:
    """Return of which night the routes are."""
    if published_at is None:
        return None
    return voice.say("Routes are those of the night of {day}.", day=voice.day(published_at))


def capital(words: str) -> str:
    """Return words as they stand at the start of a line."""
    return words[:1].upper() + words[1:]


def render_person(
    template: str, facts: LeadFacts | AccountFacts, voice: Voice, title: str, **values: object
) -> str:
    """Return a page. The same facts give the same bytes."""
    found = environment().get_template(template)
    page = found.render(
        facts=facts,
        voice=voice,
        say=voice.say,
        many=voice.many,
        route=partial(route_words, voice),
        odds=partial(odds, voice),
        capital=capital,
        happened=partial(happened, voice),
        lang=voice.tag,
        title=title,
        dated=voice.say("as of {day}", day=voice.day(facts.as_of)),
        shown=MOST_PEOPLE,
        light=LIGHT,
        dark=DARK,
        **values,
    )
    return page.rstrip() + "\n"


def write_page(page: str, path: Path) -> Path:
    """Write a page as a whole or not at all, for its owner's eyes alone; return its path."""
    from reports.page import replace  # it brings all sections of the report

    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace(path, page)
    return path
