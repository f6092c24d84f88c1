"""Which step stands, where grades begin, and what is explained."""

import itertools
import json
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from models.bundle import Bundle
from models.candidates import DEFAULTS, PORTION, OutOfFold, Recipe, _mixtures, best, best_part
from models.evaluation import decide
from models.explain import explain
from models.following import DEFAULT_SPEED
from models.grades import reference, thresholds
from models.ladder import TO_LEAVE, climb
from models.logistic import DEFAULT_STRENGTH
from models.members import Part, weighted
from models.scorer import Floats, expit
from tests.models.company import SHARES, START, Frames

GAP = 30.0
BASE, PLAIN, WEAK = (
    Part("base_rate"),
    Part("logistic", strength=0.3),
    Part("logistic", strength=0.002),
)
ANCHORED, RATES = Part("anchored", rounds=30), Part("rates", rounds=30)
LADDER = ["base_rate", "logistic", "lightgbm"]


def out_of_fold(
    label: Floats,
    parts: Mapping[Part, Floats],
    *,
    copies: int = 1,
    days: Floats | None = None,
    before: int = 0,
) -> OutOfFold:
    """Draw a fold: rows of ``copies`` mornings each, the first ``before`` rows known before it."""
    leads = [f"L{row}" for row in range(len(label))] * copies
    after = np.zeros(len(label)) if days is None else days
    frame = pd.DataFrame(
        {
            "lead_id": leads,
            "as_of": START + pd.to_timedelta(np.tile(after, copies), unit="D"),
            "group_id": leads,
            "label": np.tile(label, copies),
            "age_days": 1.0,
        }
    )
    told = {part: np.tile(margin, copies) for part, margin in parts.items()}
    evidence = np.full(len(frame), 1 / copies)
    return OutOfFold(
        rows=frame.iloc[before:].reset_index(drop=True),
        label=np.tile(label, copies)[before:],
        clusters=np.tile(np.arange(len(label)), copies)[before:],
        evidence=evidence[before:],
        parts={part: margin[before:] for part, margin in told.items()},
        before=frame.iloc[:before],
        before_evidence=evidence[:before],
        before_parts={part: margin[:before] for part, margin in told.items()},
    )


def drawn(rows: int, *, signal: float, trees: float = 0.0, copies: int = 1) -> OutOfFold:
    """Draw outcomes of which the regression sees ``signal`` and the trees ``trees`` more."""
    rng = np.random.default_rng(2)
    seen, more, noise = (rng.normal(0, 1, rows) for _ in range(3))
    label = (rng.random(rows) < expit(signal * seen + trees * more - 1)).astype(np.float64)
    both = -1 + signal * seen + trees * more + (0 if trees else 0.8 * noise)
    parts = {
        BASE: np.full(rows, -1.0),
        WEAK: -1 + 0.1 * signal * seen,
        PLAIN: -1 + signal * seen + (0.5 * more if not signal else 0),
        ANCHORED: both,
        RATES: both,
    }
    return out_of_fold(label, parts, copies=copies)


@pytest.mark.parametrize(
    ("signal", "trees", "step"),
    [
        (0.0, 0.0, "base_rate"),
        (1.0, 0.0, "logistic"),
        (1.0, 1.0, "lightgbm"),
        (0.0, 1.5, "lightgbm"),
    ],
)
def test_a_step_is_taken_only_if_it_is_better(signal: float, trees: float, step: str) -> None:
    decision = climb([drawn(2000, signal=signal, trees=trees)], LADDER, won_leads=500, gap_days=GAP)
    assert decision.step == step
    assert [one.step for one in decision.comparisons] == ["logistic", "lightgbm"]


def test_seeing_the_same_leads_often_proves_no_more() -> None:
    once, often = (
        climb([drawn(300, signal=0.5, copies=copies)], LADDER, won_leads=500, gap_days=GAP)
        for copies in (1, 20)
    )
    assert once.recipe == often.recipe
    for one, other in zip(once.comparisons, often.comparisons, strict=True):
        assert one.standard_error == pytest.approx(other.standard_error)
        assert one.gain == pytest.approx(other.gain)


def test_few_wins_ask_more_of_trees_and_leaving_the_base_rate_always_asks_the_most() -> None:
    asked = {}
    for won, signal in itertools.product((99, 100), (0.0, 1.0)):
        test = drawn(500, signal=signal, trees=0.5 * signal)
        found = climb([test], LADDER, won_leads=won, gap_days=GAP).comparisons
        asked[won, signal] = [one.asked_errors for one in found]
    assert asked[99, 1.0] == [TO_LEAVE, 1.0]
    assert asked[100, 1.0] == [TO_LEAVE, 0.0]
    assert asked[99, 0.0] == asked[100, 0.0] == [TO_LEAVE, TO_LEAVE]


def test_a_comparison_is_told_in_words() -> None:
    tests = [drawn(2000, signal=1.0)]
    one = climb(tests, LADDER[:2], won_leads=500, gap_days=GAP).comparisons[0]
    assert one.words == (
        f"logistic regression saves {one.gain:.5f} of log loss per row against the base rate"
        f" (at least {TO_LEAVE * one.standard_error:.5f} is asked for, {TO_LEAVE:g} standard errors): taken"
    )


def test_a_decision_is_json() -> None:
    decision = climb(
        [drawn(2000, signal=1.0, trees=1.0)], LADDER, won_leads=500, gap_days=GAP
    ).to_json()
    assert json.loads(json.dumps(decision, allow_nan=False)) == decision
    assert sum(decision["weights"].values()) == 1
    assert set(decision["weights"]) <= {"base_rate", "logistic", "anchored", "rates"}


def test_the_best_setting_is_the_one_with_the_least_log_loss() -> None:
    test = drawn(2000, signal=1.0)
    assert best_part([test], "logistic") == PLAIN
    assert best_part([test, drawn(0, signal=1.0)], "logistic") == PLAIN
    assert best_part([test], "base_rate") == BASE


def test_a_setting_is_not_blamed_for_its_level_since_the_intercept_follows() -> None:
    test = drawn(2000, signal=1.0)
    off = out_of_fold(test.label, {**test.parts, PLAIN: test.parts[PLAIN] + 2.0})
    assert best_part([off], "logistic") == PLAIN


def test_without_any_outcome_the_usual_is_taken() -> None:
    for tests in ([], [drawn(0, signal=1.0)]):
        for member, part in DEFAULTS.items():
            assert best_part(tests, member) == part
        for step in LADDER:
            found = best(tests, step, GAP)
            assert (found.step, found.strength) == (step, DEFAULT_STRENGTH)
            assert found.speed == DEFAULT_SPEED
            assert sum(found.weights.values()) == 1
            assert set(found.weights) <= set(DEFAULTS.values())


@pytest.mark.parametrize("needed", [0, 1, 2, 3])
def test_mixtures_are_all_ways_to_part_a_whole_into_quarters(needed: int) -> None:
    parts = [BASE, PLAIN, ANCHORED, RATES]
    found = _mixtures(parts, needed=needed)
    assert PORTION == 0.25
    assert all(sum(one.values()) == 1 for one in found)
    assert all(set(one.values()) <= {0.25, 0.5, 0.75, 1.0} for one in found)
    assert len({tuple(one.items()) for one in found}) == len(found)
    assert all(set(one) & set(parts[needed:]) for one in found)
    # Compositions of four quarters into four parts, less those into the parts that are not enough.
    assert len(found) == 35 - {0: 0, 1: 1, 2: 5, 3: 15}[needed]


@pytest.mark.parametrize("informative", [PLAIN, ANCHORED, RATES])
def test_the_member_that_knows_something_gets_the_weight(informative: Part) -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(-1, 1.5, 3000)
    label = (rng.random(3000) < expit(truth)).astype(np.float64)
    parts = {part: rng.normal(-1, 1, 3000) for part in (PLAIN, ANCHORED, RATES)}
    test = out_of_fold(label, {BASE: np.full(3000, -1.0), **parts, informative: truth})
    step = "logistic" if informative == PLAIN else "lightgbm"
    found = best([test], step, GAP).weights
    assert sum(found.values()) == 1
    assert found[informative] >= 0.75


def test_members_that_err_differently_are_mixed() -> None:
    rng = np.random.default_rng(4)
    truth = rng.normal(-1, 1.2, 4000)
    label = (rng.random(4000) < expit(truth)).astype(np.float64)
    parts = {part: truth + rng.normal(0, 1.2, 4000) for part in (PLAIN, ANCHORED, RATES)}
    test = out_of_fold(label, {BASE: np.full(4000, -1.0), **parts})
    found = best([test], "lightgbm", GAP)
    assert set(found.weights) >= {PLAIN, ANCHORED, RATES}
    gain = {part: best_loss([test], {part: 1.0}) for part in parts}
    assert best_loss([test], found.weights) < min(gain.values())


def best_loss(tests: list[OutOfFold], weights: dict[Part, float]) -> float:
    margins = [expit(weighted(test.parts, weights)) for test in tests]
    return sum(
        float(-np.log(np.where(test.label == 1, p, 1 - p)).mean())
        for test, p in zip(tests, margins, strict=True)
    )


def test_a_few_outcomes_do_not_pull_the_weights_far_from_the_usual() -> None:
    usual = {BASE: 0.0, PLAIN: 0.25, ANCHORED: 0.5, RATES: 0.25}
    for seed in range(8):
        rng = np.random.default_rng(seed)
        truth = rng.normal(-1, 1, 60)
        label = (rng.random(60) < expit(truth)).astype(np.float64)
        parts = {part: truth + rng.normal(0, 0.3, 60) for part in (PLAIN, ANCHORED, RATES)}
        test = out_of_fold(label, {BASE: np.full(60, -1.0), **parts})
        found = best([test], "lightgbm", GAP).weights
        assert max(abs(found.get(part, 0.0) - usual[part]) for part in usual) <= 0.25


def jumping(days: int = 400) -> OutOfFold:
    """Draw a close rate that jumps in the middle; a quarter of the rows were known before the fold."""
    rng = np.random.default_rng(6)
    day = np.repeat(np.arange(days, dtype=np.float64), 12)
    level = np.where(day < days / 2, -1.5, 0.3)
    label = (rng.random(len(day)) < expit(level)).astype(np.float64)
    said = np.full(len(day), -1.5)
    return out_of_fold(label, {BASE: said, PLAIN: said}, days=day, before=len(day) // 4)


def test_a_recipe_follows_a_level_that_jumped_once_outcomes_are_known() -> None:
    test = jumping()
    recipe = best([test], "base_rate", GAP)
    assert recipe.speed is not None
    assert recipe.speed >= 1e-3
    margin = recipe.margin(test, GAP)
    day = (test.rows["as_of"] - START).dt.days.to_numpy()
    assert np.abs(margin[day < 200] + 1.5).mean() < 0.3
    assert np.abs(margin[(day >= 200) & (day < 200 + GAP)] + 1.5).mean() < 0.3
    assert np.abs(margin[day > 300] - 0.3).mean() < 0.3


def test_a_recipe_that_follows_nothing_says_what_its_parts_say() -> None:
    test = jumping()
    alone = Recipe("logistic", {BASE: 0.5, PLAIN: 0.5}, 0.3, None)
    np.testing.assert_array_equal(alone.margin(test, GAP), np.full(len(test.label), -1.5))


@pytest.mark.parametrize("steep", [1.0, 2.5])
def test_a_single_fold_chooses_nothing_but_the_step(steep: float) -> None:
    """Also where it would itself have mixed the two, or followed a level that jumped."""
    usual, test = DEFAULTS["logistic"], drawn(2000, signal=1.0)
    days = np.repeat(np.arange(400.0), 5)
    label = np.where(days < 200, test.label, 1 - test.label)
    parts = {BASE: test.parts[BASE], usual: -1 + steep * (test.parts[PLAIN] + 1)}
    for outcomes in (test.label, label):
        only = [out_of_fold(outcomes, parts, days=days, before=500)]
        found = decide(only, LADDER, won_leads=500, gap_days=GAP)
        assert [one.step for one in found.comparisons] == ["logistic"]
        assert found.recipe in (best([], "base_rate", GAP), best([], "logistic", GAP))


def test_rows_count_as_known_only_after_their_horizon() -> None:
    test = drawn(10, signal=1.0)
    gap = pd.Timedelta(days=30)
    assert len(test.known_by(START + gap, gap).label) == 10
    assert len(test.known_by(START + gap - pd.Timedelta(seconds=1), gap).label) == 0


def test_grades_begin_where_their_shares_end() -> None:
    probability = np.arange(1, 101) / 1000
    found = thresholds(probability, SHARES)
    assert found == {"A": 0.091, "B": 0.071, "C": 0.041}


def test_leads_of_one_probability_get_one_grade_from_the_middle() -> None:
    assert thresholds(np.full(50, 0.1), SHARES) == {"A": None, "B": None, "C": 0.1}


def test_the_reference_holds_probabilities_that_occurred() -> None:
    probability = np.random.default_rng(0).random(1000)
    assert set(reference(probability)) <= set(np.round(probability, 12).tolist())


def test_an_explanation_names_what_matters_and_counts_every_row(
    bundle: Bundle, frames: Frames
) -> None:
    found = explain(bundle, frames.mornings, seed=1, sample=1500)
    json.dumps(found, allow_nan=False)
    assert found["rows"] == 1500
    assert sum(one["share"] for one in found["concepts"]) == pytest.approx(1)
    for feature in found["features"]:
        assert sum(row["rows"] for row in feature["table"]) == 1500
        assert all(row["low"] <= row["observed_rate"] <= row["high"] for row in feature["table"])


def test_the_explanation_of_sources_is_theirs(bundles: dict[str, Bundle], frames: Frames) -> None:
    found = explain(bundles["logistic"], frames.mornings, seed=1)
    tables = {one["name"]: {row["value"]: row for row in one["table"]} for one in found["features"]}
    assert set(tables["source"]) == {"web", "ads", "event", "partner", "(missing)"}
    assert tables["source"]["partner"]["odds_multiplier"] > 1.5
    assert tables["source"]["ads"]["odds_multiplier"] < 0.8
