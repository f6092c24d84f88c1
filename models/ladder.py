"""The ladder: a step is taken only if it is better, forward in time, than the step below it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from models.candidates import Candidate, OutOfFold, best
from models.enough import FEW_WINS
from models.metrics import clustered_mean, log_losses
from models.scorer import expit


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
    """The candidate that stands, and how it came to."""

    candidate: Candidate
    comparisons: list[Comparison]

    @property
    def step(self) -> str:
        """The step's name."""
        return self.candidate.step

    def to_json(self) -> dict[str, Any]:
        """Return the decision as JSON values."""
        return {"step": self.step, "comparisons": [asdict(one) for one in self.comparisons]}


def climb(tests: Sequence[OutOfFold], ladder: Sequence[str], *, won_leads: int) -> Decision:
    """Go up the ladder as far as each step pays for itself on the out-of-fold rows.

    A step takes one standard error (the one-standard-error rule of Breiman et al. 1984), trees take two
    where fewer than a hundred leads were won. Errors are clustered by account. Asking for more keeps
    the base rate on data where every block says that a model is better: a regularised model of noise
    loses log loss on average, so chance has to overcome that too.
    """
    standing, comparisons = best(tests, "base_rate"), list[Comparison]()
    for step in [step for step in ("logistic", "lightgbm") if step in ladder]:
        challenger = best(tests, step)
        asked = 1.0
        if step == "lightgbm" and won_leads < FEW_WINS:
            asked = 2.0
        gain, error = gain_of(tests, challenger, standing)
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
    tests: Sequence[OutOfFold], challenger: Candidate, standing: Candidate
) -> tuple[float, float]:
    """Return the mean log loss that the challenger saves per row, and its standard error clustered by account."""
    saved = np.concatenate(
        [
            log_losses(test.label, expit(test.margins[standing]))
            - log_losses(test.label, expit(test.margins[challenger]))
            for test in tests
        ]
    )
    return clustered_mean(
        saved, np.concatenate([test.rows["group_id"].to_numpy() for test in tests])
    )
