"""The report: one HTML page that loads nothing, and the same facts as JSON next to it."""

import math
import os
import tempfile
from functools import partial
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports import sentences, words
from reports.canvas import PHONE, WIDE
from reports.facts import ReportFacts
from reports.palette import DARK, LIGHT
from reports.pictures import calibration_figure, drivers_figure, gains_figure, sources_figure
from reports.svg import inline_svg

MOST_TABLE_ROWS = 25
MEASURES = (
    ("log_loss", "Log loss", "{:.4f}"),
    ("brier", "Brier score", "{:.4f}"),
    ("auc", "AUC", "{:.3f}"),
    ("average_precision", "Average precision", "{:.3f}"),
    ("ece", "ECE", "{:.4f}"),
    ("ece_noise_95", "ECE by chance", "{:.4f}"),
    ("calibration_slope", "Calibration slope", "{:.2f}"),
    ("calibration_intercept", "Calibration intercept", "{:.2f}"),
    ("lift_top_10", "Lift of the first 10%", "{:.2f}"),
    ("wins_in_top_20", "Wins in the first 20%", "{:.1%}"),
)
BOTH = {"wide": WIDE, "phone": PHONE}
ONE = {"any": PHONE}
WIDEST_ODDS = 4.0  # where a bar of odds ends


def render(facts: ReportFacts) -> str:
    """Return the page. The same facts give the same bytes; every name in them is escaped."""
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count=words.count,
        count_whole=words.count_whole,
        percent=words.percent,
        odds=words.odds,
        day=words.day,
        minute=words.minute,
        share_range=words.share_range,
        grade_range=words.grade_range,
        money_range=words.money_range,
        money=partial(words.money, currency=facts.currency),
        odds_bar=odds_bar,
    )
    page = environment.get_template("report.html.j2").render(
        facts=facts,
        pictures=_pictures(facts),
        light=LIGHT,
        dark=DARK,
        most_rows=MOST_TABLE_ROWS,
        bottom_line=sentences.bottom_line(facts),
        tonight=sentences.tonight(facts),
        honesty=sentences.honesty(facts),
        no_signal=sentences.no_signal(facts),
        groups=sentences.groups(facts.segments),
        verdict=sentences.verdict,
        data_in_short=sentences.data_in_short(facts),
        within=sentences.within(facts),
        steps=sentences.STEPS,
        contenders=sentences.CONTENDERS,
        measures=MEASURES,
        budget_share=partial(sentences.budget_share, facts.sources),
    )
    return page.rstrip() + "\n"


def odds_bar(odds: float) -> tuple[float, float]:
    """Return where a bar starts and how long it is, in percent of its track, from the middle, on a log scale."""
    share = max(-1.0, min(1.0, math.log(odds) / math.log(WIDEST_ODDS)))
    return (round(50 + min(0.0, share) * 50, 1), round(abs(share) * 50, 1))


def _pictures(facts: ReportFacts) -> dict[str, dict[str, Markup]]:
    """Draw each picture, the wide ones once more for a phone; one without facts is not drawn."""
    rows = {
        "sources": (
            facts.sources,
            partial(sources_figure, facts.sources, facts.counts.base_rate),
            BOTH,
        ),
        "drivers": (facts.drivers, partial(drivers_figure, facts.drivers), BOTH),
        "calibration": (facts.calibration, partial(calibration_figure, facts.calibration), ONE),
        "gains": (facts.gains, partial(gains_figure, facts.gains), ONE),
    }
    return {
        name: {
            kind: inline_svg(figure(width=width), f"{name}-{kind}")
            for kind, width in widths.items()
        }
        for name, (told, figure, widths) in rows.items()
        if told
    }


def write_report(facts: ReportFacts, path: Path) -> list[Path]:
    """Write the page to ``path`` and the facts to the same name with ``.json``; return both.

    Each file is there as a whole or not at all; the JSON comes first, so that a page is never
    without its facts.

    Raises:
        OSError: the folder cannot be written to.
    """
    page = render(facts)
    beside = path.with_suffix(".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(beside, facts.model_dump_json(indent=2) + "\n")
    _replace(path, page)
    return [path, beside]


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    staged = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
