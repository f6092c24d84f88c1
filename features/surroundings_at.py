"""What surrounds leads that are all looked at in one moment, as a night does.

The same features as ``features.surroundings`` makes for any moments, with the same values: what
is known at one moment needs no running totals, but one sum per level, owner and account.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

import ibis
from ibis.expr import types as ir

from features.canonical import Canonical, moment
from features.catalogue import AccountActivity, Catalogue, OwnerLoad, TrackRecord
from features.clock import before, within
from features.cumulative import KEYS
from features.surroundings import ACTIVE_DAYS, leads_as_facts, smoothed_record

Keep = Callable[[ir.Table], ir.Table]


def surroundings_at(
    tables: Canonical, snapshots: ir.Table, catalogue: Catalogue, at: datetime, keep: Keep
) -> list[ir.Table]:
    """Return tables of ``lead_id``, ``as_of`` and what surrounds the snapshots, which all stand at ``at``.

    ``at``: naive UTC. ``keep`` is called with what is needed more than once and returns it computed.
    """
    records = [f for f in catalogue.features if isinstance(f, TrackRecord)]
    loads = [f for f in catalogue.features if isinstance(f, OwnerLoad)]
    activity = [f for f in catalogue.features if isinstance(f, AccountActivity)]
    found = []
    if records:
        found.append(_records(tables, snapshots, records, at, catalogue.horizon_days))
    if loads:
        found.append(_loads(tables, snapshots, loads, at))
    if activity:
        found.append(_activity(tables, snapshots, activity, at, keep))
    return found


def _records(
    tables: Canonical,
    snapshots: ir.Table,
    features: Sequence[TrackRecord],
    at: datetime,
    horizon_days: int,
) -> ir.Table:
    """Return the smoothed close rates of all columns that have one."""
    rows = snapshots.select(*KEYS)
    for number, feature in enumerate(features):
        facts = leads_as_facts(tables, feature.column, horizon_days)
        known = facts.filter(before(facts.matured_at, moment(at)))
        level = known.group_by("level").aggregate(
            level_leads=known.level_leads.sum(), level_wins=known.level_wins.sum()
        )
        overall = known.aggregate(
            all_leads=known.level_leads.sum().fill_null(0.0),
            all_wins=known.level_wins.sum().fill_null(0.0),
        )
        own = facts.select("lead_id", "level", "matured_at", own_wins="level_wins")
        marks = snapshots.select(*KEYS).left_join(own, "lead_id").drop("lead_id_right")
        row = marks.left_join(level, "level").drop("level_right").cross_join(overall)
        row = row.mutate(
            level_leads=row.level_leads.fill_null(0.0), level_wins=row.level_wins.fill_null(0.0)
        )
        rows = rows.left_join(smoothed_record(row, feature), KEYS, rname="{name}__" + str(number))
    return rows.select(*KEYS, *(feature.name for feature in features))


def _loads(
    tables: Canonical, snapshots: ir.Table, features: Sequence[OwnerLoad], at: datetime
) -> ir.Table:
    """Return how many other leads of the same owner are open."""
    leads = tables.closed_leads().select("lead_id", "owner", "created_at", "closed_at")
    came = before(leads.created_at, moment(at)).cast("float64")
    went = before(leads.closed_at, moment(at)).fill_null(False).cast("float64")
    leads = leads.mutate(came=came, n=came - went)
    owners = leads.group_by("owner").aggregate(n=leads.n.sum())
    row = snapshots.select(*KEYS).left_join(leads.select("lead_id", "owner", "came"), "lead_id")
    row = row.drop("lead_id_right").left_join(owners, "owner").drop("owner_right")
    others = row.owner.notnull().ifelse(row.n - row.came, None)
    return row.select(*KEYS, **{feature.name: others for feature in features})


def _activity(
    tables: Canonical,
    snapshots: ir.Table,
    features: Sequence[AccountActivity],
    at: datetime,
    keep: Keep,
) -> ir.Table:
    """Return what the other people of the account did: the account's sums less the lead's own."""
    people = tables.leads.select("lead_id", "account_id", "created_at")
    told = people.left_join(_ends(tables), "lead_id").drop("lead_id_right")
    events = _event_counts(tables, features, at)
    if events is not None:
        told = told.left_join(events, "lead_id").drop("lead_id_right")
    measures = {f.name: _measure(told, f, at) for f in features}
    told = keep(told.select("lead_id", "account_id", **measures))
    owned = told.filter(told.account_id.notnull())
    sums = owned.group_by("account_id").aggregate(
        **{f"{name}__all": owned[name].sum() for name in measures}
    )
    row = snapshots.select(*KEYS).left_join(told, "lead_id").drop("lead_id_right")
    row = row.left_join(sums, "account_id")
    others = {
        name: row.account_id.notnull().ifelse(row[f"{name}__all"] - row[name], None)
        for name in measures
    }
    return row.select(*KEYS, **others)


def _ends(tables: Canonical) -> ir.Table:
    won = tables.outcomes.filter(tables.outcomes.won, tables.outcomes.closed_at.notnull())
    return won.select("lead_id", won_at="closed_at")


def _event_counts(
    tables: Canonical, features: Sequence[AccountActivity], at: datetime
) -> ir.Table | None:
    """Count every lead's events in each window that a feature asks for, in one pass."""
    windows = {_events_in(f): _window(f) for f in features if f.measure in _OF_EVENTS}
    if not windows:
        return None
    events = tables.known_events.select("lead_id", "known_at")
    seen = events.filter(before(events.known_at, moment(at)))
    if all(windows.values()):
        longest = max(days for days in windows.values() if days)
        seen = seen.filter(within(seen.known_at, moment(at), longest))
    counts = {
        name: seen.count(where=within(seen.known_at, moment(at), days) if days else None)
        for name, days in windows.items()
    }
    return seen.group_by("lead_id").aggregate(**counts)


_OF_EVENTS = ("events", "active_people")


def _window(feature: AccountActivity) -> int | None:
    """Return the days of a feature's window; being active is always a matter of some days."""
    return (feature.days or ACTIVE_DAYS) if feature.measure == "active_people" else feature.days


def _events_in(feature: AccountActivity) -> str:
    return f"events_{_window(feature) or 'ever'}"


def _measure(told: ir.Table, feature: AccountActivity, at: datetime) -> ir.Value:
    """Return what one lead adds to its account, as a number."""
    match feature.measure:
        case "people":
            counted = before(told.created_at, moment(at))
        case "wins":
            counted = before(told.won_at, moment(at))
        case "events":
            return told[_events_in(feature)].fill_null(0).cast("float64")
        case "active_people":
            counted = told[_events_in(feature)] > 0
    return ibis.coalesce(counted, False).cast("float64")
