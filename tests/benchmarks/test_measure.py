"""Differences with intervals over accounts, and calibration by segment."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.quality.measure import (
    age_band,
    calibration_by,
    differences,
    interval,
    source_of,
)
from models.metrics import log_loss

RNG = np.random.default_rng(0)
ROWS = 2000
TRUE = RNG.uniform(0.05, 0.6, ROWS)
LABEL = (RNG.random(ROWS) < TRUE).astype(np.float64)
WORSE = np.full(ROWS, 0.5)
GROUPS = np.arange(ROWS).astype(str)
CLUSTERS = np.arange(ROWS, dtype=np.int64)
LEADS = pd.Series(GROUPS)


def test_a_better_model_has_an_interval_below_zero() -> None:
    found = differences(LABEL, TRUE, {"worse": WORSE, "same": TRUE}, GROUPS, seed=7, draws=200)
    assert found["worse"]["mean"] == pytest.approx(log_loss(LABEL, TRUE) - log_loss(LABEL, WORSE))
    assert found["worse"]["low"] < found["worse"]["mean"] < found["worse"]["high"] < 0
    assert found["same"] == {"mean": 0.0, "low": 0.0, "high": 0.0}


def test_a_peer_that_spoke_of_some_rows_is_compared_on_these() -> None:
    partly = np.where(np.arange(ROWS) < 500, np.nan, WORSE)
    found = differences(LABEL, TRUE, {"partly": partly, "all": WORSE}, GROUPS, seed=7, draws=50)
    expected = log_loss(LABEL[500:], TRUE[500:]) - log_loss(LABEL[500:], WORSE[500:])
    assert found["partly"]["mean"] == pytest.approx(expected)
    assert found["all"]["mean"] != pytest.approx(expected)


def test_rows_of_one_account_go_together() -> None:
    gap = RNG.normal(0.01, 1, 50)
    low, high = interval(gap, np.arange(50).astype(str), seed=7, draws=400)
    twins = np.repeat(np.arange(50), 20).astype(str)
    low_many, high_many = interval(np.repeat(gap, 20), twins, seed=7, draws=400)
    assert (low_many, high_many) == pytest.approx((low, high))


def test_honest_probabilities_are_within_what_chance_makes_and_twice_as_high_ones_are_not() -> None:
    segment = pd.Series(np.where(np.arange(ROWS) % 2, "web", "ads"))
    honest = calibration_by(segment, LABEL, TRUE, CLUSTERS, LEADS, seed=7)
    assert [part["segment"] for part in honest] == ["ads", "web"]
    assert all(part["within"] for part in honest)
    doubled = calibration_by(segment, LABEL, np.minimum(2 * TRUE, 0.99), CLUSTERS, LEADS, seed=7)
    assert not any(part["within"] for part in doubled)


def test_a_segment_with_too_few_won_leads_is_not_shown() -> None:
    segment = pd.Series(np.where(np.arange(ROWS) < 10, "tiny", "rest"))
    shown = calibration_by(segment, LABEL, TRUE, CLUSTERS, LEADS, seed=7)
    assert [part["segment"] for part in shown] == ["rest"]


def test_a_lead_seen_on_many_mornings_counts_as_one_win() -> None:
    leads = pd.Series(["one lead"] * ROWS)
    assert calibration_by(pd.Series(["all"] * ROWS), LABEL, TRUE, CLUSTERS, leads, seed=7) == []


def test_age_bands_begin_with_their_first_day_and_sort_by_age() -> None:
    bands = age_band(pd.Series([0.0, 0.9, 1.0, 29.9, 30.0, 500.0]))
    assert bands.tolist() == [
        "000 to 001 days",
        "000 to 001 days",
        "001 to 007 days",
        "007 to 030 days",
        "030 to 090 days",
        "180 days and more",
    ]
    assert bands.is_monotonic_increasing


def test_a_missing_source_is_a_source_and_no_source_column_is_one() -> None:
    frame = pd.DataFrame({"source": ["web", None]}, dtype=object)
    assert source_of(frame, "source").tolist() == ["web", "(missing)"]
    assert source_of(frame, None).tolist() == ["(missing)", "(missing)"]
