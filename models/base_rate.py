"""The lowest step: what share of leads of this age closes."""

import numpy as np

from models.frames import age_edges
from models.scorer import Floats, Spec, expit

STEP_SPREAD = 0.5
MIN_RATE = 1e-4


def logit(probability: Floats) -> Floats:
    """Return log-odds; probabilities are kept off 0 and 1."""
    clipped = np.clip(probability, 1e-12, 1 - 1e-12)
    return np.asarray(np.log(clipped) - np.log1p(-clipped), dtype=np.float64)


def fit_base_rate(
    matrix: Floats, label: Floats, weight: Floats, *, age_feature: int | None
) -> Spec:
    """Learn the close rate by age band, in log-odds; one rate for all without an age feature.

    Each band is pulled to its neighbours, not to the overall rate: an old lead is more like one
    somewhat younger than like the average (graduation after Whittaker 1923).
    """
    overall = float(np.clip(np.average(label, weights=weight), MIN_RATE, 1 - MIN_RATE))
    base = float(logit(np.array([overall]))[0])
    if age_feature is None:
        return {"feature": None, "edges": [], "margins": [base], "base": base}
    known = ~np.isnan(matrix[:, age_feature])
    edges = age_edges(matrix[:, age_feature])
    band, count = np.searchsorted(edges, matrix[known, age_feature], side="right"), len(edges) + 1
    total = np.bincount(band, weights=weight[known], minlength=count).astype(np.float64)
    wins = np.bincount(band, weights=(label * weight)[known], minlength=count)
    rates = np.divide(wins, total, out=np.full(count, overall), where=total > 0)
    margins = _graduated(rates, total, base)
    centre = float(np.average(margins, weights=total)) if total.sum() > 0 else base
    return {
        "feature": age_feature,
        "edges": edges,
        "margins": [float(margin) for margin in margins],
        "base": centre,
    }


def _graduated(rates: Floats, leads: Floats, base: float) -> Floats:
    """Return log-odds that fit binomial rates while steps between neighbours stay about half a unit."""
    count = len(rates)
    differences = np.diff(np.eye(count), axis=0)
    pull = differences.T @ differences / STEP_SPREAD**2
    floor = 1e-3 * np.eye(count)  # bands without leads and neighbours stay where they are
    margins = np.full(count, base)
    for _ in range(100):
        p = expit(margins)
        slope = leads * (p - rates) + pull @ margins + floor @ (margins - base)
        step = np.clip(np.linalg.solve(np.diag(leads * p * (1 - p)) + pull + floor, slope), -1, 1)
        margins = margins - step
        if np.abs(step).max() < 1e-10:
            break
    return np.asarray(
        np.clip(margins, logit(np.array([MIN_RATE])), -logit(np.array([MIN_RATE]))),
        dtype=np.float64,
    )
