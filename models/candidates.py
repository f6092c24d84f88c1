"""What could be published, and what each candidate said out of fold, block after block."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from features.catalogue import Catalogue, Timing
from features.project import Model
from models import base_rate, boosting, logistic
from models.encoding import fit_encoder
from models.folds import Fold
from models.frames import fair_weights
from models.metrics import Integers, log_loss, outcome_clusters
from models.scorer import (
    Floats,
    Spec,
    base_rate_contributions,
    encode,
    expit,
    logistic_contributions,
)

SEARCH_ROWS = 30_000
BAG_ROWS = 5_000
PATIENCE = 3  # steps of the grid of rounds


@dataclass(frozen=True, order=True)
class Candidate:
    """One setting of one step. They sort from the simplest to the richest."""

    step: str
    strength: float = 0.0
    anchored: bool = False
    rounds: int = 0


BASE_RATE = Candidate("base_rate")
DEFAULTS = {
    "base_rate": BASE_RATE,
    "logistic": Candidate("logistic", strength=logistic.DEFAULT_STRENGTH),
    "lightgbm": Candidate("lightgbm", rounds=boosting.DEFAULT_ROUNDS),
}


@dataclass(frozen=True)
class OutOfFold:
    """One fold's test rows and each candidate's margins on them.

    ``rows`` has ``lead_id, as_of, group_id, label, age_days``; ``clusters`` number the independent outcomes.
    """

    rows: pd.DataFrame
    label: Floats
    clusters: Integers
    margins: dict[Candidate, Floats]

    def known_by(self, moment: pd.Timestamp, gap: pd.Timedelta) -> Self:
        """Return the rows whose labels were known at a moment."""
        known = (self.rows["as_of"] + gap <= moment).to_numpy(dtype=bool)
        margins = {candidate: margin[known] for candidate, margin in self.margins.items()}
        return type(self)(self.rows[known], self.label[known], self.clusters[known], margins)

    @property
    def wins(self) -> int:
        """How many leads of these rows were won."""
        return int(self.rows.loc[self.label == 1, "lead_id"].nunique())


def best(tests: Sequence[OutOfFold], step: str) -> Candidate:
    """Return the setting of a step with the least log loss over all rows; the default if there are none."""
    filled = [test for test in tests if len(test.label)]
    if not filled:
        return DEFAULTS[step]
    candidates = sorted(candidate for candidate in filled[0].margins if candidate.step == step)
    losses = [
        sum(
            len(test.label) * log_loss(test.label, expit(test.margins[candidate]))
            for test in filled
        )
        for candidate in candidates
    ]
    return candidates[int(np.argmin(np.round(losses, 9)))]


def age_position(catalogue: Catalogue) -> int | None:
    """Return where the lead's age stands among the features."""
    for position, feature in enumerate(catalogue.features):
        if isinstance(feature, Timing) and feature.measure == "age_days":
            return position
    return None


def run_folds(
    ladder: pd.DataFrame,
    mornings: pd.DataFrame,
    folds: Sequence[Fold],
    catalogue: Catalogue,
    settings: Model,
    *,
    gap_days: float,
    threads: int,
    progress: Callable[[str], None],
) -> list[OutOfFold]:
    """Train every candidate on each fold's past and let it speak on the fold's test rows."""
    clusters = outcome_clusters(mornings, gap_days)
    gap, tests = pd.Timedelta(days=gap_days), list[OutOfFold]()
    for number, fold in enumerate(folds, start=1):
        progress(
            f"fold {number} of {len(folds)}: training up to {fold.start:%Y-%m-%d}, testing to {fold.end:%Y-%m-%d}"
        )
        rows = mornings.iloc[fold.test]
        data = _learn(ladder, rows, fold, catalogue, settings.seed)
        margins = {
            BASE_RATE: data.base["base"] + base_rate_contributions(data.base, data.test).sum(axis=1)
        }
        anchors: list[Spec | None] = [None]
        if "logistic" in settings.ladder:
            known = [test.known_by(fold.start, gap) for test in tests]
            fitted = data.regressions()
            anchors.append(fitted[best(known, "logistic").strength])
            for strength, step in fitted.items():
                margins[Candidate("logistic", strength=strength)] = logistic_margin(step, data.test)
        if "lightgbm" in settings.ladder:
            for anchor in anchors:
                margins |= _tree_margins(data, anchor, tests, settings, threads)
        columns = ["lead_id", "as_of", "group_id", "label", "age_days"]
        tests.append(
            OutOfFold(
                rows[columns].reset_index(drop=True), data.test_label, clusters[fold.test], margins
            )
        )
    return tests


@dataclass(frozen=True)
class _Data:
    """One fold's rows as the steps read them."""

    features: list[Spec]
    matrix: Floats
    label: Floats
    weight: Floats
    test: Floats
    test_label: Floats
    base: Spec

    def regressions(self) -> dict[float, Spec]:
        """Return the regression at each strength."""
        return logistic.fit_logistic(
            self.features,
            self.matrix,
            self.label,
            self.weight,
            base=self.base,
            strengths=logistic.STRENGTHS,
        )


def _learn(
    ladder: pd.DataFrame, rows: pd.DataFrame, fold: Fold, catalogue: Catalogue, seed: int
) -> _Data:
    chosen = _thinned(ladder, fold, seed)
    train = ladder.iloc[fold.train[chosen]]
    label = train["label"].to_numpy(dtype=np.float64)
    weight = fair_weights(train) * fold.weight[chosen]
    features = fit_encoder(train, catalogue, label=label, weight=weight)
    matrix = encode(features, train)
    return _Data(
        features=features,
        matrix=matrix,
        label=label,
        weight=weight,
        test=encode(features, rows),
        test_label=rows["label"].to_numpy(dtype=np.float64),
        base=base_rate.fit_base_rate(matrix, label, weight, age_feature=age_position(catalogue)),
    )


def _tree_margins(
    data: _Data,
    anchor: Spec | None,
    earlier: Sequence[OutOfFold],
    settings: Model,
    threads: int,
) -> dict[Candidate, Floats]:
    """Return the margins at each number of rounds; past the point where more only harms, the last ones again.

    Never stopped before the rounds that an earlier fold would choose, so that what is chosen for this
    fold does not depend on its own outcomes.
    """
    stages = boosting.staged_margins(
        data.features,
        data.matrix,
        data.label,
        data.weight,
        anchor=None if anchor is None else logistic_margin(anchor, data.matrix),
        test=data.test,
        seeds=settings.seeds if len(data.matrix) <= BAG_ROWS else 1,
        seed=settings.seed,
        threads=threads,
    )
    start = 0.0 if anchor is None else logistic_margin(anchor, data.test)
    of_rounds = [
        Candidate("lightgbm", anchored=anchor is not None, rounds=rounds)
        for rounds in boosting.GRID
    ]
    needed = max([boosting.DEFAULT_ROUNDS, *(_least(test, of_rounds).rounds for test in earlier)])
    margins: dict[Candidate, Floats] = {}
    losses: list[float] = []
    for candidate, (_, added) in zip(of_rounds, stages, strict=False):
        margins[candidate] = start + added
        losses.append(log_loss(data.test_label, expit(margins[candidate])))
        if candidate.rounds >= needed and len(losses) - 1 - int(np.argmin(losses)) >= PATIENCE:
            break
    return {candidate: margins.get(candidate, start + added) for candidate in of_rounds}


def _least(test: OutOfFold, candidates: Sequence[Candidate]) -> Candidate:
    return min(candidates, key=lambda one: log_loss(test.label, expit(test.margins[one])))


def logistic_margin(step: Spec, matrix: Floats) -> Floats:
    """Return the regression's log-odds."""
    return np.asarray(
        step["base"] + logistic_contributions(step, matrix).sum(axis=1), dtype=np.float64
    )


def _thinned(
    ladder: pd.DataFrame, fold: Fold, seed: int
) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return positions within the fold's training rows; whole leads are left out where there are very many.

    The search compares settings and steps; what is published is trained on every row.
    """
    if len(fold.train) <= SEARCH_ROWS:
        return np.arange(len(fold.train))
    leads = ladder["lead_id"].iloc[fold.train].to_numpy()
    names = np.unique(leads)
    keep = np.random.default_rng(seed).permutation(len(names))[
        : int(len(names) * SEARCH_ROWS / len(fold.train))
    ]
    return np.flatnonzero(pd.Index(leads).isin(names[keep]))
