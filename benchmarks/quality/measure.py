"""What is measured on the test rows: each model's figures, and how sure the differences are."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.metrics import (
    AGE_BANDS,
    Integers,
    all_metrics,
    ece,
    ece_noise_95,
    log_losses,
    recalibration,
)
from models.scorer import Floats

DRAWS = 2000
LARGE_WINS = 20  # won leads that a source needs to be looked at alone
MISSING = "(missing)"

Figures = dict[str, float | None]


def figures(label: Floats, probability: Floats, clusters: Integers, *, seed: int) -> Figures:
    """Return every metric of one model on the test rows."""
    return all_metrics(label, probability, clusters, seed=seed)


def differences(
    label: Floats,
    ours: Floats,
    theirs: Mapping[str, Floats],
    groups: npt.NDArray[Any],
    *,
    seed: int,
    draws: int = DRAWS,
) -> dict[str, dict[str, float]]:
    """Return leadgauge less each peer in mean log loss, with the 95 % interval of a paired bootstrap.

    Drawn are accounts with all their rows, so that leads seen on many mornings do not make it look surer
    than it is. Below zero leadgauge is better. A peer's missing rows (NaN) are left out of its pair.
    """
    mine, found = log_losses(label, ours), dict[str, dict[str, float]]()
    of_rows: dict[bytes, list[str]] = {}
    for name, other in theirs.items():
        of_rows.setdefault(np.isnan(other).tobytes(), []).append(name)
    for names in of_rows.values():
        there = ~np.isnan(theirs[names[0]])
        gaps = np.column_stack(
            [mine[there] - log_losses(label[there], theirs[name][there]) for name in names]
        )
        low, high = np.quantile(
            drawn_means(gaps, groups[there], seed=seed, draws=draws), [0.025, 0.975], axis=0
        )
        for place, name in enumerate(names):
            mean = float(gaps[:, place].mean())
            found[name] = {"mean": mean, "low": float(low[place]), "high": float(high[place])}
    return found


def interval(
    gap: Floats, groups: npt.NDArray[Any], *, seed: int, draws: int = DRAWS
) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of a mean over rows, drawing accounts."""
    means = drawn_means(gap[:, None], groups, seed=seed, draws=draws)
    low, high = np.quantile(means[:, 0], [0.025, 0.975])
    return float(low), float(high)


def drawn_means(
    values: Floats, groups: npt.NDArray[Any], *, seed: int, draws: int = DRAWS
) -> Floats:
    """Return the means over rows of each column in each draw of accounts, (draws, columns)."""
    codes = pd.factorize(pd.Series(groups).astype(str))[0]
    sums = np.column_stack([np.bincount(codes, weights=column) for column in values.T])
    rows = np.bincount(codes).astype(np.float64)
    rng, means = np.random.default_rng(seed), np.empty((draws, values.shape[1]))
    for draw in range(draws):
        times = np.bincount(rng.integers(0, len(rows), len(rows)), minlength=len(rows))
        means[draw] = (times @ sums) / (times @ rows)
    return means


def calibration_by(
    segment: pd.Series,
    label: Floats,
    probability: Floats,
    clusters: Integers,
    leads: pd.Series,
    *,
    seed: int,
    least_wins: int = LARGE_WINS,
) -> list[dict[str, Any]]:
    """Return the calibration within each segment that has enough won leads, in order of the segments."""
    told = []
    for name in sorted(segment.unique(), key=str):
        inside = (segment == name).to_numpy(dtype=bool)
        wins = int(leads[inside & (label == 1)].nunique())
        if wins < least_wins:
            continue
        own = np.unique(clusters[inside], return_inverse=True)[1].astype(np.int64)
        error = ece(label[inside], probability[inside])
        noise = ece_noise_95(probability[inside], own, seed=seed)
        slope, intercept = recalibration(label[inside], probability[inside])
        told.append(
            {
                "segment": str(name),
                "rows": int(inside.sum()),
                "won_leads": wins,
                "predicted": float(probability[inside].mean()),
                "observed": float(label[inside].mean()),
                "ece": error,
                "ece_noise_95": noise,
                "within": bool(error <= noise),
                "calibration_slope": slope,
                "calibration_intercept": intercept,
            }
        )
    return told


def age_band(age_days: pd.Series) -> pd.Series:
    """Return the age band of each row as text that sorts by age."""
    names = [f"{low:03d} to {high:03d} days" for low, high in pairwise(AGE_BANDS)]
    names.append(f"{AGE_BANDS[-1]:03d} days and more")
    place = np.searchsorted(AGE_BANDS, age_days.to_numpy(dtype=np.float64), side="right") - 1
    return pd.Series(np.array(names, dtype=object)[np.maximum(place, 0)], index=age_days.index)


def source_of(rows: pd.DataFrame, column: str | None) -> pd.Series:
    """Return the source of each row as text; all the same where the company has none."""
    if column is None:
        return pd.Series(MISSING, index=rows.index)
    return rows[column].astype(object).fillna(MISSING).astype(str)
