"""The property that matters most: nothing at or after the moment moves any feature.

Spend cannot: the canonical tables that features are assembled from have none.
"""

from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.assemble import assemble
from features.canonical import Canonical
from features.catalogue import (
    AccountActivity,
    AccountAttribute,
    ActiveDays,
    Attribute,
    Catalogue,
    EdgeKind,
    EventCount,
    EventRecency,
    EventTrend,
    Feature,
    OwnerLoad,
    TimeBetween,
    Timing,
    TrackRecord,
)
from tests.features.drawn import Drawn, catalogue, snapshots

MOMENT = datetime.fromisoformat("2026-06-01")
LEADS = ["ann", "bob", "cy", "dee"]
KINDS = ["visit", "mail", "call"]
SOURCES = ["web", "fair"]


def everything() -> Catalogue:
    """Every kind of feature, track records without their usual modesty about small numbers."""
    common: dict[str, Any] = {"group": "what they did", "concept": "x", "label": "x"}
    features: list[Feature] = [
        Attribute(name="size", column="size", changing=True, **common),
        Attribute(name="source", column="source", type="category", changing=True, **common),
        AccountAttribute(name="industry", column="industry", type="category", **common),
        EventCount(name="visits_30d", event="visit", days=30, **common),
        EventCount(name="any_ever", **common),
        EventRecency(name="since_mail", event="mail", **common),
        EventRecency(name="since_first", which="first", **common),
        ActiveDays(name="active_days", days=30, **common),
        EventTrend(name="trend", days=30, **common),
        EdgeKind(name="last", which="last", type="category", **common),
        EdgeKind(name="first", which="first", type="category", **common),
        TimeBetween(name="visit_to_call", start="visit", end="call", **common),
        TrackRecord(name="record", column="source", **common),
        *(
            AccountActivity(name=f"account_{measure}", measure=measure, days=30, **common)
            for measure in ("people", "active_people", "events")
        ),
        AccountActivity(name="account_wins", measure="wins", **common),
        OwnerLoad(name="load", **common),
        Timing(name="age", measure="age_days", **common),
        Timing(name="weekday", measure="created_weekday", **common),
    ]
    return catalogue(*features)


past = st.integers(1, 200 * 24).map(lambda hours: MOMENT - timedelta(hours=hours))
future = st.integers(0, 100 * 24).map(lambda hours: MOMENT + timedelta(hours=hours))
lead_ids = st.sampled_from(LEADS)


def events(times: st.SearchStrategy[datetime]) -> st.SearchStrategy[list[dict[str, Any]]]:
    one = st.fixed_dictionaries(
        {"lead_id": lead_ids, "kind": st.sampled_from(KINDS), "occurred_at": times}
    )
    return st.lists(one, max_size=6)


def outcomes(times: st.SearchStrategy[datetime]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Ends of the other leads: the four that are scored stay open until the moment."""
    one = st.fixed_dictionaries(
        {"lead_id": st.sampled_from(OLD), "won": st.booleans(), "closed_at": times}
    )
    return st.lists(one, max_size=6, unique_by=lambda row: row["lead_id"])


OLD = [f"old{n}" for n in range(30)]
OLD_LEADS = [
    {
        "lead_id": lead_id,
        "created_at": MOMENT - timedelta(days=150 + n),
        "account_id": "acme",
        "owner": "o1",
        "source": SOURCES[n % 2],
        "size": n,
    }
    for n, lead_id in enumerate(OLD)
]
new_leads = st.lists(
    st.fixed_dictionaries(
        {
            "created_at": future,
            "account_id": st.just("acme"),
            "owner": st.just("o1"),
            "source": st.sampled_from(SOURCES),
            "size": st.integers(0, 9),
        }
    ),
    max_size=3,
).map(lambda rows: [{**row, "lead_id": f"new{n}"} for n, row in enumerate(rows)])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A past, and the same past with a future that is consistent with it."""
    leads = [
        {
            "lead_id": lead_id,
            "created_at": draw(past),
            "account_id": draw(st.sampled_from(["acme", "globex", None])),
            "owner": draw(st.sampled_from(["o1", "o2"])),
            "source": draw(st.sampled_from(SOURCES)),
            "size": draw(st.integers(0, 9)),
        }
        for lead_id in LEADS
    ]
    # A change after the moment rewrites today's value and leaves the old one in the history.
    later_leads, changes = [], []
    for lead in leads:
        value, changed = lead["size"], draw(st.lists(future, max_size=2, unique=True).map(sorted))
        for when in changed:
            new = draw(st.integers(0, 9))
            changes.append(
                {
                    "lead_id": lead["lead_id"],
                    "field": "size",
                    "old_value": value,
                    "new_value": new,
                    "changed_at": when,
                }
            )
            value = new
        later_leads.append({**lead, "size": value})
    before_events, after_events = draw(events(past)), draw(events(future))
    closed = draw(outcomes(past))
    closed_later = [
        row
        for row in draw(outcomes(future))
        if row["lead_id"] not in {c["lead_id"] for c in closed}
    ]
    won_later = [{"lead_id": draw(lead_ids), "won": True, "closed_at": draw(future)}]
    accounts = [{"account_id": "acme", "industry": "steel"}]
    known = {
        "leads": OLD_LEADS + leads,
        "events": before_events,
        "outcomes": closed,
        "accounts": accounts,
    }
    later = {
        "leads": OLD_LEADS + later_leads + draw(new_leads),
        "events": before_events + after_events,
        "outcomes": closed + closed_later + won_later,
        "history": changes,
        "accounts": accounts,
    }
    return known, later


def matrix(drawn: Drawn, drawings: dict[str, Any]) -> list[dict[str, Any]]:
    tables = drawn.tables(**drawings)
    at = snapshots(tables, *[(lead_id, MOMENT.isoformat()) for lead_id in LEADS])
    rows: list[dict[str, Any]] = drawn.connection.to_pyarrow(
        assemble(tables, at, everything())
    ).to_pylist()
    assert len(rows) == len(LEADS)
    return rows


@given(world=worlds())
@settings(
    deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_nothing_at_or_after_the_moment_moves_a_feature(
    drawn: Drawn, world: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    known, later = world
    assert matrix(drawn, later) == matrix(drawn, known)


def test_features_are_assembled_without_spend() -> None:
    assert "spend" not in {field.name for field in fields(Canonical)}


def test_the_past_does_move_features(drawn: Drawn) -> None:
    """The property above would hold for a matrix of constants too."""
    lead = {
        "lead_id": "ann",
        "created_at": MOMENT - timedelta(days=9),
        "account_id": "acme",
        "owner": "o1",
    }
    others = [{**lead, "lead_id": name} for name in LEADS[1:]]
    quiet = {"leads": [*OLD_LEADS, lead, *others]}
    just_before = MOMENT - timedelta(seconds=1)
    busy = {
        **quiet,
        "events": [{"lead_id": "ann", "kind": "visit", "occurred_at": just_before}],
        "outcomes": [{"lead_id": "old0", "won": True, "closed_at": just_before}],
    }
    before, after = matrix(drawn, quiet)[0], matrix(drawn, busy)[0]
    moved = {name for name in before if before[name] != after[name]}
    assert {
        "visits_30d",
        "any_ever",
        "since_first",
        "last",
        "first",
        "trend",
        "active_days",
    } <= moved
    assert {"account_wins", "load"} <= moved
