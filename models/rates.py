"""Close rates of a column's levels, smoothed, as numbers that trees can cut at.

For levels too many or too rare to stand alone. Rates for training rows are computed in time order:
a row sees the outcomes that were known by its own moment, and so never its own (ordered target
statistics, Prokhorenkova et al. 2018, with the time it takes to know a label).
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.scorer import Floats, Spec, rate_keys

SMOOTHING = 5.0  # leads' worth of the overall rate in each level's own
MIN_LEVELS = 3
MAX_LEVELS = 5_000
HOUR = np.timedelta64(1, "h")


def fit_rates(
    features: list[Spec], frame: pd.DataFrame, label: Floats, weight: Floats
) -> list[Spec]:
    """Return the rate columns of the category columns, JSON that ``models.scorer.encode`` reads.

    Each names its column, the position of the feature that its contributions go to, and the
    log-odds of each level; a level that is not listed has the overall rate.
    """
    overall = _overall(label, weight)
    made = []
    for position, spec in enumerate(features):
        if spec["type"] != "category":
            continue
        sums = pd.DataFrame({"wins": weight * label, "leads": weight}).groupby(
            rate_keys(frame[str(spec["name"])])
        )
        totals = sums.sum().sort_values("leads", ascending=False, kind="stable")
        if len(totals) < MIN_LEVELS:
            continue
        kept = totals.iloc[:MAX_LEVELS].sort_index()
        margins = _smoothed(kept["wins"].to_numpy(), kept["leads"].to_numpy(), overall)
        made.append(
            {
                "name": spec["name"],
                "type": "rate",
                "of": position,
                "levels": {
                    str(level): float(m) for level, m in zip(kept.index, margins, strict=True)
                },
                "else": float(_smoothed(np.zeros(1), np.zeros(1), overall)[0]),
            }
        )
    return made


def in_time_order(
    rates: list[Spec], frame: pd.DataFrame, label: Floats, weight: Floats, gap_days: float
) -> Floats:
    """Return the rate columns of training rows as they stood at each row's moment, (rows, rate columns)."""
    as_of = (frame["as_of"].to_numpy(dtype="datetime64[us]") - np.datetime64(0, "us")) / HOUR
    overall = _overall(label, weight)
    columns = [
        _ordered(rate_keys(frame[str(spec["name"])]), as_of, gap_days * 24, label, weight, overall)
        for spec in rates
    ]
    return np.column_stack(columns) if columns else np.zeros((len(frame), 0))


def _ordered(
    keys: npt.NDArray[np.object_],
    as_of: Floats,
    gap_hours: float,
    label: Floats,
    weight: Floats,
    overall: float,
) -> Floats:
    """Return each row's smoothed rate from the rows of its level that were known by its moment.

    Levels are laid end to end on one axis, each in time order, so that one search finds how many rows
    of a row's own level were known.
    """
    codes = np.unique(keys.astype(str), return_inverse=True)[1].astype(np.float64)
    span = float(np.ptp(as_of)) + gap_hours + 1.0
    axis = codes * span + (as_of - as_of.min())
    order = np.argsort(axis, kind="stable")
    wins = np.concatenate([[0.0], np.cumsum((weight * label)[order])])
    leads = np.concatenate([[0.0], np.cumsum(weight[order])])
    first = np.searchsorted(axis[order], codes * span, side="left")
    until = np.maximum(np.searchsorted(axis[order], axis - gap_hours + 1e-6, side="right"), first)
    return _smoothed(wins[until] - wins[first], leads[until] - leads[first], overall)


def _overall(label: Floats, weight: Floats) -> float:
    return float(np.clip(np.average(label, weights=weight), 1e-4, 1 - 1e-4))


def _smoothed(wins: Floats, leads: Floats, overall: float) -> Floats:
    rate = (wins + SMOOTHING * overall) / (leads + SMOOTHING)
    return np.asarray(np.log(rate) - np.log1p(-rate), dtype=np.float64)
