"""Which snapshots there are, what their labels say, and which are not known yet."""

from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from features.assemble import assemble
from features.snapshots import drawn, morning_snapshots, open_snapshots, training_snapshots
from tests.features.drawn import Drawn, project
from tests.features.test_no_leakage import everything

LEADS = """
    lead_id | created_at          | account_id
    won     | 2026-01-01 00:00:00 | acme
    lost    | 2026-01-01 00:00:00 |
    open    | 2026-01-01 00:00:00 |
    late    | 2026-02-20 00:00:00 |
"""
OUTCOMES = """
    lead_id | won   | closed_at
    won     | true  | 2026-01-20 00:00:00
    lost    | false | 2026-01-05 00:00:00
"""


def rows(drawn: Drawn, table: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = drawn.connection.to_pyarrow(table).to_pylist()
    return sorted(found, key=lambda row: (row["lead_id"], row["as_of"]))


@pytest.fixture
def world(drawn: Drawn) -> Drawn:
    return Drawn(drawn.connection, cutoff=datetime.fromisoformat("2026-03-01"))


def test_the_ladder_stops_at_the_end_and_drops_what_is_immature(world: Drawn) -> None:
    settings = project(label={"horizon_days": 10}, model={"ages_days": [0, 4, 7, 14]})
    found = rows(world, training_snapshots(world.tables(leads=LEADS, outcomes=OUTCOMES), settings))
    assert [(r["lead_id"], r["age_days"], r["label"], r["weight"]) for r in found] == [
        # `late` is 9 days old at the cut-off: its horizon of 10 has not passed, so it is unknown.
        ("lost", 0, 0, 0.5),
        ("lost", 4, 0, 0.5),  # it ended on the fourth day of its age, after this moment
        ("open", 0, 0, 0.25),
        ("open", 4, 0, 0.25),
        ("open", 7, 0, 0.25),
        ("open", 14, 0, 0.25),
        ("won", 0, 0, 0.25),  # won on day 19: not within 10 days
        ("won", 4, 0, 0.25),
        ("won", 7, 0, 0.25),
        ("won", 14, 1, 0.25),
    ]


def test_a_win_at_the_very_end_of_the_horizon_is_too_late(world: Drawn) -> None:
    settings = project(label={"horizon_days": 19}, model={"ages_days": [0, 1]})
    found = rows(world, training_snapshots(world.tables(leads=LEADS, outcomes=OUTCOMES), settings))
    assert [r["label"] for r in found if r["lead_id"] == "won"] == [0, 1]


def test_accounts_group_their_leads_and_a_lead_without_one_stands_alone(world: Drawn) -> None:
    tables = world.tables(leads=LEADS, outcomes=OUTCOMES)
    found = rows(world, training_snapshots(tables, project(label={"horizon_days": 10})))
    groups = {r["lead_id"]: r["group_id"] for r in found}
    assert groups == {"won": "account:acme", "lost": "lead:lost", "open": "lead:open"}


def test_mornings_are_those_of_the_project_and_every_lead_on_them_is_open_and_mature(
    world: Drawn,
) -> None:
    settings = project(
        timezone="Europe/Berlin", label={"horizon_days": 10}, model={"evaluate_every_days": 14}
    )
    found = rows(world, morning_snapshots(world.tables(leads=LEADS, outcomes=OUTCOMES), settings))
    assert {(r["lead_id"], r["as_of"].isoformat()) for r in found} == {
        # counted back from 18 February 05:00 in Berlin, the last morning that is mature
        ("open", "2026-02-18T04:00:00"),
        ("open", "2026-02-04T04:00:00"),
        ("open", "2026-01-21T04:00:00"),
        ("open", "2026-01-07T04:00:00"),
        ("won", "2026-01-07T04:00:00"),
    }


def test_of_very_many_leads_whole_accounts_are_drawn_always_the_same_ones(
    world: Drawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"lead{number:03d}" for number in range(300)]
    leads = "lead_id | created_at | account_id\n" + "\n".join(
        f"{name} | 2026-01-01 00:00:00 | account{number // 3}" for number, name in enumerate(names)
    )
    tables = world.tables(leads=leads, outcomes="lead_id | won | closed_at")
    settings = project(label={"horizon_days": 10}, model={"evaluate_every_days": 7})
    everyone = rows(world, morning_snapshots(tables, settings))
    assert len(everyone) == 300 * len({r["as_of"] for r in everyone})
    monkeypatch.setattr("features.snapshots.MAX_MORNING_ROWS", 90)
    some, again = (rows(world, morning_snapshots(tables, settings)) for _ in range(2))
    assert some == again
    assert {r["lead_id"] for r in some} < set(names)
    assert 0.5 * 90 < len(some) < 1.5 * 90
    assert len(some) == 3 * len({(r["group_id"], r["as_of"]) for r in some})


def test_the_accounts_of_a_smaller_sample_are_among_those_of_a_larger_one(world: Drawn) -> None:
    leads = "lead_id | created_at\n" + "\n".join(
        f"lead{number:03d} | 2026-01-01 00:00:00" for number in range(300)
    )
    settings = project(label={"horizon_days": 10})
    tables = world.tables(leads=leads, outcomes="lead_id | won | closed_at")
    ladder = training_snapshots(tables, settings)
    shares = (0.001, 0.1, 0.3, 0.9, 1.0)
    found = [{r["lead_id"] for r in rows(world, drawn(ladder, share))} for share in shares]
    assert all(few <= more for few, more in pairwise(found))
    assert [len(one) / 300 for one in found] == pytest.approx(shares, abs=0.08)


def test_leads_before_the_first_trustworthy_date_are_not_learned_from(world: Drawn) -> None:
    settings = project(
        label={"horizon_days": 1, "trusted_from": datetime.fromisoformat("2026-02-01")}
    )
    found = rows(world, training_snapshots(world.tables(leads=LEADS, outcomes=OUTCOMES), settings))
    assert {r["lead_id"] for r in found} == {"late"}


def test_a_lead_that_nobody_closed_is_no_longer_scored_after_its_time(world: Drawn) -> None:
    tables = world.tables(leads=LEADS, outcomes=OUTCOMES)
    night = datetime.fromisoformat("2026-03-01")
    everyone = rows(world, open_snapshots(tables, project(), night))
    assert [r["lead_id"] for r in everyone] == ["late", "open"]
    young = rows(world, open_snapshots(tables, project(label={"lost_after_days": 30}), night))
    assert [r["lead_id"] for r in young] == ["late"]


def test_a_lead_that_closes_at_the_very_moment_is_still_open(world: Drawn) -> None:
    tables = world.tables(leads=LEADS, outcomes=OUTCOMES)
    found = rows(world, open_snapshots(tables, project(), datetime.fromisoformat("2026-01-20")))
    assert [r["lead_id"] for r in found] == ["open", "won"]


def test_a_flat_export_is_labelled_by_its_status_at_age_0(drawn: Drawn) -> None:
    flat = Drawn(drawn.connection, cutoff=datetime.fromisoformat("2026-03-01"), flat=True)
    outcomes = """
        lead_id | won   | closed_at
        won     | true  |
        lost    | false |
    """
    tables = flat.tables(leads=LEADS, outcomes=outcomes)
    found = rows(flat, training_snapshots(tables, project()))
    assert [(r["lead_id"], r["age_days"], r["label"]) for r in found] == [
        ("lost", 0, 0),
        ("won", 0, 1),
    ]
    assert {r["days_to_win"] for r in found} == {r["days_followed"] for r in found} == {None}
    night = datetime.fromisoformat("2026-03-01")
    assert [r["lead_id"] for r in rows(flat, open_snapshots(tables, project(), night))] == [
        "late",
        "open",
    ]


def test_a_flat_export_may_count_unmatched_leads_as_lost(drawn: Drawn) -> None:
    flat = Drawn(drawn.connection, cutoff=datetime.fromisoformat("2026-03-01"), flat=True)
    tables = flat.tables(leads=LEADS, outcomes="lead_id | won | closed_at\nwon | true | ")
    settings = project(label={"unmatched": "lost"})
    found = rows(flat, training_snapshots(tables, settings))
    assert {r["lead_id"]: r["label"] for r in found} == {"won": 1, "lost": 0, "open": 0, "late": 0}
    night = datetime.fromisoformat("2026-03-01")
    assert rows(flat, open_snapshots(tables, settings, night)) == []


def test_a_training_lead_scored_at_its_own_moment_finds_its_training_row(world: Drawn) -> None:
    events = """
        lead_id | kind  | occurred_at
        won     | visit | 2026-01-03 10:00:00
        open    | mail  | 2026-01-06 10:00:00
        won     | call  | 2026-01-19 10:00:00
    """
    settings = project(label={"horizon_days": 10}, model={"ages_days": [7]})
    tables = world.tables(leads=LEADS, outcomes=OUTCOMES, events=events)
    declared = everything()
    trained = rows(world, assemble(tables, training_snapshots(tables, settings), declared))
    assert {row["lead_id"] for row in trained} == {"won", "open"}
    for row in trained:
        night = open_snapshots(tables, settings, row["as_of"])
        scored = [
            r
            for r in rows(world, assemble(tables, night, declared))
            if r["lead_id"] == row["lead_id"]
        ]
        assert len(scored) == 1
        assert {n: scored[0][n] for n in declared.names} == {n: row[n] for n in declared.names}


def test_a_row_says_when_its_lead_was_won_and_how_long_it_was_followed(world: Drawn) -> None:
    settings = project(label={"horizon_days": 10}, model={"ages_days": [7]})
    found = rows(world, training_snapshots(world.tables(leads=LEADS, outcomes=OUTCOMES), settings))
    assert [(r["lead_id"], r["label"], r["days_to_win"], r["days_followed"]) for r in found] == [
        ("open", 0, None, 52.0),
        ("won", 0, 12.0, 52.0),  # past its horizon, and known all the same
    ]


def test_a_loss_and_a_night_say_nothing_of_a_win_to_come(world: Drawn) -> None:
    settings = project(label={"horizon_days": 10}, model={"ages_days": [0]})
    tables = world.tables(leads=LEADS, outcomes=OUTCOMES)
    (lost,) = [
        r for r in rows(world, training_snapshots(tables, settings)) if r["lead_id"] == "lost"
    ]
    assert lost["days_to_win"] is None
    night = open_snapshots(tables, settings, datetime.fromisoformat("2026-01-10"))
    assert not {"days_to_win", "days_followed", "label"} & set(night.columns)
