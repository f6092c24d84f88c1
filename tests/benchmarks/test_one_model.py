"""Other horizons from one model: what is learned where the truth is known, and what always holds."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from benchmarks.quality.one_model import (
    HORIZONS_DAYS,
    at_horizons,
    fit_horizons,
    with_days,
)
from models.scorer import Floats

PUBLISHED = 60.0
ALL = (30, PUBLISHED, 90, 180)


def drawn(
    leads: int = 6000, *, seed: int = 1, followed: float = 400.0, quicker_when_old: float = 1.0
) -> pd.DataFrame:
    """Draw leads whose time to a win is exponential; old ones (60 days and more) win this many times as fast."""
    rng = np.random.default_rng(seed)
    rate = np.exp(rng.normal(-6.0, 1.0, leads))  # wins per day
    age = rng.choice([0.0, 10.0, 100.0], leads)
    days = rng.exponential(1 / rate) / np.where(age > 60, quicker_when_old, 1.0)
    kept = rng.uniform(PUBLISHED, followed, leads)
    end = pd.Timestamp("2026-06-01")
    return pd.DataFrame(
        {
            "lead_id": [f"L{number}" for number in range(leads)],
            "as_of": end - pd.to_timedelta(kept, unit="D"),
            "age_days": age,
            "rate": rate,
            "leadgauge": -np.expm1(-rate * PUBLISHED),
            "days_to_win": np.where(days < kept, days, np.nan),
            "days_followed": kept,
        }
    )


def told(spec: dict[str, Any], rows: pd.DataFrame) -> dict[float, Floats]:
    return at_horizons(spec, rows["leadgauge"].to_numpy(), rows["age_days"].to_numpy())


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    return fit_horizons(drawn(), horizon_days=PUBLISHED)


def test_exponential_times_to_win_are_found_at_every_horizon(spec: dict[str, Any]) -> None:
    rows = drawn(2000, seed=2)
    for days, said in told(spec, rows).items():
        truth = -np.expm1(-rows["rate"].to_numpy() * days)
        assert np.abs(said - truth).mean() < 0.015, days
        assert said.mean() == pytest.approx(truth.mean(), rel=0.06), days


def test_leads_of_an_age_that_win_sooner_get_more_within_the_short_horizon() -> None:
    rows = drawn(20_000, quicker_when_old=3.0)
    # What is published knows of it: three times the rate within its horizon.
    old = rows["age_days"].to_numpy() > 60
    rate = rows["rate"].to_numpy() * np.where(old, 3.0, 1.0)
    # Among the old the wins come in the first twenty days alone.
    late = old & (rows["days_to_win"] > 20).to_numpy()
    rows["days_to_win"] = rows["days_to_win"].mask(late)
    rows["leadgauge"] = -np.expm1(-rate * np.where(old, 20.0, PUBLISHED))
    within = told(fit_horizons(rows, [30], horizon_days=PUBLISHED), rows)
    share = within[30] / within[PUBLISHED]
    assert share[old].mean() > 0.9
    assert share[~old].mean() < 0.65


@settings(deadline=None, max_examples=100)
@given(
    probability=arrays(np.float64, 20, elements=st.floats(0, 1)),
    age=arrays(np.float64, 20, elements=st.floats(0, 1e5) | st.just(float("nan"))),
    shifts=st.lists(st.floats(-30, 30), min_size=6, max_size=6),
    slopes=st.lists(st.floats(-3, 3), min_size=3, max_size=3),
)
def test_the_probability_never_falls_with_the_horizon_whatever_was_learned(
    probability: Floats, age: Floats, shifts: list[float], slopes: list[float]
) -> None:
    others = [
        {"days": days, "edges": [14.0], "margins": shifts[2 * at : 2 * at + 2], "slope": slopes[at], "centre": -2.0}
        for at, days in enumerate([30, 90, 180])
    ]  # fmt: skip
    found = at_horizons({"published": PUBLISHED, "others": others, "silent": []}, probability, age)
    assert list(found) == [30, PUBLISHED, 90, 180]
    assert (found[PUBLISHED] == probability).all()
    table = np.array(list(found.values()))
    assert (np.diff(table, axis=0) >= 0).all()
    assert ((table >= 0) & (table <= 1)).all()


def test_what_was_learned_is_the_same_after_json(spec: dict[str, Any]) -> None:
    again = json.loads(json.dumps(spec, allow_nan=False))
    assert again == spec
    rows = drawn(50, seed=3)
    for (days, before), (other, after) in zip(
        told(spec, rows).items(), told(again, rows).items(), strict=True
    ):
        assert days == other
        assert (before == after).all()


def test_a_horizon_longer_than_anything_was_followed_is_silent() -> None:
    found = fit_horizons(drawn(followed=100.0), horizon_days=PUBLISHED)
    assert [other["days"] for other in found["others"]] == [30, 90]
    assert found["silent"] == [
        {"days": 180, "why": "no tested snapshot was followed for 180 days"},
    ]


def test_few_wins_within_a_horizon_are_too_few() -> None:
    rows = drawn()
    rows["days_to_win"] = rows["days_to_win"].mask(rows["days_to_win"] < 30)
    rows.loc[:4, "days_to_win"] = 3.0
    found = fit_horizons(rows, [30], horizon_days=PUBLISHED)
    assert found == {
        "published": PUBLISHED,
        "others": [],
        "silent": [
            {"days": 30, "why": "5 of the tested leads were won within 30 days; it takes 30"}
        ],
    }


def test_where_all_that_was_followed_was_won_nothing_is_said() -> None:
    rows = drawn(300)
    rows["days_to_win"] = 40.0
    rows.loc[:60, "days_to_win"] = 20.0
    found = fit_horizons(rows, [90], horizon_days=PUBLISHED)
    assert found["silent"] == [
        {"days": 90, "why": "0 of the tested leads were still not won after 90 days; it takes 30"}
    ]


def test_a_flat_export_speaks_for_its_one_horizon_alone() -> None:
    rows = drawn(500).assign(days_to_win=np.nan, days_followed=np.nan)
    found = fit_horizons(rows, horizon_days=PUBLISHED)
    why = "the data say how leads ended, not when"
    assert found["silent"] == [{"days": days, "why": why} for days in HORIZONS_DAYS]
    assert list(told(found, rows)) == [PUBLISHED]


def test_a_published_level_that_was_off_does_not_pass_on_as_a_wrong_pace() -> None:
    rows = drawn()
    odds = rows["leadgauge"] / (1 - rows["leadgauge"])
    twice = rows.assign(leadgauge=2 * odds / (1 + 2 * odds))  # what was said while learning
    usual, off = (
        told(fit_horizons(one, horizon_days=PUBLISHED), rows)[30] for one in (rows, twice)
    )
    assert np.abs(off - usual).mean() < 0.01


def test_out_of_fold_rows_are_told_how_their_leads_went_on() -> None:
    rows = drawn(3)
    said = rows[["lead_id", "as_of", "leadgauge", "age_days"]].iloc[[2, 0]]
    found = with_days(said, rows)
    assert found["lead_id"].tolist() == ["L2", "L0"]
    assert found["days_followed"].tolist() == rows["days_followed"].iloc[[2, 0]].tolist()
