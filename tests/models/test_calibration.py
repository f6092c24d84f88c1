"""A calibration is taken only if it helped on the blocks after those it was learned on."""

import numpy as np
import pytest

from models.calibration import IDENTITY, MIN_WINS, Block, choose_calibration, fit_platt
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


def test_a_level_that_goes_up_and_down_is_left_to_the_intercept_that_follows() -> None:
    found = choose_calibration([block(1, 0.6 * (-1) ** step, step) for step in range(5)])
    assert found == IDENTITY


def test_what_helped_on_most_later_blocks_is_taken_if_it_helped_over_all_of_them() -> None:
    blocks = [block(0.5, 0, seed) for seed in range(4)]
    assert choose_calibration([*blocks, block(1, 0, 9)]).slope < 0.75
    assert choose_calibration([blocks[0], *(block(1, 0, seed) for seed in (7, 8, 9))]) == IDENTITY


def test_blocks_with_hardly_any_win_are_not_asked() -> None:
    blocks = [block(0.5, 0.3, seed) for seed in range(3)]
    few = block(0.5, -4.0, 3, rows=100)
    assert 0 < few.wins < MIN_WINS
    assert choose_calibration([*blocks, few]) == choose_calibration(blocks)
    assert choose_calibration([few, few, few, few]) == IDENTITY


def test_rows_of_one_outcome_are_one_win() -> None:
    often = Block(np.zeros(30), np.ones(30), np.repeat([0, 1, 2], 10))
    assert often.wins == 3


def test_little_evidence_changes_little() -> None:
    one = block(0.4, 0.0, 0)
    slopes = [
        fit_platt(one.margin, one.label, evidence=evidence).slope for evidence in (5, 100, 1500)
    ]
    assert 1 > slopes[0] > slopes[1] > slopes[2] > 0.3
    assert slopes[0] > 0.8


def test_a_calibration_never_turns_the_ranking_round() -> None:
    margin: Floats = np.linspace(-3, 3, 400)
    assert fit_platt(margin, (margin < 0).astype(np.float64), evidence=1e6).slope > 0
