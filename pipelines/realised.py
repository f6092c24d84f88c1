"""How a night's scores fared against what happened later: only where the data go past the night."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from features.tables import TableSet
from pipelines.reading import read
from pipelines.scoring import ScoredNight
from pipelines.settings import Request

if TYPE_CHECKING:
    import pandas as pd

SEED = 7


def realised(
    request: Request, tables: TableSet, scored: ScoredNight, as_of: datetime
) -> dict[str, Any] | None:
    """Return rows, wins and metrics of tonight's leads within the horizon, or None if it is not over in the data.

    The tables are read a second time without the night's limit. A lead counts as won if it was
    won within the horizon from the night on, else as not won.
    """
    if request.as_of is None or not scored.leads:
        return None  # standing at the end of the data there is no later
    later = read(request, everything=True, locked=True)
    horizon = timedelta(days=request.project.label.horizon_days)
    if later.data_cutoff < as_of + horizon and not tables.flat:
        return None
    import pandas as pd

    outcomes = pd.read_parquet(later.path("outcomes"), columns=["lead_id", "won", "closed_at"])
    rows = pd.read_parquet(scored.path, columns=["lead_id", "close_probability", "grade"])
    # A flat export tells the end and not its time: the status is all there is to hold against.
    inside = outcomes["closed_at"].between(as_of, as_of + horizon, inclusive="left") | tables.flat
    winners = set(
        outcomes.loc[outcomes["won"].fillna(value=False).astype(bool) & inside, "lead_id"].astype(
            str
        )
    )
    return fared(rows.assign(won=rows["lead_id"].isin(winners)))


def fared(rows: "pd.DataFrame") -> dict[str, Any]:
    """Return how probabilities fared: ``close_probability``, ``grade`` and ``won`` of each lead."""
    import numpy as np

    from models.metrics import all_metrics

    label = rows["won"].to_numpy(dtype=np.float64)
    probability = rows["close_probability"].to_numpy(dtype=np.float64)
    return {
        "rows": len(rows),
        "wins": int(label.sum()),
        "expected_wins": float(probability.sum()),
        **all_metrics(label, probability, np.arange(len(rows)), seed=SEED),
        "by_grade": {
            str(grade): {
                "leads": len(group),
                "wins": int(group["won"].sum()),
                "expected_wins": float(group["close_probability"].sum()),
            }
            for grade, group in rows.groupby("grade")
        },
    }
