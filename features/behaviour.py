"""What the lead did and what sales did, counted from events in one pass.

Counts are sums of ones and zeros: DuckDB takes every column apart anew for each aggregate that has a
condition of its own, which makes eighty of them more than twice as slow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
from ibis.expr import types as ir

from features.canonical import Canonical
from features.catalogue import (
    ActiveDays,
    Catalogue,
    EdgeKind,
    EventCount,
    EventRecency,
    EventTrend,
    Feature,
    TimeBetween,
)
from features.clock import before, days_between, window_start

KINDS = (ActiveDays, EdgeKind, EventCount, EventRecency, EventTrend, TimeBetween)
KEYS = ("lead_id", "as_of")
SORTABLE = "%Y-%m-%d %H:%M:%S.%f"  # fixed width, so that the text sorts as the time does


def behaviour(tables: Canonical, snapshots: ir.Table, catalogue: Catalogue) -> list[ir.Table]:
    """Return tables of ``lead_id``, ``as_of`` and event features, a row per snapshot that has an event.

    Snapshots without any event have no row: the caller fills counts with 0.
    """
    features = [feature for feature in catalogue.features if isinstance(feature, KINDS)]
    if not features:
        return []
    codes = _Codes.of(features)
    events = tables.known_events.select("lead_id", "kind", "occurred_at", "known_at")
    # Where a window starts is told by the snapshot: per event, the subtraction would cost more than the counting.
    starts = {_start(days): window_start(snapshots.as_of, days) for days in codes.windows}
    seen = snapshots.select(*KEYS, **starts).inner_join(events, "lead_id")
    # Both: an event that is recorded before it happens (a meeting next week) is no fact yet.
    seen = seen.filter(before(seen.occurred_at, seen.as_of), before(seen.known_at, seen.as_of))
    days = [feature for feature in features if isinstance(feature, ActiveDays)]
    rest = [feature for feature in features if not isinstance(feature, ActiveDays)]
    seen = codes.marked(seen)
    found = [_by_event(seen, rest, codes)] if rest else []
    return [*found, _by_day(seen, days, codes)] if days else found


def absent(feature: Feature) -> float | None:
    """Return what a feature is for a lead without any event: counts are 0, the rest is missing."""
    return 0.0 if isinstance(feature, EventCount | ActiveDays | EventTrend) else None


@dataclass(frozen=True)
class _Codes:
    """Numbers for what an event is counted under: the narrowest window that it lies in, and its kind.

    A count of one kind in one window is then one comparison of small numbers.
    """

    windows: list[int]
    kinds: list[str]

    @classmethod
    def of(cls, features: Sequence[Feature]) -> "_Codes":
        return cls(
            sorted({days for feature in features for days in _windows(feature)}),
            sorted({kind for feature in features for kind in _kinds(feature)}),
        )

    def marked(self, seen: ir.Table) -> ir.Table:
        """Add ``window``, ``number`` of the kind (null: none of ours) and ``code``, which is both."""
        window, number = _small(len(self.windows)), ibis.null("int16")
        if self.windows:
            inside = [
                (seen.occurred_at >= seen[_start(days)], _small(place))
                for place, days in enumerate(self.windows)
            ]
            window = ibis.cases(*inside, else_=window)
        if self.kinds:
            numbered = [(kind, _small(place)) for place, kind in enumerate(self.kinds)]
            number = seen.kind.cases(*numbered, else_=number)
        seen = seen.mutate(window=window, number=number)
        return seen.mutate(code=seen.number * _small(len(self.windows) + 1) + seen.window)

    def count(self, seen: ir.Table, kind: str | None, days: int | None) -> ir.Scalar:
        """Count the events of a kind (of any, if None) in the last ``days`` (ever, if None)."""
        if kind is None and days is None:
            return seen.count().cast("float64")
        last = len(self.windows) if days is None else self.windows.index(days)
        if kind is None:
            return self.inside(seen, self.windows[last]).cast("float64").sum()
        first = self.kinds.index(kind) * (len(self.windows) + 1)
        return seen.code.between(_small(first), _small(first + last)).cast("float64").sum()

    def inside(self, seen: ir.Table, days: int) -> ir.BooleanValue:
        """Whether the narrowest window that holds a row is within the one of ``days``."""
        return seen.window <= _small(self.windows.index(days))

    def times(self, seen: ir.Table, kind: str | None) -> ir.Value:
        """Return the events' times, null where they are of another kind."""
        if kind is None:
            return seen.occurred_at
        return (seen.number == _small(self.kinds.index(kind))).ifelse(seen.occurred_at, None)


def _small(number: int) -> ir.IntegerScalar:
    return ibis.literal(number, "int16")


def _start(days: int) -> str:
    return f"start_{days}"


def _windows(feature: Feature) -> list[int]:
    match feature:
        case EventCount(days=days) | ActiveDays(days=days) if days:
            return [days]
        case EventTrend(days=days):
            return [days, 2 * days]
        case _:
            return []


def _kinds(feature: Feature) -> list[str]:
    match feature:
        case EventCount(event=kind) | EventRecency(event=kind) if kind is not None:
            return [kind]
        case TimeBetween(start=start, end=end):
            return [start, end]
        case _:
            return []


def _by_day(seen: ir.Table, features: Sequence[ActiveDays], codes: _Codes) -> ir.Table:
    """Count days: one with an event in a window has its last event in it, for the window ends last of all."""
    daily = seen.group_by(*KEYS, day=seen.occurred_at.date()).aggregate(window=seen.window.min())
    counts = {
        feature.name: codes.inside(daily, feature.days).cast("float64").sum()
        if feature.days
        else daily.count().cast("float64")
        for feature in features
    }
    return daily.group_by(*KEYS).aggregate(**counts)


def _by_event(seen: ir.Table, features: Sequence[Feature], codes: _Codes) -> ir.Table:
    measures: dict[str, ir.Scalar] = {}
    for feature in features:
        measures |= _measures(feature, seen, codes)
    found = seen.group_by(*KEYS).aggregate(**measures)
    return found.select(*KEYS, **{f.name: _finished(f, found) for f in features})


def _measures(feature: Feature, seen: ir.Table, codes: _Codes) -> Mapping[str, ir.Scalar]:
    """Return the aggregates that a feature needs, under names of their own."""
    name = feature.name
    match feature:
        case EventCount():
            return {name: codes.count(seen, feature.event, feature.days)}
        case EventRecency():
            those = codes.times(seen, feature.event)
            return {name: those.max() if feature.which == "last" else those.min()}
        case EventTrend():
            return {
                f"{name}__new": codes.count(seen, None, feature.days),
                f"{name}__both": codes.count(seen, None, 2 * feature.days),
            }
        case EdgeKind():
            stamped = seen.occurred_at.strftime(SORTABLE) + seen.kind
            return {name: stamped.max() if feature.which == "last" else stamped.min()}
        case TimeBetween():
            return {
                f"{name}__start": codes.times(seen, feature.start).min(),
                f"{name}__end": codes.times(seen, feature.end).min(),
            }
        case _:
            raise TypeError(f"{name} is no event feature")


def _finished(feature: Feature, found: ir.Table) -> ir.Value:
    """Turn a feature's aggregates into its value."""
    name = feature.name
    match feature:
        case EventRecency():
            return days_between(found[name], found.as_of)
        case EventTrend():
            return 2 * found[f"{name}__new"] - found[f"{name}__both"]
        case EdgeKind():
            return found[name].substr(len("2026-01-31 12:00:00.000000"))
        case TimeBetween():
            start, end = found[f"{name}__start"], found[f"{name}__end"]
            return (end >= start).ifelse(days_between(start, end), None)
        case _:
            return found[name]
