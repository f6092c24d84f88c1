"""Intervals against published values, and what must always hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from reports.intervals import cost_interval, median_interval, share_interval, wins_interval


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


@given(chances=st.lists(st.floats(0, 1), min_size=1, max_size=12))
@settings(deadline=None)
def test_expected_wins_lie_in_their_interval_and_it_in_the_number_of_leads(
    chances: list[float],
) -> None:
    interval = wins_interval(np.array(chances))
    assert interval is not None
    assert 0 <= interval.low <= interval.value <= interval.high <= len(chances) + 1e-9
    assert interval.value == pytest.approx(sum(chances))


@pytest.mark.parametrize(("leads", "chance"), [(40, 0.1), (200, 0.5), (3000, 0.05)])
def test_expected_wins_of_equal_leads_have_the_binomials_interval(
    leads: int, chance: float
) -> None:
    interval = wins_interval(np.full(leads, chance))
    assert interval is not None
    low, high = binom.ppf([0.025, 0.975], leads, chance)
    assert abs(interval.low - low) <= 1
    assert abs(interval.high - high) <= 1


def test_nobody_is_expected_to_win_of_no_leads() -> None:
    assert wins_interval(np.array([])) is None


def test_the_interval_of_a_median_takes_the_order_statistics_of_the_tables() -> None:
    ten, twenty_five = median_interval(np.arange(1.0, 11)), median_interval(np.arange(1.0, 26))
    assert ten is not None
    assert twenty_five is not None
    assert (ten.low, ten.value, ten.high) == (2, 5.5, 9)
    assert (twenty_five.low, twenty_five.value, twenty_five.high) == (8, 13, 18)


def test_five_values_are_too_few_for_the_interval_of_a_median() -> None:
    assert median_interval(np.arange(5.0)) is None
