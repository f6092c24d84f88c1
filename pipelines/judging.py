"""The challenger before the gate: against base rate, Odoo's scoring, and the champion where that is fair."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from features.errors import DataError
from features.frames import TrainingFrames, morning_frame
from features.tables import TableSet
from models.gate import Verdict
from pipelines.home import make_private
from pipelines.reading import feature_frame
from pipelines.registry import ModelVersion, Registry
from pipelines.settings import Request
from pipelines.tracking import log_verdict

if TYPE_CHECKING:
    import pandas as pd

    from models.bundle import Bundle
    from models.opponent import Opponent

KEY = ["lead_id", "as_of"]


def judge(
    request: Request,
    tables: TableSet,
    frames: TrainingFrames,
    predictions: Path,
    challenger: ModelVersion,
) -> Verdict:
    """Return the gate's verdict on a challenger; its own trial is kept for the next one.

    Args:
        request: of the training.
        tables: what was read.
        frames: the evaluation mornings, with the challenger's features.
        predictions: the challenger's trial, as ``Trained.predictions``.
        challenger: the version that was registered.
    """
    import pandas as pd

    from models.gate import judge_trial

    rows = pd.read_parquet(predictions)
    champion = Registry(request.home, request.project.project).find_champion()
    opponent, note = None, None
    if champion is not None:
        try:
            opponent = _opponent(request, tables, frames, rows, champion)
        except DataError as error:
            # A column of the champion's is gone: it cannot score any more, so nothing is lost by replacing it.
            note = f"the champion cannot score these data any more: {error}"
    _keep_trial(request, rows, challenger)
    verdict = judge_trial(
        rows,
        opponent,
        step=challenger.step,
        seed=request.project.model.seed,
        refresh=champion is not None and challenger.refreshes(champion),
    )
    if note:
        verdict.reasons.append(note)
    return replace(verdict, champion=champion.version if champion else None)


def record_verdict(request: Request, challenger: ModelVersion, verdict: Verdict) -> None:
    """Write the verdict on the training's run and on the version, before any alias moves."""
    log_verdict(request.home, challenger.run_id, verdict.to_json(), verdict.metrics())
    Registry(request.home, challenger.project).note_verdict(challenger, promoted=verdict.promoted)


def _opponent(
    request: Request,
    tables: TableSet,
    frames: TrainingFrames,
    rows: "pd.DataFrame",
    champion: ModelVersion,
) -> "Opponent":
    import pandas as pd

    from models.bundle import Bundle
    from models.opponent import opponent

    registry = Registry(request.home, request.project.project)
    bundle = Bundle.load(registry.fetch(champion, request.work / "champion"))
    trial = _trial_file(request, champion)
    return opponent(
        bundle,
        rows,
        _mornings_of(request, tables, frames, bundle),
        pd.read_parquet(trial) if trial.is_file() else None,
        request.project.label.horizon_days,
    )


def _mornings_of(
    request: Request, tables: TableSet, frames: TrainingFrames, bundle: "Bundle"
) -> "pd.DataFrame":
    """Return the evaluation mornings with the champion's own features."""
    path = frames.mornings
    if bundle.catalogue.features != frames.catalogue.features:
        folder = request.work / "champion"
        path = morning_frame(tables, request.project, bundle.catalogue, folder) or path
    return feature_frame(path, bundle.catalogue)


def _keep_trial(request: Request, rows: "pd.DataFrame", version: ModelVersion) -> None:
    """Keep a trial in the private home: it names leads, and the tracking server is told sums only."""
    path = _trial_file(request, version)
    make_private(path.parent)
    rows[[*KEY, "leadgauge"]].to_parquet(path)


def _trial_file(request: Request, version: ModelVersion) -> Path:
    return request.project_home.root / "trials" / f"{version.run_id}.parquet"
