"""What the kernel says is what LightGBM says, for all sorts of models and rows."""

from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.treeshap import TreeShap
from tests.models.treeshap.drawn import KINDS, Drawn, contributions, matrix_of, raw, strange

EXACT = 1e-10  # log-odds; the models of these tests say up to about 30

some_settings = st.fixed_dictionaries(
    {
        "num_leaves": st.sampled_from([2, 3, 7, 20, 60]),
        "max_depth": st.sampled_from([-1, -1, 2, 5]),
        "learning_rate": st.sampled_from([0.1, 0.5]),
        "use_missing": st.booleans(),
        "zero_as_missing": st.booleans(),
        "extra_trees": st.booleans(),
        "max_cat_to_onehot": st.sampled_from([1, 4, 200]),
        "max_bin": st.sampled_from([15, 255]),
        "min_data_in_leaf": st.sampled_from([1, 2, 30]),
        "bagging_fraction": st.sampled_from([0.6, 1.0]),
        "bagging_freq": st.just(1),
    }
)
models = st.builds(
    Drawn,
    kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=14),
    settings=some_settings,
    rounds=st.integers(1, 6),
    rows=st.sampled_from([40, 150, 400]),
    seed=st.integers(0, 10_000),
)
often = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow], database=None
)


@often
@given(drawn=models)
def test_agrees_with_lightgbm_on_rows_seen_and_strange(drawn: Drawn) -> None:
    booster = drawn.booster()
    shap = TreeShap.of([booster])
    for matrix in (drawn.matrix[:60], strange(drawn.matrix[:60], drawn.seed)):
        found = shap.values(matrix, threads=1)
        assert np.abs(found - contributions(booster, matrix)).max() < EXACT
        assert np.abs(found.sum(axis=1) - raw(booster, matrix)).max() < EXACT


@settings(often, max_examples=40)
@given(
    first=models,
    second=models,
    weights=st.tuples(st.floats(-1, 1), st.floats(-1, 1)),
    narrower=st.integers(1, 14),
)
def test_a_bag_says_the_weighted_sum_of_its_members(
    first: Drawn, second: Drawn, weights: tuple[float, float], narrower: int
) -> None:
    kinds = first.kinds[:narrower]
    second = Drawn(kinds, second.settings, second.rounds, second.rows, second.seed)
    wide, narrow = first.booster(), second.booster()
    matrix = strange(first.matrix[:50], first.seed)
    expected = weights[0] * contributions(wide, matrix)
    columns = [*range(len(kinds)), -1]
    expected[:, columns] += weights[1] * contributions(narrow, matrix[:, : len(kinds)])
    shap = TreeShap.of([wide.model_to_string(), narrow], weights)
    assert np.abs(shap.values(matrix, threads=2) - expected).max() < EXACT


def test_one_leaf_says_nothing_beyond_its_value() -> None:
    booster = Drawn(["number", "number"], {"min_data_in_leaf": 10_000}, 3, 50, 1).booster()
    found = TreeShap.of([booster]).values(np.zeros((2, 2)))
    assert (found[:, :2] == 0).all()
    assert found[:, 2] == pytest.approx(raw(booster, np.zeros((2, 2))), abs=1e-12)


@pytest.mark.parametrize("most_bits", [(8,), (5,), (2,), (0,)])
def test_tables_and_quadrature_agree(
    monkeypatch: pytest.MonkeyPatch, most_bits: tuple[int, ...]
) -> None:
    monkeypatch.setattr("models.treeshap.ready.MOST_BITS", most_bits)
    drawn = Drawn(list(KINDS) * 3, {"num_leaves": 60}, 4, 500, 5)
    booster = drawn.booster()
    shap = TreeShap.of([booster])
    assert np.abs(shap.values(drawn.matrix) - contributions(booster, drawn.matrix)).max() < EXACT


def test_tables_that_would_be_too_large_are_made_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = Drawn(list(KINDS) * 3, {"num_leaves": 60}, 4, 500, 5)
    booster = drawn.booster()
    large = TreeShap.of([booster]).table_bytes
    monkeypatch.setattr("models.treeshap.ready.MOST_TABLE_BYTES", large - 1)
    smaller = TreeShap.of([booster])
    assert 0 < smaller.table_bytes < large
    assert np.abs(smaller.values(drawn.matrix) - contributions(booster, drawn.matrix)).max() < EXACT


def test_a_path_of_many_features_is_integrated_exactly() -> None:
    """A chain: each tree peels one leaf off, so that its last leaf has a split for each column above it."""
    rng = np.random.default_rng(3)
    matrix = rng.random((4000, 24))
    label = (matrix < 0.85).all(axis=1).astype(float) * 10 + (matrix < 0.85).argmin(axis=1) / 24
    booster = lightgbm.train(
        {"num_leaves": 40, "min_data_in_leaf": 1, "max_bin": 31, "num_threads": 1, "verbosity": -1},
        lightgbm.Dataset(matrix, label),
        num_boost_round=5,
    )
    shap = TreeShap.of([booster])
    assert (shap.longest_path or 0) > 16
    assert np.abs(shap.values(matrix[:300]) - contributions(booster, matrix[:300])).max() < EXACT


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning", "ignore::UserWarning:shap")
def test_agrees_with_the_shap_package() -> None:
    import shap as reference

    drawn = Drawn(["number", "with_missing", "few_levels", "with_zeros"], {}, 8, 300, 11)
    booster = drawn.booster()
    explainer: Any = reference.TreeExplainer(booster)
    expected = np.asarray(explainer.shap_values(drawn.matrix))
    found = TreeShap.of([booster]).values(drawn.matrix)
    assert np.abs(found[:, :-1] - expected).max() < EXACT


@pytest.mark.parametrize("threads", [2, 3, 4, None])
def test_threads_and_chunks_change_no_bit(threads: int | None) -> None:
    drawn = Drawn(list(KINDS), {"num_leaves": 30}, 10, 400, 7)
    shap, matrix = TreeShap.of([drawn.booster()]), matrix_of(drawn.kinds, 2500, 8)
    alone = shap.values(matrix, threads=1)
    assert np.array_equal(shap.values(matrix, threads=threads), alone)
    parts = [shap.values(matrix[first : first + 7]) for first in range(0, 700, 7)]
    assert np.array_equal(np.concatenate(parts), alone[:700])


def test_fewer_iterations_can_be_asked_for() -> None:
    drawn = Drawn(["number", "category"], {}, 9, 200, 2)
    booster, matrix = drawn.booster(), drawn.matrix
    expected = booster.predict(matrix, pred_contrib=True, num_iteration=4)
    for one in (booster, booster.model_to_string()):
        found = TreeShap.of([one], iterations=4).values(matrix)
        assert np.abs(found - np.asarray(expected)).max() < EXACT


def test_a_booster_that_stopped_early_is_read_up_to_its_best_iteration() -> None:
    drawn = Drawn(["number", "category"], {}, 9, 200, 2)
    booster, matrix = drawn.booster(), drawn.matrix
    booster.best_iteration = 3
    assert (
        np.abs(TreeShap.of([booster]).values(matrix) - contributions(booster, matrix)).max() < EXACT
    )


@pytest.mark.parametrize(
    "settings", [{"boosting": "dart"}, {"boosting": "rf"}, {"objective": "poisson"}]
)
def test_other_ways_to_boost_and_other_objectives_are_read(settings: dict[str, Any]) -> None:
    drawn = Drawn(list(KINDS), {"bagging_freq": 1, "bagging_fraction": 0.5, **settings}, 6, 300, 4)
    booster = drawn.booster()
    found = TreeShap.of([booster]).values(drawn.matrix)
    assert np.abs(found - contributions(booster, drawn.matrix)).max() < EXACT


def test_contributions_of_columns_of_one_feature_are_added_scaled_and_extended() -> None:
    drawn = Drawn(["number"] * 4, {}, 5, 200, 6)
    booster, matrix = drawn.booster(), drawn.matrix
    extra = np.random.default_rng(0).normal(size=(200, 4))
    plain = contributions(booster, matrix)
    found = TreeShap.of([booster]).values(
        matrix, feature_of=[0, 2, 0, 1], extra=extra, scale=1.5, base=0.25
    )
    folded = np.column_stack([plain[:, 0] + plain[:, 2], plain[:, 3], plain[:, 1], np.zeros(200)])
    assert np.abs(found[:, :4] - 1.5 * (folded + extra)).max() < EXACT
    assert found[:, 4] == pytest.approx(1.5 * plain[:, 4] + 0.25)
