"""The challenger before the gate: against the base rate, and against the champion where that is fair.

Fair are, in this order: rows later than all that the champion learned from; rows that the
champion's own forward-in-time trial predicted, too, without having learned from them; and, where
there is neither, all rows, which favours the champion, as the verdict then says.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from features.errors import DataError
from features.frames import TrainingFrames, morning_frame
from features.tables import TableSet
from models.gate import ENOUGH_WINS, Verdict
from models.scorer import Floats
from pipelines.home import make_private
from pipelines.reading import feature_frame
from pipelines.registry import ModelVersion, Registry
from pipelines.settings import Request

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from models.bundle import Bundle

KEY = ["lead_id", "as_of"]


@dataclass(frozen=True)
class Opponent:
    """The champion's probabilities on the challenger's rows, and which of them are fair; or why there are none."""

    probability: Floats | None = None
    fair: "NDArray[np.bool_] | None" = None
    note: str | None = None


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

    from models.gate import decide

    rows = pd.read_parquet(predictions)
    opponent = _opponent(request, tables, frames, rows)
    _keep_trial(request, rows, challenger)
    verdict = decide(
        rows["label"].to_numpy(dtype=float),
        rows["leadgauge"].to_numpy(dtype=float),
        baselines={"base_rate": rows["base_rate"].to_numpy(dtype=float)},
        groups=rows["group_id"].to_numpy(),
        clusters=rows["cluster"].to_numpy(dtype="int64"),
        champion=opponent.probability,
        unseen_by_champion=opponent.fair,
        is_base_rate=challenger.step == "base_rate",
        seed=request.project.model.seed,
    )
    if opponent.note:
        verdict.reasons.append(opponent.note)
    Registry(request.home, challenger.project).note_verdict(challenger, promoted=verdict.promoted)
    return verdict


def _opponent(
    request: Request, tables: TableSet, frames: TrainingFrames, rows: "pd.DataFrame"
) -> Opponent:
    registry = Registry(request.home, request.project.project)
    champion = registry.find_champion()
    if champion is None:
        return Opponent()
    from models.bundle import Bundle

    bundle = Bundle.load(registry.fetch(champion, request.work / "champion"))
    try:
        scored = _scored(request, tables, frames, bundle, rows)
    except DataError as error:
        # A column of the champion's is gone: it cannot score any more, so nothing is lost by replacing it.
        return Opponent(note=f"the champion cannot score these data any more: {error}")
    won = rows["label"].to_numpy(dtype=float)
    later = (rows["as_of"] > bundle.training["last_as_of"]).to_numpy(dtype=bool)
    if won[later].sum() >= ENOUGH_WINS:
        return Opponent(scored, later)
    tried = _tried(request, champion, rows)
    known = ~np.isnan(tried)
    if known.any():
        return Opponent(np.where(known, tried, scored), known)
    return Opponent(scored, later)


def _scored(
    request: Request,
    tables: TableSet,
    frames: TrainingFrames,
    bundle: "Bundle",
    rows: "pd.DataFrame",
) -> Floats:
    """Return what the champion says about each row today, by its own features."""
    path = frames.mornings
    if bundle.catalogue.features != frames.catalogue.features:
        path = morning_frame(tables, request.project, bundle.catalogue, request.work / "champion")
    mornings = feature_frame(path, bundle.catalogue)
    return _aligned(mornings, bundle.probability(mornings), rows)


def _tried(request: Request, champion: ModelVersion, rows: "pd.DataFrame") -> Floats:
    """Return what the champion's own trial predicted for each row, NaN where it did not."""
    import pandas as pd

    path = _trial_file(request, champion)
    if not path.is_file():
        return np.full(len(rows), np.nan)
    trial = pd.read_parquet(path)
    return _aligned(trial, trial["leadgauge"].to_numpy(dtype=float), rows)


def _aligned(known: "pd.DataFrame", probability: Floats, rows: "pd.DataFrame") -> Floats:
    """Return the probability of each row by lead and moment, NaN where it is not known."""
    told = known[KEY].assign(probability=probability).drop_duplicates(KEY)
    return rows[KEY].merge(told, on=KEY, how="left")["probability"].to_numpy(dtype=float)


def _keep_trial(request: Request, rows: "pd.DataFrame", version: ModelVersion) -> None:
    """Keep a trial in the private home: it names leads, and the tracking server is told sums only."""
    path = _trial_file(request, version)
    make_private(path.parent)
    rows[[*KEY, "leadgauge"]].to_parquet(path)


def _trial_file(request: Request, version: ModelVersion) -> Path:
    return request.project_home.root / "trials" / f"{version.run_id}.parquet"
