"""The page of a backtest: what would have been caught, and how honest the probabilities were."""

from __future__ import annotations

import io
import json
import os
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from babel.dates import get_month_names

from reports.canvas import (
    DASHES,
    MUTED,
    PHONE,
    UNITS_PER_INCH,
    WIDE,
    axis_title,
    beside,
    blank,
    drawing,
    panel,
    percent_axis,
)
from reports.facts import clean
from reports.palette import DARK, LIGHT
from reports.pictures import calibration_figure
from reports.rendering import environment
from reports.svg import inline_svg
from reports.training import calibration_points
from reports.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACCENT, WARM, INK = LIGHT["accent"], LIGHT["warm"], LIGHT["ink"]
VOICE = Voice.of()  # this page is in English alone
MONTHS = get_month_names("abbreviated", locale="en")
NAMES = {
    "leadgauge": "leadgauge",
    "old_score": "old score",
    "newest_first": "newest first",
    "chance": "by chance",
}
LOOKS: dict[str, dict[str, Any]] = {
    "leadgauge": {"color": ACCENT, "linewidth": 2.4},
    "old_score": {"color": WARM, "linewidth": 1.8},
    "newest_first": {"color": INK, "linewidth": 1.4},
    "chance": {"color": MUTED, "linewidth": 1.2, "linestyle": DASHES},
}
NEARLY_ALL = 0.9  # of the leads: above, who is called first makes no difference
LEAST_APART = 15.0  # units between two names at the end of their lines


def effort_figure(
    curves: Mapping[str, Sequence[Mapping[str, float]]], worked: float, width: int = WIDE
) -> Figure:
    """Draw the share of wins caught against the share of leads called, a line per policy.

    ``worked``: the share of leads that the capacity allows, a fine upright line.
    """
    with drawing():
        figure = blank(width, 0.62 * width if width > PHONE else width)
        axes = panel(figure, left=42, right=104 if width > PHONE else 92, bottom=50, top=32)
        axes.axvline(worked, color=LIGHT["line"], linewidth=1.4, zorder=0)
        beside(axes, "capacity", (worked, 1.0), shift=(5, 8))
        ends = {}
        for name in reversed([name for name in LOOKS if name in curves]):
            points = [(0.0, 0.0), *((point["leads"], point["wins"]) for point in curves[name])]
            axes.plot(*zip(*points, strict=True), solid_capstyle="round", **LOOKS[name])
            ends[name] = points[-1]
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.01)
        axes.set_xlabel("leads called", labelpad=8)
        axis_title(axes, "wins caught")
        percent_axis(axes, "x", VOICE, steps=5)
        percent_axis(axes, "y", VOICE, steps=5)
        _names(axes, ends)
        return figure


def time_figure(
    days: Sequence[datetime], caught: Mapping[str, Sequence[float]], width: int = WIDE
) -> Figure:
    """Draw the wins that each policy had caught by each night, all with the same capacity."""
    with drawing():
        figure = blank(width, 0.55 * width if width > PHONE else width)
        axes = panel(figure, left=42, right=104 if width > PHONE else 92, bottom=42, top=32)
        numbers = [(day - days[0]) / timedelta(days=1) for day in days]
        ends = {}
        for name in reversed([name for name in LOOKS if name in caught]):
            axes.plot(numbers, caught[name], solid_capstyle="round", **LOOKS[name])
            ends[name] = (numbers[-1], float(caught[name][-1]))
        most = max([1.0, *(end for _, end in ends.values())])
        axes.set_xlim(0, max(numbers[-1], 1))
        axes.set_ylim(0, most * 1.04)
        axes.set_xticks(*_month_ticks(days, most=6 if width > PHONE else 4))
        axes.grid(visible=True, axis="y")
        axes.set_axisbelow(True)
        axis_title(axes, "wins caught so far")
        _names(axes, ends)
        return figure


def months_figure(months: Sequence[Mapping[str, Any]], width: int = WIDE) -> Figure:
    """Draw the wins of each month as dots over the band that the probabilities allow."""
    with drawing():
        figure = blank(width, 0.45 * width if width > PHONE else width)
        axes = panel(figure, left=42, right=12, bottom=42, top=32)
        for place, month in enumerate(months):
            axes.plot(
                [place, place],
                [month["low"], month["high"]],
                color=LIGHT["accent-soft"],
                linewidth=12 if width > PHONE else 8,
                solid_capstyle="butt",
            )
            axes.plot(
                [place - 0.24, place + 0.24], [month["expected"]] * 2, color=ACCENT, linewidth=2
            )
            tone = INK if month["inside"] else WARM
            axes.plot(place, month["won"], "o", color=tone, markersize=7, mew=0, zorder=3)
        step = max(1, -(-len(months) // (12 if width > PHONE else 5)))
        shown = range(0, len(months), step)
        axes.set_xticks(
            list(shown), [_month(months[place]["month"], year=not place) for place in shown]
        )
        axes.set_xlim(-0.6, max(len(months), 1) - 0.4)
        axes.set_ylim(bottom=0)
        axes.grid(visible=True, axis="y")
        axes.set_axisbelow(True)
        axis_title(axes, "wins")
        return figure


def _month_ticks(days: Sequence[datetime], most: int) -> tuple[list[float], list[str]]:
    """Return where months begin, in days from the first, and their names; the days' own where none does."""
    places: dict[float, str] = {}
    year, month = days[0].year, days[0].month
    while (begin := datetime(year, month, 1)) <= days[-1]:  # noqa: DTZ001  as naive as the nights
        if begin >= days[0]:
            places[(begin - days[0]) / timedelta(days=1)] = _month(
                f"{year}-{month:02d}", year=not places
            )
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    if not places:
        places[0.0] = f"{days[0].day} {MONTHS[days[0].month]}"
    step = -(-len(places) // most)
    return list(places)[::step], list(places.values())[::step]


def _month(text: str, *, year: bool) -> str:
    """Write 2026-01 as Jan, with the year below it where a year begins or the reader has to be told."""
    number, month = text.split("-")
    name = MONTHS[int(month)]
    return f"{name}\n{number}" if year or month == "01" else name


def _names(axes: Axes, ends: Mapping[str, tuple[float, float]]) -> None:
    """Write each policy's name at the end of its line, moved apart where lines meet."""
    low, high = axes.get_ylim()
    box = axes.get_window_extent()
    unit = box.height / axes.figure.dpi * UNITS_PER_INCH / (high - low)
    last = -1e9
    for name, (x, y) in sorted(ends.items(), key=lambda end: (end[1][1], end[0] == "leadgauge")):
        place = max(y * unit, last + LEAST_APART)
        last = place
        beside(axes, NAMES[name], (x, y), shift=(7, place - y * unit), color=LOOKS[name]["color"])


def write_backtest(
    document: Mapping[str, Any], folder: Path, *, title: str, currency: str
) -> list[Path]:
    """Write ``backtest.html``, its facts as JSON and its pictures as PNG; return the paths, the page first.

    Each file is there as a whole or not at all.

    Args:
        document: as JSON has it: the facts of the command, ``headline``, ``as_of`` and ``curves``.
        folder: where to; files of the same name are replaced.
        title: of the page.
        currency: of revenue.

    Raises:
        OSError: the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    facts = folder / "backtest.json"
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    _replace(facts, text.encode())
    drawn = {}
    for name, figure in _figures(document).items():
        drawn[name] = folder / f"{name}.png"
        buffer = io.BytesIO()
        figure(width=WIDE if name != "calibration" else PHONE).savefig(
            buffer, format="png", metadata={"Software": None}
        )
        _replace(drawn[name], buffer.getvalue())
    page = folder / "backtest.html"
    _replace(page, render(document, title=title, currency=currency).encode())
    return [page, facts, *drawn.values()]


def _replace(path: Path, content: bytes) -> None:
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        staged.write_bytes(content)
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)


def render(document: Mapping[str, Any], *, title: str, currency: str) -> str:
    """Return the page; it loads nothing. The same facts give the same bytes."""
    templates = environment()
    templates.filters.update(count=VOICE.count, percent=VOICE.percent, count_whole=VOICE.whole)
    page = templates.get_template("backtest.html.j2").render(
        facts=document,
        title=clean(title),
        currency=currency,
        names=NAMES,
        pictures=_pictures(document),
        bottom_line=bottom_line(document),
        honesty=honesty(document),
        light=LIGHT,
        dark=DARK,
    )
    return page.rstrip() + "\n"


def bottom_line(document: Mapping[str, Any]) -> list[str]:
    """Say in two or three sentences what leadgauge would have caught, and whether that is surely more."""
    policies, capacity = document["policies"], document["capacity"]
    mine = policies["leadgauge"]
    low, high = mine["wins_caught_95"]
    blocked = (
        []
        if document["nights"]["scored"]
        else [
            "The gate would have let no model pass, so no night would have had a score. Had each new model been used all the same:"
        ]
    )
    told = [
        *blocked,
        f"Calling {VOICE.whole(mine['leads_worked'])} of {VOICE.whole(capacity['leads_of_the_nights'])} leads, "
        f"sales would have caught {VOICE.whole(mine['wins_caught'])} of {VOICE.whole(capacity['wins_to_catch'])} "
        f"wins ({VOICE.whole(low)} to {VOICE.whole(high)}) with leadgauge.",
    ]
    if not _order_matters(document):
        return [
            *told,
            "With this capacity sales calls nearly every lead, so the order hardly matters.",
        ]
    others = [name for name in NAMES if name in policies and policies[name] is not mine]
    return [*told, *(_against(name, policies[name]) for name in others)]


def _order_matters(document: Mapping[str, Any]) -> bool:
    worked = document["policies"]["leadgauge"]["leads_worked"]
    return bool(worked < NEARLY_ALL * document["capacity"]["leads_of_the_nights"])


def _against(name: str, policy: Mapping[str, Any]) -> str:
    low, high = policy["leadgauge_more_wins_95"]
    caught = VOICE.whole(policy["wins_caught"])
    by = {"old_score": "By the old score", "newest_first": "Newest first", "chance": "By chance"}
    more = abs(policy["leadgauge_more_wins"])
    if low > 0:
        return f"{by[name]} it would have been {caught}: {VOICE.whole(more)} fewer ({low:.0f} to {high:.0f})."
    if high < 0:
        return f"{by[name]} it would have been {caught}: {VOICE.whole(more)} more ({-high:.0f} to {-low:.0f})."
    return f"{by[name]} it would have been {caught}, which cannot be told from leadgauge with so few wins."


def honesty(document: Mapping[str, Any]) -> list[str]:
    """Say whether the probabilities held."""
    mine, months = document["evaluation"]["leadgauge"], document["expected_by_month"]
    base = document["evaluation"]["base_rate"]
    within = mine["ece"] <= mine["ece_noise_95"]
    held = sum(month["inside"] for month in months)
    better = mine["log_loss"] < base["log_loss"]
    told = [
        f"The probabilities were off by {VOICE.points(mine['ece'])} on average; a perfectly honest model of this size stays "
        f"under {VOICE.points(mine['ece_noise_95'])} in 95 of 100 cases"
        + (
            ", so the error is what chance explains."
            if within
            else ", so they were not quite what they should have been."
        ),
        f"In {held} of {len(months)} months the wins lay within the range that the probabilities allow.",
        "They told more than the base rate of each age that was known at the time "
        f"(log loss {mine['log_loss']:.4f} against {base['log_loss']:.4f})."
        if better
        else "They told no more than the base rate of each age that was known at the time "
        f"(log loss {mine['log_loss']:.4f} against {base['log_loss']:.4f}).",
    ]
    newest = document["evaluation"].get("always_newest")
    if newest:
        word = "better" if newest["log_loss"] < mine["log_loss"] else "no better"
        told.append(
            "Had every new model been put to use at once, whatever the gate said, they would have been "
            f"{word} (log loss {newest['log_loss']:.4f})."
        )
    note = document["evaluation"]["note"]
    return [*told, f"Mind that {note}."] if note else told


def _figures(document: Mapping[str, Any]) -> dict[str, Callable[..., Figure]]:
    curves, capacity = document["curves"], document["capacity"]
    worked = document["policies"]["leadgauge"]["leads_worked"]
    days = [datetime.fromisoformat(night).replace(tzinfo=None) for night in curves["nights"]]
    share = worked / max(capacity["leads_of_the_nights"], 1)
    return {
        "wins_by_effort": partial(effort_figure, curves["by_effort"], share),
        "wins_over_time": partial(time_figure, days, curves["over_time"]),
        "expected_by_month": partial(months_figure, document["expected_by_month"]),
        "calibration": partial(calibration_figure, calibration_points(curves["calibration"])),
    }


def _pictures(document: Mapping[str, Any]) -> dict[str, dict[str, Markup]]:
    return {
        name: {
            kind: inline_svg(figure(width=width), f"{name}-{kind}")
            for kind, width in (
                {"any": PHONE} if name == "calibration" else {"wide": WIDE, "phone": PHONE}
            ).items()
        }
        for name, figure in _figures(document).items()
    }
