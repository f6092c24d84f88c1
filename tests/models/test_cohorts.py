"""Expected against realised wins."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import cohorts as cohorts_module
from models.cohorts import (
    Cohort,
    chance,
    cohorts,
    is_off,
    poisson_binomial,
    wins_band,
    wins_cdf,
    words,
)


def enumerated(probability: list[float]) -> list[float]:
    law = [0.0] * (len(probability) + 1)
    for ends in itertools.product((0, 1), repeat=len(probability)):
        law[sum(ends)] += float(
            np.prod([p if end else 1 - p for p, end in zip(probability, ends, strict=True)])
        )
    return law


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 1), max_size=8))
def test_the_distribution_is_that_of_all_ways_to_win(probability: list[float]) -> None:
    assert poisson_binomial(np.array(probability)) == pytest.approx(
        enumerated(probability), abs=1e-12
    )


def test_for_many_leads_the_refined_normal_approximation_is_as_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    probability = np.random.default_rng(1).beta(0.3, 9, 1500)
    at = np.arange(20, 90)
    exact = wins_cdf(at, probability)
    monkeypatch.setattr(cohorts_module, "MOST_EXACT", 100)
    assert wins_cdf(at, probability) == pytest.approx(exact, abs=2e-3)


@pytest.mark.parametrize("rate", [0.02, 0.3])
def test_honest_probabilities_stay_within_the_band_nineteen_times_in_twenty(rate: float) -> None:
    rng = np.random.default_rng(5)
    probability = rng.beta(2, 2 / rate - 2, 300)
    low, high = wins_band(probability)
    wins = (rng.random((2000, 300)) < probability).sum(axis=1)
    assert 0.94 < np.mean((wins >= low) & (wins <= high)) <= 1


def test_certain_leads_leave_no_band() -> None:
    assert wins_band(np.array([1.0, 1.0, 0.0])) == (2, 2)
    assert chance(2, np.array([1.0, 1.0, 0.0])) == 1.0
    assert chance(3, np.array([1.0, 1.0, 0.0])) == pytest.approx(0.0)


def published(*rows: tuple[str, str, float, bool]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["lead_id", "night", "close_probability", "won"])
    return frame.assign(night=pd.to_datetime(frame["night"]), version="1")


def test_a_lead_counts_once_in_a_month_and_once_in_all() -> None:
    months, together = cohorts(
        published(
            ("a", "2026-01-05", 0.5, True),
            ("a", "2026-01-06", 0.9, True),
            ("b", "2026-01-06", 0.25, False),
            ("a", "2026-02-01", 0.75, False),
        )
    )
    assert [(one.month, one.nights, one.leads, one.expected_wins, one.wins) for one in months] == [
        ("2026-01", 2, 2, 0.75, 1),
        ("2026-02", 1, 1, 0.75, 0),
    ]
    assert together is not None
    assert (together.month, together.leads, together.expected_wins) == (
        "2026-01 to 2026-02",
        2,
        0.75,
    )


def test_without_publications_there_are_no_cohorts() -> None:
    assert cohorts(published()) == ([], None)


def months_of(rng: np.random.Generator, truth: float, leads: int = 200) -> pd.DataFrame:
    parts = []
    for month in range(1, 7):
        p = rng.beta(2, 18, leads)
        parts.append(
            pd.DataFrame(
                {
                    "lead_id": [f"{month}-{lead}" for lead in range(leads)],
                    "night": pd.Timestamp(2026, month, 1),
                    "close_probability": p,
                    "won": rng.random(leads) < np.clip(truth * p, 0, 1),
                    "version": "1",
                }
            )
        )
    return pd.concat(parts)


def test_honest_probabilities_hardly_ever_warn() -> None:
    warned = 0
    for seed in range(200, 280):
        months, together = cohorts(months_of(np.random.default_rng(seed), 1.0, leads=40))
        assert together is not None
        warned += is_off(together, months)
    assert warned <= 1


@pytest.mark.parametrize("truth", [0.4, 2.0])
def test_promises_that_are_off_by_half_warn(truth: float) -> None:
    months, together = cohorts(months_of(np.random.default_rng(3), truth))
    assert together is not None
    assert is_off(together, months)


def test_a_sure_and_small_gap_is_no_news() -> None:
    rows = months_of(np.random.default_rng(3), 1.15, leads=1500)
    months, together = cohorts(rows)
    assert together is not None
    assert together.chance < 1e-3
    assert not is_off(together, months)


def test_expected_and_realised_wins_are_told_in_one_sentence() -> None:
    one = Cohort("2026-01", 20, 100, 12.4, 25, 6, 19, 0.001, ["1"])
    two = Cohort("2026-02", 20, 100, 12.4, 12, 6, 19, 0.9, ["1"])
    both = Cohort("2026-01 to 2026-02", 40, 180, 22.2, 33, 14, 31, 0.02, ["1"])
    assert words(both, [one, two]) == (
        "of 180 leads published 2026-01 to 2026-02, 22.2 were expected to close in time and 33 did; honest probabilities "
        "give 14 to 31; outside their band: 2026-01"
    )
    assert one.to_json()["inside"] is False
