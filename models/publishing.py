"""From the chosen candidate to what is published: fitted on every row, with what the night needs beside it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from features.catalogue import Catalogue
from features.project import Model
from models import base_rate, boosting, logistic
from models.bundle import Bundle
from models.calibration import Platt
from models.candidates import Candidate, age_position, logistic_margin
from models.encoding import fit_encoder, ranges
from models.enough import won_leads
from models.explain import explain, importance
from models.frames import fair_weights
from models.grades import reference, thresholds
from models.scorer import FORMAT, Floats, Spec, encode


def publish(
    ladder: pd.DataFrame,
    last: pd.DataFrame,
    catalogue: Catalogue,
    settings: Model,
    candidate: Candidate,
    platt: Platt,
    *,
    grade_shares: Sequence[float],
    threads: int,
) -> tuple[Bundle, dict[str, Any]]:
    """Fit the chosen candidate on every mature row; add reference, grades and what is usual.

    ``last`` are the mornings that scores and grades are read against. Also returns the global explanation.
    """
    model, texts = fit_model(ladder, catalogue, settings, candidate, platt, threads=threads)
    draft = Bundle.of(model, texts, catalogue, threads=threads)
    probability = draft.probability(last)
    explanation = explain(draft, last, seed=settings.seed)
    model = {
        **model,
        "reference": reference(probability),
        "grades": thresholds(probability, grade_shares),
        "training": {**model["training"], **importance(draft, last)},
    }
    return Bundle.of(model, texts, catalogue, threads=threads), explanation


def fit_model(
    ladder: pd.DataFrame,
    catalogue: Catalogue,
    settings: Model,
    candidate: Candidate,
    platt: Platt,
    *,
    threads: int,
) -> tuple[Spec, dict[str, str]]:
    """Fit one candidate on all rows of the ladder; return the model and the boosters' texts."""
    label, weight = ladder["label"].to_numpy(dtype=np.float64), fair_weights(ladder)
    features = fit_encoder(ladder, catalogue, label=label, weight=weight)
    matrix = encode(features, ladder)
    base = base_rate.fit_base_rate(matrix, label, weight, age_feature=age_position(catalogue))
    regression, texts = None, dict[str, str]()
    if candidate.step == "logistic" or candidate.anchored:
        fitted = logistic.fit_logistic(
            features, matrix, label, weight, base=base, strengths=[candidate.strength]
        )
        regression = fitted[candidate.strength]
    if candidate.step == "lightgbm":
        start = logistic_margin(regression, matrix) if regression else None
        bag = boosting.fit_bag(
            features, matrix, label, weight, anchor=start, rounds=candidate.rounds,
            seeds=settings.seeds, seed=settings.seed, threads=threads
        )  # fmt: skip
        texts = {f"booster_{at}.txt": booster.model_to_string() for at, booster in enumerate(bag)}
    model: Spec = {
        "format": FORMAT,
        "step": candidate.step,
        "anchored": candidate.anchored,
        "features": features,
        "base_rate": base,
        "logistic": regression,
        "boosters": list(texts),
        "calibration": {"slope": platt.slope, "intercept": platt.intercept},
        "horizon_days": catalogue.horizon_days,
        "training": _facts(ladder, features, matrix, candidate, settings),
    }
    return model, texts


def _facts(
    ladder: pd.DataFrame,
    features: list[Spec],
    matrix: Floats,
    candidate: Candidate,
    settings: Model,
) -> dict[str, Any]:
    return {
        "rows": len(ladder),
        "leads": int(ladder["lead_id"].nunique()),
        "won_leads": won_leads(ladder),
        "first_as_of": ladder["as_of"].min().isoformat(),
        "last_as_of": ladder["as_of"].max().isoformat(),
        "oldest_days": float(ladder["age_days"].max()),
        "strength": candidate.strength,
        "rounds": candidate.rounds,
        "seeds": settings.seeds,
        "ranges": ranges(features, matrix),
    }
