"""The model moved on to tonight: its intercept follows the outcomes that became known since its training."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from features.catalogue import Catalogue
from features.frames import morning_frame
from features.tables import TableSet
from pipelines.reading import feature_frame
from pipelines.settings import Request


@dataclass(frozen=True)
class Followed:
    """The bundle to score with, and what moved it: the shift in log-odds and the outcomes behind it."""

    bundle: Path
    shift: float
    rows: int
    wins: int

    def to_json(self) -> dict[str, Any]:
        """Return the figures."""
        return {"shift": round(self.shift, 6), "rows": self.rows, "wins": self.wins}


def follow_outcomes(
    request: Request, tables: TableSet, catalogue: Catalogue, bundle: Path, as_of: datetime
) -> Followed:
    """Return the champion with its intercept as the outcomes known by ``as_of`` say; itself if there are none.

    What the training knew is not read again: the model carries where it stood.
    """
    import numpy as np

    from models.bundle import Bundle
    from models.following import shifts_at

    model, gap_days = Bundle.load(bundle), request.project.label.horizon_days
    learned = model.model["following"]
    since = datetime.fromtimestamp(learned["day"] * 86_400, UTC).replace(tzinfo=None)
    if learned["speed"] is None or as_of <= since:
        return Followed(bundle, 0.0, 0, 0)
    path = morning_frame(
        tables,
        request.project,
        catalogue,
        request.work / "since",
        since - timedelta(days=gap_days),
    )
    if path is None:
        return Followed(bundle, 0.0, 0, 0)
    rows = feature_frame(path, catalogue)
    shift = float(shifts_at(model, np.array([as_of], dtype="datetime64[us]"), gap_days, rows)[0])
    folder = request.work / "followed"
    model.shifted(shift).save(folder)
    return Followed(folder, shift, len(rows), int(rows["label"].sum()))
