"""Which hand-offs were to be touched, and which were touched in time."""

from datetime import datetime, timedelta

import pandas as pd
import pytest

from features.leaks import NOT_TOUCHED, find_leaks
from reports.material import Material
from reports.touched import hand_offs
from tests.reports.materials import CUTOFF, drawn_loop, drawn_tonight, loop_table, material

HANDED = pd.Timestamp("2026-07-10 08:00")


def one(handed: pd.Timestamp | None, *, won: bool | None = None, **hours: float) -> Material:
    """One lead; times are hours after its hand-off. The agreement gives 24 hours."""
    start = HANDED if handed is None else handed
    row = {name: start + timedelta(hours=after) for name, after in hours.items()}
    lead = {"lead_id": "L1", "created_at": start - timedelta(days=3), "handed_at": handed, **row}
    return material(loop_table(pd.DataFrame([{**lead, "won": won}])))


@pytest.mark.parametrize(
    ("hours", "due", "in_time"),
    [
        ({"contacted_at": 5}, True, True),
        ({"contacted_at": 24}, True, True),
        ({"contacted_at": 25}, True, False),
        ({}, True, False),
        ({"accepted_at": 2}, True, False),
        ({"rejected_at": 2}, False, False),
        ({"rejected_at": 24}, False, False),
        ({"rejected_at": 25}, True, False),
        ({"rejected_at": 2, "contacted_at": 5}, True, True),
        ({"rejected_at": 2, "contacted_at": 30}, False, False),
        ({"contacted_at": 5, "rejected_at": 9}, True, True),
        ({"recycled_at": 2}, False, False),
        ({"recycled_at": -2}, True, False),
        ({"recycled_at": 30}, True, False),
        ({"closed_at": 2}, False, False),
        ({"closed_at": -2}, False, False),
        ({"closed_at": 30}, True, False),
        ({"closed_at": 20, "contacted_at": 5}, True, True),
    ],
)
def test_a_hand_off_that_was_decided_on_in_its_time_owes_nobody_a_call(
    hours: dict[str, float], due: bool, in_time: bool
) -> None:
    told = hand_offs(one(HANDED, won=False if "closed_at" in hours else None, **hours)).iloc[0]
    assert (bool(told["due"]), bool(told["in_time"])) == (due, in_time)


def test_nothing_is_due_before_its_time_is_over_or_without_a_hand_off() -> None:
    just = pd.Timestamp(CUTOFF) - timedelta(hours=24)
    assert hand_offs(one(just))["due"].tolist() == [True]
    assert hand_offs(one(just + timedelta(seconds=1), contacted_at=2))["due"].tolist() == [False]
    assert hand_offs(one(None, contacted_at=2))["due"].tolist() == [False]


def test_the_moment_of_the_report_counts_as_the_data_end_does() -> None:
    some = one(HANDED)
    early = datetime(2026, 7, 11, 7)  # noqa: DTZ001  canonical times are naive UTC
    assert not hand_offs(Material(**{**vars(some), "as_of": early}))["due"].any()


def test_the_rows_are_those_of_the_loop() -> None:
    some = material(drawn_loop(300))
    told = hand_offs(some)
    assert told.index.equals(some.loop.index)
    assert (told["waited"].dropna() >= timedelta(0)).all()
    never = told[some.loop["handed_at"].isna()]
    assert not never["due"].any()
    assert not never["in_time"].any()
    assert {str(told[name].dtype) for name in ("due", "in_time")} == {"bool"}


def test_tonights_list_of_leads_not_touched_follows_the_same_rule() -> None:
    some = material(drawn_loop(1500, days=120))
    found = find_leaks(
        some.loop,
        drawn_tonight(some.loop),
        some.project.agreement,
        some.columns,
        some.as_of,
        handed=None,
    )
    listed = {*found.rows.loc[found.rows["leak"] == NOT_TOUCHED, "lead_id"]}
    told = hand_offs(some)
    waiting = told["due"] & some.loop["contacted_at"].isna() & some.loop["won"].isna()
    assert listed == {*some.loop.loc[waiting & some.loop["with_sales"], "lead_id"]}
    assert len(listed) > 10
