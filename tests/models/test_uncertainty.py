"""What is told of each lead: its interval, its confidence, and why it is not higher."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.bundle import Bundle
from models.metrics import outcome_clusters
from models.reasons import score
from models.scorer import Spec
from models.uncertainty import AGE_ALONE, Told, reference, told, widened
from models.venn_abers import interval
from tests.models.company import HORIZON, Frames, company
from tests.models.test_reasons import lead


def predictions(bundle: Bundle, frames: Frames) -> pd.DataFrame:
    """Make rows such as an evaluation leaves behind, of leads that the model did not learn from."""
    rows = frames.mornings
    return rows[["lead_id", "as_of", "label", "age_days"]].assign(
        cluster=outcome_clusters(rows, HORIZON),
        fold=np.arange(len(rows)) * 3 // len(rows),
        leadgauge=bundle.probability(rows),
    )


def with_uncertainty(bundle: Bundle, frames: Frames, later: Frames) -> Bundle:
    rows = pd.concat([frames.ladder, frames.mornings], ignore_index=True)
    spec = reference(bundle, rows, predictions(bundle, later))
    assert json.loads(json.dumps(spec, allow_nan=False)) == spec
    return replace(bundle, model={**bundle.model, "uncertainty": spec})


@pytest.fixture(scope="module")
def later() -> Frames:
    return company(seed=9)


@pytest.fixture(scope="module")
def sure(bundles: dict[str, Bundle], frames: Frames, later: Frames) -> dict[str, Bundle]:
    return {name: with_uncertainty(one, frames, later) for name, one in bundles.items()}


def tell(bundle: Bundle, frame: pd.DataFrame) -> Told:
    found = told(bundle, frame, bundle.probability(frame))
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["base_rate", "logistic", "lightgbm", "anchored", "mixed"])
def test_every_interval_lies_around_its_probability(
    sure: dict[str, Bundle], later: Frames, name: str
) -> None:
    probability = sure[name].probability(later.mornings)
    found = tell(sure[name], later.mornings)
    assert ((found.low >= 0) & (found.low <= probability)).all()
    assert ((found.high <= 1) & (found.high >= probability)).all()
    assert ((found.seen >= 0) & (found.seen <= 1)).all()
    assert set(found.confidence) <= {"high", "medium", "low"}


@pytest.mark.parametrize(
    ("changed", "confidence", "note"),
    [
        ({}, "high", ""),
        ({"source": "radio"}, "low", "Lead Source: radio, never seen in training"),
        (
            {"visit_30d": 900.0},
            "low",
            "visit: 900 in the last 30 days, beyond all that training held",
        ),
    ],
)
def test_confidence_is_low_where_little_was_seen_of_what_matters(
    sure: dict[str, Bundle], changed: dict[str, object], confidence: str, note: str
) -> None:
    row = score(lead(**changed), sure["logistic"]).iloc[0]
    assert (row["confidence"], row["confidence_note"]) == (confidence, note)


def test_a_lead_that_is_unlike_all_others_has_a_wider_interval(sure: dict[str, Bundle]) -> None:
    model = sure["logistic"]
    probability = np.array([0.2])
    usual = told(model, lead(), probability)
    odd = told(model, lead(source="radio", visit_30d=900.0), probability)
    assert usual is not None
    assert odd is not None
    assert odd.low[0] < usual.low[0] < 0.2 < usual.high[0] < odd.high[0]


def test_about_one_in_twenty_of_leads_like_those_of_training_has_low_confidence(
    sure: dict[str, Bundle], later: Frames
) -> None:
    found = tell(sure["logistic"], later.mornings)
    assert np.mean([word == "low" for word in found.confidence]) < 0.1
    assert np.mean([word == "high" for word in found.confidence]) > 0.5


def test_a_model_that_knows_the_age_alone_is_never_sure_and_says_why(
    sure: dict[str, Bundle],
) -> None:
    found = tell(sure["base_rate"], lead())
    assert found.confidence == ["medium"]
    assert found.note == [AGE_ALONE]


def test_what_is_told_of_a_lead_does_not_depend_on_who_else_is_scored(
    sure: dict[str, Bundle], later: Frames
) -> None:
    rows = later.mornings.head(60)
    columns = ["probability_low", "probability_high", "confidence", "confidence_note", "seen"]
    together, alone = score(rows, sure["anchored"]), score(rows.iloc[[31]], sure["anchored"])
    pd.testing.assert_series_equal(
        together[columns].iloc[31], alone[columns].iloc[0], check_names=False
    )


def test_a_model_that_never_learned_it_tells_nothing(bundles: dict[str, Bundle]) -> None:
    assert told(bundles["logistic"], lead(), np.array([0.2])) is None


def test_a_flat_export_or_too_few_outcomes_have_no_interval(
    bundles: dict[str, Bundle], frames: Frames, later: Frames
) -> None:
    rows = predictions(bundles["logistic"], later)
    for given in (rows.assign(age_days=0.0), rows.head(60), rows.head(0)):
        spec = reference(bundles["logistic"], frames.ladder, given)
        assert spec["interval"] is None
        model = replace(
            bundles["logistic"], model={**bundles["logistic"].model, "uncertainty": spec}
        )
        found = tell(model, later.mornings.head(5))
        assert np.isnan([found.low, found.high]).all()
        assert set(found.confidence) <= {"high", "medium", "low"}


def test_what_is_unknown_of_a_lead_adds_to_the_interval_of_its_like_as_squares(
    sure: dict[str, Bundle],
) -> None:
    spec: Spec = sure["logistic"].model["uncertainty"]["interval"]
    probability = np.linspace(0.01, 0.9, 30)
    like = interval(spec, probability)
    same = widened(spec, probability, np.zeros(30))
    wider = widened(spec, probability, np.full(30, 0.25))
    np.testing.assert_allclose(same, like, atol=1e-6)
    assert (wider[0] < like[0] + 1e-9).all()
    assert (wider[1] > like[1] - 1e-9).all()


def test_wins_of_leads_lie_within_what_was_told_of_their_like(sure: dict[str, Bundle]) -> None:
    fresh = company(4000, seed=21)
    model = sure["logistic"]
    rows = fresh.mornings
    found, label = tell(model, rows), rows["label"].to_numpy(dtype=np.float64)
    tenth = pd.qcut(model.probability(rows), 10, labels=False)
    for number in range(10):
        inside = tenth == number
        # Log-odds end at 1e-9: an interval from nothing on.
        assert (
            found.low[inside].mean() < max(label[inside].mean(), 1e-8) < found.high[inside].mean()
        )
