"""Training: from the frames to a bundle, with the proof of how good it is forward in time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from features.catalogue import Catalogue
from features.errors import DataError
from features.project import Model
from models import base_rate, boosting, logistic
from models.bundle import Bundle
from models.calibration import Platt
from models.candidates import (
    Candidate,
    OutOfFold,
    age_position,
    best,
    logistic_margin,
    run_folds,
)
from models.encoding import fit_encoder, ranges
from models.enough import check_enough, won_leads
from models.evaluation import Evaluation, calibrate, decide, evaluate
from models.explain import explain, importance
from models.folds import Fold, forward_folds
from models.frames import fair_weights, in_order, with_older_ages
from models.grades import reference, thresholds
from models.ladder import Decision
from models.scorer import FORMAT, FrameError, Spec, encode


@dataclass(frozen=True)
class Trained:
    """A model and its evidence.

    ``predictions`` are the out-of-fold rows of the evaluation: ``fold, lead_id, as_of, group_id, label,
    age_days, cluster`` and the probability of ``leadgauge`` and of each plain step; what the gate compares.
    """

    bundle: Bundle
    evaluation: Evaluation
    folds: list[dict[str, Any]]
    curves: dict[str, Any]
    ladder: Decision
    explanation: dict[str, Any]
    predictions: pd.DataFrame

    def to_json(self) -> dict[str, Any]:
        """Return everything but the bundle and the rows as JSON values."""
        return {
            "step": self.bundle.step,
            "evaluation": self.evaluation.to_json(),
            "folds": self.folds,
            "curves": self.curves,
            "ladder": self.ladder.to_json(),
            "explanation": self.explanation,
            "training": self.bundle.training,
        }


def _silent(message: str) -> None:
    del message


def train(
    ladder: pd.DataFrame,
    mornings: pd.DataFrame,
    catalogue: Catalogue,
    settings: Model,
    *,
    grade_shares: Sequence[float],
    gap_days: float,
    threads: int = 2,
    progress: Callable[[str], None] | None = None,
) -> Trained:
    """Choose, calibrate, evaluate forward in time, and fit what is published on every row.

    Args:
        ladder: mature landmark snapshots, one row per lead and age; see docs/architecture.md.
        mornings: mature snapshots of the leads open on calendar mornings.
        catalogue: the features, in order.
        settings: the ``model`` block of the project file.
        grade_shares: shares of A, B and C.
        gap_days: how long a label takes to be known; the horizon.
        threads: of LightGBM and the linear algebra. The result does not depend on it within LightGBM.
        progress: is told what is being done.

    Raises:
        DataError: the frames lack columns.
        NotEnoughError: too few leads or wins, one class, or too short a history for one honest test.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    say = progress or _silent
    ladder, mornings = (
        in_order(ladder, catalogue, "ladder"),
        in_order(mornings, catalogue, "mornings"),
    )
    check_enough(ladder, settings)
    ladder = with_older_ages(ladder, mornings)
    steps = ["base_rate", *(step for step in ("logistic", "lightgbm") if step in settings.ladder)]
    with threadpool_limits(threads):
        folds = forward_folds(
            ladder,
            mornings,
            folds=settings.folds,
            gap_days=gap_days,
            min_wins=settings.min_wins,
            seed=settings.seed,
        )
        tests = _tested(ladder, mornings, folds, catalogue, settings, gap_days, threads, say)
        won = [won_leads(ladder.iloc[fold.train]) for fold in folds]
        evaluated = evaluate(tests, folds, steps, gap_days=gap_days, won=won, seed=settings.seed)
        decision = decide(tests, steps, won_leads=won_leads(ladder))
        platt = calibrate(tests, decision.candidate)
        say(f"training the published model: {decision.step}")
        last = mornings[mornings["as_of"] >= folds[-1].start]
        bundle, explanation = _publish(
            ladder,
            last,
            catalogue,
            settings,
            _to_fit(decision.candidate, tests),
            platt,
            grade_shares=grade_shares,
            threads=threads,
        )
    return Trained(
        bundle=bundle,
        evaluation=evaluated.evaluation,
        folds=evaluated.folds,
        curves=evaluated.curves,
        ladder=decision,
        explanation=explanation,
        predictions=evaluated.predictions,
    )


def _tested(
    ladder: pd.DataFrame,
    mornings: pd.DataFrame,
    folds: Sequence[Fold],
    catalogue: Catalogue,
    settings: Model,
    gap_days: float,
    threads: int,
    say: Callable[[str], None],
) -> list[OutOfFold]:
    try:
        return run_folds(
            ladder,
            mornings,
            folds,
            catalogue,
            settings,
            gap_days=gap_days,
            threads=threads,
            progress=say,
        )
    except FrameError as error:
        raise DataError(f"the training frames do not fit the catalogue: {error}") from None


def _to_fit(candidate: Candidate, tests: Sequence[OutOfFold]) -> Candidate:
    """Return the candidate with the regression it stands on; each fold chose that one anew."""
    if not candidate.anchored:
        return candidate
    return replace(candidate, strength=best(tests, "logistic").strength)


def _publish(
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
    """Fit the chosen candidate on every mature row and add what the night needs beside it."""
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
        bag = boosting.fit_bag(
            features,
            matrix,
            label,
            weight,
            anchor=logistic_margin(regression, matrix) if regression else None,
            rounds=candidate.rounds,
            seeds=settings.seeds,
            seed=settings.seed,
            threads=threads,
        )
        texts = {
            f"booster_{number}.txt": booster.model_to_string() for number, booster in enumerate(bag)
        }
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
        "training": {
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
        },
    }
    return model, texts
