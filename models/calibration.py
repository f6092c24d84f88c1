"""Platt scaling of the margin: two numbers, pulled to change nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.metrics import Integers, clustered_mean, log_losses
from models.scorer import Floats, expit

SLOPE_SPREAD = 0.3
SHIFT_SPREAD = 0.5
FIXED = 1e12
MIN_LATER_BLOCKS = 2


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


def fit_platt(margin: Floats, label: Floats, *, evidence: float, slope: bool = True) -> Platt:
    """Fit slope and intercept by Newton's method (Platt 1999), with normal priors around 1 and 0.

    Args:
        margin: out-of-fold log-odds, (rows,).
        label: 0 or 1, (rows,).
        evidence: how many independent outcomes the rows hold; one lead on many mornings is not many.
        slope: False leaves the slope at 1 and fits the intercept alone.

    The slope stays within 0.2 and 3: a calibration never turns the ranking round.
    """
    weight = evidence / max(len(margin), 1)
    theta = np.array([1.0, 0.0])
    centre = theta.copy()
    prior = np.array([1 / SLOPE_SPREAD**2 if slope else FIXED, 1 / SHIFT_SPREAD**2])
    columns = np.column_stack([margin, np.ones(len(margin))])
    for _ in range(50):
        p = expit(columns @ theta)
        gradient = columns.T @ (weight * (p - label)) + prior * (theta - centre)
        curve = (columns * (weight * p * (1 - p))[:, None]).T @ columns + np.diag(prior)
        step = np.linalg.solve(curve, gradient)
        theta = theta - step
        if np.abs(step).max() < 1e-10:
            break
    return Platt(float(np.clip(theta[0], 0.2, 3.0)) if slope else 1.0, float(theta[1]))


def choose_calibration(blocks: Sequence[Block]) -> Platt:
    """Return what, learned on the blocks before, made the next blocks better; the identity if nothing did.

    Tried are a scaling learned on all blocks before, and a shift learned on the latest alone, which
    follows a close rate that drifts. Better means on every later block, two at least, and by more than
    one standard error over their independent outcomes. Leaving a margin alone costs little; a scaling
    that one odd season taught costs more, and the errors within one season cannot tell it from a good one.
    """
    chosen, most = IDENTITY, 0.0
    for recipe in (_scaling, _latest_shift):
        saved = [
            _saved(block, recipe(blocks[:number])) for number, block in enumerate(blocks) if number
        ]
        if len(saved) < MIN_LATER_BLOCKS or min(float(block.mean()) for block in saved) <= 0:
            continue
        clusters = np.concatenate([block.clusters for block in blocks[1:]])
        gain, error = clustered_mean(np.concatenate(saved), clusters)
        if gain > max(error, most):
            chosen, most = recipe(blocks), gain
    return chosen


def _saved(block: Block, platt: Platt) -> Floats:
    before, after = expit(block.margin), expit(platt(block.margin))
    return log_losses(block.label, before) - log_losses(block.label, after)


def _scaling(blocks: Sequence[Block]) -> Platt:
    evidence = sum(len(np.unique(block.clusters)) for block in blocks)
    margin = np.concatenate([block.margin for block in blocks])
    label = np.concatenate([block.label for block in blocks])
    return fit_platt(margin, label, evidence=float(evidence))


def _latest_shift(blocks: Sequence[Block]) -> Platt:
    last = blocks[-1]
    evidence = float(len(np.unique(last.clusters)))
    return fit_platt(last.margin, last.label, evidence=evidence, slope=False)
