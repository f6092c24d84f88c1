"""Intervals of what leads scored alike really did."""

import json

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from models.metrics import mass_bins
from models.scorer import Floats, Spec, expit
from models.venn_abers import drift_of, fit_venn_abers, interval, one_per_outcome

Drawn = tuple[Floats, Floats]


def honest(rows: int, *, seed: int = 0) -> Drawn:
    """Draw probabilities, and outcomes that follow them."""
    rng = np.random.default_rng(seed)
    probability = expit(rng.normal(-1.5, 1.0, rows))
    return probability, (rng.random(rows) < probability).astype(np.float64)


def fitted(probability: Floats, label: Floats, *, drift: float = 0.0) -> Spec:
    spec = fit_venn_abers(probability, label, np.arange(len(label)), drift=drift)
    assert spec is not None
    return spec


def width(spec: Spec, at: Floats, low: str, high: str) -> float:
    step = np.searchsorted(spec["edges"], at, side="right")
    return float(np.mean(np.array(spec[high])[step] - np.array(spec[low])[step]))


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_the_pair_is_the_isotonic_fit_with_the_lead_itself_added(label: float) -> None:
    probability, outcome = honest(400)
    spec = fitted(probability, outcome)
    step = np.searchsorted(spec["edges"], probability, side="right").astype(np.float64)
    told = spec["if_won" if label else "if_lost"]
    for at in range(0, len(told), 7):
        fit = IsotonicRegression().fit(np.r_[step, at], np.r_[outcome, label])
        assert told[at] == pytest.approx(float(fit.predict([at])[0]), abs=2e-6)


def test_what_leads_did_lies_within_what_was_told_of_their_like() -> None:
    spec = fitted(*honest(2000))
    probability, outcome = honest(20_000, seed=1)
    low, high = interval(spec, probability)
    for step in range(10):
        inside = mass_bins(probability) == step
        assert low[inside].mean() < outcome[inside].mean() < high[inside].mean()


def test_the_band_holds_the_true_rate_nine_times_in_ten_at_least() -> None:
    at, held = np.array([0.05, 0.15, 0.3, 0.5]), []
    for seed in range(60):
        low, high = interval(fitted(*honest(800, seed=seed)), at)
        held.append((low <= at) & (at <= high))
    assert np.mean(held) == 1.0  # the published probability is the truth here, and always within
    at, held = np.array([0.05, 0.15, 0.3, 0.5]), []
    for seed in range(60):
        probability, outcome = honest(800, seed=seed)
        said = expit(2.0 * np.log(probability / (1 - probability)))  # twice too sure
        low, high = interval(fitted(said, outcome), expit(2.0 * np.log(at / (1 - at))))
        held.append((low <= at) & (at <= high))
    assert np.mean(held) >= 0.9


def test_the_venn_abers_pair_alone_is_too_narrow_for_the_rate() -> None:
    at, pair = np.array([0.05, 0.15, 0.3, 0.5]), []
    for seed in range(60):
        spec = fitted(*honest(800, seed=seed))
        step = np.searchsorted(spec["edges"], at, side="right")
        low, high = np.array(spec["if_lost"])[step], np.array(spec["if_won"])[step]
        pair.append((low <= at) & (at <= high))
    assert np.mean(pair) < 0.6


def test_intervals_shrink_as_outcomes_come_in() -> None:
    at = np.linspace(0.05, 0.5, 40)
    specs = [fitted(*honest(rows)) for rows in (200, 2000, 20_000)]
    for low, high in (("low", "high"), ("if_lost", "if_won")):
        few, more, many = (width(spec, at, low, high) for spec in specs)
        assert few > 1.5 * more > 2 * many


def test_a_lead_on_many_mornings_has_one_outcome() -> None:
    probability, outcome = honest(500)
    clusters = np.arange(500)
    assert fit_venn_abers(
        np.repeat(probability, 9), np.repeat(outcome, 9), np.repeat(clusters, 9)
    ) == fit_venn_abers(probability, outcome, clusters)


@given(clusters=st.lists(st.integers(0, 6), max_size=40))
@settings(deadline=None)
def test_one_row_of_each_outcome_is_picked_and_always_the_same(clusters: list[int]) -> None:
    numbers: npt.NDArray[np.int64] = np.array(clusters, dtype=np.int64)
    rows = one_per_outcome(numbers)
    assert sorted(numbers[rows].tolist()) == sorted(set(clusters))
    assert rows.tolist() == one_per_outcome(numbers).tolist()


@given(
    seed=st.integers(0, 2**31),
    levels=st.integers(2, 400),
    drift=st.sampled_from([0.0, 0.5]),
    at=st.lists(st.floats(0, 1), min_size=2, max_size=20),
)
@settings(deadline=None, max_examples=60)
def test_intervals_hold_the_probability_rise_with_it_and_stay_within_0_and_1(
    seed: int, levels: int, drift: float, at: list[float]
) -> None:
    rng = np.random.default_rng(seed)
    probability = rng.choice(rng.random(levels), 300)
    label = (rng.random(300) < rng.uniform(0.2, 0.8)).astype(np.float64)
    spec = fit_venn_abers(probability, label, np.arange(300), drift=drift)
    assert spec is not None
    asked = np.sort(np.array(at))
    low, high = interval(spec, asked)
    assert ((low >= 0) & (low <= asked) & (asked <= high) & (high <= 1)).all()
    assert (np.diff(low) >= 0).all()
    assert (np.diff(high) >= 0).all()


@pytest.mark.parametrize(("rows", "wins"), [(99, 40), (400, 9), (400, 391)])
def test_too_few_outcomes_give_no_interval(rows: int, wins: int) -> None:
    label = (np.arange(rows) < wins).astype(np.float64)
    assert fit_venn_abers(np.linspace(0.1, 0.9, rows), label, np.arange(rows)) is None


def test_what_is_stored_is_short_and_survives_json() -> None:
    spec = fitted(*honest(30_000))
    assert len(spec["low"]) == len(spec["edges"]) + 1 <= 200
    assert (spec["outcomes"], spec["wins"]) == (30_000, int(honest(30_000)[1].sum()))
    assert json.loads(json.dumps(spec, allow_nan=False)) == spec


def test_periods_that_wander_widen_the_band_and_steady_ones_do_not() -> None:
    rng = np.random.default_rng(3)
    probability, steady = honest(6000)
    period = np.repeat(np.arange(6), 1000)
    shifts = np.array([-0.8, 0.6, -0.4, 0.9, -0.7, 0.5])[period]
    wandering = rng.random(6000) < expit(np.log(probability / (1 - probability)) + shifts)
    clusters = np.arange(6000)
    drift = drift_of(probability, wandering.astype(np.float64), clusters, period)
    assert drift == pytest.approx(0.65, abs=0.15)
    assert drift_of(probability, steady, clusters, period) < 0.15
    at = np.linspace(0.05, 0.5, 40)
    wide, narrow = fitted(probability, steady, drift=drift), fitted(probability, steady)
    assert width(wide, at, "low", "high") > 2 * width(narrow, at, "low", "high")


def test_one_lead_seen_again_and_again_is_no_drift() -> None:
    probability, label = np.full(400, 0.5), np.repeat([1.0, 0.0, 1.0, 0.0], 100)
    clusters, period = np.repeat([0, 1, 2, 3], 100), np.repeat([0, 0, 1, 1], 100)
    assert drift_of(probability, label, clusters, period) == 0.0
    assert drift_of(probability, label, clusters, np.zeros(400)) == 0.0
