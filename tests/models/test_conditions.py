"""What can be asked of each kind of feature, and which leads meet it."""

from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

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
from models.conditions import _MAKERS, Condition, conditions_of

COMMON: dict[str, Any] = {
    "name": "one",
    "group": "what they did",
    "concept": "one",
    "label": "one_thing",
}
MANY = [float(number) for number in range(100)]


def asked(feature: Any, values: list[Any], *, age: int = 7, min_group: int = 10) -> list[Condition]:
    kind = object if feature.type == "category" else float
    column = pd.Series(values, dtype=kind)
    return conditions_of(feature, column, age_days=age, min_group=min_group)


def ends(found: list[Condition]) -> list[tuple[str, float | None, float | None]]:
    return [(one.shape, one.low, one.high) for one in found]


def test_every_kind_of_feature_is_asked_about_but_a_trend() -> None:
    kinds = set(get_args(get_args(Feature)[0]))
    assert kinds - set(_MAKERS) == {EventTrend}


def test_a_count_is_asked_at_each_number_that_enough_leads_reach() -> None:
    values = [0.0] * 50 + [1.0] * 20 + [2.0] * 15 + [5.0] * 5
    found = asked(EventCount(**COMMON, event="visit", days=30), values)
    assert ends(found) == [("count", 1.0, None), ("count", 2.0, None)]
    assert {(one.window_days, one.label) for one in found} == {(30, "one thing")}


def test_a_count_of_many_values_is_asked_at_once_twice_three_times_and_the_quartiles() -> None:
    found = asked(ActiveDays(**COMMON, days=7), MANY)
    assert [one.low for one in found] == [1.0, 2.0, 3.0, 26.0, 50.0, 74.0]


def test_a_recency_looks_no_further_back_than_the_leads_are_old_or_a_week() -> None:
    feature = EventRecency(**COMMON, event="visit")
    assert [one.high for one in asked(feature, MANY, age=0, min_group=1)] == [1.0, 2.0, 3.0, 7.0]
    assert [one.high for one in asked(feature, MANY, age=30, min_group=1)][-1] == 30.0


def test_the_first_event_has_no_words_and_is_not_asked_about() -> None:
    assert asked(EventRecency(**COMMON, event="visit", which="first"), MANY) == []


def test_levels_are_asked_about_where_enough_leads_have_them_and_so_is_none_at_all() -> None:
    feature = Attribute(**COMMON, type="category", column="one")
    found = asked(feature, ["a"] * 30 + ["b"] * 20 + ["c"] * 9 + [None] * 12)
    assert [(one.shape, one.level) for one in found] == [
        ("level", "a"),
        ("level", "b"),
        ("not_given", None),
    ]
    assert all(one.at_creation for one in found)


@pytest.mark.parametrize(
    "feature",
    [
        Attribute(**COMMON, type="category", column="one", changing=True),
        AccountAttribute(**COMMON, type="category", column="one"),
        EdgeKind(**COMMON, type="category", which="first"),
    ],
    ids=lambda feature: feature.kind,
)
def test_a_level_that_may_change_is_one_of_its_moment(feature: Any) -> None:
    assert not any(one.at_creation for one in asked(feature, ["a"] * 30 + ["b"] * 20))


def test_a_number_is_asked_from_below_and_between_its_rounded_quartiles() -> None:
    found = asked(Attribute(**COMMON, column="one"), [value * 1.37 for value in MANY])
    assert ends(found) == [
        *(("number", low, None) for low in (34.0, 68.0, 100.0)),
        *(("number", None, high) for high in (34.0, 68.0, 100.0)),
        ("number", 34.0, 100.0),
    ]


@pytest.mark.parametrize(
    ("feature", "shape"),
    [
        (TrackRecord(**COMMON, column="one"), "record"),
        (OwnerLoad(**COMMON), "stock"),
        (AccountActivity(**COMMON, measure="people"), "stock"),
        (AccountActivity(**COMMON, measure="events", days=30), "count"),
        (TimeBetween(**COMMON, start="a", end="b"), "speed"),
        (Timing(**COMMON, measure="created_hour"), "number"),
    ],
    ids=lambda one: one if isinstance(one, str) else one.kind,
)
def test_each_kind_is_asked_about_in_its_own_way(feature: Any, shape: str) -> None:
    assert {one.shape for one in asked(feature, MANY)} == {shape}


def test_weekdays_are_asked_about_one_by_one_and_an_age_that_all_share_is_not() -> None:
    weekdays = asked(Timing(**COMMON, measure="created_weekday"), [1.0] * 20 + [6.0] * 15)
    assert [(one.shape, one.low) for one in weekdays] == [("weekday", 1.0), ("weekday", 6.0)]
    assert asked(Timing(**COMMON, measure="age_days"), [7.0] * 50) == []


@pytest.mark.parametrize(
    ("shape", "bounds", "met", "known"),
    [
        ("count", {"low": 2.0}, [0, 1, 1, 0], [1, 1, 1, 0]),
        ("number", {"low": 1.0, "high": 3.0}, [1, 1, 0, 0], [1, 1, 1, 0]),
        ("recency", {"high": 3.0}, [1, 1, 0, 0], [1, 1, 1, 1]),
        ("weekday", {"low": 3.0}, [0, 0, 1, 0], [1, 1, 1, 0]),
        ("not_given", {}, [0, 0, 0, 1], [1, 1, 1, 1]),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_did_not_happen_is_without_and_an_unknown_amount_on_neither_side(
    shape: Any, bounds: dict[str, Any], met: list[int], known: list[int]
) -> None:
    condition = Condition("one", "one", "one", "timing", shape, **bounds)
    found = condition.asked(pd.Series([1.0, 2.0, 3.0, np.nan]))
    assert [column.astype(int).tolist() for column in found] == [met, known]


def test_a_level_is_met_by_its_cleaned_name() -> None:
    condition = Condition("one", "one", "one", "timing", "level", level="a b")
    met, known = condition.asked(pd.Series(["a\tb", "c", None], dtype=object))
    assert met.tolist() == [True, False, False]
    assert known.all()
