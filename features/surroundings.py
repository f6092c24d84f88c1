"""What surrounds a lead: track records of its kind, its account's other people, its owner's load."""

import ibis
from ibis.expr import types as ir

from features.canonical import Canonical
from features.catalogue import AccountActivity, Catalogue, OwnerLoad, TrackRecord
from features.clock import ahead, before
from features.cumulative import KEYS, totals_before

# DuckDB reads a literal 1.0 as a decimal; an integer that is cast is a double on every engine.
ONE = ibis.literal(1).cast("float64")
PRIOR_LEADS = (
    20.0  # the overall rate starts from nothing: no record before so many leads have matured
)
ACTIVE_DAYS = 30  # within which an active person has done something, unless the feature says


def track_record(
    tables: Canonical, snapshots: ir.Table, feature: TrackRecord, *, horizon_days: int
) -> ir.Table:
    """Return ``lead_id``, ``as_of`` and the smoothed close rate of earlier leads of the same level.

    A lead counts from the end of its own horizon on, whatever became of it sooner: counting
    early ends alone would favour whatever ends fast. The snapshot's own lead is taken out.
    """
    facts = leads_as_facts(tables, feature.column, horizon_days)
    own = facts.select("lead_id", "level", "matured_at", own_wins="level_wins")
    marks = snapshots.select(*KEYS).left_join(own, "lead_id").drop("lead_id_right")
    values = ["level_leads", "level_wins"]
    level = totals_before(marks, facts, key="level", time="matured_at", values=values)
    overall = totals_before(marks, facts, key=None, time="matured_at", values=values).rename(
        all_leads="level_leads", all_wins="level_wins"
    )
    row = marks.inner_join(level, KEYS).inner_join(overall, KEYS)
    return smoothed_record(row, feature)


def leads_as_facts(tables: Canonical, column: str, horizon_days: int) -> ir.Table:
    """Return ``lead_id``, ``level`` (the column's value), ``matured_at``, ``level_leads`` (1) and ``level_wins`` (0 or 1)."""
    leads = tables.closed_leads()
    won = (
        leads.won
        if tables.flat
        else leads.won & ahead(leads.closed_at, leads.created_at, horizon_days)
    )
    return leads.select(
        "lead_id",
        level=leads[column],
        matured_at=leads.created_at + ibis.interval(days=horizon_days),
        level_leads=ONE,
        level_wins=won.fill_null(False).cast("float64"),
    )


def smoothed_record(row: ir.Table, feature: TrackRecord) -> ir.Table:
    """Return ``lead_id``, ``as_of`` and the feature, from the sums of the level and of all and the lead's own part."""
    # Still open at the moment, the lead itself can only have matured as not won within the horizon.
    mine = before(row.matured_at, row.as_of).cast("float64")
    mine_won = mine * row.own_wins
    prior = (row.all_wins - mine_won) / (row.all_leads - mine)
    rate = (row.level_wins - mine_won + feature.strength * prior) / (
        row.level_leads - mine + feature.strength
    )
    known = (row.all_leads - mine >= PRIOR_LEADS) & row.level.notnull()
    return row.select(*KEYS, **{feature.name: known.ifelse(rate, None)})


def account_activity(tables: Canonical, snapshots: ir.Table, feature: AccountActivity) -> ir.Table:
    """Return ``lead_id``, ``as_of`` and what the other people of the lead's account did before."""
    accounts = tables.leads.select("lead_id", "account_id", "created_at")
    marks = snapshots.select(*KEYS).left_join(accounts, "lead_id").drop("lead_id_right")
    facts, own = _account_facts(tables, feature)
    total = totals_before(marks, facts, key="account_id", time="happened_at", values=["n"])
    mine = totals_before(marks, own, key="lead_id", time="happened_at", values=["n"]).rename(
        n_mine="n"
    )
    if feature.measure == "events" and feature.days is not None:
        edge = marks.mutate(edge=marks.as_of - ibis.interval(days=feature.days))
        total = _less(
            total,
            totals_before(
                edge, facts, key="account_id", time="happened_at", values=["n"], at="edge"
            ),
            "n",
        )
        earlier = totals_before(
            edge, own, key="lead_id", time="happened_at", values=["n"], at="edge"
        )
        mine = _less(mine, earlier.rename(n_mine="n"), "n_mine")
    row = marks.inner_join(total, KEYS).inner_join(mine, KEYS)
    others = row.account_id.notnull().ifelse(row.n - row.n_mine, None)
    return row.select(*KEYS, **{feature.name: others})


def owner_load(tables: Canonical, snapshots: ir.Table, feature: OwnerLoad) -> ir.Table:
    """Return ``lead_id``, ``as_of`` and how many other leads of the same owner are open."""
    leads = tables.closed_leads()
    leads = leads.select("lead_id", "owner", "created_at", "closed_at")
    marks = snapshots.select(*KEYS).left_join(leads, "lead_id").drop("lead_id_right")
    came = leads.select("owner", happened_at="created_at", n=ONE)
    went = leads.select("owner", happened_at="closed_at", n=-ONE)
    total = totals_before(marks, came.union(went), key="owner", time="happened_at", values=["n"])
    row = marks.inner_join(total, KEYS)
    mine = before(row.created_at, row.as_of).cast("float64")
    return row.select(*KEYS, **{feature.name: row.owner.notnull().ifelse(row.n - mine, None)})


def surroundings(tables: Canonical, snapshots: ir.Table, catalogue: Catalogue) -> list[ir.Table]:
    """Return one table per track record, account activity and load of the catalogue."""
    found = []
    for feature in catalogue.features:
        match feature:
            case TrackRecord():
                found.append(
                    track_record(tables, snapshots, feature, horizon_days=catalogue.horizon_days)
                )
            case AccountActivity():
                found.append(account_activity(tables, snapshots, feature))
            case OwnerLoad():
                found.append(owner_load(tables, snapshots, feature))
            case _:
                continue
    return found


def _account_facts(tables: Canonical, feature: AccountActivity) -> tuple[ir.Table, ir.Table]:
    """Return what counts for an account, and the same for each lead, as ``happened_at`` and ``n``."""
    leads = tables.leads.select("lead_id", "account_id", "created_at")
    match feature.measure:
        case "people":
            facts = leads.mutate(happened_at=leads.created_at, n=ONE)
        case "wins":
            won = tables.outcomes.filter(tables.outcomes.won, tables.outcomes.closed_at.notnull())
            facts = leads.inner_join(
                won.select("lead_id", happened_at="closed_at"), "lead_id"
            ).mutate(n=ONE)
        case "events":
            events = tables.known_events.select("lead_id", happened_at="known_at")
            facts = leads.inner_join(events, "lead_id").mutate(n=ONE)
        case "active_people":
            facts = leads.inner_join(_active_spells(tables, feature.days or ACTIVE_DAYS), "lead_id")
    facts = facts.select("lead_id", "account_id", "happened_at", "n")
    return facts.filter(facts.account_id.notnull()), facts


def _active_spells(tables: Canonical, days: int) -> ir.Table:
    """Return +1 where a lead becomes active and -1 where ``days`` have passed without an event.

    Adding them up gives the number of active people at any moment, however many events there are.
    """
    events = tables.known_events.select("lead_id", "known_at").distinct()
    order = ibis.window(group_by="lead_id", order_by="known_at")
    previous, following = (
        events.known_at.lag().over(order),
        events.known_at.lead().over(order),
    )
    events = events.mutate(previous_at=previous, following_at=following)
    pause = ibis.interval(days=days)
    starts = events.filter(
        events.previous_at.isnull() | (events.known_at > events.previous_at + pause)
    )
    ends = events.filter(
        events.following_at.isnull() | (events.following_at > events.known_at + pause)
    )
    return starts.select("lead_id", happened_at="known_at", n=ONE).union(
        ends.select("lead_id", happened_at=ends.known_at + pause, n=-ONE)
    )


def _less(total: ir.Table, earlier: ir.Table, value: str) -> ir.Table:
    """Subtract the total at a window's start from the one at its end."""
    row = total.inner_join(earlier.rename(n_earlier=value), KEYS)
    return row.select(*KEYS, **{value: row[value] - row.n_earlier})
