"""How much like a lead training has seen."""

import json

import numpy as np
import pandas as pd
import pytest

from models.scorer import Floats, Spec, expit
from models.support import Sample, fit_support, half_known, known
from tests.models.company import EFFECT, catalogue

CATALOGUE = catalogue()
USUAL = {"age_days": 20.0, "source": "web", "size": 20.0, "visit_30d": 2.0}


def leads(rows: int = 1200, *, effect: dict[str, float] = EFFECT) -> pd.DataFrame:
    """Draw leads of four sources, one of them rare, whose closing follows source and visits."""
    rng = np.random.default_rng(5)
    source = rng.choice(np.array(["web", "ads", "event"], dtype=object), rows, p=[0.5, 0.3, 0.2])
    source[:4] = "partner"
    visits = rng.poisson(2, rows).astype(np.float64)
    margin = np.array([effect[name] for name in source]) + 0.6 * (visits - 2) - 1.4
    return pd.DataFrame(
        {
            "lead_id": [f"L{number}" for number in range(rows)],
            "age_days": rng.uniform(0, 60, rows),
            "source": source,
            "size": np.where(np.arange(rows) < 3, np.nan, rng.lognormal(3, 0.5, rows)),
            "visit_30d": visits,
            "label": (rng.random(rows) < expit(margin)).astype(np.float64),
        }
    )


def fit(frame: pd.DataFrame, *, told: float = 1.0) -> Spec:
    """Fit the support of a model that knows ``told`` of each effect."""
    parts = np.zeros((len(frame), 4))
    parts[:, 1] = told * frame["source"].map(EFFECT).fillna(0.0)
    parts[:, 2] = 0.05 * (np.log(frame["size"].fillna(20.0)) - 3)
    parts[:, 3] = 0.6 * (frame["visit_30d"] - 2)
    label = frame["label"].to_numpy(dtype=np.float64)
    sample = Sample(
        rows=np.arange(len(frame)),
        contributions=parts,
        probability=expit(parts.sum(axis=1) - 1.4),
        label=label,
        lead=np.arange(len(frame)),
    )
    return fit_support(frame, np.ones(len(frame)), CATALOGUE, sample=sample)


def lead(**changed: object) -> pd.DataFrame:
    return pd.DataFrame([{**USUAL, **changed}]).astype({"source": object})


SUPPORT = fit(leads())


def seen(**changed: object) -> float:
    return float(known(SUPPORT, lead(**changed), CATALOGUE).share[0])


@pytest.mark.parametrize(
    ("changed", "note"),
    [
        ({}, ""),
        ({"source": "radio"}, "Lead Source: radio, never seen in training"),
        ({"source": "partner"}, "Lead Source: partner, as for only about 4 leads in training"),
        ({"source": None}, "Lead Source not given, as for no lead in training"),
        ({"visit_30d": 99.0}, "visit: 99 in the last 30 days, beyond all that training held"),
        ({"size": 4.0}, ""),  # the size hardly matters to this model: not worth a word
    ],
)
def test_what_is_new_about_a_lead_is_told_in_words(changed: dict[str, object], note: str) -> None:
    assert known(SUPPORT, lead(**changed), CATALOGUE).notes == [note]


def test_the_less_was_seen_of_what_matters_the_lower_the_share() -> None:
    assert 1.0 > seen() > 0.8
    assert seen() > seen(source="partner") > seen(source="radio")
    assert seen(source="radio") > seen(source="radio", visit_30d=99.0) >= 0.0
    assert seen() - seen(size=1e9) < 0.05 < seen() - seen(source="radio")


def test_a_hair_beyond_the_last_lead_is_not_beyond_all_experience() -> None:
    most = float(leads()["visit_30d"].max())
    assert seen(visit_30d=most + 0.01) == seen(visit_30d=most) > seen(visit_30d=most + 1)


def test_what_is_left_open_of_a_lead_grows_with_what_is_new() -> None:
    frame = pd.concat([lead(), lead(source="partner"), lead(source="radio")])
    variance = known(SUPPORT, frame, CATALOGUE).variance
    assert variance[0] < variance[1] < variance[2]


def test_more_leads_make_the_same_lead_better_known() -> None:
    more = fit(leads(8000))
    assert known(more, lead(), CATALOGUE).share[0] > seen()


def test_a_row_that_training_held_is_not_its_own_support() -> None:
    alone = leads()
    alone.loc[7, "source"] = "radio"
    support = fit(alone)
    row = alone.iloc[[7]]
    itself = known(support, row, CATALOGUE, itself=1.0).share[0]
    assert itself == pytest.approx(known(SUPPORT, row, CATALOGUE, itself=1.0).share[0], abs=0.01)
    assert itself < known(support, row, CATALOGUE).share[0]


def variance_of(support: Spec, name: str) -> float:
    for concept in support["concepts"]:
        if any(feature["name"] == name for feature in concept["features"]):
            return float(concept["variance"])
    return 0.0


def test_levels_may_differ_by_more_than_a_model_dared_to_say() -> None:
    frame = leads(8000)
    truth = float(np.var(frame["source"].map(EFFECT)))
    assert variance_of(fit(frame), "source") == pytest.approx(truth, rel=0.2)
    shy = variance_of(fit(frame, told=0.2), "source")
    assert 0.4 * truth < shy < 1.2 * truth


def test_levels_that_do_not_differ_have_no_spread() -> None:
    frame = leads(8000, effect=dict.fromkeys(EFFECT, 0.0))
    assert variance_of(fit(frame, told=0.0), "source") < 0.02


def test_a_model_that_says_the_same_of_all_has_seen_nothing_that_matters() -> None:
    frame = leads(300, effect=dict.fromkeys(EFFECT, 0.0))
    frame["source"] = None
    sample = Sample(
        rows=np.arange(300),
        contributions=np.zeros((300, 4)),
        probability=np.full(300, 0.2),
        label=frame["label"].to_numpy(dtype=np.float64),
        lead=np.arange(300),
    )
    support = fit_support(frame, np.ones(300), CATALOGUE, sample=sample)
    assert support["concepts"] == []
    found = known(support, lead(), CATALOGUE)
    assert (found.share.tolist(), found.notes) == ([0.0], [""])


@pytest.mark.parametrize(
    ("rate", "expected"), [(0.1, 20.0), (0.9, 20.0), (0.5, 10.0), (0.001, 100.0)]
)
def test_a_level_is_half_known_once_it_brought_two_outcomes_of_the_rarer_kind(
    rate: float, expected: float
) -> None:
    assert half_known(rate) == pytest.approx(expected)


def test_what_is_stored_survives_json_and_no_rows_are_no_failure() -> None:
    again = json.loads(json.dumps(SUPPORT, allow_nan=False))
    assert again == SUPPORT
    empty: Floats = known(again, lead().head(0), CATALOGUE).share
    assert empty.shape == (0,)
