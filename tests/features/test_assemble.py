"""What each kind of feature says, on tables that a reader checks by eye."""

import math
from typing import Any, get_args

import pytest

from features.assemble import assemble
from features.catalogue import (
    AccountActivity,
    AccountAttribute,
    ActiveDays,
    Attribute,
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

COMMON: dict[str, Any] = {"name": "x", "group": "what they did", "concept": "x", "label": "x"}
LEADS = """
    lead_id | created_at          | account_id | owner | source | size
    ann     | 2026-03-01 22:30:00 | acme       | o1    | fair   | 10
    bob     | 2026-03-02 00:00:00 | acme       | o1    | fair   |
    cy      | 2026-03-03 00:00:00 |            | o2    | web    | 5
"""
OUTCOMES = """
    lead_id | won  | closed_at
    bob     | true | 2026-03-05 00:00:00
"""
EVENTS = """
    lead_id | kind  | occurred_at         | recorded_at
    ann     | visit | 2026-03-02 00:00:00 |
    ann     | visit | 2026-03-08 12:00:00 |
    ann     | mail  | 2026-03-09 00:00:00 |
    ann     | visit | 2026-03-10 00:00:00 |
    ann     | call  | 2026-03-04 00:00:00 | 2026-03-20 00:00:00
    bob     | visit | 2026-03-04 00:00:00 |
"""
HISTORY = """
    lead_id | field  | old_value | new_value | changed_at
    ann     | source | web       | fair      | 2026-03-05 00:00:00
    ann     | size   | 4         | 10        | 2026-03-10 00:00:00
"""
ACCOUNTS = """
    account_id | industry
    acme       | steel
"""
MORNING = "2026-03-10 00:00:00"  # what happens at this very moment is the future

CASES = [
    pytest.param(Attribute(**COMMON, column="size"), "cy", 5.0, id="attribute"),
    pytest.param(
        Attribute(**COMMON, column="size", changing=True),
        "ann",
        4.0,
        id="attribute before its change at the moment",
    ),
    pytest.param(
        Attribute(**COMMON, column="source", type="category", changing=True),
        "ann",
        "fair",
        id="attribute after its change",
    ),
    pytest.param(
        Attribute(**COMMON, column="size", changing=True),
        "cy",
        5.0,
        id="changing attribute that never changed",
    ),
    pytest.param(
        AccountAttribute(**COMMON, column="industry", type="category"),
        "ann",
        "steel",
        id="account attribute",
    ),
    pytest.param(
        AccountAttribute(**COMMON, column="industry", type="category"), "cy", None, id="no account"
    ),
    pytest.param(EventCount(**COMMON, event="visit", days=7), "ann", 1.0, id="count in a window"),
    pytest.param(
        EventCount(**COMMON, event="visit", days=8),
        "ann",
        2.0,
        id="a window starts with its first moment",
    ),
    pytest.param(
        EventCount(**COMMON, event="visit"),
        "ann",
        2.0,
        id="count ever, not the event at the moment",
    ),
    pytest.param(
        EventCount(**COMMON, event="call"), "ann", 0.0, id="not yet recorded is not yet known"
    ),
    pytest.param(EventCount(**COMMON), "cy", 0.0, id="no events count as none"),
    pytest.param(EventRecency(**COMMON, event="visit"), "ann", 1.5, id="days since the last"),
    pytest.param(
        EventRecency(**COMMON, which="first"), "ann", 8.0, id="days since the first of any kind"
    ),
    pytest.param(EventRecency(**COMMON, event="visit"), "cy", None, id="no event has no recency"),
    pytest.param(ActiveDays(**COMMON, days=7), "ann", 2.0, id="active days"),
    pytest.param(
        EventTrend(**COMMON, days=7),
        "ann",
        1.0,
        id="two events in the last week, one in the week before",
    ),
    pytest.param(EdgeKind(**COMMON, which="last", type="category"), "ann", "mail", id="last kind"),
    pytest.param(
        EdgeKind(**COMMON, which="first", type="category"), "ann", "visit", id="first kind"
    ),
    pytest.param(TimeBetween(**COMMON, start="visit", end="mail"), "ann", 7.0, id="time between"),
    pytest.param(
        TimeBetween(**COMMON, start="mail", end="visit"), "ann", None, id="not in that order"
    ),
    pytest.param(
        AccountActivity(**COMMON, measure="people"), "ann", 1.0, id="other people of the account"
    ),
    pytest.param(
        AccountActivity(**COMMON, measure="people"), "cy", None, id="no account, no colleagues"
    ),
    pytest.param(
        AccountActivity(**COMMON, measure="wins"), "ann", 1.0, id="account's earlier wins"
    ),
    pytest.param(
        AccountActivity(**COMMON, measure="events", days=6),
        "ann",
        1.0,
        id="colleagues' events in a window",
    ),
    pytest.param(
        AccountActivity(**COMMON, measure="events", days=5),
        "ann",
        0.0,
        id="colleagues' events before it",
    ),
    pytest.param(
        AccountActivity(**COMMON, measure="active_people", days=6),
        "ann",
        1.0,
        id="active colleagues",
    ),
    pytest.param(
        AccountActivity(**COMMON, measure="active_people", days=5),
        "ann",
        0.0,
        id="colleagues gone quiet",
    ),
    pytest.param(OwnerLoad(**COMMON), "ann", 0.0, id="the owner's other lead has closed"),
    pytest.param(OwnerLoad(**COMMON), "cy", 0.0, id="the owner's only lead"),
    pytest.param(Timing(**COMMON, measure="age_days"), "cy", 7.0, id="age"),
    pytest.param(Timing(**COMMON, measure="created_weekday"), "cy", 2.0, id="weekday of creation"),
    pytest.param(Timing(**COMMON, measure="created_hour"), "ann", 22.0, id="hour of creation"),
]


def value(drawn: Drawn, feature: Feature, lead_id: str, as_of: str, **options: Any) -> Any:
    drawings = {
        "leads": LEADS,
        "outcomes": OUTCOMES,
        "events": EVENTS,
        "history": HISTORY,
        "accounts": ACCOUNTS,
    }
    tables = drawn.tables(**{**drawings, **options.pop("drawings", {})})
    rows = assemble(tables, snapshots(tables, (lead_id, as_of)), catalogue(feature, **options))
    found = drawn.connection.execute(rows)["x"].tolist()
    assert len(found) == 1
    missing = found[0] is None or (isinstance(found[0], float) and math.isnan(found[0]))
    return None if missing else found[0]


@pytest.mark.parametrize(("feature", "lead_id", "expected"), CASES)
def test_feature_says_what_was_known_that_morning(
    drawn: Drawn, feature: Feature, lead_id: str, expected: float | str | None
) -> None:
    assert value(drawn, feature, lead_id, MORNING) == expected


def test_every_kind_of_feature_has_a_case() -> None:
    declared = set(get_args(get_args(Feature)[0]))
    shown = {type(case.values[0]) for case in CASES} | {TrackRecord}  # drawn below
    assert shown == declared


def test_created_hour_is_the_one_on_the_wall_of_the_project(drawn: Drawn) -> None:
    feature = Timing(**COMMON, measure="created_hour")
    assert value(drawn, feature, "ann", MORNING, timezone="Europe/Berlin") == 23.0


def test_track_record_counts_matured_leads_of_the_same_level_and_not_the_lead_itself(
    drawn: Drawn,
) -> None:
    # 40 leads of January, all matured by the middle of March: 10 of the fair's 20 won within
    # 30 days, none of the web's. The lead itself, of January too and still open, is left out.
    leads = [
        {"lead_id": f"{source}{n}", "created_at": "2026-01-01 00:00:00", "source": source}
        for source in ("fair", "web")
        for n in range(20)
    ] + [{"lead_id": "me", "created_at": "2026-01-01 00:00:00", "source": "fair"}]
    outcomes = [
        {"lead_id": f"fair{n}", "won": True, "closed_at": "2026-01-10 00:00:00"} for n in range(10)
    ] + [{"lead_id": "web0", "won": True, "closed_at": "2026-02-20 00:00:00"}]
    feature = TrackRecord(**COMMON, column="source", strength=20)
    drawings = {"leads": leads, "outcomes": outcomes}
    expected = (10 + 20 * 10 / 40) / (20 + 20)
    assert value(drawn, feature, "me", "2026-03-15 00:00:00", drawings=drawings) == pytest.approx(
        expected
    )


def test_track_record_is_silent_before_twenty_leads_have_matured(drawn: Drawn) -> None:
    assert value(drawn, TrackRecord(**COMMON, column="source"), "ann", MORNING) is None


def test_owner_load_counts_the_owners_other_open_leads(drawn: Drawn) -> None:
    assert value(drawn, OwnerLoad(**COMMON), "ann", "2026-03-04 00:00:00") == 1.0
