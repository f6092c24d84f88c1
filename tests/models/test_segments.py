"""Calibration by segment: honest probabilities pass, those that are off are named, by how much."""

import numpy as np
import pandas as pd
import pytest

from features.catalogue import Attribute, Catalogue, Feature
from models.scorer import Floats
from models.segments import MISSING, Grouping, Segment, important_category, judge_segments

DAY = pd.Timestamp("2026-01-05")


def drawn(
    probability: Floats, rng: np.random.Generator, mornings: int = 1, said: Floats | None = None
) -> pd.DataFrame:
    """Return each lead on so many mornings, with one outcome drawn from its true probability."""
    leads = len(probability)
    won = (rng.random(leads) < probability).astype(float)
    return pd.DataFrame(
        {
            "lead_id": np.tile([f"L{lead}" for lead in range(leads)], mornings),
            "as_of": np.repeat(DAY + pd.to_timedelta(range(mornings), unit="D"), leads),
            "label": np.tile(won, mornings),
            "cluster": np.tile(np.arange(leads), mornings),
            "leadgauge": np.tile(probability if said is None else said, mornings),
        }
    )


def sources(rows: pd.DataFrame, count: int) -> Grouping:
    names = [f"source {number}" for number in range(count)]
    level = np.array([names[cluster % count] for cluster in rows["cluster"]], dtype=object)
    return Grouping("Source", names, level)


def judged(rows: pd.DataFrame, *groupings: Grouping, min_group: int = 10) -> list[Segment]:
    return judge_segments(rows, groupings, min_group=min_group, seed=7)


def test_honest_probabilities_are_hardly_ever_called_off_however_many_segments_are_looked_at() -> (
    None
):
    wrong = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        rows = drawn(rng.beta(1, 6, 900), rng)
        found = judged(rows, sources(rows, 12))
        wrong += any(one.verdict not in {"honest", "too few"} for one in found)
    assert wrong <= 3  # one in twenty is meant; more than three has a chance of 2 %


def test_a_source_whose_probabilities_are_twice_what_they_should_be_is_too_high_by_that() -> None:
    rng = np.random.default_rng(1)
    truth = np.full(1200, 0.15)
    said = np.where(np.arange(1200) % 3 == 1, 0.3, 0.15)
    rows = drawn(truth, rng, said=said)
    found = {one.label: one for one in judged(rows, sources(rows, 3))}
    liar = found["source 1"]
    assert (found["source 0"].verdict, found["source 2"].verdict) == ("honest", "honest")
    assert (liar.verdict, liar.leads) == ("too high", 400)
    assert liar.expected == pytest.approx(120)
    assert liar.words == f"too high by {100 * (120 - liar.won) / 400:.1f} points"


def test_probabilities_below_what_happened_are_too_low() -> None:
    rng = np.random.default_rng(2)
    rows = drawn(np.full(500, 0.4), rng, said=np.full(500, 0.2))
    (everyone,) = judged(rows)
    assert everyone.verdict == "too low"
    assert everyone.off < 0
    assert everyone.words.startswith("too low by ")


def test_errors_that_cancel_out_are_uneven_and_not_honest() -> None:
    rng = np.random.default_rng(3)
    truth = np.where(np.arange(2000) % 2, 0.45, 0.15)
    rows = drawn(truth, rng, said=np.where(np.arange(2000) % 2, 0.31, 0.29))
    (everyone,) = judged(rows)
    assert everyone.low <= everyone.won <= everyone.high
    assert (everyone.verdict, everyone.words) == ("uneven", "right in sum, uneven within")


def test_a_lead_on_many_mornings_counts_once() -> None:
    truth = np.full(300, 0.2)
    once = judged(drawn(truth, np.random.default_rng(4)))[0]
    often = judged(drawn(truth, np.random.default_rng(4), mornings=9))[0]
    assert (often.rows, often.leads, often.outcomes) == (2700, 300, 300)
    assert (often.won, often.low, often.high) == (once.won, once.low, once.high)
    assert often.expected == pytest.approx(once.expected)


def test_a_segment_with_next_to_no_wins_to_expect_is_too_small_to_be_called_honest() -> None:
    rng = np.random.default_rng(5)
    (everyone,) = judged(drawn(np.full(200, 0.01), rng))
    assert (everyone.verdict, everyone.words) == ("too few", "too few to tell")


def test_small_groups_and_groupings_of_one_level_are_left_out() -> None:
    rng = np.random.default_rng(6)
    rows = drawn(np.full(120, 0.2), rng)
    few = np.array(["web"] * 111 + ["fair"] * 9, dtype=object)
    found = judged(
        rows,
        Grouping("Source", ["web", "fair"], few),
        Grouping("Grade", ["C"], np.full(120, "C", dtype=object)),
    )
    assert [(one.by, one.label) for one in found] == [("all leads", "all leads"), ("Source", "web")]


def test_a_slope_is_told_only_where_the_probabilities_spread_enough_to_have_one() -> None:
    rng = np.random.default_rng(7)
    (flat,) = judged(drawn(np.full(2000, 0.3) + rng.normal(0, 0.001, 2000), rng))
    (wide,) = judged(drawn(rng.beta(1, 3, 2000), rng))
    assert flat.slope is None
    assert wide.slope == pytest.approx(1, abs=0.25)


def test_ages_are_parted_as_the_evaluation_parts_them() -> None:
    ages = np.array([0.0, 0.9, 1.0, 6.9, 7.0, 29.0, 30.0, 90.0, 400.0])
    assert Grouping.by_age(ages).level.tolist() == [
        "day 0", "day 0", "1 to 6 days", "1 to 6 days", "7 to 29 days", "7 to 29 days",
        "30 to 89 days", "90 to 179 days", "180 days and more",
    ]  # fmt: skip


def test_a_column_is_parted_by_its_eight_levels_with_most_leads() -> None:
    values = pd.Series([f"s{number}" for number in range(10) for _ in range(20 - number)] + [None])
    leads = pd.Series([f"L{row}" for row in range(len(values))])
    grouping = Grouping.by_column("Source", values, leads)
    assert grouping.levels == [f"s{number}" for number in range(8)]
    assert set(grouping.level[values.isin(["s8", "s9"])]) == {None}
    assert grouping.level[-1] is None


def test_rows_without_a_value_are_a_level_of_their_own() -> None:
    grouping = Grouping.by_column(
        "Source", pd.Series(["web", None, None]), pd.Series(["a", "b", "c"])
    )
    assert list(grouping.levels) == [MISSING, "web"]
    assert grouping.level.tolist() == ["web", MISSING, MISSING]


def category(name: str, column: str) -> Feature:
    return Attribute(
        name=name, group="who they are", concept=name, label=name, type="category", column=column
    )


def declared(*features: Feature) -> Catalogue:
    return Catalogue(project="acme", timezone="UTC", horizon_days=30, features=list(features))


def test_the_source_is_what_leads_are_parted_by_and_without_one_the_strongest_category() -> None:
    industry, city, source = (category(n, n) for n in ("industry", "city", "source"))
    frame = pd.DataFrame(columns=["industry", "city", "source"])
    weights = {"industry": 0.1, "city": 0.4, "source": 0.0}
    assert important_category(declared(industry, city, source), weights, frame) == source
    assert important_category(declared(industry, city), weights, frame) == city
    assert important_category(declared(), weights, frame) is None
