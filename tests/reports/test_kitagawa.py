"""The two parts of a change of quality."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.holm import holm
from reports.kitagawa import Sides, change_of, drawn_parts, observed_parts


def drawn_sides(seed: int, levels: int, leads: int) -> Sides:
    random = np.random.default_rng(seed)
    side = np.r_[0, 1, random.integers(0, 2, leads)]
    return Sides(
        side=side,
        level=random.integers(0, levels, len(side)),
        cluster=random.integers(0, max(2, leads // 2), len(side)),
        quality=random.random(len(side)),
    )


@given(seed=st.integers(0, 10_000), levels=st.integers(1, 8), leads=st.integers(0, 60))
@settings(deadline=None, max_examples=80)
def test_mix_and_within_sum_to_the_change_and_the_levels_to_the_mix(
    seed: int, levels: int, leads: int
) -> None:
    sides = drawn_sides(seed, levels, leads)
    parts = observed_parts(sides)
    change, _ = change_of(sides)
    assert float(parts.mix + parts.within) == pytest.approx(change, abs=1e-12)
    assert float(parts.by_level.sum()) == pytest.approx(float(parts.mix), abs=1e-12)


@given(seed=st.integers(0, 10_000))
@settings(deadline=None, max_examples=20)
def test_the_parts_sum_in_every_bootstrap_draw(seed: int) -> None:
    sides = drawn_sides(seed, 4, 40)
    drawn = drawn_parts(sides, 20, np.random.default_rng(seed))
    assert np.all(np.abs(drawn.mix + drawn.within) <= 1 + 1e-9)
    assert drawn.by_level.sum(axis=-1) == pytest.approx(drawn.mix, abs=1e-12)


def test_a_change_of_shares_alone_is_all_mix() -> None:
    # half students before, three quarters after; students 0.1, others 0.3 throughout
    level = np.array([0, 0, 1, 1, 0, 0, 0, 1])
    sides = Sides(
        side=np.repeat([0, 1], 4),
        level=level,
        cluster=np.arange(8),
        quality=np.where(level == 0, 0.1, 0.3),
    )
    parts = observed_parts(sides)
    assert float(parts.mix) == pytest.approx(-0.05)
    assert float(parts.within) == pytest.approx(0)


def test_a_change_of_quality_alone_is_all_within() -> None:
    sides = Sides(
        side=np.repeat([0, 1], 4),
        level=np.array([0, 0, 1, 1] * 2),
        cluster=np.arange(8),
        quality=np.array([0.1, 0.1, 0.3, 0.3, 0.2, 0.2, 0.3, 0.3]),
    )
    parts = observed_parts(sides)
    assert float(parts.mix) == pytest.approx(0)
    assert float(parts.within) == pytest.approx(0.05)


def test_a_level_that_is_new_is_mix() -> None:
    sides = Sides(
        side=np.array([0, 0, 1, 1]),
        level=np.array([0, 0, 0, 1]),
        cluster=np.arange(4),
        quality=np.array([0.2, 0.2, 0.2, 0.0]),
    )
    parts = observed_parts(sides)
    assert float(parts.mix) == pytest.approx(-0.1)
    assert float(parts.within) == pytest.approx(0)


def test_the_bootstraps_spread_is_that_of_the_standard_error() -> None:
    random = np.random.default_rng(5)
    account = np.repeat(np.arange(300), 2)
    quality = random.random(300)[account]  # both leads of an account are alike
    sides = Sides(
        side=(account % 2).astype(np.int64),
        level=np.zeros(600, dtype=np.int64),
        cluster=account.astype(np.int64),
        quality=quality,
    )
    _, error = change_of(sides)
    drawn = drawn_parts(sides, 400, random)
    assert float(np.std(drawn.mix + drawn.within)) == pytest.approx(error, rel=0.15)
    alone = Sides(sides.side, sides.level, np.arange(600), quality)
    assert error > 1.3 * change_of(alone)[1]  # taking them for independent would be too sure


def test_holm_multiplies_the_smallest_by_all_and_never_falls() -> None:
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([0.001], tests=60) == pytest.approx([0.06])
