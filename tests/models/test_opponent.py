"""The champion on the challenger's rows: what it would have published, and where that is a fair match."""

import numpy as np
import pandas as pd
import pytest

from features.catalogue import Catalogue, Timing
from models.bundle import Bundle
from models.following import as_published
from models.opponent import opponent
from models.scorer import FORMAT, Floats

HORIZON = 30
FIRST = pd.Timestamp("2025-01-01")
LEARNED = pd.Timestamp("2025-06-30")  # the champion's last row
LEAPT = pd.Timestamp("2025-04-01")  # from here on close not 10 but 50 of 100
CARRIED = 2.0  # log-odds that the outcomes had taught the champion by its training's end
CATALOGUE = Catalogue(
    project="made_up",
    timezone="UTC",
    horizon_days=HORIZON,
    features=[
        Timing(name="age_days", group="timing", concept="age", label="age", measure="age_days")
    ],
)


def champion(*, speed: float | None = 3e-2) -> Bundle:
    """Return a model that says 10 % of every lead, and by its training's end had followed the leap."""
    margin = float(np.log(0.1 / 0.9))
    model = {
        "format": FORMAT,
        "boosters": [],
        "step": "base_rate",
        "weights": {"base_rate": 1.0, "logistic": 0.0},
        "horizon_days": HORIZON,
        "features": [{"name": "age_days", "type": "number"}],
        "rates": [],
        "base_rate": {"feature": None, "edges": [], "margins": [margin], "base": margin},
        "logistic": None,
        "calibration": {"slope": 1.0, "intercept": 0.0, "shift": CARRIED},
        "following": {
            "speed": speed,
            "variance": 0.05,
            "day": (LEARNED - pd.Timestamp(0)) / pd.Timedelta(days=1) + HORIZON,
        },
        "training": {"last_as_of": LEARNED.isoformat()},
    }
    return Bundle.of(model, {}, CATALOGUE)


def mornings(days: int) -> pd.DataFrame:
    """Draw ten leads on each fifth morning; each lead stands there once."""
    rng, count = np.random.default_rng(4), days // 5
    as_of = np.repeat(FIRST + pd.to_timedelta(5 * np.arange(count), unit="D"), 10)
    rate = np.where(as_of < LEAPT, 0.1, 0.5)
    return pd.DataFrame(
        {
            "lead_id": [f"L{number}" for number in range(len(as_of))],
            "as_of": as_of,
            "age_days": rng.exponential(20, len(as_of)),
            "label": (rng.random(len(as_of)) < rate).astype(int),
            "cluster": np.arange(len(as_of)),
        }
    )


def said_in_trial(rows: pd.DataFrame, probability: float) -> pd.DataFrame:
    known = rows[rows["as_of"] <= LEARNED]
    return known[["lead_id", "as_of"]].assign(leadgauge=probability)


def shift(probability: Floats) -> Floats:
    """Return how far the champion's probabilities stand above the 10 % of its trees."""
    return np.asarray(np.log(probability / (1 - probability)) - np.log(0.1 / 0.9), dtype=np.float64)


def test_nights_that_it_could_have_published_are_compared_if_they_hold_enough_wins() -> None:
    rows = mornings(330)
    found = opponent(champion(), rows, rows, None, HORIZON)
    since = LEARNED + pd.Timedelta(days=HORIZON)
    assert found.note == "compared on the nights since 2025-07-30"
    assert found.fair.tolist() == (rows["as_of"] >= since).tolist()
    nights = rows[found.fair]
    published = as_published(champion(), nights, HORIZON, known=rows)
    assert found.probability[found.fair] == pytest.approx(published)


def test_with_few_outcomes_since_its_own_trial_is_the_opponent_and_later_rows_count_too() -> None:
    rows = mornings(215)
    found = opponent(champion(), rows, rows, said_in_trial(rows, 0.123), HORIZON)
    assert found.note.startswith("compared on what both said forward in time of rows")
    assert found.note.endswith(
        "as since the champion's training (2025-07-30) only 6 won outcomes are known"
    )
    assert found.fair.all()
    before = (rows["as_of"] <= LEARNED).to_numpy()
    assert set(found.probability[before]) == {0.123}
    assert (found.probability[~before] != 0.123).all()


def test_rows_that_neither_a_trial_nor_time_makes_fair_are_left_out() -> None:
    rows = mornings(215)
    trial = said_in_trial(rows, 0.2).iloc[100:]
    found = opponent(champion(), rows, rows, trial, HORIZON)
    assert found.fair.sum() == len(rows) - 100
    assert not found.fair[:100].any()


def test_without_any_fair_row_all_are_compared_and_that_is_said() -> None:
    rows = mornings(180)
    found = opponent(champion(), rows, rows, None, HORIZON)
    assert found.note == (
        "the champion was trained on some of these rows, which favours it, but since the champion's "
        "training (2025-07-30) only 0 won outcomes are known"
    )
    assert found.fair.all()


def test_on_rows_of_its_past_the_intercept_stands_where_it_stood_then() -> None:
    rows = mornings(180)
    moved = shift(opponent(champion(), rows, rows, None, HORIZON).probability)
    before = (rows["as_of"] < LEAPT).to_numpy()
    assert np.abs(moved[before]).max() < 1.2
    assert moved[-1] > 1.5
    plain = shift(champion().probability(rows))
    assert plain == pytest.approx(CARRIED)  # which is hindsight before the leap


def test_a_champion_that_follows_nothing_says_the_same_at_all_times() -> None:
    rows = mornings(180)
    found = opponent(champion(speed=None), rows, rows, None, HORIZON)
    assert len(set(found.probability.round(9))) == 1


def test_one_lead_on_many_nights_is_one_outcome() -> None:
    rows = mornings(330).assign(cluster=0)
    assert "only 1 won outcomes are known" in opponent(champion(), rows, rows, None, HORIZON).note


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = mornings(330)
    mixed = rows.sample(frac=1, random_state=3)
    straight = pd.Series(opponent(champion(), rows, rows, None, HORIZON).probability, rows.index)
    turned = pd.Series(opponent(champion(), mixed, rows, None, HORIZON).probability, mixed.index)
    pd.testing.assert_series_equal(turned.sort_index(), straight)
