"""The ladder: a step is taken only if it is better, forward in time, than the step below it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from models.candidates import OutOfFold, Recipe, best
from models.enough import FEW_WINS
from models.metrics import clustered_mean, log_losses
from models.scorer import expit

TO_LEAVE = 2.0  # standard errors


@dataclass(frozen=True)
class Comparison:
    """One step against the one below: log loss saved per row, its standard error by account, and what was asked."""

    step: str
    against: str
    gain: float
    standard_error: float
    asked_errors: float
    taken: bool
    words: str


@dataclass(frozen=True)
class Decision:
    """The recipe that stands, and how it came to."""

    recipe: Recipe
    comparisons: list[Comparison]

    @property
    def step(self) -> str:
        """The step's name."""
        return self.recipe.step

    def to_json(self) -> dict[str, Any]:
        """Return the decision as JSON values."""
        return {
            "step": self.step,
            "weights": {part.member: weight for part, weight in self.recipe.weights.items()},
            "speed": self.recipe.speed,
            "comparisons": [asdict(one) for one in self.comparisons],
        }


def climb(
    tests: Sequence[OutOfFold],
    ladder: Sequence[str],
    *,
    won_leads: int,
    gap_days: float,
    chosen_on: Sequence[OutOfFold] | None = None,
) -> Decision:
    """Go up the ladder as far as each step pays for itself on the out-of-fold rows.

    To leave the base rate takes two standard errors, so that data without a signal stay there;
    a regularised model of noise loses log loss on average, which chance has to overcome, too. From
    the regression to trees, which are mixed with it, any gain will do, where fewer than a hundred
    leads were won one standard error. Errors are clustered by account. The recipe of each step is chosen
    on ``chosen_on``, by default the same rows; on none it is the usual one.
    """
    chosen_on = tests if chosen_on is None else chosen_on
    standing, comparisons = best(chosen_on, "base_rate", gap_days), list[Comparison]()
    for step in [step for step in ("logistic", "lightgbm") if step in ladder]:
        challenger = best(chosen_on, step, gap_days)
        asked = TO_LEAVE if standing.step == "base_rate" else 1.0 if won_leads < FEW_WINS else 0.0
        gain, error = gain_of(tests, challenger, standing, gap_days)
        taken = gain > 0 and gain >= asked * error
        words = (
            f"{_name(step)} {'saves' if gain > 0 else 'costs'} {abs(gain):.5f} of log loss per row against"
            f" {_name(standing.step)} (at least {asked * error:.5f} is asked for, {asked:g} standard error{'' if asked == 1 else 's'}): "
            f"{'taken' if taken else 'not taken'}"
        )
        comparisons.append(Comparison(step, standing.step, gain, error, asked, taken, words))
        standing = challenger if taken else standing
    return Decision(standing, comparisons)


def _name(step: str) -> str:
    return {
        "base_rate": "the base rate",
        "logistic": "logistic regression",
        "lightgbm": "LightGBM",
    }[step]


def gain_of(
    tests: Sequence[OutOfFold], challenger: Recipe, standing: Recipe, gap_days: float
) -> tuple[float, float]:
    """Return the mean log loss that the challenger saves per row, and its standard error clustered by account."""
    saved = np.concatenate(
        [
            log_losses(test.label, expit(standing.margin(test, gap_days)))
            - log_losses(test.label, expit(challenger.margin(test, gap_days)))
            for test in tests
        ]
    )
    return clustered_mean(
        saved, np.concatenate([test.rows["group_id"].to_numpy() for test in tests])
    )
