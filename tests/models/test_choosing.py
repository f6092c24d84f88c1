"""Which step stands, where grades begin, and what is explained."""

import json

import numpy as np
import pandas as pd
import pytest

from models.bundle import Bundle
from models.candidates import Candidate, OutOfFold, best
from models.explain import explain
from models.grades import reference, thresholds
from models.ladder import climb
from models.scorer import Floats, expit
from tests.models.company import SHARES, START, Frames

BASE, PLAIN, WEAK = (
    Candidate("base_rate"),
    Candidate("logistic", strength=0.2),
    Candidate("logistic", strength=0.005),
)
TREES = Candidate("lightgbm", rounds=30)


def drawn(rows: int, *, signal: float, trees: float = 0.0, copies: int = 1) -> OutOfFold:
    """Draw outcomes of which the regression sees ``signal`` and the trees ``trees`` more."""
    rng = np.random.default_rng(2)
    seen, more = rng.normal(0, 1, rows), rng.normal(0, 1, rows)
    label = (rng.random(rows) < expit(signal * seen + trees * more - 1)).astype(np.float64)
    margins: dict[Candidate, Floats] = {
        BASE: np.full(rows, -1.0),
        WEAK: -1 + 0.1 * signal * seen,
        PLAIN: -1 + signal * seen + (0.2 * more if not signal else 0),
        TREES: -1
        + signal * seen
        + trees * more
        + (0.3 * rng.normal(0, 1, rows) if not trees else 0),
    }
    leads = [f"L{row}" for row in range(rows)] * copies
    frame = pd.DataFrame(
        {
            "lead_id": leads,
            "as_of": START,
            "group_id": leads,
            "label": np.tile(label, copies),
            "age_days": 1.0,
        }
    )
    many = {candidate: np.tile(margin, copies) for candidate, margin in margins.items()}
    return OutOfFold(frame, np.tile(label, copies), np.tile(np.arange(rows), copies), many)


LADDER = ["base_rate", "logistic", "lightgbm"]


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
    decision = climb([drawn(2000, signal=signal, trees=trees)], LADDER, won_leads=500)
    assert decision.step == step
    assert [one.step for one in decision.comparisons] == ["logistic", "lightgbm"]


def test_seeing_the_same_leads_often_proves_no_more() -> None:
    once = climb([drawn(300, signal=0.25)], LADDER, won_leads=500)
    often = climb([drawn(300, signal=0.25, copies=20)], LADDER, won_leads=500)
    assert once.step == often.step
    assert once.comparisons[0].standard_error == pytest.approx(often.comparisons[0].standard_error)


def test_trees_on_few_wins_have_to_be_clearly_better() -> None:
    for won, asked in ((99, 2.0), (100, 1.0)):
        decision = climb([drawn(500, signal=1.0, trees=0.5)], LADDER, won_leads=won)
        assert decision.comparisons[1].asked_errors == asked


def test_a_comparison_is_told_in_words() -> None:
    decision = climb([drawn(2000, signal=1.0)], ["base_rate", "logistic"], won_leads=500)
    one = decision.comparisons[0]
    assert one.words == (
        f"logistic regression saves {one.gain:.5f} of log loss per row against the base rate"
        f" (at least {one.standard_error:.5f} is asked for, 1 standard error): taken"
    )


def test_the_best_setting_is_the_one_with_the_least_log_loss() -> None:
    test = drawn(2000, signal=1.0)
    assert best([test], "logistic") == PLAIN
    assert best([], "logistic") == Candidate("logistic", strength=0.03)


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
