"""Platt scaling of the margin: two numbers, pulled to change nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.metrics import Integers, clustered_mean, log_losses
from models.scorer import Floats, expit

SLOPE_SPREAD = 0.3
SHIFT_SPREAD = 0.2
MIN_LATER_BLOCKS = 2
MIN_WINS = 20


@dataclass(frozen=True)
class Platt:
    """Calibrated margin = slope x margin + intercept. Affine, so contributions still add up."""

    slope: float = 1.0
    intercept: float = 0.0

    def __call__(self, margin: Floats) -> Floats:
        """Return calibrated log-odds."""
        return self.slope * margin + self.intercept


IDENTITY = Platt()


@dataclass(frozen=True)
class Block:
    """Out-of-fold margins of one test block, (rows,) each; rows of one cluster share their outcome."""

    margin: Floats
    label: Floats
    clusters: Integers

    @property
    def wins(self) -> int:
        """Independent wins."""
        return len(np.unique(self.clusters[self.label == 1]))


def fit_platt(
    margin: Floats, label: Floats, *, evidence: float, shift_spread: float = SHIFT_SPREAD
) -> Platt:
    """Fit slope and intercept by Newton's method (Platt 1999), with normal priors around 1 and 0.

    Args:
        margin: out-of-fold log-odds, (rows,).
        label: 0 or 1, (rows,).
        evidence: how many independent outcomes the rows hold; one lead on many mornings is not many.
        shift_spread: standard deviation of the intercept's prior.

    The slope stays within 0.2 and 3: a calibration never turns the ranking round.
    """
    weight = evidence / max(len(margin), 1)
    theta = np.array([1.0, 0.0])
    centre = theta.copy()
    prior = np.array([1 / SLOPE_SPREAD**2, 1 / shift_spread**2])
    columns = np.column_stack([margin, np.ones(len(margin))])
    for _ in range(50):
        p = expit(columns @ theta)
        gradient = columns.T @ (weight * (p - label)) + prior * (theta - centre)
        curve = (columns * (weight * p * (1 - p))[:, None]).T @ columns + np.diag(prior)
        step = np.linalg.solve(curve, gradient)
        theta = theta - step
        if np.abs(step).max() < 1e-10:
            break
    return Platt(float(np.clip(theta[0], 0.2, 3.0)), float(theta[1]))


def choose_calibration(blocks: Sequence[Block], *, shift_spread: float = SHIFT_SPREAD) -> Platt:
    """Return the scaling of all blocks if one learned on the blocks before made the next blocks better.

    Better means over all later blocks together by more than one standard error over their independent
    outcomes, and on most of them; two at least, with ``MIN_WINS`` wins each. The level is not what this
    is about: the intercept follows the outcomes by itself (``models.following``).
    """
    blocks = [block for block in blocks if block.wins >= MIN_WINS]
    saved = [
        _saved(block, scaling(blocks[:number], shift_spread=shift_spread))
        for number, block in enumerate(blocks)
        if number
    ]
    if len(saved) < MIN_LATER_BLOCKS:
        return IDENTITY
    helped = sum(float(block.mean()) > 0 for block in saved)
    clusters = np.concatenate([block.clusters for block in blocks[1:]])
    gain, error = clustered_mean(np.concatenate(saved), clusters)
    if gain <= error or 2 * helped <= len(saved):
        return IDENTITY
    return scaling(blocks, shift_spread=shift_spread)


def _saved(block: Block, platt: Platt) -> Floats:
    before, after = expit(block.margin), expit(platt(block.margin))
    return log_losses(block.label, before) - log_losses(block.label, after)


def scaling(blocks: Sequence[Block], *, shift_spread: float = SHIFT_SPREAD) -> Platt:
    """Return the scaling of all blocks together, whether it helps or not."""
    evidence = sum(len(np.unique(block.clusters)) for block in blocks)
    margin = np.concatenate([block.margin for block in blocks])
    label = np.concatenate([block.label for block in blocks])
    return fit_platt(margin, label, evidence=float(evidence), shift_spread=shift_spread)
