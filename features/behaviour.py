"""What the lead did and what sales did, counted from events.

Events become one row per snapshot and kind first, and one row per snapshot only then: an engine
that keeps eighty running aggregates for every lead spends its time on fetching them.
"""

from collections.abc import Callable, Sequence

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
from features.clock import before, days_between, within

KINDS = (ActiveDays, EdgeKind, EventCount, EventRecency, EventTrend, TimeBetween)
KEYS = ("lead_id", "as_of")
SORTABLE = "%Y-%m-%d %H:%M:%S.%f"  # fixed width, so that the text sorts as the time does
_EVER = "n_ever"

# Gives one count or time of a kind, or of all together (None).
Told = Callable[[str | None, str], ir.Value]


def behaviour(tables: Canonical, snapshots: ir.Table, catalogue: Catalogue) -> list[ir.Table]:
    """Return tables of ``lead_id``, ``as_of`` and event features, a row per snapshot that has an event.

    Snapshots without any event have no row: the caller fills counts with 0.
    """
    features = [feature for feature in catalogue.features if isinstance(feature, KINDS)]
    if not features:
        return []
    events = tables.known_events.select("lead_id", "kind", "occurred_at", "known_at")
    seen = snapshots.select(*KEYS).inner_join(events, "lead_id")
    # Both: an event that is recorded before it happens (a meeting next week) is no fact yet.
    seen = seen.filter(before(seen.occurred_at, seen.as_of), before(seen.known_at, seen.as_of))
    days = [feature for feature in features if isinstance(feature, ActiveDays)]
    rest = [feature for feature in features if not isinstance(feature, ActiveDays)]
    return [*([_by_kind(seen, rest)] if rest else []), *([_by_day(seen, days)] if days else [])]


def absent(feature: Feature) -> float | None:
    """Return what a feature is for a lead without any event: counts are 0, the rest is missing."""
    return 0.0 if isinstance(feature, EventCount | ActiveDays | EventTrend) else None


def _by_day(seen: ir.Table, features: Sequence[ActiveDays]) -> ir.Table:
    """Count days: one with an event in a window has its last event in it, for the window ends last of all."""
    daily = seen.group_by(*KEYS, day=seen.occurred_at.date()).aggregate(
        last_at=seen.occurred_at.max()
    )
    counts = {
        feature.name: daily.count(
            where=within(daily.last_at, daily.as_of, feature.days) if feature.days else None
        ).cast("float64")
        for feature in features
    }
    return daily.group_by(*KEYS).aggregate(**counts)


def _by_kind(seen: ir.Table, features: Sequence[Feature]) -> ir.Table:
    """Return what needs the events of each kind, and of all together."""
    counts = {_EVER: seen.count()}
    for days in sorted({days for feature in features for days in _windows(feature)}):
        counts[_window(days)] = seen.count(where=within(seen.occurred_at, seen.as_of, days))
    kindly = seen.group_by(*KEYS, "kind").aggregate(
        **counts, first_at=seen.occurred_at.min(), last_at=seen.occurred_at.max()
    )
    measures: dict[str, ir.Scalar] = {name: kindly[name].sum() for name in counts}
    measures |= {"first_at": kindly.first_at.min(), "last_at": kindly.last_at.max()}
    if any(isinstance(feature, EdgeKind) for feature in features):
        measures["first_kind"] = (kindly.first_at.strftime(SORTABLE) + kindly.kind).min()
        measures["last_kind"] = (kindly.last_at.strftime(SORTABLE) + kindly.kind).max()
    of_each = [*counts, "first_at", "last_at"]
    measures["kinds"] = ibis.struct({name: kindly[name] for name in ["kind", *of_each]}).collect()
    found = kindly.group_by(*KEYS).aggregate(**measures)
    found = found.mutate(names=found.kinds.map(lambda one: one.kind))
    kinds = sorted({kind for feature in features for kind in _kinds(feature)})
    # Where a kind stands in the snapshot's list, null where it is not in it.
    places = {kind: f"at_{number}" for number, kind in enumerate(kinds)}
    found = found.mutate(
        **{place: found.names.index(kind).nullif(-1) for kind, place in places.items()}
    )

    def of(kind: str | None, name: str) -> ir.Value:
        return found[name] if kind is None else found.kinds[found[places[kind]]][name]

    return found.select(*KEYS, **{f.name: _finished(f, found, of) for f in features})


def _window(days: int | None) -> str:
    return f"n_{days}" if days else _EVER


def _windows(feature: Feature) -> list[int]:
    match feature:
        case EventCount(days=days) if days:
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


def _finished(feature: Feature, found: ir.Table, of: Told) -> ir.Value:
    """Turn what was counted into a feature's value."""
    match feature:
        case EventCount():
            return of(feature.event, _window(feature.days)).cast("float64")
        case EventRecency():
            return days_between(of(feature.event, f"{feature.which}_at"), found.as_of)
        case EventTrend():
            new, both = found[_window(feature.days)], found[_window(2 * feature.days)]
            return (2 * new - both).cast("float64")
        case EdgeKind():
            return found[f"{feature.which}_kind"].substr(len("2026-01-31 12:00:00.000000"))
        case TimeBetween():
            start, end = of(feature.start, "first_at"), of(feature.end, "first_at")
            return (end >= start).ifelse(days_between(start, end), None)
        case _:
            raise TypeError(f"{feature.name} is no event feature")
