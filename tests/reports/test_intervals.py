"""Intervals against published values, and what must always hold."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.intervals import cost_interval, share_interval


def test_the_jeffreys_interval_is_that_of_brown_cai_and_dasgupta() -> None:
    interval = share_interval(1, 10)  # their table 5: 0.011 to 0.381
    assert interval is not None
    assert (round(interval.low, 3), round(interval.high, 3)) == (0.011, 0.381)


def test_a_share_of_nothing_has_no_interval() -> None:
    assert share_interval(0, 0) is None


@given(of=st.integers(1, 500), part=st.floats(0, 1))
@settings(deadline=None)
def test_a_share_lies_in_its_interval_and_the_interval_in_zero_to_one(of: int, part: float) -> None:
    hits = round(part * of)
    interval = share_interval(hits, of)
    assert interval is not None
    assert 0 <= interval.low <= hits / of <= interval.high <= 1


@given(wins=st.floats(1, 1000), spend=st.floats(1, 1e7))
@settings(deadline=None)
def test_a_cost_lies_in_its_interval(wins: float, spend: float) -> None:
    interval = cost_interval(spend, wins)
    assert interval is not None
    assert interval.low <= interval.value <= interval.high
    assert interval.value == pytest.approx(spend / wins)
