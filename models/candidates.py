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
BAG_ROWS = 6_000


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
        known = [test.known_by(fold.start, gap) for test in tests]
        anchor = best(known, "logistic") if "logistic" in settings.ladder else None
        rows = mornings.iloc[fold.test]
        columns = ["lead_id", "as_of", "group_id", "label", "age_days"]
        tests.append(
            OutOfFold(
                rows=rows[columns].reset_index(drop=True),
                label=rows["label"].to_numpy(dtype=np.float64),
                clusters=clusters[fold.test],
                margins=_margins(
                    ladder, rows, fold, catalogue, settings, anchor=anchor, threads=threads
                ),
            )
        )
    return tests


def _margins(
    ladder: pd.DataFrame,
    rows: pd.DataFrame,
    fold: Fold,
    catalogue: Catalogue,
    settings: Model,
    *,
    anchor: Candidate | None,
    threads: int,
) -> dict[Candidate, Floats]:
    chosen = _thinned(ladder, fold, settings.seed)
    train = ladder.iloc[fold.train[chosen]]
    label = train["label"].to_numpy(dtype=np.float64)
    weight = fair_weights(train) * fold.weight[chosen]
    features = fit_encoder(train, catalogue, label=label, weight=weight)
    matrix, test = encode(features, train), encode(features, rows)
    base = base_rate.fit_base_rate(matrix, label, weight, age_feature=age_position(catalogue))
    margins = {BASE_RATE: base["base"] + base_rate_contributions(base, test).sum(axis=1)}
    fitted: dict[float, Spec] = {}
    if "logistic" in settings.ladder:
        fitted = logistic.fit_logistic(
            features, matrix, label, weight, base=base, strengths=logistic.STRENGTHS
        )
        for strength, step in fitted.items():
            margins[Candidate("logistic", strength=strength)] = logistic_margin(step, test)
    if "lightgbm" in settings.ladder:
        seeds = settings.seeds if len(train) <= BAG_ROWS else 1
        for on in [None, fitted[anchor.strength]] if anchor else [None]:
            stages = boosting.staged_margins(
                features,
                matrix,
                label,
                weight,
                anchor=None if on is None else logistic_margin(on, matrix),
                test=test,
                seeds=seeds,
                seed=settings.seed,
                threads=threads,
            )
            start = 0.0 if on is None else logistic_margin(on, test)
            for rounds, added in stages:
                margins[Candidate("lightgbm", anchored=on is not None, rounds=rounds)] = (
                    start + added
                )
    return margins


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
    return np.flatnonzero(np.isin(leads, names[keep]))
