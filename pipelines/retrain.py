"""Retraining: from the tables to a registered challenger, and to a new champion if it is better."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from features.catalogue import Catalogue
from features.frames import TrainingFrames, training_frames
from features.tables import TableSet
from models.gate import Verdict
from pipelines.judging import judge, record_verdict
from pipelines.lock import one_at_a_time
from pipelines.reading import feature_frame, moment_of, read, tidy
from pipelines.record import account_metrics, segment_metrics, write_record
from pipelines.registry import ModelVersion, Registry
from pipelines.settings import Request
from pipelines.steps import Steps
from pipelines.summary import Summary
from pipelines.tracking import Training, log_training

# OpenMP threads that wait for a core that somebody else has burn more time than they save: on
# lead-sized data one thread is as fast on a quiet machine, and five times as fast on a busy one.
ROWS_PER_THREAD = 200_000


@dataclass(frozen=True)
class Fitted:
    """Where a trained model lies, and the numbers that are told about it."""

    bundle: Path
    record: Path
    predictions: Path
    step: str
    why: str
    evaluation: dict[str, Any]
    folds: list[dict[str, Any]]
    wins: int
    leads: int
    segments: list[dict[str, Any]] = field(default_factory=list)
    share: float = 1.0


def retrain(request: Request, steps: Steps) -> Summary:
    """Train a challenger, record and register it, hold it against the champion, promote it if the gate lets it pass.

    Raises:
        DataError: the data break the contract.
        NotEnoughError: too little to learn from; the message says what is missing.
        BusyError: another run of this project is going on.
    """
    with one_at_a_time(
        request.project_home,
        command="train",
        since=request.now,
        wait_seconds=request.wait_seconds,
    ):
        tables = steps.reach("read and check the tables", read, request, locked=True)
        frames = steps.run(
            "assemble features as of past moments",
            training_frames,
            tables,
            request.project,
            request.work,
        )
        fitted = steps.run("train and evaluate forward in time", fit, frames, request)
        version = steps.reach(
            "record and register", record, request, tables, frames.catalogue, fitted
        )
        verdict = steps.run(
            "hold against the champion",
            judge,
            request,
            tables,
            frames,
            fitted.predictions,
            version,
        )
        steps.reach("record the verdict", record_verdict, request, version, verdict)
        promoted = verdict.promoted and bool(request.options.get("promote", True))
        if promoted:
            steps.reach("promote", Registry(request.home, version.project).promote, version)
        steps.run("tidy up", tidy, request)
    return summarise(request, tables, fitted, version, verdict, promoted=promoted)


def fit(frames: TrainingFrames, request: Request) -> Fitted:
    """Train, write the bundle and the evidence into the working folder, and say where they lie."""
    from models.training import train
    from reports.training import why_sentence

    project = request.project
    ladder = feature_frame(frames.ladder, frames.catalogue)
    mornings = feature_frame(frames.mornings, frames.catalogue)
    trained = train(
        ladder,
        mornings,
        frames.catalogue,
        project.model,
        grade_shares=project.agreement.grade_shares,
        gap_days=project.label.horizon_days,
        threads=max(1, min(os.cpu_count() or 1, len(ladder) // ROWS_PER_THREAD)),
    )
    bundle, evidence = request.work / "bundle", request.work / "record"
    trained.bundle.save(bundle)
    segments = write_record(
        trained,
        mornings,
        frames.catalogue,
        frames.suspects,
        evidence,
        min_group=project.report.min_group,
        seed=project.model.seed,
    )
    predictions = request.work / "predictions.parquet"
    trained.predictions.to_parquet(predictions)
    return Fitted(
        bundle=bundle,
        record=evidence,
        predictions=predictions,
        step=trained.bundle.step,
        why=why_sentence(trained.ladder.to_json()),
        evaluation=trained.evaluation.to_json(),
        folds=trained.folds,
        wins=trained.bundle.training["won_leads"],
        leads=trained.bundle.training["leads"],
        segments=segments,
        share=frames.share,
    )


def record(
    request: Request, tables: TableSet, catalogue: Catalogue, fitted: Fitted
) -> ModelVersion:
    """Log the training to MLflow and register its model as challenger."""
    from models import scorer

    training = Training(
        project=request.project,
        as_of=tables.data_cutoff,
        data_digest=tables.digest,
        catalogue=catalogue,
        bundle=fitted.bundle,
        scorer=Path(scorer.__file__),
        step=fitted.step,
        record=fitted.record,
        metrics={
            **dict(_metrics(fitted.evaluation)),
            **segment_metrics(fitted.segments),
            **account_metrics(fitted.record),
        },
        folds=[_flat(fold) for fold in fitted.folds],
        summary=f"{fitted.step}: {fitted.why}",
    )
    return log_training(request.home, training)


def summarise(
    request: Request,
    tables: TableSet,
    fitted: Fitted,
    version: ModelVersion,
    verdict: Verdict,
    *,
    promoted: bool,
) -> Summary:
    """Say what came of it."""
    return Summary(
        project=version.project,
        command="train",
        run_id=version.run_id,
        as_of=moment_of(request, tables),
        data_cutoff=tables.data_cutoff,
        written=[request.work / "record", request.work / "bundle"],
        warnings=[*tables.warnings, *_sampled(request, fitted)],
        facts={
            "model_version": version.version,
            "share_of_accounts": fitted.share,
            "step": fitted.step,
            "why": fitted.why,
            "promoted": promoted,
            "gate": verdict.to_json(),
            "evaluation": fitted.evaluation,
            "segments": fitted.segments,
        },
        headline=f"Version {version.version} ({fitted.step}) learned from {fitted.leads} leads, "
        f"{fitted.wins} of them won; {_state(verdict, promoted=promoted)}.",
        next_steps=_next_steps(request.shown_file, version, verdict, promoted=promoted),
    )


def _sampled(request: Request, fitted: Fitted) -> list[str]:
    if fitted.share >= 1:
        return []
    return [
        f"learned from {100 * fitted.share:.3g} % of the accounts: limits.training_rows is "
        f"{request.project.limits.training_rows:,}; docs/scale.md tells what a sample costs"
    ]


def _state(verdict: Verdict, *, promoted: bool) -> str:
    """Say where the challenger stands now, and what is to be done if the gate held it back."""
    if promoted:
        return "it is the champion now"
    if verdict.promoted:
        return "it waits as challenger"
    kept = (
        f"the gate kept the champion, version {verdict.champion}"
        if verdict.champion
        else "the gate held it back, and there is no champion"
    )
    return f"{kept}: {verdict.advice}" if verdict.advice else kept


def _next_steps(
    file: str | Path, version: ModelVersion, verdict: Verdict, *, promoted: bool
) -> list[str]:
    if promoted:
        return [f"leadgauge score {file}", f"leadgauge report {file}"]
    if verdict.promoted:
        return [f"leadgauge promote {file} {version.version}"]
    overrule = f"leadgauge promote {file} {version.version}   (to overrule the gate)"
    return [overrule] if verdict.champion else [f"leadgauge check {file}", overrule]


def _metrics(evaluation: dict[str, Any]) -> "list[tuple[str, float]]":
    return [
        (f"{name}.{key}", float(value))
        for name, metrics in evaluation.items()
        if isinstance(metrics, dict)
        for key, value in metrics.items()
        if isinstance(value, int | float)
    ]


def _flat(fold: dict[str, Any], prefix: str = "") -> dict[str, float | int | str]:
    """Return a fold's own values and those of the contenders in it as one row."""
    row: dict[str, float | int | str] = {}
    for key, value in fold.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            row |= _flat(value, "" if key == "metrics" else f"{name}.")
        elif isinstance(value, int | float | str):
            row[name] = value
    return row
