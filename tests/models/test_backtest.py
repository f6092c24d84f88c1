"""Nights of the past held against what happened."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from models.backtest import (
    calibration,
    expected_by_month,
    measure,
    poisson_binomial,
    poisson_binomial_interval,
)

shares = st.floats(0, 1)


@given(st.lists(shares, max_size=7))
@settings(deadline=None)
def test_the_distribution_of_wins_is_that_of_all_ways_to_win(probability: list[float]) -> None:
    expected = np.zeros(len(probability) + 1)
    for won in itertools.product([0, 1], repeat=len(probability)):
        chances = [p if hit else 1 - p for p, hit in zip(probability, won, strict=True)]
        expected[sum(won)] += np.prod(chances)
    assert poisson_binomial(np.array(probability)) == pytest.approx(expected, abs=1e-12)


def test_equal_probabilities_give_the_binomial_interval() -> None:
    low, high = poisson_binomial_interval(np.full(400, 0.1))
    assert (low, high) == (binom.ppf(0.025, 400, 0.1), binom.ppf(0.975, 400, 0.1))


@given(st.lists(shares, min_size=1, max_size=60))
@settings(deadline=None)
def test_the_interval_holds_at_least_95_of_100_draws(probability: list[float]) -> None:
    low, high = poisson_binomial_interval(np.array(probability))
    assert poisson_binomial(np.array(probability))[low : high + 1].sum() >= 0.95 - 1e-9


def test_nobody_open_means_no_win() -> None:
    assert poisson_binomial_interval(np.array([])) == (0, 0)


def rows(drawing: str) -> pd.DataFrame:
    """Read ``night lead label probability`` lines."""
    lines = [line.split() for line in drawing.strip().splitlines()]
    frame = pd.DataFrame(lines, columns=["night", "lead_id", "label", "leadgauge"])
    night = pd.to_datetime(frame["night"])
    return frame.astype({"label": int, "leadgauge": float}).assign(night=night, as_of=night)


NIGHTS = rows(
    """
    2025-01-03 a 0 0.2
    2025-01-10 a 1 0.3
    2025-01-10 b 0 0.5
    2025-02-07 b 1 0.9
    2025-02-07 c 0 0.8
    """
)


def test_a_lead_counts_once_a_month_on_its_first_night() -> None:
    assert expected_by_month(NIGHTS, "leadgauge") == [
        {"month": "2025-01", "leads": 2, "expected": 0.7, "low": 0, "high": 2, "won": 0, "inside": True},
        {"month": "2025-02", "leads": 2, "expected": 1.7, "low": 1, "high": 2, "won": 1, "inside": True},
    ]  # fmt: skip


def test_wins_outside_the_band_are_told() -> None:
    frame = rows("\n".join(f"2025-01-03 L{number} 0 0.9" for number in range(20)))
    (month,) = expected_by_month(frame, "leadgauge")
    assert (month["won"], month["inside"]) == (0, False)
    assert month["low"] > 10


def test_figures_have_the_keys_of_a_training_and_say_where_wins_are_few() -> None:
    told = measure(NIGHTS.assign(base_rate=0.4), ["leadgauge", "base_rate"], gap_days=30, seed=1)
    assert set(told) == {
        *("leadgauge", "base_rate", "rows", "wins", "leads", "won_leads", "first", "last", "note"),
    }
    assert (told["rows"], told["wins"], told["won_leads"]) == (5, 2, 2)
    assert told["note"] == "only 2 leads were won: the figures are mostly chance"
    assert "log_loss" in told["leadgauge"]
    assert "ece_noise_95" in told["leadgauge"]


def test_calibration_counts_rows_of_one_outcome_together() -> None:
    points = calibration(NIGHTS, "leadgauge", gap_days=400)
    assert sum(point["rows"] for point in points) == 5
    assert max(point["outcomes"] for point in points) == 1
