"""What is learned before and below the trees: levels, age bands, weights, the regression."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from features.catalogue import Attribute, Catalogue
from features.errors import DataError
from models.base_rate import fit_base_rate
from models.encoding import fit_encoder, unseen
from models.frames import age_edges, fair_weights, in_order, with_older_ages
from models.logistic import fit_logistic
from models.scorer import Spec, encode, expit, logistic_contributions
from tests.models.company import Frames

CATALOGUE = Catalogue(
    project="p",
    timezone="UTC",
    horizon_days=30,
    features=[
        Attribute(
            name="kind",
            group="who they are",
            concept="kind",
            label="Kind",
            type="category",
            column="kind",
        )
    ],
)


def learned(levels: dict[str | None, tuple[int, int]]) -> Spec:
    """Learn the levels of a drawn table: level -> (leads, wins)."""
    kinds = [kind for kind, (leads, _) in levels.items() for _ in range(leads)]
    label = [int(row < wins) for leads, wins in levels.values() for row in range(leads)]
    frame = pd.DataFrame({"kind": pd.Series(kinds, dtype=object)})
    return fit_encoder(
        frame, CATALOGUE, label=np.array(label, dtype=np.float64), weight=np.ones(len(label))
    )[0]


def test_rare_levels_are_pooled_and_frequent_ones_stand_alone() -> None:
    spec = learned({"web": (900, 90), "fair": (500, 0), "x": (8, 1), "y": (25, 20), None: (100, 5)})
    assert spec["levels"] == ["fair", "web", "__other__", "__missing__"]
    assert (spec["other"], spec["missing"], spec["rare"]) == (2, 3, ["x", "y"])


def test_little_data_keep_smaller_levels() -> None:
    assert learned({"web": (80, 20), "ads": (12, 3), "x": (2, 0)})["levels"] == [
        "ads",
        "web",
        "__other__",
    ]


def test_a_level_that_training_never_saw_reads_as_the_most_average_one() -> None:
    spec = learned({"good": (400, 120), "usual": (400, 60), "bad": (400, 4)})
    assert spec["levels"] == ["bad", "good", "usual"]
    assert (spec["other"], spec["missing"]) == (2, 2)


def test_data_that_spell_our_pools_are_not_taken_for_them() -> None:
    spec = learned({"web": (900, 90), "__missing__": (300, 90), "x": (3, 0)})
    codes = encode([spec], pd.DataFrame({"kind": ["__missing__", "__other__", None, "web"]}))[:, 0]
    assert spec["levels"][int(codes[0])] == "__other__"
    assert codes[0] == codes[1]
    assert spec["levels"][int(codes[3])] == "web"


def test_new_and_rare_levels_are_told_apart() -> None:
    spec = learned({"web": (900, 90), "x": (8, 1)})
    new, rare = unseen(spec, pd.Series(["web", "x", "never", None], dtype=object))
    assert new.tolist() == [False, False, True, False]
    assert rare.tolist() == [False, True, False, False]


def test_each_age_of_the_ladder_has_a_band_and_odd_ages_share_one() -> None:
    assert age_edges(np.array([0, 1, 3, 7, 14, 30, np.nan])) == [0.5, 2.0, 5.0, 10.5, 22.0]
    assert len(age_edges(np.linspace(100, 200, 1000))) == 2


def test_the_base_rate_follows_age_and_bands_with_few_leads_lean_on_their_neighbours() -> None:
    ages = np.repeat([0.0, 30.0, 60.0, 600.0], [2000, 1000, 1000, 3])
    label = np.concatenate(
        [np.arange(2000) < 600, np.arange(1000) < 100, np.arange(1000) < 50, [0, 0, 0]]
    )
    spec = fit_base_rate(ages[:, None], label.astype(np.float64), np.ones(4003), age_feature=0)
    rates = expit(np.array(spec["margins"]))
    np.testing.assert_allclose(rates[:3], [0.3, 0.1, 0.05], rtol=0.1)
    assert 0.02 < rates[3] < 0.06


def test_without_an_age_there_is_one_rate() -> None:
    spec = fit_base_rate(np.zeros((4, 1)), np.array([1.0, 0, 0, 0]), np.ones(4), age_feature=None)
    assert expit(np.array(spec["margins"])) == pytest.approx([0.25])


def test_fair_weights_do_not_tell_fast_wins_from_slow_losses() -> None:
    won_at_once = pd.DataFrame({"age_days": [0.0] * 50, "label": 1, "weight": 1.0})
    lost_late = pd.DataFrame({"age_days": [0.0, 7.0, 30.0] * 50, "label": 0, "weight": 1 / 3})
    ladder = pd.concat([won_at_once, lost_late], ignore_index=True)
    young, weight = ladder["age_days"] == 0, fair_weights(ladder)
    assert np.average(ladder["label"][young], weights=weight[young]) == pytest.approx(0.5)
    assert np.average(ladder["label"][young], weights=ladder["weight"][young]) == pytest.approx(
        0.75
    )
    assert weight.sum() == pytest.approx(100)


def test_the_ladder_goes_on_into_ages_that_only_mornings_reach(frames: Frames) -> None:
    longer = with_older_ages(frames.ladder, frames.mornings)
    added = longer[longer["age_days"] > 60]
    assert added["age_days"].min() >= 75
    assert not added.duplicated(["lead_id", "age_days"]).any()
    assert (added.groupby("lead_id").size() <= 4).all()
    assert len(longer) == len(frames.ladder) + len(added)


def test_a_ladder_of_one_age_stays_as_it_is(frames: Frames) -> None:
    flat = frames.ladder[frames.ladder["age_days"] == 0]
    assert with_older_ages(flat, flat) is flat


def test_a_label_that_is_not_known_is_refused(frames: Frames) -> None:
    ladder = frames.ladder.astype({"label": float})
    ladder.loc[5, "label"] = np.nan
    with pytest.raises(DataError) as raised:
        in_order(ladder, frames.catalogue, "ladder")
    assert str(raised.value) == (
        "the ladder frame holds 1 row(s) whose label is neither 0 nor 1, such as nan for lead"
        f" {ladder['lead_id'][5]!r}; leave out snapshots whose outcome is not known yet"
    )


def test_a_frame_without_its_columns_is_refused(frames: Frames) -> None:
    with pytest.raises(DataError) as raised:
        in_order(frames.mornings.drop(columns=["group_id", "size"]), frames.catalogue, "mornings")
    assert str(raised.value) == (
        "the mornings frame lacks the column(s) group_id, size; assemble it with the same catalogue"
    )


def test_the_regression_agrees_with_scikit_learn_on_standardised_numbers() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.normal(3, 2, size=(800, 2))
    label = (rng.random(800) < expit(matrix[:, 0] - 3)).astype(np.float64)
    features = [{"name": name, "type": "number"} for name in "ab"]
    base = fit_base_rate(matrix, label, np.ones(800), age_feature=None)
    fitted = fit_logistic(features, matrix, label, np.ones(800), base=base, strengths=[0.2, 1.5])
    clipped = np.clip(matrix, *np.quantile(matrix, [0.005, 0.995], axis=0))
    scaled = (clipped - clipped.mean(axis=0)) / clipped.std(axis=0)
    for strength, step in fitted.items():
        reference = LogisticRegression(C=strength, tol=1e-8).fit(scaled, label)
        np.testing.assert_allclose(
            [part["coef"] for part in step["numbers"]], reference.coef_[0], atol=1e-3
        )
        assert step["base"] == pytest.approx(reference.intercept_[0], abs=1e-3)


def test_contributions_of_the_regression_average_to_nothing(frames: Frames) -> None:
    ladder = frames.ladder
    label, weight = ladder["label"].to_numpy(dtype=np.float64), fair_weights(ladder)
    features = fit_encoder(ladder, frames.catalogue, label=label, weight=weight)
    matrix = encode(features, ladder)
    base = fit_base_rate(matrix, label, weight, age_feature=0)
    step = fit_logistic(features, matrix, label, weight, base=base, strengths=[0.2])[0.2]
    means = np.average(logistic_contributions(step, matrix), axis=0, weights=weight)
    np.testing.assert_allclose(means, 0, atol=1e-9)
