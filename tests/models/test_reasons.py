"""Scored rows: reasons in words, grades, confidence."""

import numpy as np
import pandas as pd
import pytest

from features.errors import DataError
from models.bundle import Bundle
from models.ranges_seen import confidence_by_ranges
from models.reasons import score
from models.speaking import NO_STRONG_DRIVER
from tests.models.company import Frames

COLUMNS = [
    "lead_id",
    "close_probability",
    "score",
    "grade",
    "reasons_for",
    "reasons_against",
    "probability_low",
    "probability_high",
    "confidence",
    "confidence_note",
    "seen",
    "expected_value",
    "contributions",
]


def lead(**changed: object) -> pd.DataFrame:
    """Draw one lead near the average, but for what is changed."""
    usual = {"lead_id": "L1", "age_days": 20.0, "source": "web", "size": 20.0, "visit_30d": 2.0}
    frame = pd.DataFrame([{**usual, **changed}])
    return frame.astype({"age_days": float, "size": float, "visit_30d": float, "source": object})


def test_a_scored_row_has_what_delivery_takes(bundle: Bundle, frames: Frames) -> None:
    rows = score(frames.mornings.head(300), bundle, amount=2000.0)
    assert list(rows.columns) == COLUMNS
    assert rows["lead_id"].tolist() == frames.mornings["lead_id"].head(300).tolist()
    np.testing.assert_allclose(
        rows["close_probability"], bundle.probability(frames.mornings.head(300)), rtol=1e-12
    )
    assert rows["score"].between(1, 99).all()
    assert set(rows["grade"]) <= set("ABCD")
    assert set(rows["confidence"]) <= {"high", "medium", "low"}
    np.testing.assert_allclose(rows["expected_value"], 2000 * rows["close_probability"])
    assert rows["reasons_for"].map(len).max() <= 3
    assert rows["reasons_against"].map(len).max() <= 2


def test_without_an_amount_there_is_no_expected_value(bundle: Bundle, frames: Frames) -> None:
    assert score(frames.mornings.head(2), bundle)["expected_value"].isna().all()


def test_no_open_leads_give_no_rows(bundle: Bundle, frames: Frames) -> None:
    rows = score(frames.mornings.head(0), bundle)
    assert list(rows.columns) == COLUMNS
    assert len(rows) == 0


def test_a_good_lead_is_told_by_its_own_values(bundles: dict[str, Bundle]) -> None:
    good = lead(source="partner", visit_30d=7.0, age_days=4.0)
    for name in ("logistic", "lightgbm", "anchored", "mixed"):
        row = score(good, bundles[name]).iloc[0]
        assert row["reasons_for"] == [
            "visit: 7 in the last 30 days",
            "created 4 days ago",
            "Lead Source: partner",
        ]
        assert row["grade"] == "A"


def test_a_poor_lead_is_told_by_what_is_lacking(bundles: dict[str, Bundle]) -> None:
    row = score(lead(source="ads", visit_30d=0.0), bundles["logistic"]).iloc[0]
    assert row["reasons_against"] == ["no visit in the last 30 days", "Lead Source: ads"]


def test_nothing_to_tell_is_said(bundles: dict[str, Bundle]) -> None:
    row = score(lead(age_days=np.nan), bundles["base_rate"]).iloc[0]
    assert (row["reasons_for"], row["reasons_against"]) == ([NO_STRONG_DRIVER], [])


def test_contributions_of_concepts_and_the_base_make_the_probability(
    bundle: Bundle, frames: Frames
) -> None:
    rows = frames.mornings.head(50)
    base = bundle.contributions(rows)[:, -1]
    told = score(rows, bundle)["contributions"].map(lambda parts: sum(part for _, part in parts))
    np.testing.assert_allclose(told + base, bundle.margin(rows), atol=1e-7)


def test_the_same_lead_gets_the_same_reasons_in_any_company(bundle: Bundle, frames: Frames) -> None:
    rows = frames.mornings.head(40)
    together, alone = score(rows, bundle), score(rows.iloc[[17]], bundle)
    pd.testing.assert_series_equal(together.iloc[17], alone.iloc[0], check_names=False)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "high"),
        ({"source": "never seen"}, "low"),
        ({"age_days": 4000.0}, "low"),
        ({"visit_30d": 900.0}, "medium"),
        ({"source": None, "size": np.nan, "visit_30d": np.nan}, "medium"),
    ],
)
def test_a_model_without_uncertainty_still_says_how_far_it_has_seen(
    bundles: dict[str, Bundle], changed: dict[str, object], expected: str
) -> None:
    assert confidence_by_ranges(lead(**changed), bundles["logistic"]) == [expected]
    row = score(lead(**changed), bundles["logistic"]).iloc[0]
    assert (row["confidence"], row["confidence_note"]) == (expected, "")
    assert np.isnan([row["probability_low"], row["probability_high"], row["seen"]]).all()


def test_a_model_that_knows_the_age_alone_is_never_sure(bundles: dict[str, Bundle]) -> None:
    assert confidence_by_ranges(lead(), bundles["base_rate"]) == ["medium"]


def test_a_frame_without_lead_ids_is_refused(bundle: Bundle) -> None:
    with pytest.raises(DataError) as raised:
        score(lead().drop(columns="lead_id"), bundle)
    assert str(raised.value) == (
        "the frame to score has no column lead_id; assemble it from open snapshots"
    )


def test_a_lead_is_told_the_same_alone_as_among_others(
    bundles: dict[str, Bundle], frames: Frames
) -> None:
    some = frames.mornings.head(40).reset_index(drop=True)
    for name in ("logistic", "mixed"):
        together = score(some, bundles[name])
        alone = pd.concat([score(some.iloc[[row]], bundles[name]) for row in range(len(some))])
        for column in ("reasons_for", "reasons_against", "confidence_note"):
            assert alone[column].tolist() == together[column].tolist()


def test_the_night_may_leave_the_contributions_out(bundle: Bundle, frames: Frames) -> None:
    some = frames.mornings.head(20)
    slim = score(some, bundle, contributions=False)
    pd.testing.assert_frame_equal(slim, score(some, bundle).drop(columns="contributions"))
