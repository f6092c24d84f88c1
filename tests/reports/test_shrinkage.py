"""Shrunk rates lie between a group's own and what all groups have in common, and hold the truth as often as they say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.shrinkage import beta_population, drawn_rates, gamma_population, shrunk_share


@given(
    groups=st.lists(
        st.tuples(st.integers(1, 200), st.floats(0, 1)).map(
            lambda one: (one[0], round(one[0] * one[1]))
        ),
        min_size=2,
        max_size=8,
    )
)
@settings(deadline=None, max_examples=40)
def test_a_shrunk_rate_lies_between_the_groups_own_and_that_of_all(
    groups: list[tuple[int, int]],
) -> None:
    leads, wins = np.array(groups, float).T
    mean = float(wins.sum() / leads.sum())
    population = beta_population(wins, leads, mean)
    for won, of in zip(wins, leads, strict=True):
        shrunk = shrunk_share(population, won, of, mean)
        low, high = sorted((won / of, mean))
        assert low - 1e-5 <= shrunk.value <= high + 1e-5
        assert 0 <= shrunk.low <= shrunk.value <= shrunk.high <= 1


def test_alike_groups_are_shrunk_nearly_all_the_way_and_unlike_ones_hardly() -> None:
    leads = np.full(6, 200.0)
    alike = beta_population(leads * 0.1, leads, 0.1)
    unlike = beta_population(np.array([2.0, 60, 4, 80, 1, 50]), leads, 0.164)
    assert shrunk_share(alike, 30, 200, 0.1).value < 0.125
    assert shrunk_share(unlike, 60, 200, 0.164).value > 0.28


def test_intervals_of_shrunk_rates_hold_the_true_rate_in_about_95_of_100_groups() -> None:
    random = np.random.default_rng(3)
    held = total = 0
    for _ in range(12):
        truth = random.beta(2, 18, 15)
        leads = random.integers(15, 150, 15).astype(float)
        wins = random.binomial(leads.astype(int), truth).astype(float)
        mean = float(wins.sum() / leads.sum())
        population = beta_population(wins, leads, mean)
        for won, of, rate in zip(wins, leads, truth, strict=True):
            shrunk = shrunk_share(population, won, of, mean)
            held += shrunk.low <= rate <= shrunk.high
            total += 1
    assert 0.90 <= held / total <= 0.99


def test_a_group_without_wins_among_groups_that_all_have_none_keeps_an_honest_upper_end() -> None:
    population = beta_population([0.0, 0.0], [40.0, 60.0], 0.0)
    shrunk = shrunk_share(population, 0, 40, 0.0)
    assert shrunk.value < 0.001
    assert shrunk.low <= shrunk.value <= shrunk.high < 0.05


def test_wins_per_money_are_drawn_around_the_shrunk_rate() -> None:
    random = np.random.default_rng(1)
    wins, money = np.array([50.0, 2.0, 26.0]), np.array([1000.0, 1000.0, 1000.0])
    rates = drawn_rates(wins, money, 4000, random).mean(axis=0)
    assert 0.026 < rates[0] < 0.05
    assert 0.002 < rates[1] < 0.026
    assert rates[2] == pytest.approx(0.026, rel=0.1)


def test_the_mean_of_a_population_of_rates_is_all_wins_over_all_money() -> None:
    _, mean = gamma_population(np.array([3.0, 7.0]), np.array([100.0, 400.0]))
    assert mean == pytest.approx(0.02)
