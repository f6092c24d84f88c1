"""Distances and shares that allow for the night's size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from models.drift import (
    beyond,
    compared,
    distance,
    each_of,
    independent,
    matched,
    pile,
    piled,
    share,
)

EVEN = np.full(10, 0.1)


def test_rows_of_one_account_are_worth_one_and_others_themselves() -> None:
    assert independent(np.array(["a", "b", "c"])) == 3
    assert independent(np.array(["a", "a", "a", "a"])) == 1
    assert independent(np.array(["a", "a", "b", "b"])) == 2
    assert independent(np.array([])) == 0


@pytest.mark.parametrize("rows", [50, 200, 2000])
def test_without_drift_the_limit_is_passed_as_often_as_asked(rows: int) -> None:
    rng = np.random.default_rng(rows)
    passed = 0
    for _ in range(400):
        seen, known = rng.multinomial(rows, EVEN) / rows, rng.multinomial(3000, EVEN) / 3000
        found = distance(seen, known, rows=rows, reference_rows=3000, ordered=True)
        assert found is not None
        passed += found.value > found.critical(0.0, 0.05)
    assert 0.02 < passed / 400 < 0.09


def test_a_fixed_limit_would_alarm_small_nights_and_ours_grows_with_their_smallness() -> None:
    limits = {}
    for rows in (50, 500, 5000):
        found = distance(EVEN, EVEN, rows=rows, reference_rows=3000, ordered=True)
        assert found is not None
        limits[rows] = found.critical(0.0, 0.001)
    assert limits[50] > 0.25 > 0.1 > limits[500] > limits[5000]


def test_what_past_mornings_moved_is_allowed_again() -> None:
    found = distance(
        np.array([0.6, 0.4]), np.array([0.5, 0.5]), rows=5000, reference_rows=5000, ordered=True
    )
    assert found is not None
    assert found.value == pytest.approx(0.04)
    assert found.critical(0.0, 0.001) < found.value < found.critical(0.04, 0.001)


def test_a_huge_night_has_a_limit_too() -> None:
    found = distance(EVEN, EVEN, rows=1e6, reference_rows=1e6, ordered=True)
    assert found is not None
    assert 0.1 < found.critical(0.1, 1e-4) < 0.11


def test_bins_are_pooled_by_what_is_expected_whatever_tonight_holds() -> None:
    expected = np.array([0.6, 0.3, 0.06, 0.04])
    for observed in (np.array([0.5, 0.5, 0, 0]), np.array([0, 0, 0.5, 0.5])):
        found = distance(observed, expected, rows=20, reference_rows=1e9, ordered=False)
        assert found is not None
        assert found.freedom == 1  # 12 rows in one, 8 in the other three


def test_too_few_rows_for_two_bins_are_not_compared() -> None:
    assert distance(EVEN, EVEN, rows=4, reference_rows=100, ordered=True) is None
    assert distance(EVEN, EVEN, rows=0, reference_rows=100, ordered=True) is None


@settings(deadline=None, max_examples=60)
@given(rows=st.integers(1, 200), part=st.floats(0, 1), a=st.floats(0.5, 300), b=st.floats(0.5, 300))
def test_the_tail_is_that_of_the_beta_binomial_law(
    rows: int, part: float, a: float, b: float
) -> None:
    count = round(part * rows)
    assert beyond(count, rows, a, b) == pytest.approx(
        float(stats.betabinom(rows, a, b).sf(count - 1)), rel=1e-6, abs=1e-12
    )


def test_a_share_is_odd_only_beyond_what_is_usual_and_allowed() -> None:
    known = {"worth": 100.0, "reference_rows": 1000.0}
    assert share(12, 100, usual=0.02, allowed=0.1, **known).chance > 0.3
    assert share(40, 100, usual=0.02, allowed=0.1, **known).chance < 1e-8
    assert share(3, 4, usual=0.02, allowed=0.1, worth=4, reference_rows=1000).chance > 1e-4


def test_one_bin_that_holds_a_whole_small_night_is_seen() -> None:
    alone = np.eye(10)[9]
    at, found = piled(alone, EVEN, rows=20, reference_rows=1000, allowed=0.1)
    assert (at, found.value) == (9, 1.0)
    assert found.chance < 1e-9


def test_tonight_is_compared_age_by_age() -> None:
    young_then_old = np.array([[90.0, 10.0], [10.0, 90.0]])
    older_night = np.array([[9.0, 1.0], [90.0, 810.0]])
    found = compared(older_night, young_then_old, np.array([100.0, 100.0]))
    assert found is not None
    assert found.expected == pytest.approx(found.observed)
    assert found.worth == pytest.approx(1 / (0.01**2 / 100 + 0.99**2 / 100), rel=0.01)


def test_leads_of_ages_that_training_never_saw_are_left_out() -> None:
    assert compared(np.array([[5.0, 5.0]]), np.zeros((1, 2)), np.array([0.0])) is None
    assert matched(np.array([5.0]), np.array([0.0]), np.array([0.0]), np.array([0.0])) == (0.0, 0.0)


def test_many_tests_share_one_level() -> None:
    each = each_of(40, 0.01)
    assert 1 - (1 - each) ** 40 == pytest.approx(0.01)
    assert each_of(0, 0.01) == pytest.approx(0.01)


def test_a_share_that_is_a_rounding_error_above_one_is_no_trouble() -> None:
    everything = np.nextafter(1.0, 2.0)
    assert pile(np.array([1.0]), np.array([everything]), rows=100, reference_rows=1000) == 0
