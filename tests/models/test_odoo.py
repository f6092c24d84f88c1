"""Odoo's scoring gives Odoo's own published test values, and serves as a baseline on our rows."""

import json
import time
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.odoo import (
    STAGE,
    TAG,
    OdooLead,
    OdooScoring,
    PredictiveScoring,
    Stage,
    low_cardinality,
)
from tests.models.company import company

STAGES = [
    Stage("s1", 1),
    Stage("s2", 2),
    Stage("s3", 3),
    Stage("won", 4, won=True),
]
PLACES = ["country", "state", "email_state", "phone_state", "source"]

# team country state source stage result; no mail or phone state anywhere
SET_A = """
    T1 1 1 1 s1 lost
    T1 2 2 2 s2 lost
    T1 3 3 3 s3 won
    T2 1 2 2 s3 lost
    T2 1 2 3 s2 lost
    T2 1 3 3 s1 won
    T3 2 2 2 s3 won
    T3 1 2 1 s1 lost
    T3 2 3 3 s1 lost
"""
# country state mail phone source stage result
SET_B = """
    c1 st1 correct correct   src2 s1 won
    c2 st1 correct correct   -    s1 won
    -  -   correct incorrect src1 s1 lost
    c1 -   correct incorrect src1 s1 lost
    -  st2 correct correct   -    s3 lost
"""


def lead_a(row: str, *, team: str | None = "as drawn") -> OdooLead:
    drawn, country, state, source, stage, *result = row.split()
    return OdooLead(
        stage,
        {"country": country, "state": state, "source": source},
        team=drawn if team == "as drawn" else team,
        won=(result[0] == "won") if result else None,
    )


def closed_a(*, teamless: Sequence[str] = ()) -> list[OdooLead]:
    rows = [row.strip() for row in SET_A.strip().splitlines()]
    return [lead_a(row, team=None) if row[:2] in teamless else lead_a(row) for row in rows]


def lead_b(row: str) -> OdooLead:
    *values, stage, result = row.split()
    return OdooLead(
        stage,
        {n: None if v == "-" else v for n, v in zip(PLACES, values, strict=True)},
        won=None if result == "open" else result == "won",
    )


@pytest.fixture
def scoring_b() -> PredictiveScoring:
    leads = [lead_b(row) for row in SET_B.strip().splitlines()]
    return PredictiveScoring(leads, STAGES, PLACES)


def set_c() -> PredictiveScoring:
    """42 won and 105 lost: tag1 33 and 65 of them, tag2 23 and 75."""
    leads = []
    for total, first, second, won in ((42, 33, 23, True), (105, 65, 75, False)):
        for number in range(total):
            tags = ["tag1"] * (number < first) + ["tag2"] * (number < second)
            leads.append(OdooLead("s1", tags=tags, won=won))
    return PredictiveScoring(leads, STAGES, [])


@pytest.mark.parametrize(
    ("row", "score"), [("T1 1 2 3 s2", 33.49), ("T2 1 2 3 s2", 7.74), ("T3 1 2 3 s2", 35.09)]
)
def test_each_team_scores_from_its_own_counts(row: str, score: float) -> None:
    assert PredictiveScoring(closed_a(), STAGES, PLACES).score(lead_a(row)) == score


@pytest.mark.parametrize(
    ("row", "score"), [("T1 1 2 3 s2", 33.49), ("T2 1 2 3 s2", 7.74), ("- 1 2 3 s2", 35.19)]
)
def test_a_lead_without_a_team_scores_from_all_counts(row: str, score: float) -> None:
    scoring = PredictiveScoring(closed_a(teamless=["T3"]), STAGES, PLACES)
    lead = lead_a(row, team=None) if row.startswith("-") else lead_a(row)
    assert scoring.score(lead) == score


def test_a_team_that_never_closed_a_lead_scores_from_all_counts() -> None:
    scoring = PredictiveScoring(closed_a(teamless=["T3"]), STAGES, PLACES)
    assert scoring.score(lead_a("T9 1 2 3 s2")) == 35.19


def test_mail_phone_and_stage_score_as_odoo_shows_them(scoring_b: PredictiveScoring) -> None:
    lead = lead_b("c1 st1 correct correct src1 s2 open")
    assert scoring_b.score(lead) == 74.30
    scores = scoring_b.field_scores(lead)
    assert {name: round(score, 3) for (name, _), score in scores.items()} == {
        STAGE: 0.645,
        "country": 0.353,
        "state": 0.92,
        "email_state": 0.5,
        "phone_state": 0.735,
        "source": 0.08,
    }


@pytest.mark.parametrize(
    ("tags", "score"),
    [([], 28.60), (["tag1"], 33.69), (["tag2"], 23.51), (["tag1", "tag2"], 28.05)],
)
def test_each_tag_is_a_factor_of_its_own(tags: list[str], score: float) -> None:
    assert set_c().score(OdooLead("s1", tags=tags)) == score


def test_a_tag_seen_less_than_fifty_times_counts_for_nothing() -> None:
    leads = [OdooLead("s1", tags=["rare"], won=number < 9) for number in range(49)]
    scoring = PredictiveScoring(leads, STAGES, [])
    assert scoring.score(OdooLead("s1", tags=["rare"])) == scoring.score(OdooLead("s1"))
    assert scoring.field_scores(OdooLead("s1", tags=["rare"])).get((TAG, "rare")) is None


def test_a_tag_is_counted_team_by_team_before_the_teams_are_added_up() -> None:
    leads = [
        OdooLead("s1", tags=["half"], team=team, won=number < 3)
        for team in ("T1", "T2")
        for number in range(30)
    ]
    scoring = PredictiveScoring(leads, STAGES, [])
    assert (TAG, "half") not in scoring.field_scores(OdooLead("s1", tags=["half"]))


@pytest.mark.parametrize(("won", "lost", "score"), [(10_000_000, 1, 99.99), (1, 10_000_000, 0.01)])
def test_a_score_is_never_0_and_never_100(won: int, lost: int, score: float) -> None:
    frame = pd.DataFrame({"source": ["web", "web"]})
    fitted = OdooScoring.fit(
        frame, np.array([1.0, 0.0]), np.array([won, lost], dtype=np.float64), ["source"]
    )
    assert fitted.probability(frame) == pytest.approx(score / 100)


def test_a_stage_that_is_won_scores_100_and_no_stage_scores_0() -> None:
    scoring = PredictiveScoring(closed_a(), STAGES, PLACES)
    assert scoring.score(OdooLead("won", team="T1")) == 100.0
    assert scoring.score(OdooLead(None, team="T1")) == 0.0


def test_a_team_of_four_losses_scores_low_for_its_second_lead_too() -> None:
    # Odoo's older generation scored the second one with the prior of the team before.
    leads = [*closed_a(), *[OdooLead("s1", team="T4", won=False) for _ in range(4)]]
    scoring = PredictiveScoring(leads, STAGES, PLACES)
    scoring.score(lead_a("T1 1 2 3 s2"))
    assert [scoring.score(OdooLead("s1", team="T4")) for _ in range(2)] == [2.38, 2.38]


def test_no_lead_of_a_team_that_was_never_at_the_first_shared_stage_is_scored() -> None:
    stages = [Stage("T4's own", 0, team="T4"), *STAGES]
    leads = [*closed_a(), *[OdooLead("T4's own", team="T4", won=False) for _ in range(4)]]
    scoring = PredictiveScoring(leads, stages, PLACES)
    assert scoring.score(lead_a("T1 1 2 3 s2")) == 33.49
    assert [scoring.score(OdooLead("s1", team="T4")) for _ in range(2)] == [None, None]


def test_an_organisation_whose_stages_all_belong_to_teams_gets_no_scores() -> None:
    stages = [Stage("s1", 1, team="T1"), Stage("s2", 2, team="T1")]
    leads = [OdooLead("s1", team="T1", won=won) for won in (True, False)]
    assert PredictiveScoring(leads, stages, []).score(OdooLead("s1", team="T1")) is None


SMALL = pd.DataFrame(
    {
        "source": ["web", "web", "ads", "ads", None, "event"],
        "size": ["big", None, "small", "big", "small", "small"],
    }
)
WON = np.array([1.0, 0, 0, 0, 1, 1])


@given(
    leads=st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c", None]), st.sampled_from(["x", "y", None]), st.booleans()
        ),
        min_size=1,
        max_size=40,
    )
)
@settings(deadline=None)
def test_rows_score_as_the_leads_that_they_are(
    leads: list[tuple[str | None, str | None, bool]],
) -> None:
    frame = pd.DataFrame(leads, columns=["one", "two", "won"]).astype(
        {"one": object, "two": object}
    )
    label = frame["won"].to_numpy(dtype=np.float64)
    rows = OdooScoring.fit(frame, label, np.ones(len(frame)), ["one", "two"])
    counted = [OdooLead("s1", {"one": one, "two": two}, won=won) for one, two, won in leads]
    scoring = PredictiveScoring(counted, STAGES, ["one", "two"])
    for (one, two, _), probability in zip(leads, rows.probability(frame), strict=True):
        expected = scoring.score(OdooLead("s1", {"one": one, "two": two}))
        assert expected is not None
        assert 100 * probability == pytest.approx(expected, abs=0.011)


def test_values_unseen_or_missing_leave_the_prior_as_it_is() -> None:
    fitted = OdooScoring.fit(SMALL, WON, np.ones(6), ["source", "size"])
    unknown = pd.DataFrame({"source": ["fair", None], "size": [None, "huge"]}, dtype=object)
    assert fitted.probability(unknown).tolist() == [0.5, 0.5]


def test_a_row_of_half_the_weight_counts_half() -> None:
    twice = pd.concat([SMALL, SMALL], ignore_index=True)
    once = OdooScoring.fit(SMALL, WON, np.ones(6), ["source", "size"])
    halves = OdooScoring.fit(twice, np.tile(WON, 2), np.full(12, 0.5), ["source", "size"])
    assert halves.probability(SMALL) == pytest.approx(once.probability(SMALL))


def test_the_spec_goes_through_json_and_scores_the_same() -> None:
    fitted = OdooScoring.fit(SMALL, WON, np.ones(6), ["source", "size"])
    again = OdooScoring(json.loads(json.dumps(fitted.spec, allow_nan=False)))
    assert again.probability(SMALL).tolist() == fitted.probability(SMALL).tolist()


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_one_class_and_empty_columns_still_score_between_0_and_1(outcome: float) -> None:
    frame = SMALL.assign(nothing=pd.Series([None] * 6, dtype=object))
    fitted = OdooScoring.fit(frame, np.full(6, outcome), np.ones(6), ["source", "size", "nothing"])
    probability = fitted.probability(frame)
    assert ((probability > 0) & (probability < 1)).all()
    assert (np.abs(probability - outcome) < 0.1).all()


def test_no_rows_at_all_score_a_half() -> None:
    fitted = OdooScoring.fit(SMALL.iloc[:0], np.zeros(0), np.zeros(0), ["source"])
    assert fitted.probability(SMALL).tolist() == [0.5] * 6
    assert fitted.probability(SMALL.iloc[:0]).tolist() == []


def test_numbers_and_texts_that_read_the_same_are_one_value() -> None:
    frame = pd.DataFrame({"zip": pd.Series([1, "1", "2"], dtype=object)})
    fitted = OdooScoring.fit(frame, np.array([1.0, 0, 0]), np.ones(3), ["zip"])
    assert fitted.spec["fields"]["zip"]["values"] == ["1", "2"]


def test_only_categories_of_few_levels_are_taken() -> None:
    frames = company(200)
    many = frames.ladder.assign(source=np.arange(len(frames.ladder)).astype(str))
    assert low_cardinality(frames.catalogue, frames.ladder) == ["source"]
    assert low_cardinality(frames.catalogue, many) == []
    assert low_cardinality(frames.catalogue, frames.ladder.assign(source=None)) == []


def test_thirty_thousand_rows_of_twenty_columns_take_less_than_a_second() -> None:
    rng = np.random.default_rng(0)
    levels = np.array([f"level {number}" for number in range(40)], dtype=object)
    names = [f"c{number}" for number in range(20)]
    frame = pd.DataFrame({name: levels[rng.integers(0, 40, 30_000)] for name in names})
    label = (rng.random(30_000) < 0.1).astype(np.float64)
    begun = time.process_time()
    OdooScoring.fit(frame, label, np.ones(30_000), names).probability(frame)
    assert time.process_time() - begun < 1.0
