"""The audit's figures, by hand and as they must behave on any data."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.hindsight_figures import (
    Auc,
    Fill,
    alone,
    auc,
    blocks,
    equal_share,
    levels,
    pure,
    rank_correlation,
    same_fill,
    within,
)

COMPANIES = st.integers(0, 2**32 - 1)


def test_auc_by_hand() -> None:
    scores = np.array([0.1, 0.4, 0.4, 0.8])
    # pairs: (0.4 over 0.1) 1, (0.4 = 0.4) 1/2, (0.8 over both) 2, of 4
    assert auc(scores, np.array([False, True, False, True])) == 3.5 / 4
    assert auc(scores, np.array([True, True, True, True])) == 0.5


def test_only_leads_of_one_stratum_are_compared() -> None:
    """Everything told is the stratum: 0 and 1 in the first, 2 and 3 in the second."""
    scores, strata = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0, 0, 1, 1])
    won = np.array([True, False, False, True])
    value, _ = within(scores, won, strata)
    assert value == 0.5  # one pair each, one right and one wrong
    assert auc(scores, won) == 0.5
    late = np.array([False, True, False, True])
    assert within(scores, late, strata)[0] == 1.0


@settings(deadline=None, max_examples=50)
@given(COMPANIES)
def test_within_one_stratum_it_is_the_auc(seed: int) -> None:
    random = np.random.default_rng(seed)
    scores, won = random.integers(0, 6, 60).astype(float), random.random(60) < 0.4
    assert within(scores, won, np.zeros(60, dtype=np.intp))[0] == pytest.approx(auc(scores, won))


@settings(deadline=None, max_examples=50)
@given(COMPANIES)
def test_within_weighs_each_stratums_auc_by_its_pairs(seed: int) -> None:
    random = np.random.default_rng(seed)
    scores, won = random.integers(0, 6, 90).astype(float), random.random(90) < 0.4
    strata = blocks(90, 30)
    parts = [(auc(scores[strata == s], won[strata == s]), won[strata == s]) for s in range(3)]
    pairs = [int(here.sum()) * int((~here).sum()) for _, here in parts]
    expected = sum(value * n for (value, _), n in zip(parts, pairs, strict=True)) / sum(pairs)
    assert within(scores, won, strata)[0] == pytest.approx(expected)


@settings(deadline=None, max_examples=60)
@given(COMPANIES, st.sampled_from([60, 300, 1500]), st.integers(2, 200))
def test_shuffled_outcomes_are_never_told(seed: int, size: int, kinds: int) -> None:
    """Whatever the column, however many its levels: no bar of the audit is below 0.62."""
    random = np.random.default_rng(seed)
    codes, won = random.integers(0, kinds, size), random.random(size) < 0.3
    found = alone(codes.astype(np.intp), won, blocks(size, 200))
    assert not (found.sure and found.value > 0.62)


def test_an_auc_over_a_bar_is_over_it_by_more_than_its_error() -> None:
    assert Auc(0.90, 0.04, later=True).over(0.85)
    assert not Auc(0.88, 0.04, later=True).over(0.85)
    assert not Auc(0.90, 0.12, later=True).over(0.6)  # within 3.5 errors of 0.5


def test_a_gap_in_filling_needs_leads_to_stand_on() -> None:
    assert Fill(closed=0.9, open=0.3, error=0.1).gap_over(0.4)
    assert not Fill(closed=0.9, open=0.3, error=0.2).gap_over(0.4)
    assert not Fill(closed=0.3, open=0.9, error=0.01).gap_over(0.4)


def test_numbers_become_bins_and_what_many_share_a_level_of_its_own() -> None:
    numbers = pd.Series([0.0] * 30 + list(np.arange(1.0, 71.0)) + [np.nan] * 5)
    codes, names = levels(numbers)
    assert len(set(codes[:30])) == 1
    assert names[codes[0]] == "0"
    assert names[codes[30]] == "under 4.45"
    assert {names[code] for code in codes[100:]} == {"missing"}
    assert (np.diff(codes[30:100]) >= 0).all()


def test_categories_are_levels_and_missing_is_one() -> None:
    codes, names = levels(pd.Series(["a", None, "b", "a"], dtype="object"))
    assert [names[code] for code in codes] == ["a", "missing", "b", "a"]


def test_a_pure_level_is_named_with_its_leads() -> None:
    won = np.array([True] * 30 + [False] * 70)
    codes = np.array([0] * 20 + [1] * 80)
    found = pure(codes, ["signed", "other"], won, np.zeros(100, dtype=np.intp))
    assert (found.level, found.rows, found.others) == ("signed", 20, 0)
    assert found.share == pytest.approx(20 / 30)


def test_a_level_of_years_without_wins_is_not_pure() -> None:
    won = np.array([False] * 500 + [True, False] * 250)
    old = np.array([0] * 500 + [1] * 500)
    assert pure(old, ["paper form", "web"], ~won, blocks(1000, 100)).share == 0.0


def test_too_few_leads_are_not_called_pure() -> None:
    won = np.array([True] * 5 + [True, False] * 50)
    codes = np.array([0] * 5 + [1] * 100)
    assert pure(codes, ["signed", "other"], won, np.zeros(105, dtype=np.intp)).share == 0.0


def test_columns_filled_in_the_same_rows_are_one_group() -> None:
    rows = np.arange(200)
    block = rows % 3 == 0
    columns = {"a": block, "b": block.copy(), "c": rows % 2 == 0, "d": rows >= 0}
    assert same_fill(columns) == [["a", "b"]]


def test_days_are_counted_to_within_one_and_beyond_chance() -> None:
    days = np.random.default_rng(1).exponential(30.0, 400)
    assert equal_share(np.ceil(days), days) == 1.0
    assert equal_share(np.full(400, 30.0), days) < 0.1
    assert equal_share(np.zeros(400), np.zeros(400)) == 0.0  # chance would do as well
    assert equal_share(np.full(400, np.nan), days) == 0.0


def test_rank_correlation_by_hand() -> None:
    rows = np.arange(50.0)
    assert rank_correlation(rows, rows**3) == pytest.approx(1.0)
    assert rank_correlation(rows, -rows) == pytest.approx(-1.0)
    assert rank_correlation(rows, np.ones(50)) == 0.0
    assert rank_correlation(rows[:5], rows[:5]) == 0.0  # too few to say
