"""The waterfall of one lead: from the average lead's probability to its own, concept by concept."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from reports.canvas import (
    DASHES,
    INK,
    LETTER,
    MUTED,
    PHONE,
    ROW,
    TYPE,
    WIDE,
    blank,
    drawing,
    panel,
    rows_only,
)
from reports.facts import shortened
from reports.palette import LIGHT
from reports.voice import TIMES, Voice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 12  # concepts in the picture; the rest are summed into one bar
ACCENT, WARM, PAPER = LIGHT["accent"], LIGHT["warm"], LIGHT["paper"]
ABOVE = 30.0  # room for what the average lead has, and below for what this one has
TALL = 46.0  # a row whose words stand above its bar, on a phone
ODDS = 48.0  # room for the odds at the right edge
LEAST_SPAN = 0.5  # log-odds: a lead like all others has small bars


def waterfall_figure(
    parts: Sequence[tuple[str, float]],
    base: float,
    margin: float,
    width: int = WIDE,
    *,
    voice: Voice | None = None,
) -> Figure:
    """Draw what adds up to a lead's log-odds, the strongest concept on top, each with the odds it multiplies.

    Args:
        parts: words and log-odds of each concept, the strongest first; they add up to ``margin - base``.
        base: log-odds of the average lead.
        margin: log-odds of this one.
        width: in CSS pixels; on a phone the words stand above the bars.
        voice: the language of the labels.
    """
    voice = voice or Voice.of()
    bars = _bars(parts, voice)
    narrow = width <= PHONE
    row, label_width = (TALL, 0.0) if narrow else (ROW, 0.5 * width)
    with drawing():
        figure = blank(width, row * len(bars) + 2 * ABOVE)
        axes = panel(figure, left=label_width, right=ODDS, bottom=ABOVE, top=ABOVE)
        position = base
        for place, (words, value) in enumerate(bars):
            y = -place - (0.16 if narrow else 0.0)
            color = ACCENT if value >= 0 else WARM
            axes.barh(y, value, left=position, height=16 / row, color=color, linewidth=0)
            position += value
            if place < len(bars) - 1 and not narrow:  # leads the eye to where the next bar starts
                axes.plot(
                    [position] * 2, [y - 8 / row, y - 1 + 8 / row], color=MUTED, linewidth=0.8
                )
            _words(axes, words, place, width=width, label_width=label_width, row=row)
            _at_edge(axes, odds(voice, value), y, color)
        rows_only(axes, len(bars))
        axes.set_xlim(*_reach(bars, base))
        _ends(axes, base, margin, voice)
        return figure


def odds(voice: Voice, log_odds: float) -> str:
    """Return what log-odds multiply the odds of closing by."""
    return f"{TIMES}{voice.number(math.exp(log_odds), 2)}"


def _bars(parts: Sequence[tuple[str, float]], voice: Voice) -> list[tuple[str, float]]:
    shown, rest = list(parts[:SHOWN]), parts[SHOWN:]
    if rest:
        words = voice.many("{count} more, together", "{count} more, together", len(rest))
        shown.append((words, sum(value for _, value in rest)))
    return shown or [(voice.say("nothing tells it from others"), 0.0)]


def _reach(bars: Sequence[tuple[str, float]], base: float) -> tuple[float, float]:
    ends, position = [base], base
    for _, value in bars:
        position += value
        ends.append(position)
    low, high = min(ends), max(ends)
    room = max(0.04 * (high - low), (LEAST_SPAN - high + low) / 2)
    return low - room, high + room


def _words(
    axes: Axes, words: str, place: int, *, width: float, label_width: float, row: float
) -> None:
    """Write a bar's words at the left edge, or above the bar where there is no column for them."""
    longest = int(((label_width or width) - 14) / LETTER)
    axes.annotate(
        shortened(words, longest),
        (0, -place),
        xycoords=("axes fraction", "data"),
        xytext=(-label_width, 0 if label_width else row / 2 - 12),
        textcoords="offset points",
        ha="left",
        va="center",
        color=INK,
        fontsize=TYPE,
        annotation_clip=False,
        # over the lines that cross the picture from top to bottom
        bbox=None if label_width else {"facecolor": PAPER, "edgecolor": "none", "pad": 1.0},
    )


def _at_edge(axes: Axes, text: str, y: float, color: str) -> None:
    axes.annotate(
        text,
        (1, y),
        xycoords=("axes fraction", "data"),
        xytext=(ODDS - 2, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        color=color,
        fontsize=TYPE,
        annotation_clip=False,
    )


def _ends(axes: Axes, base: float, margin: float, voice: Voice) -> None:
    """Mark where the average lead stands, above the rows, and where this one does, below them."""
    low, high = axes.get_xlim()
    marks = (
        (base, voice.say("average lead {share}", share=voice.percent(_share(base))), MUTED, 1.0),
        (margin, voice.say("this lead {share}", share=voice.percent(_share(margin))), INK, 0.0),
    )
    for at, words, color, edge in marks:
        dashed = color == MUTED
        axes.axvline(at, color=color, linewidth=1.2, linestyle=DASHES if dashed else "-", zorder=0)
        align: Literal["left", "right"] = "left" if at <= (low + high) / 2 else "right"
        axes.annotate(
            words,
            (at, edge),
            xycoords=("data", "axes fraction"),
            xytext=(0, 14 if edge else -14),
            textcoords="offset points",
            ha=align,
            va="center",
            color=color,
            fontsize=TYPE,
            annotation_clip=False,
        )


def _share(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))
