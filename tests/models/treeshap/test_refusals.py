"""What is refused, what falls back on LightGBM, and what happens at the edges."""

import re

import lightgbm
import numpy as np
import pytest

from models.treeshap import SlowReasonsWarning, TreeShap, UnexplainableError
from tests.models.treeshap.drawn import Drawn, contributions

DRAWN = Drawn(["number", "with_missing", "category"], {}, 5, 200, 3)


@pytest.fixture(scope="module")
def booster() -> lightgbm.Booster:
    return DRAWN.booster()


def test_an_unknown_format_is_computed_by_lightgbm_with_a_warning(
    booster: lightgbm.Booster,
) -> None:
    text = booster.model_to_string().replace("version=v4", "version=v5")
    with pytest.warns(SlowReasonsWarning) as warned:
        shap = TreeShap.of([text, booster], [2.0, 0.5])
    assert str(warned[0].message) == (
        "the model is written in format v5: contributions are computed by LightGBM itself, with the same result"
        " and tens of times slower. Train with the LightGBM that leadgauge was tested with"
    )
    assert (
        np.abs(shap.values(DRAWN.matrix) - 2.5 * contributions(booster, DRAWN.matrix)).max() < 1e-10
    )


@pytest.mark.parametrize("line", ["", "internal_count=\n"])
def test_a_model_without_counts_is_refused(booster: lightgbm.Booster, line: str) -> None:
    text = re.sub(r"internal_count=.*\n", line, booster.model_to_string())
    with pytest.raises(UnexplainableError, match="how many training rows reached each"):
        TreeShap.of([text])


def test_a_path_longer_than_a_mask_falls_back(
    monkeypatch: pytest.MonkeyPatch, booster: lightgbm.Booster
) -> None:
    monkeypatch.setattr("models.treeshap.ready.MOST_FEATURES", 1)
    with pytest.warns(SlowReasonsWarning, match="different columns above it; the kernel reads 1"):
        shap = TreeShap.of([booster])
    assert np.abs(shap.values(DRAWN.matrix) - contributions(booster, DRAWN.matrix)).max() < 1e-10


def test_several_classes_are_refused() -> None:
    rng = np.random.default_rng(0)
    booster = lightgbm.train(
        {"objective": "multiclass", "num_class": 3, "num_threads": 1, "verbosity": -1},
        lightgbm.Dataset(rng.random((90, 2)), rng.integers(0, 3, 90)),
        num_boost_round=2,
    )
    with pytest.raises(UnexplainableError, match="several classes"):
        TreeShap.of([booster])


def test_linear_leaves_are_refused_as_lightgbm_refuses_them() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.random((200, 2))
    booster = lightgbm.train(
        {"linear_tree": True, "num_threads": 1, "verbosity": -1},
        lightgbm.Dataset(matrix, matrix @ [1.0, 2.0]),
        num_boost_round=2,
    )
    with pytest.raises(UnexplainableError, match="without linear_tree"):
        TreeShap.of([booster])


def test_a_matrix_of_another_width_is_refused(booster: lightgbm.Booster) -> None:
    with pytest.raises(
        ValueError, match=re.escape("the matrix has shape (4, 2); expected are rows x 3 columns")
    ):
        TreeShap.of([booster]).values(np.zeros((4, 2)))
    with pytest.raises(
        ValueError, match=re.escape("the matrix has shape (3,); expected are rows x 3 columns")
    ):
        TreeShap.of([booster]).values(np.zeros(3))


def test_wrong_shapes_of_the_other_arguments_are_refused(booster: lightgbm.Booster) -> None:
    shap, matrix = TreeShap.of([booster]), np.zeros((4, 3))
    with pytest.raises(ValueError, match="2 weights"):
        TreeShap.of([booster], [0.5, 0.5])
    with pytest.raises(ValueError, match="for each of 3 columns"):
        shap.values(matrix, feature_of=[0, 1])
    with pytest.raises(
        ValueError, match=re.escape("extra has shape (4, 1); expected are 4 rows x 3 features")
    ):
        shap.values(matrix, extra=np.zeros((4, 1)))


def test_no_rows_no_values(booster: lightgbm.Booster) -> None:
    assert TreeShap.of([booster]).values(np.zeros((0, 3))).shape == (0, 4)


def test_no_boosters_no_contributions() -> None:
    shap = TreeShap.of([], columns=2)
    assert (shap.values(np.ones((3, 2))) == 0).all()


def test_a_matrix_may_be_wider_than_the_boosters(booster: lightgbm.Booster) -> None:
    shap = TreeShap.of([booster], columns=5)
    found = shap.values(np.column_stack([DRAWN.matrix, np.ones((200, 2))]))
    assert (found[:, 3:5] == 0).all()
    assert np.abs(found[:, [0, 1, 2, 5]] - contributions(booster, DRAWN.matrix)).max() < 1e-10


def test_integers_single_floats_and_fortran_order_are_read(booster: lightgbm.Booster) -> None:
    shap, matrix = TreeShap.of([booster]), np.arange(30).reshape(10, 3) % 7
    expected = contributions(booster, matrix.astype(np.float64))
    for one in (matrix, matrix.astype(np.float32), np.asfortranarray(matrix), matrix.tolist()):
        assert np.abs(shap.values(one) - expected).max() < 1e-10
