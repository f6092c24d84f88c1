"""What nights of the past would have said, held against what happened."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from models.cohorts import wins_band
from models.metrics import all_metrics, calibration_curve, outcome_clusters

ENOUGH_WINS = 20  # below, the figures say more of chance than of the model


def measure(
    rows: pd.DataFrame, models: Sequence[str], *, gap_days: float, seed: int
) -> dict[str, Any]:
    """Return the metrics of each model over all nights, with the keys of a training's evaluation.

    Args:
        rows: ``lead_id, as_of, label`` and one column of probabilities per model.
        models: the columns to measure.
        gap_days: the horizon; the rows of one lead within it share an outcome.
        seed: of the noise band of the calibration error.
    """
    label, clusters = rows["label"].to_numpy(dtype=np.float64), outcome_clusters(rows, gap_days)
    won = rows.loc[rows["label"] == 1, "lead_id"]
    facts: dict[str, Any] = {
        name: all_metrics(label, rows[name].to_numpy(dtype=np.float64), clusters, seed=seed)
        for name in models
    }
    few = won.nunique() < ENOUGH_WINS
    return facts | {
        "rows": len(rows),
        "wins": int(label.sum()),
        "leads": int(rows["lead_id"].nunique()),
        "won_leads": int(won.nunique()),
        "first": rows["as_of"].min().isoformat(),
        "last": rows["as_of"].max().isoformat(),
        "note": f"only {won.nunique()} leads were won: the figures are mostly chance"
        if few
        else None,
    }


def calibration(rows: pd.DataFrame, model: str, *, gap_days: float) -> list[dict[str, Any]]:
    """Return predicted against observed over all nights, in ten bins of equal mass with intervals."""
    return calibration_curve(
        rows["label"].to_numpy(dtype=np.float64),
        rows[model].to_numpy(dtype=np.float64),
        outcome_clusters(rows, gap_days),
    )


def expected_by_month(rows: pd.DataFrame, model: str) -> list[dict[str, Any]]:
    """Return expected against realised wins, month by month, with a 95 % Poisson-binomial band.

    A lead counts on its first night of a month, so that within a month outcomes are of different
    leads; with a horizon longer than a month, a win counts in each month from which it was in reach.

    Args:
        rows: ``lead_id, night`` (a date), ``as_of``, ``label`` and the model's probability.
        model: the column of probabilities.
    """
    months = rows.assign(month=rows["night"].dt.strftime("%Y-%m")).sort_values(
        ["as_of", "lead_id"], kind="stable"
    )
    first = months.drop_duplicates(["month", "lead_id"])
    told = []
    for month, inside in first.groupby("month", sort=True):
        probability = inside[model].to_numpy(dtype=np.float64)
        won = int(inside["label"].sum())
        low, high = wins_band(probability)
        told.append(
            {
                "month": str(month),
                "leads": len(inside),
                "expected": round(float(probability.sum()), 2),
                "low": low,
                "high": high,
                "won": won,
                "inside": low <= won <= high,
            }
        )
    return told
