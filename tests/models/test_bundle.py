"""A bundle is text, comes back as it was, and its contributions add up."""

import ast
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import DataError
from models import scorer
from models.bundle import Bundle
from tests.models.company import Frames
from tests.models.conftest import RECIPES

leads = st.lists(
    st.fixed_dictionaries(
        {
            "age_days": st.none() | st.floats(0, 5000),
            "source": st.none()
            | st.sampled_from(["web", "ads", "event", "partner", "__other__", "new"]),
            "size": st.none() | st.floats(-1e9, 1e9) | st.just(float("inf")),
            "visit_30d": st.none() | st.floats(0, 1e6),
        }
    ),
    min_size=1,
    max_size=5,
)


def as_frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["age_days", "source", "size", "visit_30d"])
    numbers = ["age_days", "size", "visit_30d"]
    return frame.astype(dict.fromkeys(numbers, "float64")).astype({"source": object})


@pytest.mark.parametrize("name", list(RECIPES))
@given(rows=leads)
@settings(deadline=None, max_examples=40)
def test_contributions_add_up_to_the_margin_for_any_lead(
    bundles: dict[str, Bundle], name: str, rows: list[dict[str, object]]
) -> None:
    frame, bundle = as_frame(rows), bundles[name]
    summed = bundle.contributions(frame).sum(axis=1)
    np.testing.assert_allclose(summed, bundle.margin(frame), rtol=0, atol=1e-9)


def test_contributions_add_up_on_the_training_rows(bundle: Bundle, frames: Frames) -> None:
    summed = bundle.contributions(frames.mornings).sum(axis=1)
    np.testing.assert_allclose(summed, bundle.margin(frames.mornings), rtol=0, atol=1e-9)
    assert summed.std() > 0.1


def test_a_saved_bundle_comes_back_with_the_same_scores_and_bytes(
    bundle: Bundle, frames: Frames, tmp_path: Path
) -> None:
    bundle.save(tmp_path / "first")
    loaded = Bundle.load(tmp_path / "first")
    loaded.save(tmp_path / "second")
    np.testing.assert_array_equal(
        loaded.probability(frames.mornings), bundle.probability(frames.mornings)
    )
    files = sorted(path.name for path in (tmp_path / "first").iterdir())
    boosters = {spec["file"] for spec in bundle.model["boosters"]}
    assert files == sorted({"model.json", "catalogue.json", *boosters})
    for name in files:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_the_order_of_columns_and_rows_does_not_matter(bundle: Bundle, frames: Frames) -> None:
    rows = frames.mornings.head(50)
    turned = rows[list(rows.columns[::-1])].iloc[::-1]
    np.testing.assert_array_equal(bundle.probability(turned)[::-1], bundle.probability(rows))


def test_no_rows_give_no_scores(bundle: Bundle, frames: Frames) -> None:
    empty = frames.mornings.head(0)
    assert bundle.probability(empty).shape == (0,)
    assert bundle.contributions(empty).shape == (0, 5)
    assert bundle.scorer.table(empty).to_dict("list") == {
        "close_probability": [],
        "score": [],
        "grade": [],
    }
    assert bundle.probability(pd.DataFrame(columns=bundle.catalogue.names)).shape == (0,)


@pytest.mark.parametrize("dtype", ["str", "object", "category"])
def test_the_dtype_of_a_category_column_does_not_matter(
    bundle: Bundle, frames: Frames, dtype: str
) -> None:
    rows = frames.mornings.head(200)
    again = rows.astype({"source": dtype})
    np.testing.assert_array_equal(bundle.probability(again), bundle.probability(rows))


def test_an_unseen_level_scores_as_the_pool_that_training_learned(
    bundles: dict[str, Bundle],
) -> None:
    for bundle in bundles.values():
        rows = as_frame(
            [
                {"age_days": 3.0, "source": name, "size": 20.0, "visit_30d": 2.0}
                for name in ("new", "newer")
            ]
        )
        first, second = bundle.probability(rows)
        assert first == second


def test_a_column_of_only_missing_values_may_have_any_dtype(bundle: Bundle, frames: Frames) -> None:
    rows = frames.mornings.head(3)
    for gone in (np.nan, None):
        assert np.isfinite(bundle.probability(rows.assign(source=gone, size=gone))).all()


def test_missing_feature_columns_are_all_named(bundle: Bundle, frames: Frames) -> None:
    with pytest.raises(DataError) as raised:
        bundle.margin(frames.mornings.drop(columns=["source", "size"]))
    assert str(raised.value) == (
        "these rows do not fit the model: the frame lacks 2 feature column(s) that the model was trained on:"
        " source, size. Score with the features that the model's catalogue declares, or train again"
    )


def test_columns_that_changed_their_type_are_named_with_an_example(
    bundle: Bundle, frames: Frames
) -> None:
    rows = frames.mornings.head(3).assign(size=["12", "40", "n/a"], source=[1.0, 2.0, 3.0])
    with pytest.raises(DataError) as raised:
        bundle.contributions(rows)
    assert str(raised.value) == (
        "these rows do not fit the model: column source held text when the model was trained and now holds numbers,"
        " such as 1.0; column size held numbers when the model was trained and now holds text, such as '12'."
        " Score with the features that the model's catalogue declares, or train again"
    )


def test_a_bundle_of_another_format_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    bundle.save(tmp_path)
    (tmp_path / "model.json").write_text(json.dumps({**bundle.model, "format": 99}))
    with pytest.raises(DataError) as raised:
        Bundle.load(tmp_path)
    assert str(raised.value) == (
        f"{tmp_path / 'model.json'}: format 99; this version of leadgauge reads format 2."
        " Score with the version that trained the model, or train again"
    )


def test_a_damaged_bundle_is_refused(bundles: dict[str, Bundle], tmp_path: Path) -> None:
    bundles["lightgbm"].save(tmp_path)
    (tmp_path / "rates_1.txt").unlink()
    with pytest.raises(DataError, match="this is not a whole model bundle"):
        Bundle.load(tmp_path)


def test_files_of_two_trainings_do_not_go_together(bundle: Bundle, tmp_path: Path) -> None:
    bundle.save(tmp_path)
    other = bundle.catalogue.model_copy(update={"features": bundle.catalogue.features[:2]})
    (tmp_path / "catalogue.json").write_text(other.model_dump_json())
    with pytest.raises(DataError, match=r"catalogue.json and model.json name different features"):
        Bundle.load(tmp_path)


def test_the_score_rises_with_the_probability_from_1_to_99(bundle: Bundle) -> None:
    probability = np.linspace(0, 1, 500)
    scores = bundle.score(probability)
    assert (np.diff(scores) >= 0).all()
    assert (scores[0], scores[-1]) == (1, 99)
    assert [grade for grade in "DCBA" if grade in bundle.grade(probability)] == list(
        dict.fromkeys(bundle.grade(probability))
    )


def test_the_scorer_needs_nothing_of_ours() -> None:
    tree = ast.parse(Path(scorer.__file__).read_text())
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported == {"json", "lightgbm", "numpy", "pandas", "pathlib", "typing"}
