"""Other horizons from one model: P(win within h) beside the published P(win within H).

How likely a win is and how soon it comes are learned apart. The published probability says the first.
For the second, each other horizon has one conditional probability (a continuation ratio: Fienberg 1980): of
the leads that are won within the next longer horizon, how many are won within this one; of those not yet
won at the next shorter one, how many are won until this one. Each depends on age and on how high the
published log-odds stand, and is learned on what was said forward in time and what came of it. So a
longer horizon is never less likely, H stays as it was published, and where the published level was off
it does not pass on as a wrong pace.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from models.metrics import outcome_clusters
from models.scorer import Floats, Spec, banded, expit

HORIZONS_DAYS = (30, 90, 180)
WON_LEADS = (
    30  # won within a horizon, or between it and the published one, that it takes to speak of it
)
BAND_WINS = 30
MOST_BANDS = 6
BAND_SPREAD, SLOPE_SPREAD = 0.3, 0.3  # normal priors; the common shift has a wide one
SHIFT_SPREAD = 3.0
NEVER = 1e-9
DAYS = ["days_to_win", "days_followed"]


def with_days(predictions: pd.DataFrame, mornings: pd.DataFrame) -> pd.DataFrame:
    """Return the out-of-fold rows of a training with how their leads went on: ``days_to_win``, ``days_followed``."""
    told = mornings[["lead_id", "as_of", *DAYS]]
    return predictions.merge(told, on=["lead_id", "as_of"], how="left", validate="many_to_one")


def fit_horizons(
    said: pd.DataFrame, days: Sequence[int] = HORIZONS_DAYS, *, horizon_days: float
) -> Spec:
    """Learn the other horizons from what was said forward in time, as JSON values for ``model["horizons"]``.

    Args:
        said: rows with ``lead_id``, ``as_of``, ``age_days``, ``leadgauge`` (the probability of a win within
            ``horizon_days``), ``days_to_win`` (NaN: not won yet) and ``days_followed`` (from ``as_of`` to
            the data cut-off; NaN where nobody knows when leads ended).
        days: the horizons to speak for.
        horizon_days: the published horizon.

    Returns:
        ``published``, ``others`` (what ``at_horizons`` reads) and ``silent``: the horizons that the data
        do not speak for, each with ``days`` and ``why``.
    """
    others, silent = list[Spec](), list[dict[str, Any]]()
    shorter = sorted((one for one in days if one < horizon_days), reverse=True)
    for outward in (shorter, sorted(one for one in days if one > horizon_days)):
        given = horizon_days
        for horizon in outward:
            mature = said[said["days_followed"] >= max(horizon, horizon_days)]
            why = _why_not(mature, said, horizon, horizon_days)
            if why:
                silent.append({"days": horizon, "why": why})
                continue
            others.append({"days": horizon, **_fit(mature, horizon, given)})
            given = horizon
    return {"published": horizon_days, "others": others, "silent": silent}


def at_horizons(spec: Spec, probability: Floats, age_days: Floats) -> dict[float, Floats]:
    """Return P(win within h), (rows,), for the published horizon and each other that the data speak for.

    Never decreasing in the horizon, row by row; at the published one it is ``probability`` itself.
    """
    published, margin = spec["published"], _log_odds(probability)
    shorter = longer = probability
    result = {published: probability}
    for other in spec["others"]:  # from the published horizon outward, on either side
        pace = banded(other, np.nan_to_num(age_days)) + other["slope"] * (margin - other["centre"])
        if other["days"] < published:
            result[other["days"]] = shorter = shorter * expit(pace)
        else:
            result[other["days"]] = longer = np.minimum(longer + (1 - longer) * expit(pace), 1.0)
    return dict(sorted(result.items()))


def _log_odds(probability: Floats) -> Floats:
    p = np.clip(probability, NEVER, 1 - NEVER)
    return np.asarray(np.log(p) - np.log1p(-p), dtype=np.float64)


def _why_not(
    mature: pd.DataFrame, said: pd.DataFrame, horizon: int, published: float
) -> str | None:
    """Return why the data do not speak for a horizon, None where they do."""
    if said["days_followed"].isna().all():
        return "the data say how leads ended, not when"
    if mature.empty:
        return f"no tested snapshot was followed for {horizon} days"
    leads = mature["lead_id"]
    won = leads[mature["days_to_win"] < horizon].nunique()
    if won < WON_LEADS:
        return f"{won} of the tested leads were won within {horizon} days; it takes {WON_LEADS}"
    kept = leads[~(mature["days_to_win"] < max(horizon, published))].nunique()
    if kept < WON_LEADS:
        return f"{kept} of the tested leads were still not won after {horizon} days; it takes {WON_LEADS}"
    return None


def _fit(rows: pd.DataFrame, horizon: int, given: float) -> Spec:
    """Fit the pace by band of age and by the published log-odds: ridge logistic regression by Newton's method.

    ``given``: the next horizon on the way to the published one. For a longer ``given`` the rows are those
    won within it, for a shorter one those not won within it.
    """
    won = np.asarray(rows["days_to_win"] < given, dtype=bool)
    rows = rows[won if horizon < given else ~won]
    label = np.asarray(rows["days_to_win"] < horizon, dtype=np.float64)
    margin = _log_odds(rows["leadgauge"].to_numpy(dtype=np.float64))
    edges = _age_bands(rows.loc[label == 1].drop_duplicates("lead_id")["age_days"])
    band = np.searchsorted(edges, rows["age_days"].to_numpy(dtype=np.float64), side="right")
    # A lead on many mornings within one horizon has one outcome, not many.
    weight = len(np.unique(outcome_clusters(rows, horizon))) / max(len(rows), 1)
    centre = float(margin.mean()) if len(rows) else 0.0
    inside = (band[:, None] == np.arange(len(edges) + 1)).astype(np.float64)
    columns = np.column_stack([np.ones(len(rows)), margin - centre, inside])
    prior = 1 / np.square([SHIFT_SPREAD, SLOPE_SPREAD, *[BAND_SPREAD] * (len(edges) + 1)])
    theta = np.zeros(columns.shape[1])
    for _ in range(100):
        p = expit(columns @ theta)
        gradient = columns.T @ (weight * (label - p)) - prior * theta
        curve = (columns * (weight * p * (1 - p))[:, None]).T @ columns + np.diag(prior)
        step = np.clip(np.linalg.solve(curve, gradient), -1, 1)
        theta = theta + step
        if np.abs(step).max() < 1e-9:
            break
    margins = (theta[0] + theta[2:]).tolist()
    return {"edges": edges, "margins": margins, "slope": float(theta[1]), "centre": centre}


def _age_bands(ages: pd.Series) -> list[float]:
    """Return edges between bands of age, in days, with as many won leads in each as it takes."""
    count = min(MOST_BANDS, len(ages) // BAND_WINS)
    if count < 2:
        return []
    edges = np.unique(np.quantile(ages, np.arange(1, count) / count))
    return [float(edge) for edge in edges if edge > ages.min()]
