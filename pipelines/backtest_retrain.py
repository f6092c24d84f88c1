"""One training of a backtest: with what was known then, and the gate's word on its model."""

import os
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from features.contract import read_tables
from features.errors import DataError, NotEnoughError
from features.frames import TrainingFrames, morning_frame, training_frames
from features.project import Model, Project
from features.tables import TableSet
from pipelines.reading import feature_frame
from pipelines.retrain import ROWS_PER_THREAD
from pipelines.settings import Request

if TYPE_CHECKING:
    import pandas as pd

    from models.opponent import Opponent
    from models.training import Trained

KEY = ["lead_id", "as_of"]
TRIAL = "trial.parquet"


@dataclass(frozen=True)
class Retraining:
    """What became of one training: the model's step, what it learned from, whether it was put to use.

    ``refused`` says why there is no model. ``seconds`` includes reading and assembling.
    """

    number: int
    at: datetime
    seconds: float
    folder: Path
    step: str | None = None
    rows: int = 0
    leads: int = 0
    wins: int = 0
    promoted: bool = False
    gate: str = ""
    refused: str | None = None

    @property
    def bundle(self) -> Path:
        """Where the model lies, if there is one."""
        return self.folder / "bundle"

    @property
    def base_rate(self) -> Path:
        """Where the base rate by age that was known then lies, as a model of its own."""
        return self.folder / "base_rate"


def read_then(request: Request, project: Project, as_of: datetime | None, folder: Path) -> TableSet:
    """Read the company's tables as they were at a moment, into a folder of their own.

    ``project`` is the request's, or one whose columns have the types of a model.

    Raises:
        ProjectError: a source does not exist.
        DataError: the data break the contract.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return read_tables(
        project,
        request.data_root,
        folder,
        now=request.now,
        as_of=as_of,
        trained=project is not request.project,
    )


def retrain_then(
    request: Request, number: int, at: datetime, champion: Retraining | None
) -> Retraining:
    """Train as ``leadgauge train --as-of`` would have, and hold the model against the champion."""
    begun = time.perf_counter()
    folder = request.work / f"training-{number}"
    project = request.project
    try:
        tables = read_then(request, project, at, folder / "tables")
        frames = training_frames(tables, project, folder)
        trained = _trained(frames, project, project.model)
    except NotEnoughError as error:
        return Retraining(number, at, time.perf_counter() - begun, folder, refused=str(error))
    trained.bundle.save(folder / "bundle")
    trained.predictions[[*KEY, "leadgauge"]].to_parquet(folder / TRIAL)
    promoted, why = _judged(trained, frames, tables, project, champion)
    if promoted or champion is None:
        base_only = project.model.model_copy(update={"ladder": ["base_rate"]})
        _trained(frames, project, base_only).bundle.save(folder / "base_rate")
    return Retraining(
        number=number,
        at=at,
        seconds=time.perf_counter() - begun,
        folder=folder,
        step=trained.bundle.step,
        rows=int(trained.bundle.training["rows"]),
        leads=int(trained.bundle.training["leads"]),
        wins=int(trained.bundle.training["won_leads"]),
        promoted=promoted,
        gate=why,
    )


def _trained(frames: TrainingFrames, project: Project, settings: Model) -> "Trained":
    from models.training import train

    ladder = feature_frame(frames.ladder, frames.catalogue)
    return train(
        ladder,
        feature_frame(frames.mornings, frames.catalogue),
        frames.catalogue,
        settings,
        grade_shares=project.agreement.grade_shares,
        gap_days=project.label.horizon_days,
        threads=max(1, min(os.cpu_count() or 1, len(ladder) // ROWS_PER_THREAD)),
    )


def _judged(
    trained: "Trained",
    frames: TrainingFrames,
    tables: TableSet,
    project: Project,
    champion: Retraining | None,
) -> tuple[bool, str]:
    """Return whether the gate lets the challenger pass, and why, as ``leadgauge train`` would have decided."""
    from models.gate import judge_trial

    rows, opponent, note = trained.predictions, None, []
    if champion is not None:
        try:
            opponent = _opponent(champion, rows, frames, tables, project)
        except DataError as error:
            note.append(f"the champion cannot score these data any more: {error}")
    verdict = judge_trial(
        rows,
        opponent,
        step=trained.bundle.step,
        seed=project.model.seed,
        refresh=champion is not None,  # one project file, one moment later
    )
    return verdict.promoted, "; ".join([*verdict.reasons, *note])


def _opponent(
    champion: Retraining,
    rows: "pd.DataFrame",
    frames: TrainingFrames,
    tables: TableSet,
    project: Project,
) -> "Opponent":
    """Return what the champion says of the challenger's trial, and where the two may be compared."""
    import pandas as pd

    from models.bundle import Bundle
    from models.opponent import opponent

    bundle = Bundle.load(champion.bundle)
    path = frames.mornings
    if bundle.catalogue.features != frames.catalogue.features:
        folder = frames.mornings.parent / "champion"
        path = morning_frame(tables, project, bundle.catalogue, folder) or path
    return opponent(
        bundle,
        rows,
        feature_frame(path, bundle.catalogue),
        pd.read_parquet(champion.folder / TRIAL),
        project.label.horizon_days,
    )
