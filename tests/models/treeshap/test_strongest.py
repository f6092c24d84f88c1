"""The strongest reasons, and sums by group, are those that the whole table would give."""

from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.treeshap import Side, TreeShap
from tests.models.treeshap.drawn import KINDS, Drawn, Floats, matrix_of

COLUMNS = list(KINDS) * 2
FEATURE_OF = [0, 1, 2, 3, 4, 5, 6, 7, 8, 4, 2, 0]
GROUPS = [0, 0, 1, 2, 1, 3, 2, 2, 3]
MATRIX = matrix_of(COLUMNS, 900, 22)


@cache
def shap() -> TreeShap:
    """Return a model of the twelve columns."""
    return TreeShap.of([Drawn(COLUMNS, {"num_leaves": 15}, 12, 300, 21).booster()])


def by_hand(values: Floats, sign: float, most: int, floor: float) -> Side:
    """Choose as the sentences always did: sort rounded sums, then ask each group for its speaker."""
    side = Side.empty(len(values), most)
    sums = np.zeros((len(values), 4))
    for feature, group in enumerate(GROUPS):
        sums[:, group] += values[:, feature]
    parts, sums = np.round(values, 9), np.round(sums, 9)
    for row in range(len(values)):
        order = np.argsort(-sign * sums[row], kind="stable")
        for place, group in enumerate(order[:most]):
            if sign * sums[row, group] < floor:
                break
            members = [feature for feature, code in enumerate(GROUPS) if code == group]
            speaker = max(members, key=lambda feature: (sign * parts[row, feature], -feature))
            side.group[row, place], side.feature[row, place] = group, speaker
            side.total[row, place] = sums[row, group]
    return side


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(
    most=st.tuples(st.integers(0, 5), st.integers(0, 5)),
    floor=st.sampled_from([0.0, 0.1, 0.5, 100.0]),
    scale=st.sampled_from([1.0, 0.7, -1.0]),
    with_extra=st.booleans(),
    threads=st.integers(1, 3),
)
def test_the_strongest_are_those_of_the_whole_table(
    most: tuple[int, int], floor: float, scale: float, with_extra: bool, threads: int
) -> None:
    extra = np.random.default_rng(1).normal(size=(len(MATRIX), 9)) if with_extra else None
    whole = shap().values(MATRIX, feature_of=FEATURE_OF, extra=extra, scale=scale, base=0.3)
    found = shap().strongest(
        MATRIX, GROUPS, most_for=most[0], most_against=most[1], floor=floor,
        feature_of=FEATURE_OF, extra=extra, scale=scale, base=0.3, threads=threads,
    )  # fmt: skip
    assert found.margin == pytest.approx(whole.sum(axis=1), abs=1e-12)
    for side, sign in ((found.in_favour, 1.0), (found.against, -1.0)):
        expected = by_hand(whole[:, :-1], sign, side.group.shape[1], floor)
        assert np.array_equal(side.group, expected.group)
        assert np.array_equal(side.feature, expected.feature)
        assert side.total == pytest.approx(expected.total, abs=1e-9)


def test_a_tie_goes_to_the_first_group_and_the_first_feature() -> None:
    nothing = TreeShap.of([], columns=4)
    extra = np.array([[0.2, 0.2, 0.4, -0.3], [0.4, 0.0, 0.4, -0.3]])
    found = nothing.strongest(np.zeros((2, 4)), [1, 1, 0, 2], extra=extra)
    assert found.in_favour.group.tolist() == [[0, 1, -1], [0, 1, -1]]
    assert found.in_favour.feature.tolist() == [[2, 0, -1], [2, 0, -1]]
    assert found.against.group.tolist() == [[2, -1], [2, -1]]
    assert found.against.total.tolist() == [[-0.3, 0.0], [-0.3, 0.0]]
    assert found.margin == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("with_extra", [False, True])
def test_sums_by_group_are_those_of_the_whole_table(with_extra: bool) -> None:
    extra = np.random.default_rng(2).normal(size=(len(MATRIX), 9)) if with_extra else None
    whole = shap().values(MATRIX, feature_of=FEATURE_OF, extra=extra, scale=0.8, base=-1.0)
    found = shap().grouped(MATRIX, GROUPS, feature_of=FEATURE_OF, extra=extra, scale=0.8, base=-1.0)
    expected = np.zeros((len(MATRIX), 5))
    for feature, group in enumerate([*GROUPS, 4]):
        expected[:, group] += whole[:, feature]
    assert np.abs(found - expected).max() < 1e-12


def test_a_feature_without_a_column_counts_by_its_extra_alone() -> None:
    extra = np.random.default_rng(2).normal(size=(len(MATRIX), 13))
    found = shap().values(MATRIX, extra=extra)
    assert np.array_equal(found[:, 12], extra[:, 12])
    told = shap().strongest(MATRIX, np.arange(13), extra=extra, most_for=13, floor=0.0)
    assert (told.in_favour.feature == 12).any()


@pytest.mark.parametrize("threads", [2, 4])
def test_threads_change_no_bit(threads: int) -> None:
    one = shap().strongest(MATRIX, np.arange(12), threads=1)
    other = shap().strongest(MATRIX, np.arange(12), threads=threads)
    parts = [shap().strongest(MATRIX[at : at + 90], np.arange(12)) for at in range(0, 900, 90)]
    assert np.array_equal(one.margin, other.margin)
    assert np.array_equal(one.margin, np.concatenate([part.margin for part in parts]))
    for number in (1, 2):
        for mine, theirs in zip(one[number], other[number], strict=True):
            assert np.array_equal(mine, theirs)


def test_no_rows_no_reasons() -> None:
    found = shap().strongest(np.zeros((0, 12)), np.arange(12))
    assert found.margin.shape == (0,)
    assert found.in_favour.group.shape == (0, 3)


def test_groups_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="for each of 12 features"):
        shap().strongest(MATRIX, [0, 1])
    with pytest.raises(ValueError, match="for each of 9 features"):
        shap().grouped(MATRIX, np.arange(12), feature_of=FEATURE_OF)
