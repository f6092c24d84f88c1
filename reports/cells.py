"""Cells of the report's tables: numbers with their intervals, and a dash for what is not known."""

from reports.blocks import Cell
from reports.closing_facts import Figure
from reports.facts import Interval
from reports.voice import TO, Voice

NONE = "–"


def number(value: float | None, voice: Voice, *, whole: bool = False) -> Cell:
    """Return a number; ``whole`` rounds it, as money is told."""
    if value is None:
        return Cell(NONE)
    return Cell(voice.whole(value) if whole else voice.count(value), value)


def share(interval: Interval | None, voice: Voice) -> Cell:
    """Return a share in percent with its interval, or that there are too few to tell."""
    if interval is None:
        return Cell(voice.say("too few"))
    return Cell(voice.percent(interval.value), interval.value, between=voice.share_range(interval))


def percent(value: float | None, voice: Voice) -> Cell:
    """Return a share in percent."""
    return Cell(NONE) if value is None else Cell(voice.percent(value), value)


def wins(interval: Interval | None, voice: Voice) -> Cell:
    """Return wins to expect with their interval."""
    if interval is None:
        return Cell(NONE)
    return Cell(voice.count(interval.value), interval.value, between=voice.whole_range(interval))


def money(interval: Interval | None, voice: Voice) -> Cell:
    """Return an amount with its interval, without the currency."""
    if interval is None:
        return Cell(NONE)
    return Cell(voice.whole(interval.value), interval.value, between=voice.whole_range(interval))


def ratio(interval: Interval | None, voice: Voice) -> Cell:
    """Return how many times as often, with its interval."""
    if interval is None:
        return Cell(NONE)
    ends = f"{voice.number(interval.low, 1)}{TO}{voice.number(interval.high, 1)}"
    return Cell(voice.times(interval.value), interval.value, between=ends)


def points(value: float, low: float, high: float, voice: Voice) -> Cell:
    """Return a difference of shares in percentage points with its sign and interval."""
    sign = "+" if value > 0 else ""
    ends = f"{voice.number(100 * low, 1)} {TO} {voice.number(100 * high, 1)}"
    return Cell(f"{sign}{voice.number(100 * value, 1)}", value, between=ends)


def figure(measured: Figure | None, voice: Voice, *, places: int) -> Cell:
    """Return a measured number of either sign with its interval."""
    if measured is None:
        return Cell(NONE)
    ends = [voice.number(end, places) for end in (measured.low, measured.high)]
    return Cell(voice.number(measured.value, places), measured.value, between=f" {TO} ".join(ends))
