"""The report: one HTML page that loads nothing, and the same facts as JSON next to it."""

import hashlib
import os
import tempfile
from base64 import b64encode
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

from markupsafe import Markup

from reports.blocks import Section
from reports.facts import Audience
from reports.palette import DARK, LIGHT
from reports.rendering import environment
from reports.report_facts import ReportFacts
from reports.sections import (
    agreement,
    appendix,
    closing,
    goals,
    hand_off,
    honesty,
    leaks,
    losses,
    opening,
    quality,
)
from reports.voice import Voice, text

Build = Callable[[ReportFacts, Voice], Section | None]

TITLES: dict[Audience, str] = {
    "leadership": text("{company}: which leads close"),
    "marketing": text("{company}: marketing’s review"),
    "sales": text("{company}: sales’ review"),
    "joint": text("{company}: the joint review of marketing and sales"),
}
FILTER_FROM = 12  # rows from which a table has a field to filter it by name

SECTIONS: dict[str, Build] = {
    "bottom-line": opening.bottom_line,
    "no-signal": opening.no_signal,
    "findings": opening.findings,
    "agreement": agreement.agreement,
    "hand-off": hand_off.hand_off,
    "leaks": leaks.leaks,
    "quality": quality.quality,
    "closing": closing.closing,
    "journey": losses.journey,
    "losses": losses.losses,
    "goals": goals.goals,
    "honesty": honesty.honesty,
    "tonight": honesty.tonight_section,
    "data": appendix.data,
    "method": appendix.method,
}
# What each audience reads, in its order; the joint review reads what leadership does, the agreement first.
FIRST = ("bottom-line", "no-signal", "findings")
ORDER: dict[Audience, tuple[str, ...]] = {
    "leadership": tuple(SECTIONS),
    "marketing": (
        *FIRST,
        *("quality", "closing", "journey", "losses", "goals", "hand-off", "leaks", "agreement"),
        *("honesty", "data"),
    ),
    "sales": (
        *FIRST,
        *("tonight", "leaks", "hand-off", "agreement", "closing", "losses", "goals", "honesty"),
    ),
    "joint": (
        *FIRST,
        *("agreement", "hand-off", "leaks", "goals", "quality", "closing", "journey", "losses"),
        *("honesty", "tonight", "data"),
    ),
}


def sections_of(facts: ReportFacts, voice: Voice) -> list[Section]:
    """Return the sections for the facts' audience; one that has nothing to say is left out."""
    built = [SECTIONS[name](facts, voice) for name in ORDER[facts.audience]]
    return [section for section in built if section is not None]


def render(facts: ReportFacts, voice: Voice | None = None) -> str:
    """Return the page. The same facts give the same bytes; every name in them is escaped."""
    voice = voice or Voice.of(currency=facts.currency)
    scripts = [_asset("echarts.min.js"), _asset("report.js")]
    laid_out = environment().get_template("report.html.j2")
    page = laid_out.render(
        lang=voice.tag,
        policy=policy(scripts),
        title=voice.say(TITLES[facts.audience], company=facts.title),
        dated=voice.say("as of {day}", day=voice.day(facts.as_of)),
        skip=voice.say("Skip to the report"),
        contents=voice.say("Contents"),
        sections=sections_of(facts, voice),
        colophon=voice.say(
            "Model {version}. Data up to {cutoff}; as of {as_of}. The same facts stand as JSON next to this page, which loads "
            "nothing and tells nobody that it was read.",
            version=facts.model_version,
            cutoff=voice.minute(facts.data_cutoff),
            as_of=voice.minute(facts.as_of),
        ),
        words={
            "filter": voice.say("Show rows whose name holds"),
            "shown": voice.say("{shown} of {all} rows"),
            "filterFrom": FILTER_FROM,
        },
        light=LIGHT,
        dark=DARK,
        scripts=[Markup(script) for script in scripts],  # noqa: S704  our own files
    )
    return page.rstrip() + "\n"


def policy(scripts: Sequence[str]) -> str:
    """Return the content security policy: nothing from anywhere, and only these scripts run."""
    digests = [b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in scripts]
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; img-src data:; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )


def _asset(name: str) -> str:
    return (files("reports") / "assets" / name).read_text(encoding="utf-8")


def write_report(facts: ReportFacts, path: Path, voice: Voice | None = None) -> list[Path]:
    """Write the page to ``path`` and the facts to the same name with ``.json``; return both.

    Each file is there as a whole or not at all; the JSON comes first, so that a page is never
    without its facts.

    Raises:
        OSError: the folder cannot be written to.
    """
    page = render(facts, voice)
    beside = path.with_suffix(".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(beside, facts.model_dump_json(indent=2) + "\n")
    replace(path, page)
    return [path, beside]


def replace(path: Path, written: str) -> None:
    """Write a file as a whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    staged = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(written)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
