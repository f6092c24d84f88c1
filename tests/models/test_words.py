"""What each kind of feature says, value by value."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from models.words import FORMULA, phrase


def declared(kind: type[Any], label: str, **more: Any) -> Any:
    return kind(name="f", group="timing", concept="c", label=label, **more)


def count(days: int | None = 7) -> EventCount:
    found: EventCount = declared(EventCount, "visit to the pricing page", event="visit", days=days)
    return found


SOURCE = declared(Attribute, "Lead Source", column="source", type="category")
SIZE = declared(Attribute, "Company size", column="size", unit="people")
BUDGET = declared(Attribute, "Budget", column="budget")
INDUSTRY = declared(AccountAttribute, "Industry", column="industry", type="category")
LAST = declared(EventRecency, "web visit", event="visit", unit="days")
FIRST = declared(EventRecency, "web visit", event="visit", which="first")
ACTIVE = declared(ActiveDays, "days with activity", days=30)
TREND = declared(EventTrend, "change in activity", days=7)
EDGE = declared(EdgeKind, "first activity", which="first", type="category")
BETWEEN = declared(TimeBetween, "hand-off to first contact", start="a", end="b")
RECORD = declared(TrackRecord, "Lead Source", column="source")
PEOPLE = declared(AccountActivity, "other leads of the company", measure="people")
COLLEAGUES = declared(AccountActivity, "active colleagues", measure="active_people", days=30)
LOAD = declared(OwnerLoad, "open leads of the owner")
AGE = declared(Timing, "age", measure="age_days")
WEEKDAY = declared(Timing, "weekday of creation", measure="created_weekday")
HOUR = declared(Timing, "hour of creation", measure="created_hour")

GOLDEN: list[tuple[Any, Any, str]] = [
    (SOURCE, "Partner", "Lead Source: Partner"),
    (SOURCE, None, "Lead Source not given"),
    (SIZE, 250.0, "Company size: 250 people"),
    (SIZE, 12500.0, "Company size: 12,500 people"),
    (SIZE, float("nan"), "Company size not given"),
    (BUDGET, 0.125, "Budget: 0.125"),
    (BUDGET, -3.14159, "Budget: -3.14"),
    (INDUSTRY, "Retail", "Industry: Retail"),
    (count(), 3.0, "visit to the pricing page: 3 in the last 7 days"),
    (count(), 0.0, "no visit to the pricing page in the last 7 days"),
    (count(1), 2.0, "visit to the pricing page: 2 in the last day"),
    (count(None), 4.0, "visit to the pricing page: 4 so far"),
    (count(None), 0.0, "no visit to the pricing page so far"),
    (LAST, 5.4, "web visit: last 5 days ago"),
    (LAST, 1.0, "web visit: last 1 day ago"),
    (LAST, 0.2, "web visit: last within the last day"),
    (LAST, float("nan"), "no web visit so far"),
    (FIRST, 12.0, "web visit: first 12 days ago"),
    (ACTIVE, 6.0, "days with activity: 6 in the last 30 days"),
    (ACTIVE, 0.0, "no days with activity in the last 30 days"),
    (TREND, 4.0, "change in activity: 4 more in the last 7 days than in the 7 before"),
    (TREND, -1.0, "change in activity: 1 fewer in the last 7 days than in the 7 before"),
    (TREND, 0.0, "change in activity: as much in the last 7 days as in the 7 before"),
    (EDGE, "web_visit", "first activity: web visit"),
    (EDGE, None, "first activity: none so far"),
    (BETWEEN, 3.6, "hand-off to first contact: 3 days"),
    (BETWEEN, 0.4, "hand-off to first contact: less than a day"),
    (BETWEEN, None, "hand-off to first contact: has not happened so far"),
    (RECORD, 0.14, "earlier leads with this Lead Source closed at 14 % (average 9 %)"),
    (RECORD, 0.034, "earlier leads with this Lead Source closed at 3.4 % (average 9 %)"),
    (RECORD, None, "no track record for this Lead Source"),
    (PEOPLE, 3.0, "other leads of the company: 3"),
    (PEOPLE, 0.0, "other leads of the company: none"),
    (COLLEAGUES, 2.0, "active colleagues: 2 in the last 30 days"),
    (LOAD, 35.0, "open leads of the owner: 35"),
    (AGE, 12.7, "created 12 days ago"),
    (AGE, 0.0, "created within the last day"),
    (WEEKDAY, 2.0, "created on a Tuesday"),
    (HOUR, 14.0, "created between 14:00 and 15:00"),
    (HOUR, 23.0, "created between 23:00 and 00:00"),
]
KINDS = get_args(get_args(Feature)[0])
EVERY = [feature for feature, _, _ in GOLDEN]


@pytest.mark.parametrize(
    ("feature", "value", "words"), GOLDEN, ids=[words for _, _, words in GOLDEN]
)
def test_a_value_reads_as_drawn(feature: Any, value: Any, words: str) -> None:
    assert phrase(feature, value, average=0.09) == words


def test_every_kind_of_feature_has_words() -> None:
    assert {type(feature) for feature in EVERY} == set(KINDS)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("=HYPERLINK(1)", "Lead Source: =HYPERLINK(1)"),
        ("a\r\nb\tc\x00d", "Lead Source: a b c d"),
        ("\u202eevil\u2066", "Lead Source: evil"),
        ("x" * 500, "Lead Source: " + "x" * 79 + "…"),
    ],
)
def test_values_from_the_data_are_made_harmless(value: str, words: str) -> None:
    assert phrase(SOURCE, value) == words


@given(
    label=st.text(min_size=1, max_size=400),
    text=st.none() | st.text(max_size=400),
    amount=st.none() | st.floats(allow_nan=True, allow_infinity=False, width=32),
)
def test_no_line_breaks_a_file_whatever_the_data_hold(
    label: str, text: str | None, amount: float | None
) -> None:
    for feature in EVERY:
        if feature.type == "number" and isinstance(feature, Timing):
            continue
        value = text if feature.type == "category" else amount
        line = phrase(feature.model_copy(update={"label": label}), value, average=0.1)
        assert 0 < len(line) <= 255
        assert line.isprintable()
        assert line[0] not in FORMULA + "'"
        assert line == line.strip()
