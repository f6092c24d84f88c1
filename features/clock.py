"""The one rule of time: what is known at a moment is what happened strictly before it.

Every comparison with ``as_of`` goes through here, so that training and the night cannot differ
and no feature can see the moment it is made for.
"""

import ibis
from ibis.expr import types as ir

SECONDS_PER_DAY = 86_400


def before(time: ir.Value, as_of: ir.Value) -> ir.BooleanValue:
    """Whether something at ``time`` is known at ``as_of``: strictly before it."""
    return time < as_of


def open_at(closed_at: ir.Value, as_of: ir.Value) -> ir.BooleanValue:
    """Whether a lead that closed at ``closed_at`` (null: not yet) is still open at ``as_of``."""
    return closed_at.isnull() | ~before(closed_at, as_of)


def within(time: ir.Value, as_of: ir.Value, days: int) -> ir.BooleanValue:
    """Whether ``time`` lies in the ``days`` before ``as_of``: a half-open window that starts with its first moment."""
    return before(time, as_of) & (time >= window_start(as_of, days))


def window_start(as_of: ir.Value, days: int) -> ir.TimestampValue:
    """Return the first moment of the window of ``days`` before ``as_of``."""
    return as_of - ibis.interval(days=days)


def ahead(time: ir.Value, as_of: ir.Value, days: int) -> ir.BooleanValue:
    """Whether ``time`` lies in the ``days`` from ``as_of`` on: where a label looks."""
    return ~before(time, as_of) & (time < as_of + ibis.interval(days=days))


def days_between(start: ir.Value, end: ir.Value) -> ir.FloatingValue:
    """Days from ``start`` to ``end``, to the second."""
    return (end.epoch_seconds() - start.epoch_seconds()) / float(SECONDS_PER_DAY)


@ibis.udf.scalar.builtin(name="timezone", signature=(("string", "timestamp('UTC')"), "timestamp"))
def _in_zone(zone, time):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return the wall-clock time of a moment in a zone, by the engine's own function."""


def wall_clock(time: ir.TimestampValue, zone: str) -> ir.TimestampValue:
    """Return naive UTC times as wall-clock times of ``zone``."""
    return time if zone == "UTC" else _in_zone(zone, time.cast("timestamp('UTC')"))
