"""A level's close rate is read as it stood: no row sees its own outcome, or one that was not known yet."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.rates import SMOOTHING, fit_rates, in_time_order
from models.scorer import Floats, Spec, encode, expit
from tests.models.company import START

GAP = 10.0
FEATURES: list[Spec] = [
    {"name": "size", "type": "number"},
    {"name": "city", "type": "category", "levels": ["__other__"], "other": 0, "missing": 0},
]

drawn = st.lists(
    st.tuples(
        st.floats(0, 60, allow_nan=False).map(lambda day: round(day, 1)),
        st.sampled_from(["Ulm", "Bonn", "Kiel", None]),
        st.integers(0, 1),
        st.sampled_from([0.5, 1.0, 2.0]),
    ),
    min_size=3,
    max_size=30,
)


def made(rows: list[tuple[float, str | None, int, float]]) -> tuple[pd.DataFrame, Floats, Floats]:
    """Return the frame, the labels and the weights of (day, city, label, weight)."""
    day, city, label, weight = zip(*rows, strict=True)
    frame = pd.DataFrame(
        {
            "as_of": START + pd.to_timedelta(np.array(day), unit="D"),
            "city": pd.Series(city, dtype=object),
            "size": 1.0,
        }
    )
    return frame, np.array(label, dtype=np.float64), np.array(weight)


def column(frame: pd.DataFrame, label: Floats, weight: Floats) -> Floats:
    """Return the city's rate of each training row, as probabilities."""
    spec = [{"name": "city", "type": "rate", "of": 1, "levels": {}, "else": 0.0}]
    return expit(in_time_order(spec, frame, label, weight, GAP)[:, 0])


def known_by(frame: pd.DataFrame, row: int) -> npt.NDArray[np.bool_]:
    until = frame["as_of"].iloc[row] - pd.Timedelta(days=GAP)
    return np.asarray(frame["as_of"] <= until, dtype=np.bool_)


@given(rows=drawn)
@settings(deadline=None, max_examples=80)
def test_a_training_row_sees_the_rate_of_its_level_among_the_outcomes_known_by_then(
    rows: list[tuple[float, str | None, int, float]],
) -> None:
    frame, label, weight = made(rows)
    found = column(frame, label, weight)
    overall = np.clip(np.average(label, weights=weight), 1e-4, 1 - 1e-4)
    city = frame["city"].astype(object).where(frame["city"].notna(), "nowhere").to_numpy()
    for row in range(len(frame)):
        like = known_by(frame, row) & (city == city[row])
        wins, leads = (weight * label)[like].sum(), weight[like].sum()
        expected = (wins + SMOOTHING * overall) / (leads + SMOOTHING)
        assert found[row] == pytest.approx(expected, abs=1e-9)


@given(rows=drawn, at=st.integers(0, 29), random=st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=80)
def test_neither_its_own_outcome_nor_a_later_one_moves_a_rows_rate(
    rows: list[tuple[float, str | None, int, float]], at: int, random: Any
) -> None:
    rows = [(day, city, label, 1.0) for day, city, label, _ in rows]
    frame, label, weight = made(rows)
    row = at % len(frame)
    # The outcomes change hands, so that the overall rate, the one number of all rows, stays what it is.
    hidden = np.flatnonzero(~known_by(frame, row))
    turned, order = label.copy(), hidden.tolist()
    random.shuffle(order)
    turned[hidden] = label[order]
    assert row in hidden
    assert column(frame, turned, weight)[row] == pytest.approx(
        column(frame, label, weight)[row], abs=1e-12
    )


def test_an_outcome_counts_from_the_moment_on_that_it_is_known() -> None:
    frame, label, weight = made(
        [(0, "Ulm", 1, 1.0), (GAP - 0.1, "Ulm", 0, 1.0), (GAP, "Ulm", 0, 1.0), (GAP, "Kiel", 0, 1)]
    )
    found, overall = column(frame, label, weight), 0.25
    assert found[[0, 1, 3]] == pytest.approx([overall] * 3)
    assert found[2] == pytest.approx((1 + SMOOTHING * overall) / (1 + SMOOTHING))


@given(rows=drawn, random=st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=40)
def test_the_order_of_the_rows_does_not_matter(
    rows: list[tuple[float, str | None, int, float]], random: Any
) -> None:
    order = list(range(len(rows)))
    random.shuffle(order)
    turned = column(*made([rows[place] for place in order]))
    np.testing.assert_allclose(turned, column(*made(rows))[order], atol=1e-12)


def company() -> tuple[pd.DataFrame, Floats, Floats]:
    """Return rows of three cities and none: 40 of Ulm, half of them won, and ten each of the others, none won."""
    cities = ["Ulm"] * 40 + ["Bonn"] * 10 + ["Kiel"] * 10 + [None] * 10
    return made(
        [
            (float(at % 50), city, int(at < 40 and at % 2 == 0), 1.0)
            for at, city in enumerate(cities)
        ]
    )


def test_a_row_that_is_scored_sees_the_whole_rate_of_its_level() -> None:
    frame, label, weight = company()
    (spec,) = fit_rates(FEATURES, frame, label, weight)
    assert (spec["name"], spec["type"], spec["of"]) == ("city", "rate", 1)
    overall = 20 / 70
    tonight = pd.DataFrame({"city": ["Ulm", "Kiel", None, "Rome"]})
    rate = expit(encode([spec], tonight)[:, 0])
    assert rate[0] == pytest.approx((20 + SMOOTHING * overall) / (40 + SMOOTHING))
    assert rate[1] == pytest.approx(SMOOTHING * overall / (10 + SMOOTHING))
    assert rate[2] == pytest.approx(SMOOTHING * overall / (10 + SMOOTHING))
    assert rate[3] == pytest.approx(overall)


def test_missing_is_a_level_of_its_own_and_counts_as_one() -> None:
    frame, label, weight = company()
    two = frame[frame["city"].isna() | (frame["city"] == "Ulm")]
    places = two.index.to_numpy()
    assert fit_rates(FEATURES, two, label[places], weight[places]) == []
    (spec,) = fit_rates(FEATURES, frame[frame["city"] != "Bonn"], label[frame["city"] != "Bonn"], weight[frame["city"] != "Bonn"])  # fmt: skip
    assert sorted(spec["levels"]) == ["Kiel", "Ulm", "__missing__"]


def test_a_number_has_no_rate_and_the_dtype_of_a_category_does_not_matter() -> None:
    frame, label, weight = company()
    specs = fit_rates(FEATURES, frame, label, weight)
    assert [spec["name"] for spec in specs] == ["city"]
    for dtype in ("str", "object", "category"):
        again = frame.astype({"city": dtype})
        assert fit_rates(FEATURES, again, label, weight) == specs
        np.testing.assert_array_equal(encode(specs, again), encode(specs, frame))
        ordered = in_time_order(specs, again, label, weight, GAP)
        np.testing.assert_array_equal(ordered, in_time_order(specs, frame, label, weight, GAP))


def test_of_very_many_levels_those_with_the_most_leads_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("models.rates.MAX_LEVELS", 3)
    frame, label, weight = made(
        [(0.0, f"town {at}", at % 2, 1.0) for at in range(6) for _ in range(at + 1)]
    )
    (spec,) = fit_rates(FEATURES, frame, label, weight)
    assert sorted(spec["levels"]) == ["town 3", "town 4", "town 5"]
    rare = encode([spec], pd.DataFrame({"city": ["town 0"]}))[0, 0]
    assert rare == spec["else"]


def test_without_categories_there_are_no_rates() -> None:
    frame, label, weight = company()
    assert fit_rates(FEATURES[:1], frame, label, weight) == []
    assert in_time_order([], frame, label, weight, GAP).shape == (len(frame), 0)
