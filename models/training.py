"""Training: from the frames to a bundle, with the proof of how good it is forward in time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from features.catalogue import Catalogue
from features.errors import DataError
from features.project import Model
from models.bundle import Bundle
from models.candidates import OutOfFold
from models.enough import check_enough, won_leads
from models.evaluation import Evaluation, calibrate, decide, evaluate
from models.folds import Fold, forward_folds
from models.frames import in_order, learning_rows
from models.ladder import Decision
from models.publishing import publish
from models.scorer import FrameError
from models.trials import run_folds


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
    threads: int = 1,
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

    ladder = in_order(ladder, catalogue, "ladder")
    mornings = in_order(mornings, catalogue, "mornings")
    check_enough(ladder, settings)
    task = _Task(
        rows=learning_rows(ladder, mornings, gap_days),
        mornings=mornings,
        catalogue=catalogue,
        settings=settings,
        grade_shares=grade_shares,
        gap_days=gap_days,
        threads=threads,
        say=progress or _silent,
    )
    with threadpool_limits(threads):
        return _trained(task)


@dataclass(frozen=True)
class _Task:
    """What a training works on."""

    rows: pd.DataFrame
    mornings: pd.DataFrame
    catalogue: Catalogue
    settings: Model
    grade_shares: Sequence[float]
    gap_days: float
    threads: int
    say: Callable[[str], None]


def _trained(task: _Task) -> Trained:
    settings = task.settings
    steps = ["base_rate", *(step for step in ("logistic", "lightgbm") if step in settings.ladder)]
    folds = _folds(task)
    tests = _tested(task, folds)
    won = [won_leads(task.rows.iloc[fold.train]) for fold in folds]
    evaluated = evaluate(tests, folds, steps, gap_days=task.gap_days, won=won, seed=settings.seed)
    decision = decide(tests, steps, won_leads=won_leads(task.rows), gap_days=task.gap_days)
    task.say(f"training the published model: {decision.step}")
    bundle, explanation = publish(
        task.rows,
        task.mornings,
        task.catalogue,
        settings,
        decision.recipe,
        calibrate(tests, decision.recipe, task.gap_days),
        predictions=evaluated.predictions,
        last_from=folds[-1].start,
        gap_days=task.gap_days,
        grade_shares=task.grade_shares,
        threads=task.threads,
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


def _folds(task: _Task) -> list[Fold]:
    return forward_folds(
        task.rows,
        task.mornings,
        folds=task.settings.folds,
        gap_days=task.gap_days,
        min_wins=task.settings.min_wins,
        seed=task.settings.seed,
    )


def _tested(task: _Task, folds: Sequence[Fold]) -> list[OutOfFold]:
    try:
        return run_folds(
            task.rows,
            task.mornings,
            folds,
            task.catalogue,
            task.settings,
            gap_days=task.gap_days,
            threads=task.threads,
            progress=task.say,
        )
    except FrameError as error:
        raise DataError(f"the training frames do not fit the catalogue: {error}") from None
