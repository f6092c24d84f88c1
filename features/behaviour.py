"""What the lead did and what sales did, counted from events in one pass."""

from collections.abc import Mapping

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
SORTABLE = "%Y-%m-%d %H:%M:%S.%f"  # fixed width, so that the text sorts as the time does


def behaviour(tables: Canonical, snapshots: ir.Table, catalogue: Catalogue) -> ir.Table | None:
    """Return ``lead_id``, ``as_of`` and the event features of snapshots that have an event.

    Snapshots without any event have no row: the caller fills counts with 0.
    """
    features = [feature for feature in catalogue.features if isinstance(feature, KINDS)]
    if not features:
        return None
    events = tables.known_events.select("lead_id", "kind", "occurred_at", "known_at")
    seen = snapshots.select("lead_id", "as_of").inner_join(events, "lead_id")
    # Both: an event that is recorded before it happens (a meeting next week) is no fact yet.
    seen = seen.filter(before(seen.occurred_at, seen.as_of), before(seen.known_at, seen.as_of))
    measures: dict[str, ir.Scalar] = {}
    for feature in features:
        measures |= _measures(feature, seen)
    found = seen.group_by("lead_id", "as_of").aggregate(**measures)
    return found.select("lead_id", "as_of", **{f.name: _finished(f, found) for f in features})


def absent(feature: Feature) -> float | None:
    """Return what a feature is for a lead without any event: counts are 0, the rest is missing."""
    return 0.0 if isinstance(feature, EventCount | ActiveDays | EventTrend) else None


def _measures(feature: Feature, seen: ir.Table) -> Mapping[str, ir.Scalar]:
    """Return the aggregates that a feature needs, under names of their own."""
    name = feature.name
    match feature:
        case EventCount():
            return {name: seen.count(where=_counted(seen, feature.event, feature.days))}
        case EventRecency():
            where = _counted(seen, feature.event, None)
            times = seen.occurred_at
            return {
                name: times.max(where=where) if feature.which == "last" else times.min(where=where)
            }
        case ActiveDays():
            return {name: seen.occurred_at.date().nunique(where=_counted(seen, None, feature.days))}
        case EventTrend():
            days = feature.days
            return {
                f"{name}__new": seen.count(where=within(seen.occurred_at, seen.as_of, days)),
                f"{name}__both": seen.count(where=within(seen.occurred_at, seen.as_of, 2 * days)),
            }
        case EdgeKind():
            stamped = seen.occurred_at.strftime(SORTABLE) + seen.kind
            return {name: stamped.max() if feature.which == "last" else stamped.min()}
        case TimeBetween():
            return {
                f"{name}__start": seen.occurred_at.min(where=seen.kind == feature.start),
                f"{name}__end": seen.occurred_at.min(where=seen.kind == feature.end),
            }
        case _:
            raise TypeError(f"{name} is no event feature")


def _counted(seen: ir.Table, event: str | None, days: int | None) -> ir.BooleanValue | None:
    conditions = []
    if event is not None:
        conditions.append(seen.kind == event)
    if days is not None:
        conditions.append(within(seen.occurred_at, seen.as_of, days))
    return ibis.and_(*conditions) if conditions else None


def _finished(feature: Feature, found: ir.Table) -> ir.Value:
    """Turn a feature's aggregates into its value."""
    name = feature.name
    match feature:
        case EventRecency():
            return days_between(found[name], found.as_of)
        case EventTrend():
            return (2 * found[f"{name}__new"] - found[f"{name}__both"]).cast("float64")
        case EdgeKind():
            return found[name].substr(len("2026-01-31 12:00:00.000000"))
        case TimeBetween():
            start, end = found[f"{name}__start"], found[f"{name}__end"]
            return (end >= start).ifelse(days_between(start, end), None)
        case _:
            return found[name].cast("float64")
