"""Training from frames to a bundle, with its proof."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.errors import NotEnoughError
from models.bundle import Bundle
from models.candidates import best
from models.following import SPEEDS, as_published
from models.training import Trained, train
from tests.models.company import HORIZON, SETTINGS, SHARES, Frames, company

pytestmark = pytest.mark.slow
MODELS = ["leadgauge", "base_rate", "odoo", "logistic", "lightgbm"]


def trained(frames: Frames, **changed: Any) -> Trained:
    settings = SETTINGS.model_copy(update=changed)
    return train(
        frames.ladder,
        frames.mornings,
        frames.catalogue,
        settings,
        grade_shares=SHARES,
        gap_days=HORIZON,
        threads=1,
    )


@pytest.fixture(scope="module")
def linear(frames: Frames) -> Trained:
    return trained(frames, folds=3)


def test_what_tells_leads_apart_is_found_and_proved(linear: Trained) -> None:
    assert linear.bundle.step in {"logistic", "lightgbm"}
    models = linear.evaluation.models
    assert list(models) == MODELS
    assert (models["leadgauge"]["log_loss"] or 9) < (models["base_rate"]["log_loss"] or 0)
    assert (models["leadgauge"]["auc"] or 0) > 0.7
    assert (models["leadgauge"]["ece"] or 9) < 1.3 * (models["leadgauge"]["ece_noise_95"] or 0)


def test_the_evaluation_is_that_of_its_rows(linear: Trained) -> None:
    rows, facts = linear.predictions, linear.evaluation
    assert (len(rows), int(rows["label"].sum())) == (facts.rows, facts.wins)
    assert rows["as_of"].min().isoformat() == facts.first
    assert not rows.duplicated(["lead_id", "as_of"]).any()
    evaluated = [fold for fold in linear.folds if fold["role"] == "evaluated"]
    assert sum(fold["rows"] for fold in evaluated) == facts.rows
    assert linear.folds[0]["role"] == "warm-up"


def test_everything_but_the_rows_is_json(linear: Trained) -> None:
    found = json.loads(json.dumps(linear.to_json(), allow_nan=False))
    assert set(found["evaluation"]) == {
        *MODELS,
        "rows",
        "wins",
        "leads",
        "won_leads",
        "first",
        "last",
        "note",
    }
    assert found["curves"]["leadgauge"]["gains"][-1]["wins"] == pytest.approx(1)


def test_grades_and_scores_spread_over_the_last_mornings(linear: Trained, frames: Frames) -> None:
    last = frames.mornings[frames.mornings["as_of"] >= linear.folds[-1]["start"]]
    table = linear.bundle.scorer.table(last)
    shares = table["grade"].value_counts(normalize=True)
    assert [shares["A"], shares["B"], shares["C"]] == pytest.approx(SHARES, abs=0.03)
    assert table["score"].mean() == pytest.approx(50, abs=2)


def test_shuffled_outcomes_end_at_the_base_rate() -> None:
    frames = company(600, seed=30, kind="none")
    found = trained(frames, folds=3, seeds=1)
    assert found.bundle.step == "base_rate"
    models = found.evaluation.models
    assert models["leadgauge"]["log_loss"] == pytest.approx(
        models["base_rate"]["log_loss"], rel=0.02
    )
    parts = found.bundle.contributions(frames.mornings)
    assert not parts[:, 1:-1].any()


def test_what_only_combinations_tell_is_left_to_the_trees() -> None:
    found = trained(company(1200, seed=4, kind="crossed"), folds=3, seeds=1)
    assert found.bundle.step == "lightgbm"
    weights = found.ladder.recipe.weights
    assert sum(weights.values()) == 1
    assert sum(weight for part, weight in weights.items() if part.rounds) >= 0.5
    assert (found.evaluation.models["leadgauge"]["log_loss"] or 9) < (
        found.evaluation.models["logistic"]["log_loss"] or 0
    )


def test_the_model_says_where_its_intercept_stands_and_until_when_it_was_taught(
    linear: Trained, frames: Frames
) -> None:
    known = frames.mornings["as_of"].max() + pd.Timedelta(days=HORIZON)
    following = linear.bundle.model["following"]
    assert pd.Timestamp(0) + pd.Timedelta(days=following["day"]) == known
    assert following["speed"] == linear.ladder.recipe.speed
    assert following["speed"] in SPEEDS
    np.testing.assert_array_equal(
        as_published(linear.bundle, frames.mornings, HORIZON),
        linear.bundle.probability(frames.mornings),
    )


def test_training_twice_gives_the_same_bytes_whatever_the_order_of_rows(tmp_path: Path) -> None:
    frames = company(500, seed=2)
    shuffled = Frames(
        frames.ladder.sample(frac=1, random_state=1),
        frames.mornings.sample(frac=1, random_state=2),
        frames.catalogue,
    )
    for name, one in (("first", frames), ("second", shuffled)):
        trained(one, folds=2, seeds=1).bundle.save(tmp_path / name)
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()


def test_trees_may_be_asked_for_without_the_regression_as_a_step(frames: Frames) -> None:
    found = trained(frames, ladder=["lightgbm"])
    assert found.bundle.step in {"base_rate", "lightgbm"}
    assert {one.step for one in found.ladder.comparisons} <= {"lightgbm"}
    assert set(found.evaluation.models) >= {"leadgauge", "base_rate", "lightgbm"}


def test_a_ladder_without_its_upper_steps_is_kept_to(frames: Frames) -> None:
    found = trained(frames, ladder=["base_rate"])
    assert found.bundle.step == "base_rate"
    assert list(found.evaluation.models) == ["leadgauge", "base_rate", "odoo"]


def test_a_flat_export_has_one_age_and_no_age_feature(frames: Frames) -> None:
    flat = frames.ladder[frames.ladder["age_days"] == 0].assign(weight=1.0)
    catalogue = frames.catalogue.model_copy(update={"features": frames.catalogue.features[1:]})
    found = trained(Frames(flat, flat, catalogue), folds=3, seeds=1)
    assert found.bundle.step in {"logistic", "lightgbm"}
    assert isinstance(found.bundle, Bundle)
    assert found.bundle.contributions(flat).shape == (len(flat), 4)
    assert found.bundle.model["training"]["rows"] == len(flat)


def test_a_short_history_has_one_test_and_says_so() -> None:
    frames = company(420, seed=6, days=100)
    found = trained(frames)
    assert found.evaluation.note is not None
    assert len(found.folds) == 1 or "too short" in found.evaluation.note
    assert np.isfinite(found.evaluation.models["leadgauge"]["log_loss"] or np.nan)


def test_a_single_fold_decides_but_does_not_calibrate(frames: Frames) -> None:
    last = frames.mornings["as_of"].max()
    found = trained(
        Frames(frames.ladder, frames.mornings[frames.mornings["as_of"] == last], frames.catalogue)
    )
    assert found.evaluation.note == (
        "only one test forward in time fits the history: all settings were fixed beforehand, the probabilities are not"
        " calibrated, and the one test decided whether the model or the base rate is published, so its figures flatter a little"
    )
    calibration = found.bundle.model["calibration"]
    assert (calibration["slope"], calibration["intercept"]) == (1.0, 0.0)
    assert len(found.folds) == 1
    assert found.bundle.step in {"base_rate", "logistic"}
    assert found.ladder.recipe == best([], found.bundle.step, HORIZON)


def test_too_few_leads_are_refused(frames: Frames) -> None:
    few = frames.ladder[frames.ladder["lead_id"] < "L00050"]
    with pytest.raises(NotEnoughError, match="100 are needed"):
        trained(Frames(few, frames.mornings, frames.catalogue))


def test_names_that_lightgbm_refuses_and_columns_without_values_do_no_harm(frames: Frames) -> None:
    odd = frames.catalogue.features[2].model_copy(update={"label": 'a[b]{"c":1}', "name": "empty"})
    catalogue = frames.catalogue.model_copy(update={"features": [*frames.catalogue.features, odd]})
    ladder, mornings = (one.assign(empty=np.nan) for one in (frames.ladder, frames.mornings))
    found = trained(Frames(ladder, mornings, catalogue), folds=2)
    assert isinstance(found.predictions, pd.DataFrame)
    assert found.bundle.contributions(mornings)[:, 4].any() == np.False_
