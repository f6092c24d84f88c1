"""A calibration is taken only if it helped on the blocks after those it was learned on."""

import numpy as np
import pytest

from models.calibration import IDENTITY, Block, choose_calibration, fit_platt
from models.scorer import Floats, expit


def block(slope: float, shift: float, seed: int, rows: int = 1500) -> Block:
    """Draw outcomes of margins that are off by a slope and a shift."""
    rng = np.random.default_rng(seed)
    margin = rng.normal(-1, 1.5, rows)
    label = (rng.random(rows) < expit(slope * margin + shift)).astype(np.float64)
    return Block(margin, label, np.arange(rows))


def test_too_extreme_margins_are_drawn_in() -> None:
    platt = choose_calibration([block(0.5, 0.3, seed) for seed in range(3)])
    assert platt.slope == pytest.approx(0.5, abs=0.08)
    assert platt.intercept == pytest.approx(0.3, abs=0.12)


def test_honest_margins_are_left_alone() -> None:
    assert choose_calibration([block(1, 0, seed) for seed in range(3)]) == IDENTITY


def test_what_helped_once_and_harmed_later_is_not_taken() -> None:
    assert choose_calibration([block(1, 1.0, 0), block(1, -1.0, 1), block(1, -1.0, 2)]) == IDENTITY


def test_one_later_block_cannot_tell_a_season_from_a_habit() -> None:
    for blocks in (1, 2):
        assert choose_calibration([block(0.5, 0.5, seed) for seed in range(blocks)]) == IDENTITY


def test_a_close_rate_that_drifts_is_followed_by_a_shift() -> None:
    platt = choose_calibration([block(1, 0.6 * step, step) for step in range(4)])
    assert platt.slope == 1.0
    assert platt.intercept == pytest.approx(1.8, abs=0.2)


def test_little_evidence_changes_little() -> None:
    one = block(0.4, 0.5, 0)
    slopes = [
        fit_platt(one.margin, one.label, evidence=evidence).slope for evidence in (5, 100, 1500)
    ]
    assert 1 > slopes[0] > slopes[1] > slopes[2] > 0.3
    assert slopes[0] > 0.8


def test_a_calibration_never_turns_the_ranking_round() -> None:
    margin: Floats = np.linspace(-3, 3, 400)
    assert fit_platt(margin, (margin < 0).astype(np.float64), evidence=1e6).slope > 0
