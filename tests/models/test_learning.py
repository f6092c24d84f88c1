"""What is learned before and below the trees: levels, age bands, weights, the regression."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from features.catalogue import Attribute, Catalogue
from features.errors import DataError
from models.base_rate import fit_base_rate
from models.encoding import fit_encoder, unseen
from models.frames import age_edges, in_order, learning_rows
from models.logistic import fit_logistic
from models.scorer import Spec, encode, expit, logistic_contributions
from tests.models.company import AGES, HORIZON, START, Frames

UNTOUCHED = ["lead_id", "as_of", "age_days", "group_id", "size", "weight"]
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


def opened(stays: dict[str, int], *, label: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw leads of the first day as ladder and weekly mornings: name -> days that it stays open."""
    rows: dict[str, list[tuple[str, int]]] = {
        "ladder": [(lead, age) for lead, days in stays.items() for age in AGES if age < days],
        "mornings": [(lead, age) for lead, days in stays.items() for age in range(0, days, 7)],
    }
    made = []
    for name in ("ladder", "mornings"):
        frame = pd.DataFrame(rows[name], columns=["lead_id", "age_days"])
        frame["as_of"] = START + pd.to_timedelta(frame["age_days"], unit="D")
        made.append(frame.assign(label=label, weight=1.0))
    return made[0], made[1]


def test_weights_do_not_tell_fast_wins_from_slow_losses() -> None:
    """One over the number of its snapshots would weigh a fast win at age 0 three times a loss that stays open."""
    won = opened({f"W{at}": 1 for at in range(50)}, label=1)
    lost = opened({f"L{at}": 60 for at in range(50)})
    ladder, mornings = (pd.concat(pair, ignore_index=True) for pair in zip(won, lost, strict=True))
    rows = learning_rows(ladder, mornings, HORIZON)
    young = rows[rows["age_days"] == 0]
    assert np.average(young["label"], weights=young["weight"]) == pytest.approx(0.5)


@given(flipped=st.lists(st.booleans(), min_size=1, max_size=20))
@settings(deadline=None, max_examples=20)
def test_weights_depend_on_age_and_calendar_alone(frames: Frames, flipped: list[bool]) -> None:
    rows = learning_rows(frames.ladder, frames.mornings, HORIZON)
    assert rows["weight"].sum() == pytest.approx(rows["lead_id"].nunique())
    # Who is open when is the calendar's; what became of a lead, and what it looks like, is not.
    turned = [
        one.assign(
            label=one["label"].where(np.resize(flipped, len(one)), 1 - one["label"]),
            source=None,
            weight=np.resize(np.array(flipped) + 1.0, len(one)),
        )
        for one in (frames.ladder, frames.mornings)
    ]
    again = learning_rows(turned[0], turned[1], HORIZON)
    pd.testing.assert_frame_equal(rows[UNTOUCHED], again[UNTOUCHED])


def test_rows_of_one_age_weigh_the_same_in_a_frame() -> None:
    rows = learning_rows(*opened({"A": 400, "B": 9, "C": 70}), HORIZON)
    rungs = rows[rows["age_days"].isin([0, 14])]
    assert (rungs.groupby(["age_days", "lead_id"])["weight"].apply(list).str.len() == 2).all()
    assert (rungs.groupby("age_days")["weight"].nunique() <= 2).all()


def test_a_lead_counts_once_for_each_horizon_that_it_stays_open() -> None:
    rows = learning_rows(*opened({"long": 300, "short": 60}), HORIZON)
    whole = rows.groupby("lead_id")["weight"].sum()
    assert whole["long"] / whole["short"] == pytest.approx(300 / 60, rel=0.05)


def test_ages_that_only_mornings_reach_are_theirs_alone() -> None:
    rows = learning_rows(*opened({"A": 300}), HORIZON).set_index("age_days")["weight"]
    assert rows.index.max() == 294
    # Beyond the last rung and what it stands for, a morning speaks with its whole weight.
    assert rows[91 + 7] == pytest.approx(2 * rows[77])
    assert rows[70] == pytest.approx(rows[77])


def test_mornings_that_lie_closer_weigh_less_each() -> None:
    ladder, weekly = opened({"A": 300})
    daily = pd.concat(
        [weekly.assign(as_of=weekly["as_of"] + pd.Timedelta(days=day)) for day in range(7)]
    )
    shares = []
    for mornings in (weekly, daily):
        rows = learning_rows(ladder, mornings, HORIZON)
        young = rows["as_of"].isin(ladder["as_of"]) & rows["age_days"].isin([3])
        shares.append(rows.loc[young, "weight"].sum() / rows["weight"].sum())
    assert shares[0] == pytest.approx(shares[1], rel=0.05)


def test_a_ladder_of_one_age_stays_as_it_is(frames: Frames) -> None:
    flat = frames.ladder[frames.ladder["age_days"] == 0]
    for mornings in (flat, flat.head(0)):
        pd.testing.assert_frame_equal(
            learning_rows(flat, mornings, HORIZON), flat.assign(weight=1.0)
        )


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
    rows = learning_rows(frames.ladder, frames.mornings, HORIZON)
    label, weight = (rows[name].to_numpy(dtype=np.float64) for name in ("label", "weight"))
    features = fit_encoder(rows, frames.catalogue, label=label, weight=weight)
    matrix = encode(features, rows)
    base = fit_base_rate(matrix, label, weight, age_feature=0)
    step = fit_logistic(features, matrix, label, weight, base=base, strengths=[0.2])[0.2]
    means = np.average(logistic_contributions(step, matrix), axis=0, weights=weight)
    np.testing.assert_allclose(means, 0, atol=1e-9)
