"""Metrics agree with scikit-learn where it has them, and with pencil and paper where it has not."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss

from models import metrics
from models.scorer import Floats, expit

LABEL = np.array([1, 0, 1, 0, 0, 0, 1, 0, 0, 0], dtype=np.float64)
PROBABILITY = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05])


def drawn(
    rows: int, slope: float = 1.0, shift: float = 0.0, seed: int = 0
) -> tuple[Floats, Floats]:
    """Return outcomes and what somebody said whose log-odds are ``slope`` times too long."""
    rng = np.random.default_rng(seed)
    margin = rng.normal(-1, 1, rows)
    label = (rng.random(rows) < expit(margin)).astype(np.float64)
    return label, expit(slope * margin + shift)


def test_log_loss_and_brier_agree_with_scikit_learn() -> None:
    label, probability = drawn(500)
    assert metrics.log_loss(label, probability) == pytest.approx(
        sklearn_log_loss(label, probability)
    )
    assert metrics.brier(label, probability) == pytest.approx(brier_score_loss(label, probability))


def test_what_needs_two_classes_is_none_with_one() -> None:
    nothing_won, probability = np.zeros(10), PROBABILITY
    found = metrics.all_metrics(nothing_won, probability, np.arange(10), seed=1)
    assert [name for name, value in found.items() if value is None] == [
        "auc",
        "average_precision",
        "calibration_slope",
        "calibration_intercept",
        "lift_top_10",
        "wins_in_top_20",
    ]


def test_calibration_error_of_a_single_bin_is_the_gap_of_the_means() -> None:
    assert metrics.ece(LABEL, np.full(10, 0.5)) == pytest.approx(0.2)


def test_calibration_error_of_ten_bins_by_hand() -> None:
    assert metrics.ece(LABEL, PROBABILITY) == pytest.approx(
        (0.1 + 0.8 + 0.3 + 0.6 + 0.5 + 0.4 + 0.7 + 0.2 + 0.1 + 0.05) / 10
    )


def test_rows_of_one_probability_share_a_bin_whatever_their_order() -> None:
    label, tied = np.array([1.0, 0, 0, 0] * 25), np.repeat([0.2, 0.3], 50)
    assert len(set(metrics.mass_bins(tied))) == 2
    order = np.random.default_rng(0).permutation(100)
    assert metrics.ece(label, tied) == pytest.approx(metrics.ece(label[order], tied[order]))


def test_honest_probabilities_stay_under_the_noise_in_95_of_100() -> None:
    label, probability = drawn(400)
    noise = metrics.ece_noise_95(probability, np.arange(400), seed=3, draws=400)
    rng = np.random.default_rng(9)
    again = [
        metrics.ece((rng.random(400) < probability).astype(np.float64), probability) <= noise
        for _ in range(400)
    ]
    assert 0.91 <= np.mean(again) <= 0.99
    assert metrics.ece_noise_95(probability, np.arange(400), seed=3, draws=400) == noise
    assert metrics.ece(label, expit(np.log(probability / (1 - probability)) + 1.5)) > noise


def test_one_outcome_seen_ten_times_is_noisier_than_ten_outcomes() -> None:
    _, probability = drawn(100)
    often = np.repeat(probability, 10)
    alone = metrics.ece_noise_95(often, np.arange(1000), seed=1)
    shared = metrics.ece_noise_95(often, np.repeat(np.arange(100), 10), seed=1)
    assert shared > 2 * alone
    once = metrics.ece_noise_95(probability, np.arange(100), seed=1)
    assert shared == pytest.approx(once, rel=0.2)


def test_recalibration_agrees_with_an_unpenalised_logistic_regression() -> None:
    label, probability = drawn(3000, slope=1.7, shift=0.4)
    margin = np.log(probability / (1 - probability))[:, None]
    fitted = LogisticRegression(C=1e10, tol=1e-9).fit(margin, label)
    slope, intercept = metrics.recalibration(label, probability)
    assert slope == pytest.approx(fitted.coef_[0, 0], abs=1e-4)
    assert intercept == pytest.approx(fitted.intercept_[0], abs=1e-4)
    assert slope == pytest.approx(1 / 1.7, abs=0.08)


def test_a_flat_probability_has_no_slope_and_the_intercept_that_mends_it() -> None:
    slope, intercept = metrics.recalibration(LABEL, np.full(10, 0.5))
    assert slope is None
    assert intercept == pytest.approx(np.log(0.3 / 0.7))


def test_wins_in_the_top_by_hand() -> None:
    assert metrics.wins_in_top(LABEL, PROBABILITY, 0.2) == pytest.approx(1 / 3)
    assert metrics.wins_in_top(LABEL, PROBABILITY, 0.35) == pytest.approx(2 / 3)
    assert metrics.wins_in_top(LABEL, PROBABILITY, 1.0) == pytest.approx(1.0)


def test_ties_at_the_border_count_as_if_drawn_by_lot() -> None:
    assert metrics.wins_in_top(LABEL, np.full(10, 0.3), 0.2) == pytest.approx(0.2)
    found = metrics.all_metrics(LABEL, np.full(10, 0.3), np.arange(10), seed=1)
    assert found["lift_top_10"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("wins", "rows", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_wilson_intervals_are_the_published_ones(
    wins: int, rows: int, low: float, high: float
) -> None:
    assert metrics.wilson(wins, rows) == pytest.approx((low, high), abs=1e-4)


def test_the_clustered_error_of_single_rows_is_the_usual_one_and_grows_with_copies() -> None:
    values = np.random.default_rng(0).normal(size=200)
    mean, error = metrics.clustered_mean(values, np.arange(200))
    assert (mean, error) == pytest.approx((values.mean(), values.std() / np.sqrt(200)))
    copied = metrics.clustered_mean(np.repeat(values, 5), np.repeat(np.arange(200), 5))
    assert copied == pytest.approx((mean, error))


def test_outcomes_are_told_apart_by_lead_and_horizon() -> None:
    rows = pd.DataFrame(
        {
            "lead_id": ["a", "a", "a", "b"],
            "as_of": pd.to_datetime(["2024-01-01", "2024-01-20", "2024-02-15", "2024-01-01"]),
        }
    )
    assert metrics.outcome_clusters(rows, 30).tolist() == [0, 0, 1, 2]


def test_auc_within_ages_is_not_flattered_by_age() -> None:
    age = np.repeat([0.5, 60.0], 4000)
    rng = np.random.default_rng(0)
    label = (rng.random(8000) < np.where(age < 1, 0.5, 0.05)).astype(np.float64)
    probability = np.where(age < 1, 0.5, 0.05) + rng.normal(0, 0.001, 8000)
    assert (metrics.auc(label, probability) or 0) > 0.75
    bands = metrics.auc_by_age(label, probability, age)
    assert [(band["from_days"], band["to_days"]) for band in bands] == [(0, 1), (30, 90)]
    assert all(abs(band["auc"] - 0.5) < 0.06 for band in bands)


def test_the_calibration_curve_holds_every_row_once() -> None:
    label, probability = drawn(400)
    points = metrics.calibration_curve(label, probability, np.arange(400))
    assert (sum(point["rows"] for point in points), len(points)) == (400, 10)
    assert all(point["low"] <= point["observed"] <= point["high"] for point in points)


def test_the_gains_curve_ends_with_every_win() -> None:
    curve = metrics.gains_curve(LABEL, PROBABILITY)
    assert (curve[-1]["wins"], curve[-1]["lift"]) == pytest.approx((1.0, 1.0))
    assert all(np.diff([point["wins"] for point in curve]) >= 0)
