"""What could be published: weighted sums of members, chosen on out-of-fold rows forward in time."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import pandas as pd

from models import boosting, logistic
from models.following import History, Trial, choose_speed
from models.members import Part, weighted
from models.metrics import Integers, log_losses
from models.scorer import Floats, expit

PORTION = 0.25  # weights are quarters: finer ones fit the noise of the folds
BASE_RATE = Part("base_rate")
ODOO = Part("odoo")  # a peer to be held against, never a part of what is published
SETTINGS = {
    "logistic": [Part("logistic", strength=strength) for strength in logistic.STRENGTHS],
    "anchored": [Part("anchored", rounds=rounds) for rounds in boosting.GRID],
    "rates": [Part("rates", rounds=rounds) for rounds in boosting.GRID],
}
DEFAULTS = {
    "base_rate": BASE_RATE,
    "odoo": ODOO,
    "logistic": Part("logistic", strength=logistic.DEFAULT_STRENGTH),
    "anchored": Part("anchored", rounds=boosting.DEFAULT_ROUNDS),
    "rates": Part("rates", rounds=boosting.DEFAULT_ROUNDS),
}
STEP_MEMBERS = {
    "base_rate": ("base_rate",),
    "logistic": ("base_rate", "logistic"),
    "lightgbm": ("base_rate", "logistic", "anchored", "rates"),
}
USUAL = {  # weights of the members where nothing else is known
    "base_rate": {"base_rate": 1.0},
    "logistic": {"logistic": 1.0},
    "lightgbm": {"logistic": 0.25, "anchored": 0.5, "rates": 0.25},
}
PULL = 4.0  # log loss, in independent outcomes, that a whole step away from the usual weights has to save


@dataclass(frozen=True)
class OutOfFold:
    """One fold: its test rows, what each part said of them, and what was known before it.

    ``rows`` has ``lead_id, as_of, group_id, label, age_days``; ``clusters`` number the independent
    outcomes, ``evidence`` is how many of them a row stands for. ``before`` are rows whose outcome was
    known at the fold's start, with what the parts said of them; they were trained on.
    """

    rows: pd.DataFrame
    label: Floats
    clusters: Integers
    evidence: Floats
    parts: dict[Part, Floats]
    before: pd.DataFrame
    before_evidence: Floats
    before_parts: dict[Part, Floats] = field(repr=False)

    def known_by(self, moment: pd.Timestamp, gap: pd.Timedelta) -> Self:
        """Return the fold with only the test rows whose labels were known at a moment."""
        known = (self.rows["as_of"] + gap <= moment).to_numpy(dtype=bool)
        return type(self)(
            self.rows[known],
            self.label[known],
            self.clusters[known],
            self.evidence[known],
            {part: margin[known] for part, margin in self.parts.items()},
            self.before,
            self.before_evidence,
            self.before_parts,
        )

    @property
    def wins(self) -> int:
        """How many leads of these rows were won."""
        return int(self.rows.loc[self.label == 1, "lead_id"].nunique())

    def trial(self, recipe: "Recipe") -> Trial:
        """Return what a recipe said, before and in the fold, for the shift to follow."""
        return Trial(
            History.of(
                weighted(self.before_parts, recipe.weights), self.before, self.before_evidence
            ),
            History.of(weighted(self.parts, recipe.weights), self.rows, self.evidence),
        )


@dataclass(frozen=True)
class Recipe:
    """A step of the ladder with all that was chosen: the parts and their weights, and how fast the intercept follows."""

    step: str
    weights: dict[Part, float]
    strength: float  # of the regression, also where only the anchored trees stand on it
    speed: float | None

    def margin(self, test: OutOfFold, gap_days: float) -> Floats:
        """Return the log-odds of a fold's test rows, the intercept following what was known by each one's moment."""
        trial = test.trial(self)
        return trial.test.margin + trial.shifts(self.speed, gap_days)


def best_part(tests: Sequence[OutOfFold], member: str) -> Part:
    """Return the setting of a member with the least log loss forward in time; the default without any rows."""
    filled = [test for test in tests if len(test.label)]
    if not filled or member not in SETTINGS:
        return DEFAULTS[member]
    settings = [part for part in SETTINGS[member] if part in filled[0].parts]
    if not settings:
        return DEFAULTS[member]
    losses = [_levelled(filled, {part: 1.0}) for part in settings]
    return settings[int(np.argmin(np.round(losses, 9)))]


def best(tests: Sequence[OutOfFold], step: str, gap_days: float) -> Recipe:
    """Return the recipe of a step with the least log loss forward in time; a usual one without any rows.

    Settings of the members are chosen first, each on its own, then the weights, then the speed.
    """
    filled = [test for test in tests if len(test.label)]
    if not filled:
        usual = {DEFAULTS[member]: weight for member, weight in USUAL[step].items()}
        return Recipe(step, usual, logistic.DEFAULT_STRENGTH, choose_speed([], gap_days))
    parts = [best_part(filled, member) for member in STEP_MEMBERS[step]]
    if step == "base_rate":
        weights = {parts[0]: 1.0}
    else:
        mixtures = _mixtures(parts, needed=2 if step == "lightgbm" else 1)
        losses = [
            _levelled(filled, one) + PULL * _away(one, USUAL[step], STEP_MEMBERS[step])
            for one in mixtures
        ]
        weights = mixtures[int(np.argmin(np.round(losses, 9)))]
    strength = best_part(filled, "logistic").strength
    recipe = Recipe(step, weights, strength, None)
    speed = choose_speed([test.trial(recipe) for test in filled], gap_days)
    return replace(recipe, speed=speed)


def _mixtures(parts: Sequence[Part], *, needed: int) -> list[dict[Part, float]]:
    """Return all weightings in quarters that give something to the members from position ``needed`` on."""
    quarters = round(1 / PORTION)
    return [
        {part: PORTION * count for part, count in zip(parts, counts, strict=True) if count}
        for counts in itertools.product(range(quarters + 1), repeat=len(parts))
        if sum(counts) == quarters and sum(counts[needed:]) > 0
    ]


def _levelled(tests: Sequence[OutOfFold], weights: dict[Part, float]) -> float:
    """Return the log loss, summed over independent outcomes, with each fold's best constant shift.

    The intercept follows the outcomes, so its level is not judged here.
    """
    return sum(
        float(test.evidence.mean()) * _levelled_loss(weighted(test.parts, weights), test.label)
        for test in tests
    )


def _away(weights: dict[Part, float], usual: dict[str, float], members: Sequence[str]) -> float:
    """Return the squared distance of weights from the usual ones."""
    told = {part.member: weight for part, weight in weights.items()}
    return sum((told.get(name, 0.0) - usual.get(name, 0.0)) ** 2 for name in members)


def _levelled_loss(margin: Floats, label: Floats) -> float:
    shift = 0.0
    for _ in range(12):
        p = expit(margin + shift)
        # Half a win and half a loss more keep a fold of one class finite.
        slope = float((p - label).sum()) + expit(np.array([shift]))[0] - 0.5
        step = slope / (float((p * (1 - p)).sum()) + 0.25)
        shift -= float(np.clip(step, -1, 1))
        if abs(step) < 1e-6:
            break
    return float(log_losses(label, expit(margin + shift)).sum())
